"""Exports EfficientNet-Lite0 with a dynamic batch.

usage: export_efficientnet.py MODELS_FOLDER
"""

import os
import sys
import warnings

warnings.filterwarnings("ignore")
import torch

folder = sys.argv[1]
sys.path.insert(0, f"{folder}/efficientnet")
from efficientnet_lite_pytorch import EfficientNet

torch.set_num_threads(1)
model = EfficientNet.from_name("efficientnet-lite0")
model.load_state_dict(torch.load(f"{folder}/efficientnet/weights.pth"))
model.eval()
target = f"{folder}/efficientnet_lite0.onnx"
torch.onnx.export(model, torch.zeros(1, 3, 224, 224), target + ".part", opset_version=13, input_names=["x"],
                  output_names=["logits"], dynamic_axes={"x": {0: "batch"}, "logits": {0: "batch"}})
os.replace(target + ".part", target)
