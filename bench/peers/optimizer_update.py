"""An optimiser's update of ViT-Small's parameters by gradients that stay: the peer of bench/cases/optimizer-update.ts. Prints one JSON line.

usage: optimizer_update.py [adamw-fused | adamw-foreach | lars-lightly | lars-timm-foreach]
"""
import time
import torch
from optimizers import optimizer
from timing import STEPS, VARIANT, report
from vit import ViT

parameters = [p for name, p in ViT(tokens=197, patch=768, dim=384, heads=6).named_parameters() if not name.startswith("head.")]
for parameter in parameters:
    parameter.grad = torch.randn_like(parameter)
made = optimizer(VARIANT, parameters)
for group in made.param_groups:
    group["lr"] *= 1e-3
times, values = [], []
for _ in range(STEPS):
    start = time.perf_counter()
    made.step()
    values.append(parameters[0].mean().item())
    times.append(1000 * (time.perf_counter() - start))
report(milliseconds=times, losses=values)
