"""Exports the MiniLM sentence encoder in float32 with dynamic batch and length.

usage: export_minilm.py MODELS_FOLDER
"""

import os
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

import torch
from transformers import BertModel

folder = sys.argv[1]
torch.set_num_threads(1)
model = BertModel.from_pretrained(f"{folder}/minilm", add_pooling_layer=False, attn_implementation="eager").eval()


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.m = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.m(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids,
                      return_dict=False)[0]


ids = torch.ones(2, 9, dtype=torch.long)
names = ["input_ids", "attention_mask", "token_type_ids"]
axes = {0: "batch", 1: "seq"}
target = f"{folder}/minilm_l6_v2.onnx"
torch.onnx.export(Encoder(), (ids, ids, ids * 0), target + ".part", opset_version=14, input_names=names,
                  output_names=["last_hidden_state"], dynamic_axes={k: axes for k in names + ["last_hidden_state"]})
os.replace(target + ".part", target)
