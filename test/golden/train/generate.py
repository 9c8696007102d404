"""Golden values for ssl-train: learning rate schedules and optimiser trajectories of PyTorch.

Run: python generate.py (writes schedules.json and optimizers.json beside this file).
"""

import json
import pathlib

import torch
from trajectory import KEPT, SEED, described, problem, trajectory

HERE = pathlib.Path(__file__).parent


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


# By name: the optimiser, its settings, whether the bias lacks gradients at times.
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "sgd-decay": (torch.optim.SGD, {"weight_decay": 0.2}),
    "sgd-momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "sgd-momentum-decay": (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.05}),
    "sgd-dampening": (torch.optim.SGD, {"momentum": 0.8, "dampening": 0.3}),
    "sgd-dampening-decay": (torch.optim.SGD, {"momentum": 0.8, "dampening": 0.3, "weight_decay": 0.05}),
    "sgd-dampening-late": (torch.optim.SGD, {"momentum": 0.8, "dampening": 0.3}),
    "sgd-nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "sgd-nesterov-decay": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "adam": (torch.optim.Adam, {}),
    "adam-betas": (torch.optim.Adam, {"betas": (0.8, 0.95)}),
    "adam-no-betas": (torch.optim.Adam, {"betas": (0.0, 0.0), "eps": 0.5}),
    "adam-epsilon": (torch.optim.Adam, {"eps": 0.01}),
    "adam-decay": (torch.optim.Adam, {"weight_decay": 0.1, "betas": (0.8, 0.95), "eps": 1e-6}),
    "adam-amsgrad": (torch.optim.Adam, {"amsgrad": True, "betas": (0.9, 0.8)}),
    "adam-late": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
    "adamw-decay": (torch.optim.AdamW, {"weight_decay": 0.3, "betas": (0.9, 0.95)}),
    "adamw-epsilon": (torch.optim.AdamW, {"eps": 0.01, "weight_decay": 0.0}),
    "adamw-amsgrad": (torch.optim.AdamW, {"amsgrad": True, "weight_decay": 0.3, "betas": (0.9, 0.8)}),
    "adamw-late": (torch.optim.AdamW, {"weight_decay": 0.3}),
}


def optimizers():
    everything = lambda parameters: list(parameters.values())
    clip = lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, 0.5).item()
    cases = {
        name: {"settings": settings, **trajectory(make, settings, everything, late=name.endswith("late"))}
        for name, (make, settings) in OPTIMIZERS.items()
    }
    clipped = trajectory(torch.optim.SGD, {}, everything, before=clip)
    start, target = problem()
    shared = {"kept": KEPT, "start": described(start), "target": described(target)}
    return {**shared, "cases": cases, "clipped": {"maxNorm": 0.5, **clipped}}


def main():
    versions = {"torch": torch.__version__}
    for name, values in (("schedules", schedules()), ("optimizers", optimizers())):
        text = json.dumps({"generator": "test/golden/train/generate.py", "versions": versions, "seed": SEED, **values})
        (HERE / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
