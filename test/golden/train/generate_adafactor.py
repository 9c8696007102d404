"""Golden values for ssl-train's Adafactor: 100 steps of transformers.Adafactor on a matrix, a bias and a filter.

Run: python generate_adafactor.py (writes adafactor.json beside this file). Wants torch and transformers. The problem is
that of optimizers.json, with its filter. Torch's matrices lie as [in, out] here, which are the same rows and columns.
"""

import json
import pathlib
from importlib.metadata import version

from trajectory import KEPT, SEED, trajectory
from transformers.optimization import Adafactor

HERE = pathlib.Path(__file__).parent
EXTERNAL = {"relative_step": False, "scale_parameter": False}
OPTIMIZERS = {
    "adafactor": EXTERNAL,
    "adafactor-scaled": {**EXTERNAL, "scale_parameter": True},
    "adafactor-scale-epsilon": {**EXTERNAL, "scale_parameter": True, "eps": (1e-30, 1.2)},
    "adafactor-epsilon": {**EXTERNAL, "eps": (0.1, 1e-3)},
    "adafactor-clip": {**EXTERNAL, "clip_threshold": 0.4},
    "adafactor-decay-rate": {**EXTERNAL, "decay_rate": -0.95},
    "adafactor-momentum": {**EXTERNAL, "beta1": 0.9},
    "adafactor-weight-decay": {**EXTERNAL, "weight_decay": 0.3},
    "adafactor-all": {"relative_step": False, "scale_parameter": True, "beta1": 0.8, "weight_decay": 0.3},
    "adafactor-relative": {},
    "adafactor-relative-unscaled": {"scale_parameter": False},
    "adafactor-warmup": {"warmup_init": True},
    "adafactor-late": {**EXTERNAL, "beta1": 0.9},
    "adafactor-relative-late": {},
}


def case(name, settings):
    own_rate = {"rate": None} if settings.get("relative_step", True) else {}
    everything = lambda parameters: list(parameters.values())
    names = ("matrix", "bias", "kernel")
    return {"settings": settings, **trajectory(Adafactor, settings, everything, names, late=name.endswith("late"), **own_rate)}


def main():
    versions = {name: version(name) for name in ("torch", "transformers")}
    cases = {name: case(name, settings) for name, settings in OPTIMIZERS.items()}
    made = {"generator": "test/golden/train/generate_adafactor.py", "versions": versions, "seed": SEED, "kept": KEPT}
    (HERE / "adafactor.json").write_text(json.dumps({**made, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
