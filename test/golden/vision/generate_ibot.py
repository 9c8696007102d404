"""Golden values of iBOT and DINOv2: three steps from lightly's heads, losses and momentum update on PyTorch, and the
Sinkhorn-Knopp balancing of DINOv2's code; with Gram anchoring, the arithmetic of DINOv3.

Run: python test/golden/vision/generate_ibot.py   (torch, timm, lightly; writes ibot.json and dinov2.json beside itself)
"""
import json
import math
import pathlib
import warnings

import lightly
import numpy as np
import timm
import torch
from lightly.loss import DINOLoss, IBOTPatchLoss, KoLeoLoss
from lightly.models.modules import DINOProjectionHead
from lightly.models.utils import update_momentum
from torch.nn import functional as F

from self_distillation import VIT, MaskedViT, filled, gradients, pictures, twin, vit, weights

warnings.filterwarnings("ignore")
NAMES = {"layers.": "mlp."}
STEPS, BATCH, SIZES, RATE, PATCHES = 3, 4, [12, 12, 8, 8], 0.05, 9
#: Of 8 global crops half are masked, by 0.15, 0.25, 0.35 and 0.45 of 9 patches.
COUNTS = [1, 2, 3, 4, 0, 0, 0, 0]
NUMBERS = {"studentTemperature": 0.1, "warmupTeacherTemperature": 0.04, "teacherTemperature": 0.07, "warmupTeacherEpochs": 3,
           "momentum": 0.9, "centerMomentum": 0.8, "freezeLastLayerEpochs": 1}
GRAM = {"startStep": 1, "everySteps": 1, "renewals": 1, "weight": 5}
HEAD = {"hiddenDim": 16, "bottleneckDim": 8, "outDim": 10}


def masks(step):
    random = np.random.RandomState(step)
    rows = np.zeros((2 * BATCH, PATCHES), dtype=bool)
    for row, count in zip(rows, random.permutation(COUNTS)):
        row[random.permutation(PATCHES)[:count]] = True
    return torch.from_numpy(rows)


def temperature(step):
    warm, last, epochs = NUMBERS["warmupTeacherTemperature"], NUMBERS["teacherTemperature"], NUMBERS["warmupTeacherEpochs"]
    return float(np.linspace(warm, last, epochs)[step]) if step < epochs else last


def sinkhorn(outputs, temp, iterations=3):
    """`sinkhorn_knopp_teacher` of facebookresearch/dinov2, on one process."""
    q = torch.exp(outputs.double() / temp).t()
    k, b = q.shape
    q /= q.sum()
    for _ in range(iterations):
        q /= q.sum(dim=1, keepdim=True)
        q /= k
        q /= q.sum(dim=0, keepdim=True)
        q /= b
    return (q * b).t().float()


def gram(tokens, anchor):
    """Mean squared difference of the cosines of an image's patches; the anchor's are brought to the same grid."""
    side, own = (math.isqrt(x.shape[1]) for x in (anchor, tokens))
    if side != own:
        maps = anchor.transpose(1, 2).unflatten(2, (side, side))
        anchor = F.interpolate(maps, size=(own, own), mode="bicubic", align_corners=False).flatten(2).transpose(1, 2)
    a, b = (F.normalize(x, dim=-1) for x in (tokens, anchor))
    return ((a @ a.transpose(1, 2) - b @ b.transpose(1, 2)) ** 2).mean()


def case(extra, own_head, sinkhorned, koleo_weight, class_weight, patch_weight, gram_weight=0, sizes=SIZES):
    def make_head(out=HEAD["outDim"]):
        return DINOProjectionHead(12, HEAD["hiddenDim"], HEAD["bottleneckDim"], out, freeze_last_layer=1)

    def make_patch_head():
        return make_head(7)

    encoder, head = vit(MaskedViT), make_head()
    online = {"backbone": encoder, "head": head, **({"patchHead": make_patch_head()} if own_head else {})}
    shapes = filled(NAMES, **online)
    teacher, teacher_head = twin(encoder, lambda: vit(MaskedViT)), twin(head, make_head)
    target = {"teacher": teacher, "teacherHead": teacher_head}
    patch_head, teacher_patch_head = head, teacher_head
    if own_head:
        patch_head = online["patchHead"]
        teacher_patch_head = target["teacherPatchHead"] = twin(patch_head, make_patch_head)
    gram_teacher = twin(encoder, lambda: vit(MaskedViT))
    if gram_weight > 0:
        target["gramTeacher"] = gram_teacher
    class_loss = DINOLoss(HEAD["outDim"], student_temp=NUMBERS["studentTemperature"], center_momentum=NUMBERS["centerMomentum"])
    patch_loss = IBOTPatchLoss(7 if own_head else HEAD["outDim"], student_temp=NUMBERS["studentTemperature"],
                               center_momentum=NUMBERS["centerMomentum"])
    koleo = KoLeoLoss()
    trained = [p for module in online.values() for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=RATE, momentum=0.9)
    losses, first = [], None
    for step in range(STEPS):  # an epoch each
        views, mask, temp = pictures(sizes, BATCH, step), masks(step), temperature(step)
        large = torch.cat(views[:2])
        views[:2] = (F.avg_pool2d(view, sizes[0] // 12) for view in views[:2])
        crops = torch.cat(views[:2])
        with torch.no_grad():
            whole = teacher.tokens(crops)
            targets = teacher_head(whole[:, 0])
            patch_targets = teacher_patch_head(whole[:, 1:][mask])
        seen = encoder.tokens(crops, mask)
        local = encoder.tokens(torch.cat(views[2:]))
        outputs = head(torch.cat([seen[:, 0], local[:, 0]])).chunk(len(views))
        patch_outputs = patch_head(seen[:, 1:][mask])
        if sinkhorned:
            probabilities = sinkhorn(targets, temp).chunk(2)
            pairs = [-(q * F.log_softmax(s / NUMBERS["studentTemperature"], dim=-1)).sum(-1).mean()
                     for i, q in enumerate(probabilities) for j, s in enumerate(outputs) if i != j]
            classes = sum(pairs) / len(pairs)
            told = -(sinkhorn(patch_targets, temp) * F.log_softmax(patch_outputs / NUMBERS["studentTemperature"], dim=-1)).sum(-1)
            share = (1 / mask.sum(-1, keepdim=True).clamp(min=1.0)).expand_as(mask)[mask]
            patches = (told * share).sum() / mask.shape[0]
        else:
            classes = class_loss(list(targets.chunk(2)), list(outputs), teacher_temp=temp)
            patches = patch_loss(patch_targets, patch_outputs, mask.reshape(2 * BATCH, 3, 3), teacher_temp=temp)
        loss = class_weight * classes + patch_weight * patches
        if koleo_weight > 0:
            loss = loss + koleo_weight * sum(koleo(tokens) for tokens in seen[:, 0].chunk(2))
        if gram_weight > 0 and step >= 1:
            with torch.no_grad():
                anchor = gram_teacher.tokens(large)[:, 1:]
            loss = loss + gram_weight * gram(seen[:, 1:], anchor)
        optimizer.zero_grad()
        loss.backward()
        if first is None:
            first = gradients(NAMES, **online)
        for module in (head, patch_head):
            module.cancel_last_layer_gradients(step)
        optimizer.step()
        momentum = 1 + (NUMBERS["momentum"] - 1) * (1 + math.cos(math.pi * step / STEPS)) / 2
        for module, follower in zip(online.values(), target.values()):
            update_momentum(module, follower, momentum)
        # Taken after the first update, and renewed after the next.
        gram_teacher.load_state_dict(teacher.state_dict() if step <= 1 else gram_teacher.state_dict())
        losses.append(loss.item())
    state = {} if sinkhorned else {"center.center": class_loss.center.flatten().tolist(),
                                   "patchCenter.center": patch_loss.center.value.flatten().tolist()}
    return {**extra, "ownHead": own_head, "sizes": sizes, "batch": BATCH, "rate": RATE, "shapes": shapes, "losses": losses,
            "gradients": first, "weights": weights(NAMES, **online, **target), "state": state}


def write(name, cases):
    record = {
        "versions": {"torch": torch.__version__, "timm": timm.__version__, "lightly": lightly.__version__}, "seed": "hash_fill.py",
        "numbers": NUMBERS, "options": VIT, "head": HEAD, "patchHead": {**HEAD, "outDim": 7},
        "masks": [masks(step).int().flatten().tolist() for step in range(STEPS)], "cases": cases,
    }
    (pathlib.Path(__file__).parent / name).write_text(json.dumps(record) + "\n")


write("ibot.json", {"shared": case({"own": {"patchWeight": 0.5}}, False, False, 0, 1, 0.5),
                    "separate": case({"own": {}}, True, False, 0, 1, 1)})
write("dinov2.json", {"sinkhorn": case({"own": {"koleoWeight": 0.1}}, True, True, 0.1, 1, 1),
                      "centre": case({"own": {"centering": "center", "classWeight": 0.7, "patchWeight": 0.4, "koleoWeight": 0.2}},
                                     False, False, 0.2, 0.7, 0.4),
                      "gram": case({"own": {"gram": GRAM}}, True, True, 0.1, 1, 1, GRAM["weight"]),
                      "gram of larger views": case({"own": {"gram": {**GRAM, "scale": 2}}}, True, True, 0.1, 1, 1, GRAM["weight"],
                                                   [24, 24, 8, 8])})
