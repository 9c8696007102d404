"""Golden values for ssl-transfer: weighted kNN and the linear probe, from PyTorch.

Run: python test/golden/transfer/generate.py   (torch; writes knn.json and linear-probe.json beside itself)
"""
import json
import pathlib

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
SEED = 7
META = {"seed": SEED, "versions": {"torch": torch.__version__}}


def flat(x):
    return [float(v) for v in x.detach().flatten()]


def write(name, record):
    (HERE / name).write_text(json.dumps({**META, **record}) + "\n")


def knn():
    torch.manual_seed(SEED)
    centres = torch.randn(4, 8)
    labels = torch.arange(40) % 4
    train = centres[labels] + 0.9 * torch.randn(40, 8)
    test = centres[torch.arange(12) % 4] + 0.9 * torch.randn(12, 8)
    cases = []
    for k, temperature in ((1, 0.1), (5, 0.1), (20, 0.1), (40, 0.5)):
        sims = F.normalize(test) @ F.normalize(train).T
        values, index = sims.topk(k)
        votes = torch.zeros(12, 4).scatter_add_(1, labels[index], (values / temperature).exp())
        cases.append({
            "k": k, "temperature": temperature, "indexes": index.flatten().tolist(), "similarities": flat(values),
            "shares": flat(votes / votes.sum(1, keepdim=True)), "predictions": votes.argmax(1).tolist(),
        })
    write("knn.json", {"train": flat(train), "test": flat(test), "labels": labels.tolist(), "cases": cases})


def probe():
    torch.manual_seed(SEED)
    classes, rows, dim = 3, 45, 6
    centres = torch.randn(classes, dim)
    reference = (torch.randn(120, dim) * torch.tensor([1, 2, 0.5, 1, 3, 1]) + 0.3)
    labels = torch.arange(rows) % classes
    train = centres[labels] + torch.randn(rows, dim)
    test = centres[torch.arange(15) % classes] + torch.randn(15, dim)
    cases = []
    for l2, standardise in ((1e-3, True), (1e-1, True), (1e-2, False)):
        mean, deviation = (reference.double().mean(0), reference.double().std(0) + 1e-6) if standardise else (0.0, 1.0)
        x, xt = (train.double() - mean) / deviation, (test.double() - mean) / deviation
        layer = torch.nn.Linear(dim, classes).double()
        optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=5000, max_eval=10000, tolerance_grad=1e-12, tolerance_change=1e-16,
                                      line_search_fn="strong_wolfe")

        def loss():
            return F.cross_entropy(layer(x), labels) + l2 * layer.weight.square().sum()

        def closure():
            optimiser.zero_grad()
            value = loss()
            value.backward()
            return value

        optimiser.step(closure)
        logits = layer(xt)
        cases.append({
            "l2": l2, "standardise": standardise, "loss": loss().item(),
            "centredLogits": flat(logits - logits.mean(1, keepdim=True)), "predictions": logits.argmax(1).tolist(),
        })
    write("linear-probe.json", {
        "reference": flat(reference), "train": flat(train), "labels": labels.tolist(), "test": flat(test), "dim": dim, "classes": classes,
        "cases": cases,
    })


knn()
probe()
