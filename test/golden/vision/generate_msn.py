"""Golden values of MSN and PMSN: three steps from lightly's head, losses and momentum update on PyTorch. No patch is
dropped, as which are is drawn from keys that Python does not have.

Run: python test/golden/vision/generate_msn.py   (torch, timm, lightly; writes msn.json beside itself)
"""
import json
import math
import pathlib

import lightly
import timm
import torch
from lightly.loss import MSNLoss, PMSNLoss
from lightly.models.modules.heads import MSNProjectionHead
from lightly.models.utils import update_momentum
from torch import nn

from self_distillation import VIT, by_size, filled, gradients, pictures, twin, vit, weights

STEPS, BATCH, SIZES, RATE = 3, 6, [12, 12, 8, 8], 0.05
NUMBERS = {"maskRatio": 0, "temperature": 0.2, "sharpenTemperature": 0.3, "sinkhornIterations": 2, "regularizationWeight": 0.8,
           "momentum": 0.9, "prototypes": 7}
HEAD = {"hiddenDim": 10, "outDim": 5}


class Prototypes(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(NUMBERS["prototypes"], HEAD["outDim"]))


def make_head():
    return MSNProjectionHead(12, HEAD["hiddenDim"], HEAD["outDim"])


def case(criterion, own):
    encoder, head, prototypes = vit(), make_head(), Prototypes()
    online = {"backbone": encoder, "head": head, "prototypes": prototypes}
    shapes = filled(**online)
    teacher, teacher_head = twin(encoder, vit), twin(head, make_head)
    optimizer = torch.optim.SGD([p for module in online.values() for p in module.parameters()], lr=RATE, momentum=0.9)
    losses, first = [], None
    for step in range(STEPS):
        views = pictures(SIZES, BATCH, step)
        with torch.no_grad():
            targets = teacher_head(teacher(views[0]))
        anchors = head(by_size(encoder, views[1:]))
        loss = criterion(anchors, targets, prototypes.weight, target_sharpen_temperature=NUMBERS["sharpenTemperature"])
        optimizer.zero_grad()
        loss.backward()
        if first is None:
            first = gradients(**online)
        optimizer.step()
        momentum = 1 + (NUMBERS["momentum"] - 1) * (1 + math.cos(math.pi * step / STEPS)) / 2
        update_momentum(encoder, teacher, momentum)
        update_momentum(head, teacher_head, momentum)
        losses.append(loss.item())
    return {"own": own, "sizes": SIZES, "batch": BATCH, "rate": RATE, "shapes": shapes, "losses": losses, "gradients": first,
            "weights": weights(**online, teacher=teacher, teacherHead=teacher_head), "state": {}}


options = {"temperature": NUMBERS["temperature"], "sinkhorn_iterations": NUMBERS["sinkhornIterations"],
           "regularization_weight": NUMBERS["regularizationWeight"]}
record = {
    "versions": {"torch": torch.__version__, "timm": timm.__version__, "lightly": lightly.__version__}, "seed": "hash_fill.py",
    "numbers": NUMBERS, "head": HEAD, "options": VIT,
    "cases": {"Msn": case(MSNLoss(**options), {}), "Pmsn": case(PMSNLoss(power_law_exponent=0.5, **options), {"powerLawExponent": 0.5})},
}
(pathlib.Path(__file__).parent / "msn.json").write_text(json.dumps(record) + "\n")
