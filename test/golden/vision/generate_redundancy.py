"""Golden training runs of Barlow Twins, VICReg, FroSSL, W-MSE, TiCo, MMCR, LeJEPA and VISReg, from lightly's losses and heads.

Run: python test/golden/vision/generate_redundancy.py   (torch, lightly; writes a file for each beside itself)
"""
import json
import math
import pathlib
from unittest import mock

import lightly
import torch
from lightly.loss import BarlowTwinsLoss, FroSSLLoss, LeJEPALoss, MMCRLoss, TiCoLoss, VICRegLoss, VISRegLoss, WMSELoss
from lightly.models.modules import BarlowTwinsProjectionHead
from lightly.models.modules.heads import LeJEPAProjectionHead, TiCoProjectionHead, VICRegProjectionHead

from small_conv import SmallConv
from training_case import BATCH, STEPS, numbers, training_case, unit_rows, views

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


def frossl():
    loss = FroSSLLoss(invariance_weight=0.5)
    return joint(VICRegProjectionHead(FEATURES, HIDDEN, OUT, 3), lambda a, b: loss([a, b]), {"invarianceWeight": 0.5}, 0.1)


def w_mse():
    """One part, the whole batch: no random division."""
    loss = WMSELoss(embedding_dim=4, w_size=BATCH, num_samples=2, eps=0.1)
    return joint(TiCoProjectionHead(FEATURES, HIDDEN, 4), lambda a, b: loss(torch.cat([a, b])), {"outDim": 4, "wSize": BATCH, "eps": 0.1}, 0.02)


def with_twin(head, loss_of, options, state_of=lambda: {}):
    modules = {"backbone": encoder(), "head": head(), "momentumBackbone": encoder(), "momentumHead": head()}

    def twin(view):
        with torch.no_grad():
            return modules["momentumHead"](modules["momentumBackbone"](view))

    def momentum(step):
        return 1 - (1 - 0.9) * (math.cos(math.pi * step / STEPS) + 1) / 2

    pairs = (("backbone", "momentumBackbone"), ("head", "momentumHead"))
    record = training_case(modules, lambda step: loss_of(step, lambda view: project(modules, view), twin), pairs, momentum, learning_rate=0.1, state_of=state_of)
    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, "momentum": 0.9, **options}, **record}


def tico():
    loss = TiCoLoss(beta=0.8, rho=5.0)

    def loss_of(step, online, twin):
        first, second = views(step)
        return loss(online(first), twin(second))

    return with_twin(lambda: TiCoProjectionHead(FEATURES, HIDDEN, OUT), loss_of, {"beta": 0.8, "rho": 5},
                     lambda: {"moments.covariance": numbers(loss.C)})


def mmcr():
    """Without the extent of an image's views: those of an equal twin have singular values of 0, where PyTorch's gradient is arbitrary."""
    loss = MMCRLoss(lmda=0)

    def loss_of(step, online, twin):
        unit = torch.nn.functional.normalize
        pair = views(step)
        return loss(torch.stack([unit(online(view), dim=1) for view in pair], 1), torch.stack([unit(twin(view), dim=1) for view in pair], 1))

    return with_twin(lambda: TiCoProjectionHead(FEATURES, HIDDEN, OUT), loss_of, {"depth": 2, "lambda": 0})


def directions():
    """Unit vectors as columns, those of a key in ours."""
    return unit_rows(16, OUT, 8001).T


def crops(step):
    """Two global views and two local ones, all of one size: see `batchOf(step, 4)`."""
    return views(step, 4)


def gaussian(loss_of, options):
    modules = {"backbone": encoder(), "head": LeJEPAProjectionHead(FEATURES, HIDDEN, OUT)}

    def loss_at(step):
        z = project(modules, torch.cat(crops(step))).reshape(4, BATCH, OUT)
        return loss_of(z[:2], z[2:])

    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, **options}, **training_case(modules, loss_at, learning_rate=0.05)}


def lejepa():
    loss = LeJEPALoss(lambda_param=0.2)
    loss.sigreg._generate_unit_vectors = lambda *_: directions()
    return gaussian(lambda globals_, locals_: loss(local_proj=locals_, global_proj=globals_), {"lambda": 0.2})


def visreg():
    loss = VISRegLoss(lambda_param=0.6, num_slices=16)

    def loss_of(globals_, locals_):
        with mock.patch("torch.randn", lambda *_, **__: directions()):
            return loss(local_proj=locals_, global_proj=globals_)

    return gaussian(loss_of, {"lambda": 0.6})


if __name__ == "__main__":
    write("barlow-twins.json", [barlow_twins()])
    write("vicreg.json", [vicreg(3, (25.0, 25.0, 1.0)), vicreg(2, (1.0, 2.0, 0.5))])
    write("frossl.json", [frossl()])
    write("w-mse.json", [w_mse()])
    write("tico.json", [tico()])
    write("mmcr.json", [mmcr()])
    write("lejepa.json", [lejepa()])
    write("visreg.json", [visreg()])
