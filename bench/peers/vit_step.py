"""One training step of ViT-Tiny on 64 x 65 tokens with AdamW: the peer of bench/cases/vit-step.ts. Prints one JSON line.

usage: vit_step.py [eager | compile]
"""
import torch, torch.nn.functional as F
from timing import compiled, time_steps
from vit import ViT, vit_batch

model = ViT()
forward = compiled(model)
x, y = vit_batch()
time_steps(lambda: F.cross_entropy(forward(x), y), torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.05))
