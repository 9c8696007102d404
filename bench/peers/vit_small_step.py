"""One training step of ViT-Small on 24 x 197 tokens: the peer of bench/cases/vit-small-step.ts. Prints one JSON line.

usage: vit_small_step.py [adamw-fused | adamw-foreach | lars-lightly | lars-timm-foreach]
"""
import torch.nn.functional as F
from optimizers import optimizer
from timing import VARIANT, time_steps
from vit import ViT, vit_batch

small = {"tokens": 197, "patch": 768}
model = ViT(**small, dim=384, heads=6)
x, y = vit_batch(24, **small)
time_steps(lambda: F.cross_entropy(model(x), y), optimizer(VARIANT, model.parameters()))
