"""Goldens of ssl-losses: values and gradients of lightly's and PyTorch's losses.

Run: python generate.py (needs torch, lightly, numpy). Writes losses.json beside this file.
"""

import json
from pathlib import Path

import lightly
import torch
import torch.nn.functional as F
from lightly.loss import NTXentLoss

HERE = Path(__file__).parent
SEED = 20262


def array(t):
    t = t.detach()
    if t.is_floating_point():
        return {"shape": list(t.shape), "dtype": "float32", "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}
    return {"shape": list(t.shape), "dtype": "int32", "data": [int(v) for v in t.flatten().tolist()]}


def nt_xent(batch, dim, temperature, spread=1.0):
    z0 = torch.randn(batch, dim).mul(spread).requires_grad_(True)
    z1 = (z0.detach() + 0.5 * spread * torch.randn(batch, dim)).requires_grad_(True)
    loss = NTXentLoss(temperature=temperature)(z0, z1)
    loss.backward()
    return {"temperature": temperature, "z": [array(z0), array(z1)], "loss": loss.item(), "gradients": [array(z0.grad), array(z1.grad)]}


def info_nce(batch, dim, bank, temperature):
    criterion = NTXentLoss(temperature=temperature, memory_bank_size=(bank, dim))
    negatives = criterion.memory_bank.bank.detach().clone()
    q = torch.randn(batch, dim, requires_grad=True)
    p = torch.randn(batch, dim, requires_grad=True)
    out = F.normalize(q, dim=1)
    pos = (out * F.normalize(p, dim=1)).sum(1, keepdim=True)
    logits = torch.cat([pos, out @ F.normalize(negatives, dim=1).T], 1) / temperature
    loss = F.cross_entropy(logits, torch.zeros(batch, dtype=torch.long))
    loss.backward()
    # Features without gradient leave the bank as it is.
    reference = criterion(q.detach(), p.detach())
    assert abs(reference.item() - loss.item()) < 1e-5, (reference.item(), loss.item())
    return {"temperature": temperature, "query": array(q), "positive": array(p), "negatives": array(negatives), "loss": loss.item(), "gradients": [array(q.grad), array(p.grad)]}


def in_batch(batch, dim, temperature):
    q = torch.randn(batch, dim, requires_grad=True)
    p = torch.randn(batch, dim, requires_grad=True)
    loss = F.cross_entropy(F.normalize(q, dim=1) @ F.normalize(p, dim=1).T / temperature, torch.arange(batch))
    loss.backward()
    return {"temperature": temperature, "query": array(q), "positive": array(p), "loss": loss.item(), "gradients": [array(q.grad), array(p.grad)]}


def cross_entropy(n, classes, smoothing, ignored):
    logits = torch.randn(n, classes).mul(3).requires_grad_(True)
    labels = torch.randint(0, classes, (n,))
    labels[:ignored] = -100
    loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
    loss.backward()
    return {"labelSmoothing": smoothing, "logits": array(logits), "labels": array(labels), "loss": loss.item(), "gradient": array(logits.grad)}


def main():
    torch.manual_seed(SEED)
    shapes = [(2, 3, 0.5), (4, 8, 0.1), (7, 5, 0.07), (16, 4, 1.0), (5, 6, 0.01)]
    out = {
        "generator": "test/golden/losses/generate.py",
        "seed": SEED,
        "versions": {"torch": torch.__version__, "lightly": lightly.__version__},
        "ntXent": [nt_xent(*shape) for shape in shapes] + [nt_xent(4, 6, 0.2, spread=50.0)],
        "infoNCE": [info_nce(3, 4, 6, 0.07), info_nce(5, 8, 16, 0.2), info_nce(1, 4, 3, 0.5)],
        "inBatch": [in_batch(4, 5, 0.1), in_batch(6, 3, 0.5)],
        "crossEntropy": [cross_entropy(5, 7, 0.0, 0), cross_entropy(6, 11, 0.1, 0), cross_entropy(8, 5, 0.0, 3), cross_entropy(8, 5, 0.2, 2)],
    }
    (HERE / "losses.json").write_text(json.dumps(out))


main()
