"""Golden training runs of Barlow Twins and VICReg, from lightly's losses and heads.

Run: python test/golden/vision/generate_redundancy.py   (torch, lightly; writes a file for each beside itself)
"""
import json
import pathlib

import lightly
import torch
from lightly.loss import BarlowTwinsLoss, VICRegLoss
from lightly.models.modules import BarlowTwinsProjectionHead
from lightly.models.modules.heads import VICRegProjectionHead

from small_conv import SmallConv
from training_case import training_case, views

HERE = pathlib.Path(__file__).parent
META = {"versions": {"torch": torch.__version__, "lightly": lightly.__version__}, "seed": "training_case.py"}
FEATURES, HIDDEN, OUT = 8, 12, 6


def write(name, cases):
    (HERE / name).write_text(json.dumps({**META, "cases": cases}) + "\n")


def encoder():
    return SmallConv([4, FEATURES], [1, 2], 3)


def project(modules, view):
    return modules["head"](modules["backbone"](view))


def joint(head, criterion, options, learning_rate):
    """A pass for each view, and a loss of the projections."""
    modules = {"backbone": encoder(), "head": head}
    record = training_case(modules, lambda step: criterion(*(project(modules, view) for view in views(step))), learning_rate=learning_rate)
    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, **options}, **record}


def barlow_twins():
    loss = BarlowTwinsLoss(lambda_param=0.01)
    return joint(BarlowTwinsProjectionHead(FEATURES, HIDDEN, OUT), lambda a, b: 0.1 * loss(a, b), {"lambda": 0.01, "scale": 0.1}, 0.2)


def vicreg(depth, weights):
    loss = VICRegLoss(*weights)
    options = dict(zip(("lambda", "mu", "nu"), weights))
    return joint(VICRegProjectionHead(FEATURES, HIDDEN, OUT, depth), loss, {"depth": depth, **options}, 0.01)


if __name__ == "__main__":
    write("barlow-twins.json", [barlow_twins()])
    write("vicreg.json", [vicreg(3, (25.0, 25.0, 1.0)), vicreg(2, (1.0, 2.0, 0.5))])
