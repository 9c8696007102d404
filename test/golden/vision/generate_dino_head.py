"""Golden values of DINO's head with batch normalisation: written out on PyTorch, its outputs, gradients and statistics.

Run: python test/golden/vision/generate_dino_head.py   (torch; writes dino-head.json beside itself)
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn.functional import normalize

from hash_fill import fill, hash_tensor

SIZES = {"inDim": 6, "hiddenDim": 8, "bottleneckDim": 5, "outDim": 7}
ROWS = 4


class Prototypes(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight_v = nn.Parameter(torch.zeros(SIZES["outDim"], SIZES["bottleneckDim"]))

    def forward(self, x):
        return x @ normalize(self.weight_v, dim=-1).T


class Head(nn.Module):
    """`DINOHead` of facebookresearch/dino with `use_bn=True` and `norm_last_layer=True`."""

    def __init__(self):
        super().__init__()
        hidden = SIZES["hiddenDim"]
        self.mlp = nn.Sequential(nn.Linear(SIZES["inDim"], hidden), nn.BatchNorm1d(hidden), nn.GELU(),
                                 nn.Linear(hidden, hidden), nn.BatchNorm1d(hidden), nn.GELU(),
                                 nn.Linear(hidden, SIZES["bottleneckDim"]))
        self.last_layer = Prototypes()

    def forward(self, x):
        return self.last_layer(normalize(self.mlp(x), dim=-1))


head = Head()
fill(head)
shapes = {name: list(value.shape) for name, value in head.state_dict().items() if not name.endswith("num_batches_tracked")}
features = hash_tensor((ROWS, SIZES["inDim"]), 100).requires_grad_()
outputs = head(features)
(outputs * hash_tensor(tuple(outputs.shape), 101)).sum().backward()
golden = {
    "sizes": SIZES,
    "rows": ROWS,
    "shapes": shapes,
    "outputs": outputs.flatten().tolist(),
    "gradients": {"features": features.grad.flatten().tolist(),
                  **{name: value.grad.flatten().tolist() for name, value in head.named_parameters()}},
    "buffers": {name: value.flatten().tolist() for name, value in head.named_buffers() if "running" in name},
}
path = pathlib.Path(__file__).with_name("dino-head.json")
path.write_text(json.dumps(golden) + "\n")
