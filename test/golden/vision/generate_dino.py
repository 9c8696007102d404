"""Golden values of DINO: three steps from lightly's head, loss and momentum update on PyTorch.

Run: python test/golden/vision/generate_dino.py   (torch, timm, lightly; writes dino.json beside itself)
"""
import json
import math
import pathlib
import warnings

import lightly
import timm
import torch
from lightly.loss import DINOLoss
from lightly.models.modules import DINOProjectionHead
from lightly.models.utils import update_momentum

from self_distillation import CONV, VIT, SmallConv, by_size, filled, gradients, pictures, twin, vit, weights

warnings.filterwarnings("ignore")
NAMES = {"layers.": "mlp."}
STEPS = 3
NUMBERS = {"studentTemperature": 0.1, "warmupTeacherTemperature": 0.04, "teacherTemperature": 0.07, "warmupTeacherEpochs": 3,
           "momentum": 0.9, "centerMomentum": 0.8, "freezeLastLayerEpochs": 1}
HEAD = {"hiddenDim": 16, "bottleneckDim": 8, "outDim": 10}


def case(kind, options, make_encoder, dim, sizes, batch, rate):
    def make_head():
        return DINOProjectionHead(dim, HEAD["hiddenDim"], HEAD["bottleneckDim"], HEAD["outDim"],
                                  freeze_last_layer=NUMBERS["freezeLastLayerEpochs"])

    encoder, head = make_encoder(), make_head()
    shapes = filled(NAMES, backbone=encoder, head=head)
    teacher, teacher_head = twin(encoder, make_encoder), twin(head, make_head)
    criterion = DINOLoss(HEAD["outDim"], NUMBERS["warmupTeacherTemperature"], NUMBERS["teacherTemperature"],
                         NUMBERS["warmupTeacherEpochs"], NUMBERS["studentTemperature"], NUMBERS["centerMomentum"])
    trained = [p for module in (encoder, head) for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=rate, momentum=0.9)
    losses, first = [], None
    for step in range(STEPS):  # an epoch each
        views = pictures(sizes, batch, step)
        with torch.no_grad():
            taught = teacher_head(teacher(torch.cat(views[:2]))).chunk(2)
        told = head(by_size(encoder, views)).chunk(len(views))
        loss = criterion(list(taught), list(told), epoch=step)
        optimizer.zero_grad()
        loss.backward()
        if first is None:
            first = gradients(NAMES, backbone=encoder, head=head)
        head.cancel_last_layer_gradients(step)
        optimizer.step()
        momentum = cosine_momentum(step)
        update_momentum(encoder, teacher, momentum)
        update_momentum(head, teacher_head, momentum)
        losses.append(loss.item())
    return {"encoder": kind, "options": options, "sizes": sizes, "batch": batch, "rate": rate, "shapes": shapes, "losses": losses,
            "gradients": first,
            "weights": weights(NAMES, backbone=encoder, head=head, teacher=teacher, teacherHead=teacher_head),
            "state": {"center.center": criterion.center.flatten().tolist()}}


def cosine_momentum(step):
    """Half a cosine from the base to 1 over the run; lightly's and DINO's reach 1 a step earlier, at the last one."""
    return 1 + (NUMBERS["momentum"] - 1) * (1 + math.cos(math.pi * step / STEPS)) / 2


record = {
    "versions": {"torch": torch.__version__, "timm": timm.__version__, "lightly": lightly.__version__}, "seed": "hash_fill.py",
    "numbers": NUMBERS, "head": HEAD,
    "cases": {
        "vit": case("vit", VIT, vit, 12, [12, 12, 8, 8, 8], 4, 0.05),
        "conv": case("conv", CONV, lambda: SmallConv(**CONV), 8, [8, 8, 6], 6, 0.05),
    },
}
(pathlib.Path(__file__).parent / "dino.json").write_text(json.dumps(record) + "\n")
