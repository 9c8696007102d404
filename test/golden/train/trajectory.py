"""What the generators of optimisers' goldens share: a problem, and 100 steps on it."""

import torch

STEPS = 100
SEED = 0
# Steps, counted from 1, after which parameters are kept.
KEPT = [1, 2, 3, 5, 7, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


def problem():
    """Least squares, x @ matrix + bias is to be y, and a filter [out, in, height, width] on four slopes in turn."""
    torch.manual_seed(SEED)
    start = {"matrix": torch.randn(3, 2), "bias": torch.randn(2)}
    target = {"x": torch.randn(8, 3), "y": torch.randn(8, 2)}
    start["kernel"] = torch.randn(3, 2, 3, 2)
    target["slopes"] = torch.randn(4, 3, 2, 3, 2)
    return start, target


def described(tensors):
    return {name: {"shape": list(t.shape), "data": t.flatten().tolist()} for name, t in tensors.items()}


def rate_at(step):
    return 0.05 / (1 + step / 10)


def has_gradient(name, step):
    """In cases called late, when the bias has a gradient: not at first, then not always."""
    return name != "bias" or (step >= 5 and step % 7 != 3)


def trajectory(make, settings, groups_of, names=("matrix", "bias"), rate=rate_at, late=False, before=None):
    """Losses before and parameters after the steps KEPT, float32.

    groups_of(parameters) is what the optimiser takes; before(parameters), if any, changes gradients and returns a number.
    """
    start, target = problem()
    parameters = {name: start[name].clone().requires_grad_() for name in names}
    initial = {} if rate is None else {"lr": rate(0)}
    optimizer = make(groups_of(parameters), **initial, **settings)
    result = {"loss": [], **{name: [] for name in names}}
    for step in range(STEPS):
        for group in optimizer.param_groups:
            if rate is not None:
                group["lr"] = rate(step)
        optimizer.zero_grad()
        loss = (target["x"] @ parameters["matrix"] + parameters["bias"] - target["y"]).square().mean()
        if "kernel" in names:
            loss = loss + (parameters["kernel"] * target["slopes"][step % 4]).mean()
        loss.backward()
        for name, parameter in parameters.items():
            if late and not has_gradient(name, step):
                parameter.grad = None
        noted = None if before is None else before(list(parameters.values()))
        optimizer.step()
        if step + 1 in KEPT:
            result["loss"].append(loss.item())
            if noted is not None:
                result.setdefault("norm", []).append(noted)
            for name, parameter in parameters.items():
                result[name].append(parameter.detach().flatten().tolist())
    return result
