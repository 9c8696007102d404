"""Goldens of ssl-nn: values, gradients and running statistics of PyTorch's and timm's layers.

Run: python generate.py (needs torch, timm, safetensors, numpy). Writes layers.json, small-net.json,
small-net.safetensors, element-types.json and element-types.safetensors beside this file.
Images are stored NHWC; state dicts as the reference has them.
"""

import json
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import timm
import torch
from timm.layers import Mlp
from timm.models.vision_transformer import Attention, Block
from torch import nn

HERE = Path(__file__).parent
SEED = 20261
META = {
    "generator": "test/golden/nn/generate.py",
    "seed": SEED,
    "versions": {"torch": torch.__version__, "timm": timm.__version__, "safetensors": safetensors.__version__, "numpy": np.__version__},
}


def array(t):
    t = t.detach()
    kind = "float32" if t.is_floating_point() else "int32"
    data = [float(f"{v:.9g}") for v in t.flatten().tolist()] if kind == "float32" else [int(v) for v in t.flatten().tolist()]
    return {"shape": list(t.shape), "dtype": kind, "data": data}


def nhwc(t):
    return t.permute(0, 2, 3, 1) if t.dim() == 4 else t


def nchw(t):
    return t.permute(0, 3, 1, 2) if t.dim() == 4 else t


def state(module):
    return {name: array(value) for name, value in module.state_dict().items()}


def randomise(module):
    """Away from the values at which a wrong layer could pass: no ones, no zeros."""
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn_like(p) * (0.5 if p.dim() > 1 else 0.3) + (0.0 if p.dim() > 1 else 0.4))


def run(name, module, x, image=False, forward=None, **config):
    """x: as this library takes it. Loss = sum(y * w)."""
    randomise(module)
    before = state(module)
    leaf = x.clone().requires_grad_(x.is_floating_point())
    y = (forward or module)(nchw(leaf) if image else leaf)
    y = nhwc(y) if image else y
    w = torch.randn_like(y)
    (y * w).sum().backward()
    gradients = {n: array(p.grad) for n, p in module.named_parameters()}
    out = {"name": name, "config": config, "state": before, "x": array(x), "w": array(w), "y": array(y), "gradients": gradients}
    if leaf.grad is not None:
        out["dx"] = array(leaf.grad)
    return out


def conv(name, cin, cout, size, **options):
    x = torch.randn(2, size[0], size[1], cin)
    return run(name, nn.Conv2d(cin, cout, **options), x, image=True, inChannels=cin, outChannels=cout, **options)


def batch_norm(name, module, shape, image):
    """Three training steps, then evaluation, with the running statistics after each."""
    randomise(module)
    before = state(module)
    steps = []
    for step in range(3):
        x = torch.randn(*shape) * (1.5 + step) + 0.7 * step
        leaf = x.clone().requires_grad_(True)
        module.zero_grad()
        y = module(nchw(leaf) if image else leaf)
        y = nhwc(y) if image else y
        w = torch.randn_like(y)
        (y * w).sum().backward()
        steps.append({
            "x": array(x), "w": array(w), "y": array(y), "dx": array(leaf.grad),
            "gradients": {n: array(p.grad) for n, p in module.named_parameters()}, "stateAfter": state(module),
        })
    module.eval()
    x = torch.randn(*shape)
    leaf = x.clone().requires_grad_(True)
    y = module(nchw(leaf) if image else leaf)
    y = nhwc(y) if image else y
    w = torch.randn_like(y)
    (y * w).sum().backward()
    return {"name": name, "features": shape[-1], "affine": module.affine, "state": before, "steps": steps,
            "evaluation": {"x": array(x), "w": array(w), "y": array(y), "dx": array(leaf.grad)}}


def vit_norm(dim, **options):
    return nn.LayerNorm(dim, eps=1e-6, **options)


class SmallNet(nn.Module):
    """Every kind of parameter and buffer that ssl-nn has."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.embed = nn.Embedding(5, 8)
        self.blocks = nn.Sequential(Block(8, 2, qkv_bias=True, norm_layer=vit_norm),
                                    Block(8, 2, qkv_bias=True, norm_layer=vit_norm))
        self.norm = nn.LayerNorm(8)
        self.head = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 4))

    def forward(self, images, ids):
        x = torch.relu(self.bn(self.conv(images))).flatten(2).transpose(1, 2)
        x = torch.cat([self.embed(ids), x], 1)
        return self.head(self.norm(self.blocks(x)).mean(1))


def main():
    torch.manual_seed(SEED)
    layers = [
        run("linear", nn.Linear(5, 4), torch.randn(2, 3, 5), inFeatures=5, outFeatures=4, bias=True),
        run("linear without bias", nn.Linear(5, 4, bias=False), torch.randn(3, 5), inFeatures=5, outFeatures=4, bias=False),
        conv("conv", 3, 4, (5, 6), kernel_size=3, padding=1),
        conv("conv stride 2", 3, 4, (8, 8), kernel_size=3, stride=2, padding=1, bias=False),
        conv("conv oblong", 2, 3, (7, 6), kernel_size=[3, 5], stride=[2, 1], padding=[1, 2]),
        conv("conv same", 2, 3, (5, 5), kernel_size=4, padding="same"),
        conv("conv dilated", 2, 3, (9, 8), kernel_size=3, dilation=2, padding=2),
        conv("conv dilated stride 2", 2, 3, (9, 9), kernel_size=3, dilation=[1, 3], stride=2, padding=1),
        conv("conv groups", 4, 6, (5, 5), kernel_size=3, groups=2, padding=1),
        conv("conv depthwise", 3, 6, (6, 6), kernel_size=3, groups=3, stride=2, padding=1),
        conv("conv pointwise stride 2", 3, 4, (5, 5), kernel_size=1, stride=2),
        run("layer norm", nn.LayerNorm(6), torch.randn(2, 3, 6) * 2 + 1, dim=6, epsilon=1e-5),
        run("embedding", nn.Embedding(7, 3), torch.randint(0, 7, (2, 4)), count=7, dim=3),
        run("mlp", Mlp(4, 8), torch.randn(2, 3, 4), dim=4, hidden=8),
        run("attention", Attention(8, num_heads=2, qkv_bias=True), torch.randn(2, 5, 8), dim=8, heads=2, qkvBias=True),
        run("attention without qkv bias", Attention(8, num_heads=4, qkv_bias=False), torch.randn(2, 3, 8), dim=8, heads=4, qkvBias=False),
        run("block", Block(8, 2, qkv_bias=True, norm_layer=vit_norm), torch.randn(2, 5, 8), dim=8, heads=2),
    ]
    attention = Attention(8, num_heads=2, qkv_bias=True)
    keep = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    masked = run("attention masked", attention, torch.randn(2, 5, 8), forward=lambda x: attention(x, attn_mask=keep[:, None, None, :].bool().expand(2, 1, 5, 5)), dim=8, heads=2, qkvBias=True)
    masked["mask"] = array(keep)
    layers.append(masked)
    norms = [
        batch_norm("images", nn.BatchNorm2d(3), (4, 3, 2, 3), True),
        batch_norm("vectors", nn.BatchNorm1d(4), (5, 4), False),
        batch_norm("vectors without affine", nn.BatchNorm1d(3, affine=False), (6, 3), False),
    ]
    (HERE / "layers.json").write_text(json.dumps({**META, "layers": layers, "batchNorms": norms}))

    net = SmallNet()
    randomise(net)
    for _ in range(2):
        net(torch.randn(4, 3, 6, 6), torch.zeros(4, 1, dtype=torch.long))
    net.eval()
    images, ids = torch.randn(3, 6, 6, 3), torch.randint(0, 5, (3, 2))
    safetensors.torch.save_file(net.state_dict(), HERE / "small-net.safetensors", {"format": "pt"})
    (HERE / "small-net.json").write_text(json.dumps({**META, "images": array(images), "ids": array(ids), "y": array(net(nchw(images), ids)), "names": list(net.state_dict())}))

    values = torch.tensor([0.0, -0.0, 1.0, -2.5, 65504.0, 1e-7, 6e-8, 3.0e-5, float("inf"), float("-inf"), float("nan"), 0.333251953125])
    tensors = {
        "f32": values.clone(),
        "f16": values.to(torch.float16),
        "bf16": values.to(torch.bfloat16),
        "i32": torch.tensor([[1, -2], [2**31 - 1, -(2**31)]], dtype=torch.int32),
        "i64": torch.tensor([0, -1, 2**31 - 1, -(2**31)], dtype=torch.int64),
        "u8": torch.tensor([0, 1, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(7.5),
        "empty": torch.zeros(0, 3),
    }
    safetensors.torch.save_file(tensors, HERE / "element-types.safetensors", {"note": "each element type"})
    expected = {name: {"shape": list(t.shape), "data": [str(v) for v in t.to(torch.float64).flatten().tolist()]} for name, t in tensors.items()}
    (HERE / "element-types.json").write_text(json.dumps({**META, "metadata": {"note": "each element type"}, "tensors": expected}))


main()
