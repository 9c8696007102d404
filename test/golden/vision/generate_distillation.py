"""Golden training runs of distillation and SEED, and resized pictures, from PyTorch's building blocks.

Run: python test/golden/vision/generate_distillation.py   (torch, lightly; writes distillation.json, seed.json, resize-bilinear.json)
"""
import json
import pathlib

import lightly
import torch
from torch import nn
from torch.nn import functional as F

from hash_fill import fill, hash_tensor
from small_conv import SmallConv
from training_case import BATCH, MEAN, STD, numbers, pictures, training_case, unit_rows

HERE = pathlib.Path(__file__).parent
META = {"versions": {"torch": torch.__version__, "lightly": lightly.__version__}, "seed": "training_case.py"}
STUDENT, TEACHER = [4, 8], [5, 10]
TEACHER_MEAN, TEACHER_STD, TEACHER_SIZE = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3], 12


def write(name, record):
    (HERE / name).write_text(json.dumps({**META, **record}) + "\n")


def resized(x, size):
    return F.interpolate(x, size=(size, size) if isinstance(size, int) else size, mode="bilinear", align_corners=False, antialias=True)


def pixels(step, views):
    """[views * batch, channels, size, size], 0 .. 255."""
    return torch.cat([torch.from_numpy(pictures(10 * step + view)).permute(0, 3, 1, 2) for view in range(views)])


def frozen_teacher():
    """A map and its mean, in evaluation."""
    teacher = SmallConv(TEACHER, [1, 1], 3)
    fill(teacher)
    teacher.eval()
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (TEACHER_MEAN, TEACHER_STD))

    def features(x, size):
        with torch.no_grad():
            x = x if size is None else resized(x, size)
            found = teacher.n((x / 255 - mean) / std)
        return found.mean((2, 3)), found

    shapes = {name: list(value.shape) for name, value in teacher.state_dict().items()}
    return shapes, features


class Targets:
    """Standardised by moving statistics: the mean of all updates at first, then a moving one; before the first, those of the batch."""

    def __init__(self, kind, dim, momentum):
        self.kind, self.momentum = kind, momentum
        self.mean, self.square, self.updates = torch.zeros(dim), torch.zeros(dim), 0

    def of(self, rows, moments):
        """rows: [n, dim]; moments: [samples, ..., dim], what the statistics are taken of."""
        if self.kind == "raw":
            return rows
        if self.kind == "layerNorm":
            return F.layer_norm(rows, rows.shape[-1:])
        now = moments.reshape(-1, moments.shape[-1]).mean(0), (moments.reshape(-1, moments.shape[-1]) ** 2).mean(0)
        mean, square = now if self.updates == 0 else (self.mean, self.square)
        out = (rows - mean) / torch.sqrt((square - mean**2).clamp(min=0) + 1e-5)
        self.updates += 1
        share = max(1 / self.updates, 1 - self.momentum)
        self.mean = self.mean + share * (now[0] - self.mean)
        self.square = self.square + share * (now[1] - self.square)
        return out

    def state(self, name):
        if self.kind != "standardized":
            return {}
        return {f"{name}.mean": numbers(self.mean), f"{name}.square": numbers(self.square), f"{name}.updates": [self.updates]}


def cosine(a, b):
    return 1 - F.cosine_similarity(a, b, dim=1).mean()


DISTANCES = {"cosine": cosine, "mse": F.mse_loss, "smoothL1": F.smooth_l1_loss,
             "cosineSmoothL1": lambda a, b: 0.9 * cosine(a, b) + 0.1 * F.smooth_l1_loss(a, b)}


class Head(nn.Module):
    def __init__(self, kind, a, hidden, b):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(a, b)) if kind == "linear" else nn.Sequential(nn.Linear(a, hidden), nn.LayerNorm(hidden), nn.GELU(), nn.Linear(hidden, b))

    def forward(self, x):
        return self.layers(x)


def head(kind, a, hidden, b):
    """Names as those of the product's `Sequential` in a field `layers`."""
    return Head(kind, a, hidden, b)


def distillation(options, views=1, teacher_size=None, size=None):
    own = {"globalWeight": 1, "patchWeight": 0, "globalDistance": "cosine", "patchDistance": "cosineSmoothL1", "head": "linear",
           "hiddenDim": TEACHER[-1], "targets": "standardized", "targetMomentum": 0.99, **options}
    shapes, teach = frozen_teacher()
    backbone = SmallConv(STUDENT, [1, 2], 3)
    modules = {"backbone": backbone}
    if own["globalWeight"] > 0:
        modules["head"] = head(own["head"], STUDENT[-1], own["hiddenDim"], TEACHER[-1])
    if own["patchWeight"] > 0:
        modules["patchHead"] = head(own["head"], STUDENT[-1], own["hiddenDim"], TEACHER[-1])
    targets = {name: Targets(own["targets"], TEACHER[-1], own["targetMomentum"]) for name in ("targets", "patchTargets")}

    def loss_of(step):
        x = pixels(step, views)
        pooled, found = teach(x, teacher_size)
        student = backbone.n(((x if size is None else resized(x, size)) / 255 - MEAN) / STD)
        loss = 0
        if "head" in modules:
            told = modules["head"](student.mean((2, 3)))
            loss = own["globalWeight"] * DISTANCES[own["globalDistance"]](told, targets["targets"].of(pooled, pooled))
        if "patchHead" in modules:
            cells = resized(student, tuple(found.shape[2:])).permute(0, 2, 3, 1).reshape(-1, STUDENT[-1])
            rows = found.permute(0, 2, 3, 1)
            wanted = targets["patchTargets"].of(rows.reshape(-1, TEACHER[-1]), rows)
            loss = loss + own["patchWeight"] * DISTANCES[own["patchDistance"]](modules["patchHead"](cells), wanted)
        return loss

    def state_of():
        return {key: value for name, module in (("targets", "head"), ("patchTargets", "patchHead")) if module in modules
                for key, value in targets[name].state(name).items()}

    record = training_case(modules, loss_of, state_of=state_of)
    return {"options": {**options, **({} if size is None else {"size": size})}, "views": views, "teacherShapes": shapes,
            "teacher": {"normalize": {"mean": TEACHER_MEAN, "std": TEACHER_STD}, **({} if teacher_size is None else {"size": teacher_size})}, **record}


def seed():
    """seed/builder.py of jacobswan1/SEED: each image's own teacher's feature beside the queue, which takes them after."""
    queue_size, queue_seed, t_student, t_teacher = 16, 4003, 0.2, 0.05
    shapes, teach = frozen_teacher()
    modules = {"backbone": SmallConv(STUDENT, [1, 2], 3), "head": mlp(STUDENT[-1], STUDENT[-1], TEACHER[-1])}
    queue, pointer = unit_rows(queue_size, TEACHER[-1], queue_seed), [0]

    def loss_of(step):
        x = pixels(step, 1)
        s = F.normalize(modules["head"](modules["backbone"]((x / 255 - MEAN) / STD)), dim=1)
        t = F.normalize(teach(x, None)[0], dim=1)
        total = 0
        for i in range(BATCH):
            bank = torch.cat([t[i : i + 1], queue])
            wanted = F.softmax(bank @ t[i] / t_teacher, 0)
            total = total - (wanted * F.log_softmax(bank @ s[i] / t_student, 0)).sum()
        queue[pointer[0] : pointer[0] + BATCH] = t
        pointer[0] = (pointer[0] + BATCH) % queue_size
        return total / BATCH

    record = training_case(modules, loss_of, state_of=lambda: {"queue.features": numbers(queue), "queue.pointer": pointer})
    return {"options": {"queueSize": queue_size, "studentTemperature": t_student, "teacherTemperature": t_teacher}, "queueSeed": queue_seed,
            "teacherShapes": shapes, "teacher": {"normalize": {"mean": TEACHER_MEAN, "std": TEACHER_STD}}, **record}


class Mlp(nn.Module):
    def __init__(self, a, hidden, b):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(a, hidden), nn.ReLU(), nn.Linear(hidden, b))

    def forward(self, x):
        return self.layers(x)


def mlp(a, hidden, b):
    return Mlp(a, hidden, b)


def resize(shape, size):
    x = hash_tensor(shape, 77).double()
    return {"shape": shape, "size": list(size), "values": numbers(resized(x.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1).contiguous())}


write("distillation.json", {"cases": [
    distillation({}),
    distillation({"globalDistance": "cosineSmoothL1", "targets": "layerNorm", "head": "mlp", "hiddenDim": 6}, views=2, teacher_size=TEACHER_SIZE, size=6),
    distillation({"patchWeight": 0.5, "targetMomentum": 0.6}),
    distillation({"globalWeight": 0, "patchWeight": 1, "patchDistance": "mse", "targets": "raw"}, teacher_size=TEACHER_SIZE),
    distillation({"globalDistance": "smoothL1", "patchWeight": 1, "patchDistance": "cosine", "targets": "raw"}),
]})
write("seed.json", {"cases": [seed()]})
write("resize-bilinear.json", {"cases": [resize([2, 5, 7, 2], (3, 11)), resize([1, 16, 16, 1], (5, 6)), resize([1, 4, 4, 3], (8, 9))]})
