"""From import to the end of the first ViT-Tiny step, and the second: the peer of bench/cases/first-step.ts. Prints one JSON line.

Compiles with empty caches, as a new model does. usage: first_step.py [eager | compile]
"""
import os, time

started = time.perf_counter()
os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
import torch, torch.nn.functional as F
from timing import compiled, report, training_step
from vit import ViT, vit_batch

imported = time.perf_counter()
model = ViT()
forward = compiled(model)
optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.05)
x, y = vit_batch()
losses = [training_step(lambda: F.cross_entropy(forward(x), y), optimizer)]
first = time.perf_counter()
losses.append(training_step(lambda: F.cross_entropy(forward(x), y), optimizer))
report(seconds=first - imported, secondsOfProcess=first - started, secondsOfSecondStep=time.perf_counter() - first, losses=losses)
