"""Golden orders of ssl-data's samplers: how torch and timm deal out an order to processes. Nothing is drawn.

Run: python test/golden/data/generate_samplers.py   (torch, timm)
Writes samplers.json beside this file.
"""
import json
import os

import timm
import torch
from timm.data.distributed_sampler import RepeatAugSampler
from torch.utils.data import DistributedSampler

here = os.path.dirname(os.path.abspath(__file__))
golden = {"torch": torch.__version__, "timm": timm.__version__, "distributed": [], "repeated": []}

for length, world in [(10, 1), (10, 2), (10, 3), (12, 4), (7, 4), (2, 5)]:
    for drop in (False, True):
        if drop and length < world:
            continue
        ranks = [
            list(DistributedSampler(range(length), num_replicas=world, rank=rank, shuffle=False, drop_last=drop))
            for rank in range(world)
        ]
        golden["distributed"].append(
            {"length": length, "worldSize": world, "remainder": "drop" if drop else "pad", "ranks": ranks}
        )

for length, world, repeats, rounding in [(12, 2, 3, 0), (12, 3, 3, 0), (20, 4, 2, 0), (21, 2, 3, 8), (30, 3, 4, 12)]:
    ranks = [
        list(
            RepeatAugSampler(
                range(length),
                num_replicas=world,
                rank=rank,
                shuffle=False,
                num_repeats=repeats,
                selected_round=rounding,
            )
        )
        for rank in range(world)
    ]
    golden["repeated"].append(
        {
            "length": length,
            "worldSize": world,
            "repeats": repeats,
            "samplesPerEpoch": length // rounding * rounding if rounding else length,
            "ranks": [[int(index) for index in rank] for rank in ranks],
        }
    )

with open(os.path.join(here, "samplers.json"), "w") as file:
    json.dump(golden, file, separators=(",", ":"))
