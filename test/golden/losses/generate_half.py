"""Goldens of ssl-losses for inputs that float16 holds exactly: the first such case of each loss.

Runs the other generators with their inputs rounded to half precision; the references still compute in their own type,
so that only the inputs are float16's.

Run: python generate_half.py (needs what the other generators need). Writes half.json beside this file.
"""

import json
import runpy
import sys
from pathlib import Path

import torch

HERE = Path(__file__).parent
FILES = ["", "_contrastive", "_dense", "_labels", "_prototypes", "_reconstruction", "_redundancy", "_structure", "_transfer"]

write_text, double, randn = Path.write_text, torch.Tensor.double, torch.randn


def rounded(t):
    return t.half().to(t.dtype) if t.is_floating_point() else t


def input_double(t):
    """Rounds what the generators draw, and nothing that a loss computes."""
    drawn = not t.requires_grad and Path(sys._getframe(1).f_code.co_filename).parent == HERE
    return double(rounded(t) if drawn else t)


def holds(golden):
    """Every float input is a number that float16 has."""
    if isinstance(golden, dict) and {"shape", "data"} <= golden.keys():
        values = torch.tensor(golden["data"], dtype=torch.float32)
        return torch.equal(values, rounded(values))
    if isinstance(golden, list):
        return all(holds(each) for each in golden)
    # Values of the loss and its gradients have all digits.
    results = {"loss", "losses", "gradient", "gradients", "values", "probabilities", "covariance", "mean", "targets", "terms", "steps"}
    return not isinstance(golden, dict) or all(holds(value) for key, value in golden.items() if key not in results)


def main():
    sys.path.insert(0, str(HERE))
    written = {}
    Path.write_text = lambda path, text: written.__setitem__(path.name, json.loads(text))
    torch.Tensor.double = input_double
    torch.randn = lambda *size, requires_grad=False, **more: rounded(randn(*size, **more)).requires_grad_(requires_grad)
    for name in FILES:
        runpy.run_path(str(HERE / f"generate{name}.py"))
    Path.write_text, torch.Tensor.double, torch.randn = write_text, double, randn

    out = {"generator": "test/golden/losses/generate_half.py", "versions": {}}
    for name, goldens in written.items():
        out["versions"] |= goldens["versions"]
        out[name] = {}
        for loss, cases in goldens.items():
            if not isinstance(cases, list):
                continue
            # A memory bank's rows, rounded, are no longer of the length 1 that lightly takes for granted.
            exact = [golden for golden in cases if holds(golden) and not golden.get("negatives")]
            if exact:
                out[name][loss] = exact[:1]
            else:
                print(f"{name} {loss}: none of {len(cases)}")
    (HERE / "half.json").write_text(json.dumps(out))


main()
