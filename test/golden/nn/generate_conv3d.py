"""Goldens of Conv3d: values and gradients of torch.nn.Conv3d.

Run: python generate_conv3d.py (needs torch). Writes conv3d.json beside this file. Volumes are stored NDHWC; state dicts as
the reference has them. Loss = sum(y * w).
"""

import json
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).parent
SEED = 20311


def array(t):
    t = t.detach()
    return {"shape": list(t.shape), "dtype": "float32", "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}


def last(t):
    return t.permute(0, 2, 3, 4, 1)


def case(name, cin, cout, size, **options):
    module = nn.Conv3d(cin, cout, **options)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn_like(p) * (0.5 if p.dim() > 1 else 0.3) + (0.0 if p.dim() > 1 else 0.4))
    x = torch.randn(1, *size, cin, requires_grad=True)
    y = last(module(x.permute(0, 4, 1, 2, 3)))
    w = torch.randn_like(y)
    (y * w).sum().backward()
    return {"name": name, "config": {"inChannels": cin, "outChannels": cout, **options},
            "state": {n: array(v) for n, v in module.state_dict().items()}, "x": array(x), "w": array(w), "y": array(y),
            "dx": array(x.grad), "gradients": {n: array(p.grad) for n, p in module.named_parameters()}}


torch.manual_seed(SEED)
layers = [
    case("plain", 2, 3, (3, 4, 5), kernel_size=3, padding=1),
    case("stride 2, even sides", 2, 3, (4, 6, 4), kernel_size=3, stride=2, padding=1, bias=False),
    case("stride 2, odd sides", 1, 2, (5, 3, 7), kernel_size=3, stride=2, padding=1),
    case("oblong", 1, 2, (5, 6, 7), kernel_size=[3, 1, 5], stride=[1, 2, 2], padding=[1, 0, 2]),
    case("wide stem", 1, 2, (6, 5, 4), kernel_size=7, padding=3, bias=False),
    case("patches", 2, 4, (4, 4, 6), kernel_size=2, stride=2),
    case("pointwise", 3, 2, (3, 2, 4), kernel_size=1),
    case("pointwise stride 2", 3, 2, (3, 5, 4), kernel_size=1, stride=2),
    case("same, even kernel", 1, 2, (4, 3, 5), kernel_size=2, padding="same"),
    case("dilated", 1, 2, (7, 5, 6), kernel_size=[3, 2, 3], dilation=[2, 1, 2], padding=[2, 0, 1]),
    case("groups", 4, 6, (3, 4, 3), kernel_size=3, groups=2, padding=1),
    case("depthwise", 3, 3, (3, 4, 5), kernel_size=3, groups=3, stride=2, padding=1),
]
(HERE / "conv3d.json").write_text(json.dumps({"generator": "test/golden/nn/generate_conv3d.py", "seed": SEED,
                                              "versions": {"torch": torch.__version__}, "layers": layers}) + "\n")
