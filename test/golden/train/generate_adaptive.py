"""Golden values for ssl-train's Lars, Lamb and Lion: 100 steps of lightly's, timm's and torch_optimizer's.

Run: python generate_adaptive.py (writes adaptive.json beside this file). Wants torch, timm, lightly, torch_optimizer.
The bias is in a group without decay, which these libraries neither decay nor adapt.
"""

import json
import pathlib
from importlib.metadata import version

import timm.optim
import torch
import torch_optimizer
from lightly.utils.lars import LARS

HERE = pathlib.Path(__file__).parent
STEPS = 100
LAMB = {"max_grad_norm": None}
OPTIMIZERS = {
    "lars": (LARS, {"momentum": 0.9, "weight_decay": 0.05, "trust_coefficient": 0.1}),
    "lars-plain": (LARS, {"momentum": 0, "weight_decay": 0.1, "trust_coefficient": 0.2, "eps": 0.01}),
    "lars-nesterov": (LARS, {"momentum": 0.9, "weight_decay": 0.05, "trust_coefficient": 0.1, "nesterov": True}),
    "lars-dampening": (LARS, {"momentum": 0.8, "dampening": 0.3, "weight_decay": 0.05, "trust_coefficient": 0.1}),
    "lamb": (timm.optim.Lamb, {"weight_decay": 0.05, **LAMB}),
    "lamb-clip": (timm.optim.Lamb, {"weight_decay": 0.05, "trust_clip": True, "betas": (0.8, 0.95), "eps": 1e-4, **LAMB}),
    "lamb-uncorrected": (torch_optimizer.Lamb, {"weight_decay": 0.05, "clamp_value": 1.5}),
    "lion": (timm.optim.Lion, {"weight_decay": 0.05}),
    "lion-betas": (timm.optim.Lion, {"weight_decay": 0, "betas": (0.8, 0.95)}),
}


def trajectory(make, settings, start, target):
    matrix = start["matrix"].clone().requires_grad_()
    bias = start["bias"].clone().requires_grad_()
    groups = [{"params": [matrix]}, {"params": [bias], "weight_decay": 0.0}]
    optimizer = make(groups, lr=0.05, **settings)
    # torch_optimizer adapts what does not decay, too.
    adapts_bias = make is torch_optimizer.Lamb
    result = {"settings": settings, "adaptsBias": adapts_bias, "matrix": [], "bias": []}
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 0.05 / (1 + step / 10)
        optimizer.zero_grad()
        (target["x"] @ matrix + bias - target["y"]).square().mean().backward()
        optimizer.step()
        result["matrix"].append(matrix.detach().flatten().tolist())
        result["bias"].append(bias.detach().tolist())
    return result


def main():
    torch.manual_seed(0)
    start = {"matrix": torch.randn(3, 2), "bias": torch.randn(2)}
    target = {"x": torch.randn(8, 3), "y": torch.randn(8, 2)}
    versions = {name: version(name) for name in ("torch", "timm", "lightly", "torch_optimizer")}
    cases = {name: trajectory(make, settings, start, target) for name, (make, settings) in OPTIMIZERS.items()}
    text = json.dumps({"generator": "test/golden/train/generate_adaptive.py", "versions": versions, "cases": cases})
    (HERE / "adaptive.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
