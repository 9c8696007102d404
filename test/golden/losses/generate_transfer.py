"""Goldens of ssl-losses' transfer losses: torchvision, MONAI, and the authors' formulas run by PyTorch in float64.

Run: python generate_transfer.py (needs torch, torchvision, monai). Writes transfer.json beside this file.
"""

import json
from pathlib import Path

import monai
import torch
import torch.nn.functional as F
import torchvision
from cases import case, draw, labels
from monai.losses import DiceCELoss, DiceLoss, GeneralizedDiceLoss
from torchvision.ops import sigmoid_focal_loss

HERE = Path(__file__).parent
SEED = 20265

probabilities = lambda n, c: torch.softmax(torch.randn(n, c), 1).float().double()


def soft_targets():
    smooth = lambda x, t: F.cross_entropy(x, t, label_smoothing=0.2)
    return [
        case(F.cross_entropy, [draw(4, 5, scale=3.0), probabilities(4, 5)]),
        case(smooth, [draw(3, 7)], [probabilities(3, 7)], {"labelSmoothing": 0.2}),
        case(F.cross_entropy, [draw(1, 2)], [2 * probabilities(1, 2)]),
    ]


def fix_match():
    def loss(threshold=0.95, hard=True, temperature=0.5, align=False):
        def run(weak, strong, average=None, target=None):
            q = torch.softmax(weak.detach(), 1)
            if align:
                q = q * (target if target is not None else 1 / q.shape[1]) / average
                q = q / q.sum(1, keepdim=True)
            confidence, label = q.max(1)
            selected = (confidence >= threshold).to(weak.dtype)
            if hard:
                return (F.cross_entropy(strong, label, reduction="none") * selected).mean()
            soft = q ** (1 / temperature)
            soft = soft / soft.sum(1, keepdim=True)
            return (-(soft * torch.log_softmax(strong, 1)).sum(1) * selected).mean()

        return run

    average, target = probabilities(1, 4)[0], probabilities(1, 4)[0]
    pair = lambda n, c: [draw(n, c, scale=3.0), draw(n, c)]
    return [
        case(loss(), pair(12, 3)),
        case(loss(threshold=0.5, hard=False), pair(6, 5), options={"threshold": 0.5, "hardLabels": False}),
        case(loss(0.6, False, 1.5), pair(7, 4), options={"threshold": 0.6, "hardLabels": False, "temperature": 1.5}),
        case(loss(0.6, align=True), pair(8, 4), [average], {"threshold": 0.6}),
        case(loss(0.5, False, align=True), pair(8, 4), [average, target], {"threshold": 0.5, "hardLabels": False}),
    ]


def sigmoid_focal():
    bits = lambda *shape: (torch.rand(*shape) < 0.4).double()
    run = lambda **options: lambda x, t: sigmoid_focal_loss(x, t, reduction="mean", **options)
    summed = lambda x, t: sigmoid_focal_loss(x, t).flatten(1).sum(1).mean()
    return [
        case(run(), [draw(3, 4, scale=3.0)], [bits(3, 4)]),
        case(run(alpha=-1, gamma=1.0), [draw(2, 3, 2)], [bits(2, 3, 2)], {"alpha": -1, "gamma": 1.0}),
        case(run(alpha=0.75, gamma=0.5), [draw(5, 2)], [bits(5, 2)], {"alpha": 0.75, "gamma": 0.5}),
        case(run(gamma=3.0), [draw(2, 5)], [torch.rand(2, 5).float().double()], {"gamma": 3.0}),
        case(summed, [draw(2, 5)], [bits(2, 5)], {"elements": "sum"}),
    ]


def softmax_focal():
    def loss(gamma=2.0):
        def run(logits, target, alpha=None):
            counted = target != -100
            p = torch.log_softmax(logits[counted], 1).gather(1, target[counted, None])[:, 0]
            value = -((1 - p.exp()) ** gamma) * p
            return (value if alpha is None else value * alpha[target[counted]]).mean()

        return run

    return [
        case(loss(), [draw(5, 4, scale=2.0)], [labels(4, 5)]),
        case(loss(0.0), [draw(3, 6)], [labels(6, 3)], {"gamma": 0.0}),
        case(loss(1.5), [draw(6, 3)], [labels(3, 6, ignored=2), torch.rand(3).float().double()], {"gamma": 1.5}),
    ]


def channels_first(x):
    return x.movedim(-1, 1)


def one_hot(target, classes):
    return channels_first(F.one_hot(target, classes).double())


def dice():
    run = lambda **options: lambda x, t, *_: DiceLoss(softmax=True, to_onehot_y=True, **options)(channels_first(x), t[:, None])
    soft = DiceLoss(sigmoid=True, squared_pred=True)
    plain = DiceLoss(batch=True, smooth_nr=1.0, smooth_dr=1.0)
    weights = torch.tensor([0.5, 2.0, 1.0]).double()

    def ignoring(x, t):
        counted = (t != -100).double()[..., None]
        p = torch.softmax(x, -1) * counted
        y = F.one_hot(t.clamp(min=0), x.shape[-1]) * counted
        return DiceLoss()(channels_first(p), channels_first(y))

    return [
        case(run(), [draw(2, 3, 4, 3)], [labels(3, 2, 3, 4)]),
        case(run(squared_pred=True, include_background=False), [draw(3, 5, 2)], [labels(2, 3, 5)], {"squared": True, "includeBackground": False}),
        case(run(jaccard=True, batch=True), [draw(2, 4, 3)], [labels(3, 2, 4)], {"jaccard": True, "batch": True}),
        case(run(weight=weights), [draw(2, 6, 3)], [labels(3, 2, 6), weights], {}),
        case(ignoring, [draw(2, 6, 4)], [labels(4, 2, 6, ignored=4)]),
        case(lambda x, t: soft(channels_first(x), channels_first(t)), [draw(2, 4, 2)], [(torch.rand(2, 4, 2) < 0.5).double()], {"activation": "sigmoid", "squared": True}),
        case(
            lambda x, t: plain(channels_first(x), channels_first(t)),
            [torch.rand(2, 4, 2).float().double()],
            [(torch.rand(2, 4, 2) < 0.5).double()],
            {"activation": "none", "batch": True, "smoothNumerator": 1.0, "smoothDenominator": 1.0},
        ),
    ]


def generalized_dice():
    run = lambda **options: lambda x, t: GeneralizedDiceLoss(softmax=True, to_onehot_y=True, **options)(channels_first(x), t[:, None])
    absent = labels(2, 2, 5)
    return [
        case(run(), [draw(2, 3, 4, 3)], [labels(3, 2, 3, 4)]),
        case(run(), [draw(2, 5, 4)], [absent]),
        case(run(w_type="simple", batch=True), [draw(2, 6, 3)], [labels(3, 2, 6)], {"weighting": "simple", "batch": True}),
        case(run(w_type="uniform", include_background=False), [draw(3, 4, 3)], [labels(3, 3, 4)], {"weighting": "uniform", "includeBackground": False}),
    ]


def dice_cross_entropy():
    run = lambda **options: lambda x, t, *_: DiceCELoss(softmax=True, to_onehot_y=True, **options)(channels_first(x), t[:, None])
    weights = torch.tensor([0.5, 2.0, 1.0]).double()
    return [
        case(run(), [draw(2, 3, 4, 3)], [labels(3, 2, 3, 4)]),
        case(run(lambda_dice=0.3, lambda_ce=2.0, batch=True), [draw(2, 5, 2)], [labels(2, 2, 5)], {"lambdaDice": 0.3, "lambdaCrossEntropy": 2.0, "batch": True}),
        case(run(weight=weights, include_background=False), [draw(2, 5, 3)], [labels(3, 2, 5), weights], {"includeBackground": False}),
    ]


def divergence(student, teacher, t):
    return F.kl_div(torch.log_softmax(student / t, 1), torch.softmax(teacher.detach() / t, 1), reduction="batchmean") * t**2


def distillation():
    mixed = lambda s, t, y: 0.3 * divergence(s, t, 2.0) + 0.7 * F.cross_entropy(s, y)
    pair = lambda n, c: [draw(n, c, scale=3.0), draw(n, c, scale=3.0)]
    return [
        case(lambda s, t: divergence(s, t, 4.0), pair(5, 4)),
        case(mixed, pair(3, 6), [labels(6, 3)], {"temperature": 2.0, "alpha": 0.3}),
        case(lambda s, t: divergence(s, t, 0.5), pair(2, 3), options={"temperature": 0.5}),
    ]


def decoupled():
    def loss(alpha=1.0, beta=8.0, temperature=4.0):
        def run(student, teacher, target):
            truth = F.one_hot(target, student.shape[1]).to(student.dtype)

            def binary(x):
                p = torch.softmax(x / temperature, 1)
                return torch.stack([(p * truth).sum(1), (p * (1 - truth)).sum(1)], 1)

            b = teacher.detach()
            scale = temperature**2 / len(student)
            known = F.kl_div(binary(student).log(), binary(b), reduction="sum") * scale
            others = F.kl_div(
                torch.log_softmax(student / temperature - 1000 * truth, 1),
                torch.softmax(b / temperature - 1000 * truth, 1),
                reduction="sum",
            ) * scale
            return alpha * known + beta * others

        return run

    return [
        case(loss(), [draw(4, 5, scale=2.0), draw(4, 5, scale=2.0)], [labels(5, 4)]),
        case(loss(2.0, 0.5, 1.0), [draw(3, 4), draw(3, 4)], [labels(4, 3)], {"alpha": 2.0, "beta": 0.5, "temperature": 1.0}),
    ]


def features():
    cosine = lambda s, t: (1 - F.cosine_similarity(s, t.detach(), dim=-1)).mean()
    return [
        case(lambda s, t: F.mse_loss(s, t.detach()), [draw(3, 4), draw(3, 4)]),
        case(cosine, [draw(2, 3, 4), draw(2, 3, 4)], options={"distance": "cosine"}),
        case(lambda s, t: F.smooth_l1_loss(s, t.detach()), [draw(2, 2, 2, 3), draw(2, 2, 2, 3)], options={"distance": "smoothL1"}),
    ]


def attention():
    def loss(power=2.0):
        at = lambda f: F.normalize(f.abs().pow(power).mean(-1).flatten(1))
        return lambda s, t: (at(s) - at(t.detach())).pow(2).mean()

    return [
        case(loss(), [draw(2, 3, 4, 5), draw(2, 3, 4, 2)]),
        case(loss(1.0), [draw(3, 2, 2, 3), draw(3, 2, 2, 3)], options={"power": 1.0}),
        case(loss(4.0), [draw(1, 2, 3, 2), draw(1, 2, 3, 3)], options={"power": 4.0}),
    ]


def similarity():
    def loss(student, teacher):
        g = lambda f: F.normalize(f.flatten(1) @ f.flatten(1).T)
        return (g(teacher.detach()) - g(student)).pow(2).sum() / len(student) ** 2

    return [case(loss, [draw(5, 4), draw(5, 3)]), case(loss, [draw(3, 2, 2, 2), draw(3, 6)])]


def relational():
    def distances(x):
        products = x @ x.T
        squared = products.diagonal()
        apart = (squared[:, None] + squared[None] - 2 * products).clamp(min=1e-12).sqrt()
        apart = apart * (1 - torch.eye(len(x), dtype=x.dtype))
        return apart / apart[apart > 0].mean()

    def angles(x):
        directions = F.normalize(x[None] - x[:, None], dim=2)
        return directions @ directions.transpose(1, 2)

    def loss(distance=25.0, angle=50.0):
        def run(student, teacher):
            t = teacher.detach()
            return distance * F.smooth_l1_loss(distances(student), distances(t)) + angle * F.smooth_l1_loss(angles(student), angles(t))

        return run

    return [
        case(loss(), [draw(4, 3), draw(4, 5)]),
        case(loss(1.0, 0.0), [draw(6, 4), draw(6, 2)], options={"distanceWeight": 1.0, "angleWeight": 0.0}),
        case(loss(0.0, 2.0), [draw(5, 2, scale=10.0), draw(5, 3)], options={"distanceWeight": 0.0, "angleWeight": 2.0}),
    ]


def seed():
    def loss(student_temperature=0.2, teacher_temperature=0.01):
        def run(student, teacher, queue):
            s, t, q = F.normalize(student), F.normalize(teacher.detach()), F.normalize(queue)
            scores = lambda x: torch.cat([(x * t).sum(1, keepdim=True), x @ q.T], 1)
            wanted = torch.softmax(scores(t) / teacher_temperature, 1)
            return -(wanted * torch.log_softmax(scores(s) / student_temperature, 1)).sum(1).mean()

        return run

    warm = {"studentTemperature": 0.1, "teacherTemperature": 0.3}
    return [
        case(loss(), [draw(4, 5), draw(4, 5)], [draw(8, 5)]),
        case(loss(0.1, 0.3), [draw(3, 3), draw(3, 3)], [draw(5, 3)], warm),
        case(loss(0.1, 0.3), [draw(1, 2), draw(1, 2)], [draw(1, 2)], warm),
    ]


def mixed():
    def loss(weight, smoothing=0.0):
        ce = lambda x, y: F.cross_entropy(x, y, reduction="none", label_smoothing=smoothing)
        return lambda x, y, other: (weight * ce(x, y) + (1 - weight) * ce(x, other)).mean()

    return [
        case(loss(0.3), [draw(4, 5)], [labels(5, 4), labels(5, 4)], {"lambda": 0.3}),
        case(loss(0.8, 0.1), [draw(3, 3)], [labels(3, 3), labels(3, 3)], {"lambda": 0.8, "labelSmoothing": 0.1}),
    ]


def main():
    torch.manual_seed(SEED)
    out = {
        "generator": "test/golden/losses/generate_transfer.py",
        "seed": SEED,
        "versions": {"torch": torch.__version__, "torchvision": torchvision.__version__, "monai": monai.__version__},
        "softTargetCrossEntropy": soft_targets(),
        "fixMatch": fix_match(),
        "sigmoidFocal": sigmoid_focal(),
        "softmaxFocal": softmax_focal(),
        "dice": dice(),
        "generalizedDice": generalized_dice(),
        "diceCrossEntropy": dice_cross_entropy(),
        "distillation": distillation(),
        "decoupledDistillation": decoupled(),
        "featureDistillation": features(),
        "attentionTransfer": attention(),
        "similarityPreserving": similarity(),
        "relationalDistillation": relational(),
        "seedDistillation": seed(),
        "mixedCrossEntropy": mixed(),
    }
    (HERE / "transfer.json").write_text(json.dumps(out))


main()
