"""Golden values for ssl-train: learning rate schedules and optimiser trajectories of PyTorch.

Run: python generate.py (writes schedules.json and optimizers.json beside this file).
"""

import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent
SEED = 0
STEPS = 20


def rates(make, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return values


def schedules():
    sched = torch.optim.lr_scheduler
    return {
        "oneCycle": rates(lambda o: sched.OneCycleLR(o, 0.4, total_steps=50), 50),
        "oneCycleLinear": rates(
            lambda o: sched.OneCycleLR(
                o, 0.4, total_steps=40, pct_start=0.25, div_factor=10, final_div_factor=100, anneal_strategy="linear"
            ),
            40,
        ),
        "cosine": rates(lambda o: sched.CosineAnnealingLR(o, T_max=30, eta_min=0.01), 30),
        "stepDecay": rates(lambda o: sched.MultiStepLR(o, [5, 12], gamma=0.2), 20),
        "polynomial": rates(lambda o: sched.PolynomialLR(o, total_iters=20, power=2.0), 24),
        # LinearLR from 1/8 over 7 steps is (step + 1) / 8: the warm-up of 8 steps, then the cosine from its start.
        "warmupCosine": rates(
            lambda o: sched.SequentialLR(
                o,
                [sched.LinearLR(o, 1 / 8, total_iters=7), sched.CosineAnnealingLR(o, T_max=24, eta_min=0.02)],
                milestones=[8],
            ),
            32,
        ),
    }


OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "sgd-momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "sgd-momentum-decay": (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.05}),
    "sgd-dampening": (torch.optim.SGD, {"momentum": 0.8, "dampening": 0.3}),
    "sgd-nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "adam": (torch.optim.Adam, {}),
    "adam-decay": (torch.optim.Adam, {"weight_decay": 0.1, "betas": (0.8, 0.95), "eps": 1e-6}),
    "adamw": (torch.optim.AdamW, {}),
    "adamw-decay": (torch.optim.AdamW, {"weight_decay": 0.3, "betas": (0.9, 0.95)}),
}


def trajectory(make, settings, clip, start, target):
    """Minimises sum((matrix @ x + bias - y)^2) / n, float32, learning rate 0.05 / (1 + step / 10)."""
    matrix = start["matrix"].clone().requires_grad_()
    bias = start["bias"].clone().requires_grad_()
    optimizer = make([matrix, bias], lr=0.05, **settings)
    result = {"loss": [], "matrix": [], "bias": [], "norm": []}
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 0.05 / (1 + step / 10)
        optimizer.zero_grad()
        loss = (target["x"] @ matrix + bias - target["y"]).square().mean()
        loss.backward()
        if clip is not None:
            result["norm"].append(torch.nn.utils.clip_grad_norm_([matrix, bias], clip).item())
        optimizer.step()
        result["loss"].append(loss.item())
        result["matrix"].append(matrix.detach().flatten().tolist())
        result["bias"].append(bias.detach().tolist())
    if clip is None:
        del result["norm"]
    return result


def optimizers():
    torch.manual_seed(SEED)
    start = {"matrix": torch.randn(3, 2), "bias": torch.randn(2)}
    target = {"x": torch.randn(8, 3), "y": torch.randn(8, 2)}
    cases = {
        name: {
            "settings": settings,
            **trajectory(make, settings, None, start, target),
        }
        for name, (make, settings) in OPTIMIZERS.items()
    }
    clipped = trajectory(torch.optim.SGD, {}, 0.5, start, target)
    flat = lambda tensors: {name: {"shape": list(t.shape), "data": t.flatten().tolist()} for name, t in tensors.items()}
    return {"start": flat(start), "target": flat(target), "cases": cases, "clipped": {"maxNorm": 0.5, **clipped}}


def main():
    versions = {"torch": torch.__version__}
    for name, values in (("schedules", schedules()), ("optimizers", optimizers())):
        text = json.dumps({"generator": "test/golden/train/generate.py", "versions": versions, "seed": SEED, **values})
        (HERE / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
