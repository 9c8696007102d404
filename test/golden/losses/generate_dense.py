"""Goldens of ssl-losses on regions and places: values and gradients of lightly's losses.

Run: python generate_dense.py (needs torch, lightly). Writes dense.json beside this file.
Everything runs in float64 from float32 inputs, so that the data carry no rounding of the reference's own.
"""

import json
from pathlib import Path

import lightly
import torch
import torch.nn.functional as F
from lightly.loss import DetConBLoss, DetConSLoss, NTXentLoss, PatchKernelAlignmentLoss, VICRegLLoss, roi_resample_to_grid
from lightly.models.utils import select_most_similar

HERE = Path(__file__).parent
SEED = 20265


def array(t):
    t = t.detach()
    if t.is_floating_point():
        return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}
    return {"shape": list(t.shape), "data": [int(v) for v in t.flatten().tolist()]}


def draw(*shape, scale=1.0):
    return (scale * torch.randn(*shape)).double()


def near(x, noise=0.5):
    return (x + noise * torch.randn(*x.shape).double()).float().double()


def case(loss, inputs, options=None, **more):
    leaves = [x.clone().requires_grad_(True) for x in inputs]
    value = loss(*leaves)
    value.sum().backward()
    gradients = [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]
    return {
        "options": options or {},
        "inputs": [array(x) for x in inputs],
        "loss": float(f"{value.item():.9g}"),
        "gradients": [array(g) for g in gradients],
        **more,
    }


def det_con():
    """Masks repeat and lack partners: both change weights."""
    out = []
    for name, batch, regions, dim, masks, options in [
        ("B", 3, 4, 5, 3, {}),
        ("B", 2, 3, 4, 6, {"temperature": 0.5}),
        ("S", 3, 4, 5, 3, {}),
        ("S", 2, 3, 3, 2, {"temperature": 0.02}),
    ]:
        draw_masks = lambda: torch.randint(0, masks, (batch, regions))
        mask0, mask1 = draw_masks(), draw_masks()
        criterion = (DetConBLoss if name == "B" else DetConSLoss)(temperature=options.get("temperature", 0.1), gather_distributed=False)
        first = draw(batch, regions, dim)
        inputs = [first, near(first)] if name == "S" else [first, near(first), near(first), near(first)]
        out.append(case(lambda *x: criterion(*x, mask0, mask1), inputs, options, name=name, masks=[array(mask0), array(mask1)]))
    return out


def dense_cl():
    """As in lightly's DenseCL example: global and dense queries and keys, backbone features of both."""
    out = []
    for batch, places, dim, channels, bank, options in [
        (3, 4, 5, 6, 7, {}),
        (2, 6, 4, 3, 3, {"lambda": 0.3, "temperature": 0.07}),
        (4, 2, 3, 4, 0, {"lambda": 0.9}),
    ]:
        weight, temperature = options.get("lambda", 0.5), options.get("temperature", 0.2)
        features = draw(batch, places, channels)
        keys = near(features[:, torch.randperm(places)])
        banks = [F.normalize(draw(bank, dim), dim=1).float().double() for _ in range(2)] if bank else []

        def contrast(q, k, negatives):
            if negatives is None:
                scores = F.normalize(q, dim=1) @ F.normalize(k, dim=1).T / temperature
                return F.cross_entropy(scores, torch.arange(len(q)))
            criterion = NTXentLoss(temperature=temperature, memory_bank_size=(bank, dim))
            criterion.memory_bank.bank = negatives.clone()
            return criterion(q, k)

        def loss(q_global, q_dense, k_global, k_dense):
            matched = select_most_similar(features, keys, k_dense)
            whole = contrast(q_global, k_global, banks[0] if bank else None)
            dense = contrast(q_dense.flatten(0, 1), matched.flatten(0, 1), banks[1] if bank else None)
            return (1 - weight) * whole + weight * dense

        inputs = [draw(batch, dim), draw(batch, places, dim)]
        inputs += [near(x) for x in inputs]
        out.append(case(loss, inputs, options, features=[array(features), array(keys)], negatives=[array(b) for b in banks]))
    return out


def vicregl():
    """Global and local features of all views, global views first; grids besides."""
    out = []
    for globals_, locals_, batch, sizes, dims, options in [
        (2, 0, 3, ((3, 3), None), (4, 3), {"numMatches": [5, 2]}),
        (2, 1, 4, ((3, 2), (2, 2)), (3, 4), {"alpha": 0.4, "lambda": 2.0, "mu": 3.0, "nu": 5.0, "eps": 0.01, "numMatches": [4, 3]}),
        (1, 1, 2, ((2, 2), (1, 2)), (2, 2), {}),
    ]:
        names = {"alpha": "alpha", "lambda": "lambda_param", "mu": "mu_param", "nu": "nu_param", "eps": "eps"}
        criterion = VICRegLLoss(
            num_matches=tuple(options.get("numMatches", (20, 4))), **{names[n]: v for n, v in options.items() if n in names}
        )
        shapes = [sizes[0]] * globals_ + [sizes[1]] * locals_
        grids = [draw(batch, *size, 2) for size in shapes]
        whole = draw(batch, dims[0], scale=0.7)
        inputs = [near(whole, 0.3) for _ in shapes] + [draw(batch, *size, dims[1], scale=0.7) for size in shapes]

        def loss(*x):
            views = list(zip(x[: len(shapes)], x[len(shapes) :]))
            local = (views[globals_:], grids[globals_:]) if locals_ else (None, None)
            return criterion(views[:globals_], grids[:globals_], *local)

        out.append(case(loss, inputs, options, views=[globals_, locals_], grids=[array(g) for g in grids]))
    return out


def patch_kernel_alignment():
    out = []
    # lightly turns its inputs into float32.
    original = torch.Tensor.float
    torch.Tensor.float = torch.Tensor.double
    for shape, masked, scale in [((2, 5, 3), None, 1.0), ((3, 4, 12), 0.4, 1.0), ((3, 9, 2), 0.7, 20.0), ((2, 3, 3), 1.0, 1.0)]:
        mask = None if masked is None else torch.rand(shape[:2]) < masked
        teacher = draw(*shape, scale=scale)
        more = {} if mask is None else {"mask": array(mask.int())}
        criterion = PatchKernelAlignmentLoss()
        out.append(case(lambda s: criterion(s, teacher, mask), [near(teacher, scale)], {}, teacher=array(teacher), **more))
    torch.Tensor.float = original
    return out


def roi():
    """Feature maps are `[batch, channels, height, width]` there and `[batch, height, width, channels]` here."""
    out = []
    for batch, height, width, channels, size, boxes in [
        (2, 5, 6, 3, (2, 3), [[0.5, 1.0, 5.25, 4.0], [2.0, 0.0, 6.0, 5.0]]),
        (1, 4, 4, 2, (3, 3), [[-0.5, 1.2, 3.9, 4.5]]),
        (3, 3, 7, 1, (2, 2), [[0.0, 0.0, 0.5, 0.25], [1.0, 1.0, 1.0, 1.0], [0.3, 0.1, 6.8, 2.9]]),
    ]:
        boxes = torch.tensor(boxes).double()
        weights = draw(batch, size[0] * size[1], channels)
        values = []

        def loss(x):
            pooled = roi_resample_to_grid(x.permute(0, 3, 1, 2), boxes, *size)
            values.append(pooled)
            return (pooled * weights).sum()

        golden = case(loss, [draw(batch, height, width, channels)], {"height": size[0], "width": size[1]})
        out.append({**golden, "boxes": array(boxes), "weights": array(weights), "values": array(values[0])})
    return out


def main():
    torch.manual_seed(SEED)
    out = {
        "generator": "test/golden/losses/generate_dense.py",
        "seed": SEED,
        "versions": {"torch": torch.__version__, "lightly": lightly.__version__},
        "detCon": det_con(),
        "denseCL": dense_cl(),
        "vicregl": vicregl(),
        "patchKernelAlignment": patch_kernel_alignment(),
        "roi": roi(),
    }
    (HERE / "dense.json").write_text(json.dumps(out))


main()
