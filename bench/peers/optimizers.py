"""Optimisers by the name of a variant, with the settings of bench/optimizer-case.ts."""
import torch


def grouped(parameters, weight_decay):
    """Biases and norm scales neither decay nor, in LARS, adapt."""
    parameters = list(parameters)
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def optimizer(variant, parameters):
    if variant in ("adamw-fused", "adamw-foreach"):
        how = {variant.removeprefix("adamw-"): True}
        return torch.optim.AdamW(grouped(parameters, 0.05), 1e-3, **how)
    if variant == "lars-lightly":
        from lightly.utils.lars import LARS

        return LARS(grouped(parameters, 1e-4), lr=1.0, momentum=0.9)
    if variant == "lars-timm-foreach":
        from timm.optim import Lars

        return Lars(grouped(parameters, 1e-4), lr=1.0, momentum=0.9, foreach=True)
    raise ValueError(variant)
