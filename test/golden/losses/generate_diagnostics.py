"""Goldens of ssl-losses' diagnostics: numpy's singular values and eigenvalues in float64, and lightly's collapse measure.

Run: python generate_diagnostics.py (needs numpy, torch, lightly). Writes diagnostics.json beside this file.
"""

import json
from pathlib import Path

import lightly
import numpy as np
import torch
from lightly.utils.debug import std_of_l2_normalized

HERE = Path(__file__).parent
SEED = 20266
rng = np.random.default_rng(SEED)


def draw(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def array(x):
    return {"shape": list(x.shape), "dtype": "float32", "data": [float(f"{v:.9g}") for v in np.asarray(x, np.float64).ravel()]}


def exponent_of_entropy(values, eps):
    p = values / values.sum() + eps
    return float(np.exp(-(p[p > 0] * np.log(p[p > 0])).sum()))


def slope(spectrum, first, last):
    places = np.arange(first, min(last, len(spectrum)) + 1)
    return float(-np.polyfit(np.log(places), np.log(spectrum[places - 1]), 1)[0])


def features():
    out = []
    decay = np.arange(1, 9) ** -1.0
    for z, fit in [
        (draw(12, 5), (1, 5)),
        (draw(4, 9), None),
        (draw(40, 8) * decay, (2, 6)),
        ((draw(10, 2) @ draw(2, 6)).astype(np.float32), None),
        (1000 * draw(6, 6) + 5000, None),
        (draw(1, 3), None),
    ]:
        x = z.astype(np.float64)
        s = np.linalg.svd(x, compute_uv=False)
        entry = {"z": array(z), "singularValues": array(s), "effectiveRank": exponent_of_entropy(s, 0), "rankMe": exponent_of_entropy(s, 1e-7)}
        if len(x) > 1:
            spectrum = lambda rows: np.maximum(np.linalg.eigvalsh(np.cov(rows.T))[::-1], 0)
            std = std_of_l2_normalized(torch.from_numpy(x)).item()
            entry |= {
                "spectrum": array(spectrum(x)),
                "unitSpectrum": array(spectrum(x / np.linalg.norm(x, axis=1, keepdims=True))),
                "std": std,
                "collapseLevel": max(0.0, 1 - np.sqrt(x.shape[1]) * std),
            }
            if fit is not None:
                entry |= {"range": list(fit), "alpha": slope(spectrum(x), *fit)}
        out.append(entry)
    return out


def lidar():
    out = []
    for images, views, dim, spread, delta in [(6, 4, 3, 0.3, 1e-4), (5, 3, 8, 1.0, 1e-2), (20, 2, 4, 0.05, 1e-4)]:
        z = (draw(images, 1, dim) + spread * draw(images, views, dim)).astype(np.float32)
        x = z.astype(np.float64)
        means = x.mean(1)
        centred = means - means.mean(0)
        between = centred.T @ centred / images
        off = (x - means[:, None]).reshape(-1, dim)
        within = off.T @ off / len(off) + delta * np.eye(dim)
        values, vectors = np.linalg.eigh(within)
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        eigenvalues = np.maximum(np.linalg.eigvalsh(root @ between @ root), 0)
        eigenvalues[eigenvalues < 1e-12 * eigenvalues.max()] = 0
        out.append({"z": array(z), "delta": delta, "lidar": exponent_of_entropy(eigenvalues, 1e-7)})
    return out


def main():
    out = {
        "generator": "test/golden/losses/generate_diagnostics.py",
        "seed": SEED,
        "versions": {"numpy": np.__version__, "torch": torch.__version__, "lightly": lightly.__version__},
        "features": features(),
        "lidar": lidar(),
    }
    (HERE / "diagnostics.json").write_text(json.dumps(out))


main()
