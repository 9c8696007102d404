"""Golden values for ssl-train's Lars, Lamb and Lion: 100 steps of lightly's, timm's and torch_optimizer's.

Run: python generate_adaptive.py (writes adaptive.json beside this file). Wants torch, timm, lightly, torch_optimizer.
The bias is in a group without decay, which these libraries neither decay nor adapt unless they are told to; in cases
called everything it decays too. The problem is that of optimizers.json.
"""

import json
import pathlib
from importlib.metadata import version

import timm.optim
import torch_optimizer
from lightly.utils.lars import LARS
from trajectory import KEPT, SEED, trajectory

HERE = pathlib.Path(__file__).parent
LAMB = {"weight_decay": 0.05, "max_grad_norm": None}
LARS_ = {"momentum": 0.9, "weight_decay": 0.05, "trust_coefficient": 0.1}
TIMM_LARS = {"momentum": 0.9, "weight_decay": 0.05, "trust_coeff": 0.1}
OPTIMIZERS = {
    "lars": (LARS, LARS_),
    "lars-plain": (LARS, {"momentum": 0, "weight_decay": 0.1, "trust_coefficient": 0.2, "eps": 0.01}),
    "lars-nesterov": (LARS, {**LARS_, "nesterov": True}),
    "lars-dampening": (LARS, {**LARS_, "momentum": 0.8, "dampening": 0.3}),
    "lars-dampening-late": (LARS, {**LARS_, "momentum": 0.8, "dampening": 0.3}),
    "lars-undecayed": (LARS, {**LARS_, "weight_decay": 0.0}),
    "lars-everything": (LARS, LARS_),
    "lars-always-adapt": (timm.optim.Lars, {**TIMM_LARS, "weight_decay": 0.0, "always_adapt": True}),
    "lars-clip": (timm.optim.Lars, {**TIMM_LARS, "trust_clip": True}),
    "lamb": (timm.optim.Lamb, LAMB),
    "lamb-betas": (timm.optim.Lamb, {**LAMB, "betas": (0.8, 0.95)}),
    "lamb-epsilon": (timm.optim.Lamb, {**LAMB, "eps": 0.1}),
    "lamb-trust-clip": (timm.optim.Lamb, {**LAMB, "trust_clip": True, "betas": (0.8, 0.95), "eps": 1e-4}),
    "lamb-timm-uncorrected": (timm.optim.Lamb, {**LAMB, "bias_correction": False}),
    "lamb-always-adapt": (timm.optim.Lamb, {**LAMB, "always_adapt": True}),
    "lamb-everything": (timm.optim.Lamb, LAMB),
    "lamb-clipped-gradients": (timm.optim.Lamb, {**LAMB, "max_grad_norm": 0.5}),
    "lamb-uncorrected": (torch_optimizer.Lamb, {"weight_decay": 0.05}),
    "lamb-norm": (torch_optimizer.Lamb, {"weight_decay": 0.05, "clamp_value": 1.5}),
    "lamb-debias": (torch_optimizer.Lamb, {"weight_decay": 0.05, "debias": True}),
    "lamb-adam": (torch_optimizer.Lamb, {"weight_decay": 0.05, "adam": True}),
    "lion": (timm.optim.Lion, {"weight_decay": 0.05}),
    "lion-betas": (timm.optim.Lion, {"weight_decay": 0, "betas": (0.8, 0.95)}),
    "lion-everything": (timm.optim.Lion, {"weight_decay": 0.3}),
    "lion-late": (timm.optim.Lion, {"weight_decay": 0.05}),
}


def case(name, make, settings):
    bias = {} if name.endswith("everything") else {"weight_decay": 0.0}
    groups = lambda parameters: [{"params": [parameters["matrix"]]}, {"params": [parameters["bias"]], **bias}]
    return {"settings": settings, **trajectory(make, settings, groups, late=name.endswith("late"))}


def main():
    versions = {name: version(name) for name in ("torch", "timm", "lightly", "torch_optimizer")}
    cases = {name: case(name, make, settings) for name, (make, settings) in OPTIMIZERS.items()}
    made = {"generator": "test/golden/train/generate_adaptive.py", "versions": versions, "seed": SEED, "kept": KEPT}
    (HERE / "adaptive.json").write_text(json.dumps({**made, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
