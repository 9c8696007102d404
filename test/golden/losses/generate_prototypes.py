"""Goldens of ssl-losses with teachers and prototypes: values and gradients of lightly's losses.

Run: python generate_prototypes.py (needs torch, lightly). Writes prototypes.json beside this file.
Everything runs in float64 from float32 inputs, so that the data carry no rounding of the reference's own.
"""

import json
from pathlib import Path

import lightly
import torch
from lightly.loss import (
    CAPILoss,
    DINOLoss,
    IBOTPatchLoss,
    IBOTPlusPlusPatchLoss,
    KoLeoLoss,
    MSNLoss,
    PMSNCustomLoss,
    PMSNLoss,
    SwaVLoss,
)
from lightly.loss.capi_loss import sinkhorn_knopp
from lightly.loss.swav_loss import sinkhorn

HERE = Path(__file__).parent
SEED = 20264


def array(t):
    t = t.detach()
    if t.is_floating_point():
        return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}
    return {"shape": list(t.shape), "data": [int(v) for v in t.flatten().tolist()]}


def draw(*shape, scale=1.0):
    return (scale * torch.randn(*shape)).double()


def case(loss, inputs, options=None, **more):
    leaves = [x.clone().requires_grad_(True) for x in inputs]
    value = loss(*leaves)
    value.backward()
    gradients = [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]
    return {
        "options": options or {},
        "inputs": [array(x) for x in inputs],
        "loss": float(f"{value.item():.9g}"),
        "gradients": [array(g) for g in gradients],
        **more,
    }


def teacher_temperature():
    out = []
    for options in [{}, {"warmupTemperature": 0.02, "temperature": 0.07, "warmupEpochs": 5}, {"temperature": 0.07, "warmupEpochs": 1}]:
        criterion = DINOLoss(
            output_dim=1,
            warmup_teacher_temp=options.get("warmupTemperature", 0.04),
            teacher_temp=options.get("temperature", 0.04),
            warmup_teacher_temp_epochs=options.get("warmupEpochs", 30),
        )
        schedule = [float(v) for v in criterion.teacher_temp_schedule] + [criterion.teacher_temp]
        out.append({"options": options, "values": [float(f"{v:.9g}") for v in schedule]})
    return out


def dino():
    """Two steps each: the centre of the second is what the first left."""
    out = []
    for teachers, students, batch, dim, options in [
        (2, 2, 4, 6, {}),
        (2, 5, 3, 9, {"teacherTemperature": 0.07, "studentTemperature": 0.2, "centerMomentum": 0.5}),
        (1, 3, 2, 4, {"teacherTemperature": 0.01, "studentTemperature": 0.01}),
        (3, 2, 5, 3, {"teacherTemperature": 1.0, "studentTemperature": 1.0, "centerMomentum": 0.0}),
    ]:
        criterion = DINOLoss(
            output_dim=dim,
            teacher_temp=options.get("teacherTemperature", 0.04),
            student_temp=options.get("studentTemperature", 0.1),
            center_momentum=options.get("centerMomentum", 0.9),
        ).double()
        steps = []
        for _ in range(2):
            teacher = [draw(batch, dim, scale=0.3) for _ in range(teachers)]
            student = [draw(batch, dim, scale=0.3) for _ in range(students)]
            # The number itself: a float32 tensor of the temperature would round it.
            step = case(lambda *s: float64(criterion, teacher, list(s)), student, options, teacher=[array(t) for t in teacher])
            steps.append({**step, "center": array(criterion.center.flatten())})
        out.append({"steps": steps})
    return out


def float64(criterion, *args, **more):
    """lightly makes a float32 tensor of the teacher's temperature."""
    original = torch.tensor
    torch.tensor = lambda value, **options: original(value, dtype=torch.float64) if isinstance(value, float) else original(value, **options)
    try:
        return criterion(*args, **more)
    finally:
        torch.tensor = original


def ibot():
    out = []
    for sizes, dim, counts, options in [
        ((3, 2, 4), 5, (2, 1, 3), {}),
        ((2, 3, 3), 7, (0, 4), {"teacherTemperature": 0.07, "studentTemperature": 0.2, "centerMomentum": 0.5}),
        ((1, 1, 2), 4, (1,), {"teacherTemperature": 0.5}),
    ]:
        mask = torch.zeros(sizes, dtype=torch.bool)
        for image, count in enumerate(counts):
            mask[image].view(-1)[torch.randperm(sizes[1] * sizes[2])[:count]] = True
        criterion = IBOTPatchLoss(
            output_dim=dim,
            teacher_temp=options.get("teacherTemperature", 0.04),
            student_temp=options.get("studentTemperature", 0.1),
            center_momentum=options.get("centerMomentum", 0.9),
        ).double()
        steps = []
        for _ in range(2):
            teacher = draw(sum(counts), dim, scale=0.3)
            step = case(
                lambda s: float64(criterion, teacher, s, mask),
                [draw(sum(counts), dim, scale=0.3)],
                options,
                teacher=[array(teacher)],
                mask=array(mask.int()),
            )
            steps.append({**step, "center": array(criterion.center.value.flatten())})
        out.append({"steps": steps})
    return out


def ibot_plus_plus():
    out = []
    for shape, masked, options in [
        ((3, 4, 5), None, {}),
        ((3, 4, 5), 0.5, {"visibleLossWeight": 0.3, "studentTemperature": 0.2}),
        ((2, 6, 4), 0.3, {"visibleLossWeight": 0.0, "teacherTemperature": 0.1}),
    ]:
        mask = None if masked is None else torch.rand(shape[:2]) < masked
        criterion = IBOTPlusPlusPatchLoss(
            output_dim=shape[2], teacher_temp=options.get("teacherTemperature", 0.04), student_temp=options.get("studentTemperature", 0.1)
        ).double()
        steps = []
        for _ in range(2):
            teacher = draw(*shape, scale=0.3)
            step = case(
                lambda s: float64(criterion, teacher, s, mask, visible_loss_weight=options.get("visibleLossWeight", 1.0)),
                [draw(*shape, scale=0.3)],
                options,
                teacher=[array(teacher)],
                **({} if mask is None else {"mask": array(mask.int())}),
            )
            steps.append({**step, "center": array(criterion.center.value.flatten())})
        out.append({"steps": steps})
    return out


def assignments():
    out = []
    for n, k, epsilon, iterations in [(6, 4, 0.05, 3), (4, 9, 0.5, 1), (12, 3, 0.02, 10), (1, 5, 0.05, 3)]:
        scores = torch.nn.functional.normalize(draw(n, 4), dim=1) @ torch.nn.functional.normalize(draw(k, 4), dim=1).T
        scores = scores.float().double()
        codes = sinkhorn(scores, iterations=iterations, epsilon=epsilon)
        out.append({"options": {"epsilon": epsilon, "iterations": iterations}, "scores": array(scores), "codes": array(codes)})
    return out


def positionwise():
    """Zero is added to the sums: lightly's 1e-8 is for empty ones, which ours has not."""
    out = []
    for shape, iterations in [((5, 3, 4), 3), ((2, 2, 6), 1), ((7, 1, 3), 8)]:
        logits = draw(*shape, scale=4.0)
        out.append({"options": {"iterations": iterations}, "scores": array(logits), "codes": array(sinkhorn_knopp(logits, iterations, epsilon=0.0))})
    return out


def swav():
    out = []
    for high, low, batch, k, queue, options in [
        (2, 0, 4, 6, 0, {}),
        (2, 3, 5, 4, 0, {"temperature": 0.05, "sinkhornEpsilon": 0.1, "sinkhornIterations": 2}),
        (3, 1, 3, 8, 7, {"temperature": 0.5}),
        (1, 1, 2, 3, 2, {"temperature": 0.01, "sinkhornEpsilon": 0.03}),
    ]:
        criterion = SwaVLoss(
            temperature=options.get("temperature", 0.1),
            sinkhorn_iterations=options.get("sinkhornIterations", 3),
            sinkhorn_epsilon=options.get("sinkhornEpsilon", 0.05),
        )
        kept = [draw(queue, k, scale=0.4) for _ in range(high)] if queue else None
        run = lambda *crops: criterion(list(crops[:high]), list(crops[high:]), kept)
        out.append(
            case(run, [draw(batch, k, scale=0.4) for _ in range(high + low)], options, high=high, queue=[array(q) for q in kept or []])
        )
    return out


def koleo():
    return [
        case(KoLeoLoss(), [draw(8, 4)]),
        case(KoLeoLoss(p=1), [draw(5, 3)], {"p": 1}),
        case(KoLeoLoss(p=3, eps=1e-3), [draw(6, 5, scale=20.0)], {"p": 3, "eps": 1e-3}),
        case(KoLeoLoss(), [draw(2, 2)]),
    ]


def matching():
    """MSN and its power-law and custom priors: anchors, targets, prototypes."""
    out = []
    uneven = torch.tensor([0.5, 0.25, 0.25, 0.0, 0.0], dtype=torch.float64)
    for loss, views, batch, dim, k, options in [
        (MSNLoss, 2, 4, 6, 5, {}),
        (MSNLoss, 1, 3, 4, 9, {"temperature": 0.05, "sinkhornIterations": 0, "regularizationWeight": 3.0}),
        (MSNLoss, 3, 2, 3, 4, {"temperature": 0.5, "regularizationWeight": 0.0, "targetSharpenTemperature": 0.6}),
        (PMSNLoss, 2, 4, 6, 5, {}),
        (PMSNLoss, 1, 6, 4, 8, {"powerLawExponent": 1.2, "regularizationWeight": 2.0, "temperature": 0.3}),
        (PMSNCustomLoss, 2, 3, 4, 5, {"temperature": 0.2}),
    ]:
        names = {
            "temperature": "temperature",
            "sinkhornIterations": "sinkhorn_iterations",
            "regularizationWeight": "regularization_weight",
            "powerLawExponent": "power_law_exponent",
        }
        arguments = {names[name]: value for name, value in options.items() if name in names}
        if loss is PMSNCustomLoss:
            arguments["target_distribution"] = lambda mean: uneven
        criterion = loss(**arguments)
        if loss is PMSNLoss:
            exponent = options.get("powerLawExponent", 0.25)
            weights = torch.arange(1, k + 1, dtype=torch.float64) ** -exponent
            float32 = criterion.regularization_loss(torch.full((k,), 1 / k))
            # lightly's own prior is float32: the same in float64 through its custom prior.
            criterion = PMSNCustomLoss(
                target_distribution=lambda mean: weights / weights.sum(),
                **{name: value for name, value in arguments.items() if name != "power_law_exponent"},
            )
            assert abs(criterion.regularization_loss(torch.full((k,), 1 / k)).item() - float32.item()) < 1e-6
        sharpen = options.get("targetSharpenTemperature", 0.25)
        targets = draw(batch, dim)
        run = lambda a, p: criterion(a, targets, p, target_sharpen_temperature=sharpen)
        out.append(
            case(
                run,
                [draw(views * batch, dim), draw(k, dim)],
                options,
                name=loss.__name__,
                teacher=[array(targets)],
                **({"prior": array(uneven)} if loss is PMSNCustomLoss else {}),
            )
        )
    return out


def capi():
    out = []
    for batch, tokens, predicted, k, options in [
        (4, 3, None, 5, {}),
        (3, 6, 2, 4, {"teacherTemperature": 0.2, "studentTemperature": 0.5, "sinkhornIterations": 6}),
        (1, 2, None, 3, {}),
    ]:
        criterion = CAPILoss(
            teacher_temperature=options.get("teacherTemperature", 0.06),
            student_temperature=options.get("studentTemperature", 0.12),
            sinkhorn_iterations=options.get("sinkhornIterations", 3),
        )
        teacher = draw(batch, tokens, k, scale=0.2)
        index = None if predicted is None else torch.stack([torch.randperm(tokens)[:predicted] for _ in range(batch)])
        out.append(
            case(
                lambda s: criterion(teacher, s, index),
                [draw(batch, predicted or tokens, k, scale=0.2)],
                options,
                teacher=[array(teacher)],
                **({} if index is None else {"index": array(index)}),
            )
        )
    return out


def main():
    torch.manual_seed(SEED)
    out = {
        "generator": "test/golden/losses/generate_prototypes.py",
        "seed": SEED,
        "versions": {"torch": torch.__version__, "lightly": lightly.__version__},
        "teacherTemperature": teacher_temperature(),
        "dino": dino(),
        "ibot": ibot(),
        "ibotPlusPlus": ibot_plus_plus(),
        "sinkhorn": assignments(),
        "positionwise": positionwise(),
        "swav": swav(),
        "koleo": koleo(),
        "prototypeMatching": matching(),
        "capi": capi(),
    }
    (HERE / "prototypes.json").write_text(json.dumps(out))


main()
