"""Trains a small depthwise-separable CNN on Fashion-MNIST and exports it.

One seeded thread, so that the weights are the same on the same machine; tests
compare with onnxruntime on the model as made, not with recorded numbers.

usage: train_fmnist.py MODELS_FOLDER
"""

import gzip
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import torch
from torch import nn

folder = sys.argv[1]
data = f"{folder}/data/fashion-mnist/"
torch.manual_seed(0)
torch.set_num_threads(1)


def read(name, offset):
    return np.frombuffer(gzip.open(data + name).read(), np.uint8, offset=offset)


images = torch.from_numpy(read("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).astype(np.float32) / 255)
labels = torch.from_numpy(read("train-labels-idx1-ubyte.gz", 8).astype(np.int64))


def separable(inputs, outputs, stride):
    return nn.Sequential(nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False), nn.BatchNorm2d(inputs),
                         nn.ReLU6(), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU6())


model = nn.Sequential(nn.Conv2d(1, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU6(), separable(16, 32, 2),
                      separable(32, 64, 2), separable(64, 64, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                      nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
batch = 128
steps = len(images) // batch
optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-2)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
order = np.random.default_rng(0).permutation(len(images))
model.train()
for step in range(steps):
    pick = order[step * batch:(step + 1) * batch]
    loss = nn.functional.cross_entropy(model(images[pick]), labels[pick])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 20 == 0:
        print(f"step {step} of {steps}, loss {loss.item():.3f}", flush=True)
model.eval()
target = f"{folder}/fmnist_dwcnn.onnx"
torch.onnx.export(model, torch.zeros(2, 1, 28, 28), target + ".part", opset_version=13, input_names=["x"],
                  output_names=["logits"], dynamic_axes={"x": {0: "n"}, "logits": {0: "n"}})
os.replace(target + ".part", target)
