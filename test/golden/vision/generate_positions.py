"""Golden values for resized position grids, from torch.nn.functional.interpolate (bicubic, align_corners=False).

Run: python test/golden/vision/generate_positions.py   (torch; writes positions.json beside itself)
"""
import json
import pathlib

import torch
from torch.nn.functional import interpolate

from hash_fill import hash_tensor

SEED = 1007
DIM = 3
CASES = [((4, 4), (6, 6)), ((4, 4), (2, 2)), ((7, 7), (3, 5)), ((3, 5), (8, 4)), ((2, 2), (7, 7)), ((1, 3), (2, 2)), ((9, 4), (2, 11))]

cases = []
for source, target in CASES:
    for antialias in (False, True):
        positions = hash_tensor([1, source[0] * source[1], DIM], SEED).double()
        grid = positions.reshape(1, *source, DIM).permute(0, 3, 1, 2)
        resized = interpolate(grid, size=target, mode="bicubic", antialias=antialias, align_corners=False)
        values = resized.permute(0, 2, 3, 1).flatten().tolist()
        cases.append({"from": source, "to": target, "antialias": antialias, "values": values})

record = {"versions": {"torch": torch.__version__}, "seed": SEED, "dim": DIM, "cases": cases}
pathlib.Path(__file__).with_name("positions.json").write_text(json.dumps(record) + "\n")
