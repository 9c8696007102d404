"""Golden training runs of DenseCL, FastSiam, SimCLR v2 and VICRegL, from lightly's heads, losses and momentum update on PyTorch; DenseCL's
loss and queues are the arithmetic of its authors' openselfsup/models/densecl.py.

Run: python test/golden/vision/generate_dense.py   (torch, lightly; writes a file for each beside itself)
"""
import json
import pathlib

import lightly
import numpy as np
import torch
from lightly.loss import NegativeCosineSimilarity, NTXentLoss, VICRegLLoss
from lightly.models.modules import SimCLRProjectionHead, SimSiamPredictionHead, SimSiamProjectionHead
from lightly.models.modules.heads import DenseCLProjectionHead, VICRegProjectionHead
from torch import nn
from torch.nn import functional as F

from hash_fill import hash_uniform
from small_conv import SmallConv
from training_case import BATCH, numbers, training_case, unit_rows, views

HERE = pathlib.Path(__file__).parent
META = {"versions": {"torch": torch.__version__, "lightly": lightly.__version__}, "seed": "training_case.py"}
FEATURES, HIDDEN, OUT, QUEUE, QUEUE_SEED, DENSE_SEED = 8, 12, 6, 32, 4001, 4003


def write(name, cases):
    (HERE / name).write_text(json.dumps({**META, "cases": cases}) + "\n")


def encoder():
    return SmallConv([4, FEATURES], [1, 2], 3)


class Queue:
    """`_dequeue_and_enqueue` of the authors' code, with rows for columns."""

    def __init__(self, seed):
        self.rows, self.at = unit_rows(QUEUE, OUT, seed), 0

    def put(self, keys):
        self.rows[self.at:self.at + len(keys)] = keys
        self.at = (self.at + len(keys)) % QUEUE


def densecl(weight):
    def head():
        return DenseCLProjectionHead(FEATURES, HIDDEN, OUT)
    names = ("backbone", "head", "denseHead")
    twins = ("momentumBackbone", "momentumHead", "momentumDenseHead")
    modules = {name: encoder() if name.lower().endswith("backbone") else head() for name in names + twins}
    queue, dense_queue, temperature = Queue(QUEUE_SEED), Queue(DENSE_SEED), 0.2

    def seen(parts, images):
        """`DenseCLNeck`: [n, dim], [n, dim, places], the mean of places, and the features [n, channels, places]."""
        backbone, whole, dense = (modules[name] for name in parts)
        maps = backbone.n(images)
        places = maps.flatten(2)
        grid = dense(places.transpose(1, 2)).transpose(1, 2)
        return whole(maps.mean((2, 3))), grid, grid.mean(2), places

    def contrast(positive, negative):
        """`ContrastiveHead`."""
        logits = torch.cat([positive, negative], 1) / temperature
        return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))

    def loss_of(step):
        first, second = views(step)
        q, q_grid, _, q_b = seen(names, first)
        q, q_grid, q_b = F.normalize(q, dim=1), F.normalize(q_grid, dim=1), F.normalize(q_b.detach(), dim=1)
        with torch.no_grad():
            k, k_grid, k2, k_b = seen(twins, second)
            k, k_grid, k2, k_b = (F.normalize(x, dim=1) for x in (k, k_grid, k2, k_b))
            best = torch.matmul(q_b.permute(0, 2, 1), k_b).max(dim=2)[1]
        matched = torch.gather(k_grid, 2, best.unsqueeze(1).expand(-1, k_grid.size(1), -1))
        places = q_grid.permute(0, 2, 1).reshape(-1, OUT)
        positive = (q_grid * matched).sum(1).reshape(-1, 1)
        whole = contrast((q * k).sum(1, keepdim=True), q @ queue.rows.T)
        dense = contrast(positive, places @ dense_queue.rows.T)
        queue.rows, dense_queue.rows = queue.rows.clone(), dense_queue.rows.clone()
        queue.put(k)
        dense_queue.put(k2)
        return whole * (1 - weight) + dense * weight

    def state_of():
        return {"queue.features": numbers(queue.rows), "queue.pointer": [queue.at],
                "denseQueue.features": numbers(dense_queue.rows), "denseQueue.pointer": [dense_queue.at]}

    record = training_case(modules, loss_of, tuple(zip(names, twins)), lambda step: 0.9, state_of=state_of)
    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, "temperature": temperature, "lambda": weight, "queueSize": QUEUE, "momentum": 0.9},
            "queueSeed": QUEUE_SEED, "denseQueueSeed": DENSE_SEED, **record}


def fastsiam():
    modules = {"backbone": encoder(), "head": SimSiamProjectionHead(FEATURES, HIDDEN, OUT), "predictor": SimSiamPredictionHead(OUT, 3, OUT)}
    criterion, targets = NegativeCosineSimilarity(), 3

    def loss_of(step):
        """examples/pytorch/fastsiam.py of lightly."""
        zs = [modules["head"](modules["backbone"](view)) for view in views(step, targets + 1)]
        ps = [modules["predictor"](z) for z in zs]
        zs = torch.stack([z.detach() for z in zs])
        return sum(criterion(p, zs[torch.arange(len(zs)) != i].mean(0)) / len(zs) for i, p in enumerate(ps))

    # Larger steps are chaotic in float32 after batch norms of so few rows.
    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, "predictionDim": 3, "targets": targets},
            **training_case(modules, loss_of, learning_rate=0.05)}


def simclr_v2():
    modules = {"backbone": encoder(), "head": SimCLRProjectionHead(FEATURES, HIDDEN, OUT, num_layers=3)}
    criterion = NTXentLoss(temperature=0.3)

    def loss_of(step):
        return criterion(*modules["head"](modules["backbone"](torch.cat(views(step)))).chunk(2))

    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, "temperature": 0.3}, **training_case(modules, loss_of, learning_rate=0.05)}


def boxes(step, view):
    """Edges of a view in its picture: top, left, bottom, right, [batch, 4]; of some, the right one is the left one."""
    noise = torch.from_numpy(hash_uniform(BATCH * 4, 6000 + 10 * step + view).astype(np.float64)).reshape(BATCH, 4)
    top, left = 10 + 5 * noise[:, 0], 10 + 5 * noise[:, 1]
    side = 14 + 4 * noise[:, 2]
    return torch.stack([top, left, top + side, left + side * torch.sign(noise[:, 3])], 1)


def vicregl(locals_):
    modules = {"backbone": encoder(), "head": VICRegProjectionHead(FEATURES, HIDDEN, OUT), "localHead": VICRegProjectionHead(FEATURES, HIDDEN, 5)}
    matches, sizes = (6, 3), [8, 8, *[6] * locals_]
    criterion = VICRegLLoss(alpha=0.6, num_matches=matches)

    def seen(images):
        maps = modules["backbone"].n(images)
        return modules["head"](maps.mean((2, 3))), modules["localHead"](maps.permute(0, 2, 3, 1).reshape(-1, FEATURES)).reshape(
            *(maps.shape[i] for i in (0, 2, 3)), -1)

    def grid(box, side):
        """The middle of each place, [batch, side, side, 2]."""
        at = (torch.arange(side) + 0.5) / side
        y = box[:, 0:1] + at * (box[:, 2:3] - box[:, 0:1])
        x = box[:, 1:2] + at * (box[:, 3:4] - box[:, 1:2])
        return torch.stack([y[:, :, None].expand(-1, -1, side), x[:, None, :].expand(-1, side, -1)], -1)

    def loss_of(step):
        images = [views(step, view + 1, size)[view] for view, size in enumerate(sizes)]
        features = [seen(image) for image in images]
        grids = [grid(boxes(step, view), local.shape[1]) for view, (_, local) in enumerate(features)]
        return criterion(features[:2], grids[:2], features[2:] or None, grids[2:] or None).squeeze()

    record = training_case(modules, loss_of, learning_rate=0.002)
    return {"options": {"depth": 3, "hiddenDim": HIDDEN, "outDim": OUT, "localHiddenDim": HIDDEN, "localOutDim": 5, "alpha": 0.6,
                        "numMatches": matches}, "sizes": sizes, **record}


write("densecl.json", [densecl(0.5), densecl(0.8)])
write("fastsiam.json", [fastsiam()])
write("simclr-v2.json", [simclr_v2()])
write("vicregl.json", [vicregl(0), vicregl(1)])
