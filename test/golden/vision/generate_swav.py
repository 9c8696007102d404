"""Golden values of SwAV: three steps of the authors' head with lightly's loss and memory bank on PyTorch.

Run: python test/golden/vision/generate_swav.py   (torch, timm, lightly; writes swav.json beside itself)
"""
import json
import pathlib

import lightly
import timm
import torch
from lightly.loss import SwaVLoss
from lightly.models.modules.memory_bank import MemoryBankModule
from torch import nn

from hash_fill import hash_tensor
from self_distillation import CONV, SmallConv, by_size, filled, gradients, pictures, weights

STEPS, BATCH, SIZES, RATE = 3, 6, [8, 8, 6, 6], 0.1
NUMBERS = {"temperature": 0.2, "epsilon": 0.07, "sinkhornIterations": 3, "queueLength": 12, "queueStartEpoch": 1, "freezePrototypesSteps": 1}
HEAD = {"hiddenDim": 10, "outDim": 5, "prototypes": 7}


class Head(nn.Module):
    """`forward_head` of src/resnet50.py of facebookresearch/swav."""

    def __init__(self, dim):
        super().__init__()
        self.projection_head = nn.Sequential(nn.Linear(dim, HEAD["hiddenDim"]), nn.BatchNorm1d(HEAD["hiddenDim"]), nn.ReLU(inplace=True),
                                             nn.Linear(HEAD["hiddenDim"], HEAD["outDim"]))
        self.prototypes = nn.Linear(HEAD["outDim"], HEAD["prototypes"], bias=False)

    def normalize(self):
        with torch.no_grad():
            self.prototypes.weight.copy_(nn.functional.normalize(self.prototypes.weight, dim=1, p=2))

    def forward(self, x):
        embeddings = nn.functional.normalize(self.projection_head(x), dim=1, p=2)
        return embeddings, self.prototypes(embeddings)


encoder, head = SmallConv(**CONV), Head(8)
shapes = filled(backbone=encoder, head=head)
banks = []
for view in range(2):
    bank = MemoryBankModule(size=(NUMBERS["queueLength"], HEAD["outDim"]))
    bank.bank = nn.functional.normalize(hash_tensor((NUMBERS["queueLength"], HEAD["outDim"]), 4000 + view), dim=1)
    banks.append(bank)
start = {f"queue{view}.features": bank.bank.flatten().tolist() for view, bank in enumerate(banks)}
criterion = SwaVLoss(NUMBERS["temperature"], NUMBERS["sinkhornIterations"], NUMBERS["epsilon"])
optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=RATE, momentum=0.9)
losses, first = [], None
for step in range(STEPS):  # an epoch each
    head.normalize()
    views = pictures(SIZES, BATCH, step)
    embeddings, scores = head(by_size(encoder, views))
    embeddings, scores = embeddings.chunk(len(views)), scores.chunk(len(views))
    with torch.no_grad():
        kept = [bank(z.detach(), update=True)[1].t() for bank, z in zip(banks, embeddings)]
        queue = [head.prototypes(z) for z in kept] if step >= NUMBERS["queueStartEpoch"] else None
    loss = criterion(list(scores[:2]), list(scores[2:]), queue)
    optimizer.zero_grad()
    loss.backward()
    if first is None:
        first = gradients(backbone=encoder, head=head)
    if step < NUMBERS["freezePrototypesSteps"]:
        head.prototypes.weight.grad = None
    optimizer.step()
    losses.append(loss.item())
head.normalize()
record = {
    "versions": {"torch": torch.__version__, "timm": timm.__version__, "lightly": lightly.__version__}, "seed": "hash_fill.py",
    "numbers": NUMBERS, "head": HEAD, "options": CONV, "start": start,
    "sizes": SIZES, "batch": BATCH, "rate": RATE, "shapes": shapes, "losses": losses, "gradients": first,
    "weights": weights(backbone=encoder, head=head),
    "state": {f"queue{view}.features": bank.bank.flatten().tolist() for view, bank in enumerate(banks)},
}
(pathlib.Path(__file__).parent / "swav.json").write_text(json.dumps(record) + "\n")
