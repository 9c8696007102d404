"""Goldens of ssl-losses' dense structure estimator: values and gradients of lightly's regulariser.

Run: python generate_structure.py (needs torch, lightly). Writes structure.json beside this file.
Everything runs in float64 from float32 inputs. Draws come from tables of uniform numbers that the file holds.
"""

import json
from pathlib import Path

import lightly
import torch
from cases import array, case, draw
from lightly.loss.regularizer import DSERegularizer

HERE = Path(__file__).parent
SEED = 20268


class Tabled(DSERegularizer):
    """Draws the start of the means from tables. No mean of these cases loses all its points, which is drawn for too."""

    def __init__(self, tables, **options):
        super().__init__(**options)
        self.tables = iter(tables)

    def _kmeans(self, x, num_clusters):
        uniforms = iter(next(self.tables)[0])
        originals = torch.randint, torch.multinomial

        def randint(high, size, device=None):
            return (next(uniforms)[None] * high).long()

        def multinomial(probabilities, count):
            reached = probabilities.cumsum(0)
            return torch.searchsorted(reached, next(uniforms)[None] * reached[-1], right=True).clamp(max=len(reached) - 1)

        torch.randint, torch.multinomial = randint, multinomial
        try:
            found = super()._kmeans(x, num_clusters)
        finally:
            torch.randint, torch.multinomial = originals
        assert next(uniforms, None) is None
        return found


def clustered(batch, places, dim, centres, noise=0.3):
    """Features around a few centres, as those of an image's parts are."""
    chosen = torch.randint(0, centres, (batch, places))
    return (torch.randn(centres, dim)[chosen] + noise * torch.randn(batch, places, dim)).float().double()


def dse(features, names=None, **options):
    batch, places, _ = features.shape
    local, whole = options.get("local_clusters", 3), options.get("global_clusters", 24)
    rounds = options.get("max_kmeans_iters", 20)
    group = max(whole // local, 1)
    uniforms = lambda clusters, points: torch.rand(1 + rounds, min(clusters, points)).float().double()
    images = [uniforms(local, places) for _ in range(batch)]
    groups = [uniforms(whole, places * min(group, batch - start)) for start in range(0, batch, group)]
    golden = case(Tabled(images + groups, **options), [features], options=names)
    full = batch // group
    stacked = ([torch.stack(groups[:full])] if full else []) + [table[None] for table in groups[full:]]
    return {**golden, "images": array(torch.stack(images)), "groups": [array(table) for table in stacked]}


def main():
    torch.manual_seed(SEED)
    out = {
        "generator": "test/golden/losses/generate_structure.py",
        "seed": SEED,
        "versions": {"torch": torch.__version__, "lightly": lightly.__version__},
        "dse": [
            dse(clustered(3, 9, 5, 4)),
            dse(clustered(5, 7, 4, 6), {"localClusters": 2, "globalClusters": 4, "weight": 0.5}, local_clusters=2, global_clusters=4, weight=0.5),
            dse(2 * clustered(2, 8, 6, 3), {"normalize": False, "globalClusters": 5, "maxIterations": 2}, normalize=False, global_clusters=5, max_kmeans_iters=2),
            dse(clustered(2, 5, 3, 2), {"localClusters": 1, "globalClusters": 1}, local_clusters=1, global_clusters=1),
            dse(clustered(4, 1, 3, 4), {"localClusters": 2, "globalClusters": 4}, local_clusters=2, global_clusters=4),
            dse(clustered(5, 6, 3, 3), {"localClusters": 3, "globalClusters": 6, "maxIterations": 4}, global_clusters=6, max_kmeans_iters=4),
        ],
    }
    (HERE / "structure.json").write_text(json.dumps(out))


main()
