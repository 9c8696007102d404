"""Goldens of the contrastive losses of ssl-losses: values and gradients of lightly's, transformers' and the papers' losses.

Run: python generate_contrastive.py (needs torch, lightly, transformers). Writes contrastive.json beside this file.
Everything runs in float64 from float32 inputs, so that the data carry no rounding of the reference's own.
"""

import json
from pathlib import Path

import lightly
import torch
import torch.nn.functional as F
import transformers
from lightly.loss import DCLLoss, DCLWLoss, NTXentLoss
from lightly.loss.macl_loss import MACLLoss
from lightly.models.modules import NNMemoryBankModule
from lightly.models.modules.memory_bank import MemoryBankModule
from transformers.models.clip.modeling_clip import image_text_contrastive_loss

HERE = Path(__file__).parent
SEED = 20264


def array(t):
    t = t.detach()
    kind = float if t.is_floating_point() else int
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") if kind is float else int(v) for v in t.flatten().tolist()]}


def draw(*shape, scale=1.0):
    return (scale * torch.randn(*shape)).double()


def near(x, noise=0.5):
    return (x + noise * x.abs().mean() * torch.randn(*x.shape).double()).float().double()


def case(loss, inputs, options=None, **more):
    leaves = [x.clone().requires_grad_(True) for x in inputs]
    value = loss(*leaves)
    value.backward()
    gradients = [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]
    return {
        "options": options or {},
        "inputs": [array(x) for x in inputs],
        "loss": float(f"{value.item():.9g}"),
        "gradients": [array(g) for g in gradients],
        **{name: array(t) for name, t in more.items()},
    }


def nt_xent(batch, dim, temperature, noise=0.5):
    first = draw(batch, dim)
    return case(NTXentLoss(temperature=temperature), [first, near(first, noise)], {"temperature": temperature})


def dcl(batch, dim, temperature):
    first = draw(batch, dim)
    return case(DCLLoss(temperature=temperature), [first, near(first)], {"temperature": temperature})


def weighted_dcl(batch, dim, temperature):
    first = draw(batch, dim)
    weight = lambda a, b: torch.sum((a - b) ** 2, dim=1)
    return case(DCLLoss(temperature=temperature, weight_fn=weight), [first, near(first)], {"temperature": temperature})


def dclw(batch, dim, temperature, sigma):
    first = draw(batch, dim)
    return case(DCLWLoss(temperature=temperature, sigma=sigma), [first, near(first)], {"temperature": temperature, "sigma": sigma})


def macl(batch, dim, temperature, alpha, a0):
    first = draw(batch, dim)
    options = {"temperature": temperature, "alpha": alpha, "a0": a0}
    return case(MACLLoss(temperature=temperature, alpha=alpha, A_0=a0), [first, near(first)], options)


def sup_con(views, batch, dim, classes, temperature, base, mode):
    """Equation 2 of arXiv 2004.11362, scaled as in the authors' code."""
    labels = torch.randint(0, classes, (batch,))

    def loss(z):
        z = F.normalize(z, dim=1)
        anchors = z[:batch] if mode == "one" else z
        scores = anchors @ z.T / temperature
        own = torch.eye(views * batch, dtype=torch.bool)[: len(anchors)]
        log_probability = scores - torch.logsumexp(scores.masked_fill(own, -torch.inf), dim=1, keepdim=True)
        all_labels = labels.repeat(views)
        positive = (all_labels[: len(anchors), None] == all_labels[None]) & ~own
        mean = (log_probability * positive).sum(1) / positive.sum(1).clamp(min=1)
        return (-(temperature / base) * mean).mean()

    options = {"views": views, "temperature": temperature, "baseTemperature": base, "contrastMode": mode}
    return case(loss, [draw(views * batch, dim)], options, labels=labels)


def clip(batch, dim, log_scale):
    def loss(images, texts, scale):
        return image_text_contrastive_loss(F.normalize(texts, dim=1) @ F.normalize(images, dim=1).T * scale.exp())

    images = draw(batch, dim)
    return case(loss, [images, near(images, 2.0), torch.tensor(log_scale).double()])


def siglip(batch, dim, log_scale, bias):
    """The lines of SiglipModel.forward after its towers."""

    def loss(images, texts, scale, offset):
        logits = F.normalize(texts, dim=1) @ F.normalize(images, dim=1).T * scale.exp() + offset
        eye = torch.eye(batch, dtype=logits.dtype)
        return -F.logsigmoid((2 * eye - 1) * logits).sum(-1).mean()

    images = draw(batch, dim)
    return case(loss, [images, near(images, 1.0), torch.tensor(log_scale).double(), torch.tensor(bias).double()])


def simcse(batch, dim, temperature):
    def loss(first, second):
        cosines = F.cosine_similarity(first.unsqueeze(1), second.unsqueeze(0), dim=-1) / temperature
        return F.cross_entropy(cosines, torch.arange(batch))

    first = draw(batch, dim)
    return case(loss, [first, near(first)], {"temperature": temperature})


def simcse_hard(batch, dim, temperature, weight):
    def loss(first, second, third):
        cosine = lambda a, b: F.cosine_similarity(a.unsqueeze(1), b.unsqueeze(0), dim=-1) / temperature
        scores = torch.cat([cosine(first, second), cosine(first, third) + weight * torch.eye(batch).double()], 1)
        return F.cross_entropy(scores, torch.arange(batch))

    first = draw(batch, dim)
    return case(loss, [first, near(first), near(first, 1.0)], {"temperature": temperature, "hardNegativeWeight": weight})


def cpc(batch, places, context_dim, dim, steps, negatives, temperature):
    """Equation 4 of arXiv 1807.03748 as a cross-entropy, over each prediction's candidates."""

    def loss(context, encodings, *maps):
        losses = []
        for step, weight in enumerate(maps, 1):
            predicted, target = context[:, :-step] @ weight, encodings[:, step:]
            left = places - step
            if negatives == "all":
                predicted, target = predicted.reshape(1, -1, dim), target.reshape(1, -1, dim)
            elif negatives == "samples":
                predicted, target = predicted.transpose(0, 1), target.transpose(0, 1)
            scores = predicted @ target.transpose(1, 2) / temperature
            labels = torch.arange(scores.shape[1]).repeat(scores.shape[0])
            assert len(labels) == batch * left
            losses.append(F.cross_entropy(scores.flatten(0, 1), labels))
        return torch.stack(losses).mean()

    maps = [draw(context_dim, dim, scale=0.5) for _ in range(steps)]
    options = {"negatives": negatives, "temperature": temperature}
    return case(loss, [draw(batch, places, context_dim), draw(batch, places, dim), *maps], options)


def skip_gram(batch, dim, k):
    def loss(center, context, negatives):
        return (-F.logsigmoid((center * context).sum(1)) - F.logsigmoid(-torch.einsum("bd,bkd->bk", center, negatives)).sum(1)).mean()

    return case(loss, [draw(batch, dim), draw(batch, dim), draw(batch, k, dim)])


def cbow(batch, window, dim, k, combine):
    mask = (torch.rand(batch, window) < 0.7).long()
    mask[:, 0] = 1

    def loss(around, target, negatives):
        kept = (around * mask[:, :, None]).sum(1)
        hidden = kept if combine == "sum" else kept / mask.sum(1, keepdim=True)
        return (-F.logsigmoid((hidden * target).sum(1)) - F.logsigmoid(-torch.einsum("bd,bkd->bk", hidden, negatives)).sum(1)).mean()

    return case(loss, [draw(batch, window, dim), draw(batch, dim), draw(batch, k, dim)], {"combine": combine}, mask=mask)


def amdim(batch, dim, coarse, fine, clip, weight):
    """Section 3 of arXiv 1906.00910: scores bent by a tanh, positives told from the places of other images."""
    sources = [torch.randint(0, coarse, (batch,)) for _ in range(2)]

    def nce(source, target):
        raw = torch.einsum("id,jld->ijl", source, target) / dim**0.5
        scores = clip * torch.tanh(raw / clip)
        own = torch.eye(batch, dtype=torch.bool)
        positive = scores[own]
        negative = torch.stack([scores[i][~own[i]].flatten() for i in range(batch)])
        candidates = torch.cat([positive[:, :, None], negative[:, None].expand(-1, positive.shape[1], -1)], 2)
        return -F.log_softmax(candidates, 2)[:, :, 0].mean(), weight * (raw**2).mean()

    def parts(*features):
        first, second = features[:3], features[3:]
        sums = [0, 0, 0, 0]
        for (one, five, _), (_, other_five, other_seven), at in [(first, second, sources[0]), (second, first, sources[1])]:
            pairs = [(one, other_five), (one, other_seven), (five[torch.arange(batch), at], other_five)]
            for scale, (source, target) in enumerate(pairs):
                loss, regularization = nce(source, target)
                sums[scale] = sums[scale] + 0.5 * loss
                sums[3] = sums[3] + 0.5 * regularization
        return torch.stack(sums)

    inputs = [x for _ in range(2) for x in (draw(batch, dim, scale=2), draw(batch, coarse, dim, scale=2), draw(batch, fine, dim, scale=2))]
    options = {"tanhClip": clip, "scoreRegularization": weight}
    return case(lambda *x: parts(*x).sum(), inputs, options, firstSource=sources[0], secondSource=sources[1], parts=parts(*inputs))


def nnclr(batch, dim, size, temperature, negatives):
    bank = NNMemoryBankModule(size=(size, dim))
    bank.bank = draw(size, dim)
    criterion = NTXentLoss(temperature=temperature)

    def paper(neighbor, prediction):
        scores = F.normalize(neighbor, dim=1) @ F.normalize(prediction, dim=1).T / temperature
        return F.cross_entropy(scores, torch.arange(batch))

    apart = criterion if negatives == "all" else paper

    def loss(z0, z1, p0, p1):
        n0, n1 = bank(z0.detach(), update=False), bank(z1.detach(), update=False)
        return 0.5 * (apart(n0, p1) + apart(n1, p0))

    z = draw(batch, dim)
    inputs = [z, near(z), near(z, 1.0), near(z, 1.0)]
    return case(loss, inputs, {"temperature": temperature, "negatives": negatives}, support=bank.bank, nearest=bank(z))


def memory_bank(size, dim, batches):
    bank = MemoryBankModule(size=(size, dim), feature_dim_first=False)
    start = bank.bank.clone()
    steps = []
    for n in batches:
        rows = torch.randn(n, dim)
        _, before = bank(rows, update=True)
        steps.append({"rows": array(rows), "before": array(before), "after": array(bank.bank), "pointer": int(bank.bank_ptr)})
    return {"start": array(start), "steps": steps}


def main():
    torch.manual_seed(SEED)
    out = {
        "generator": "test/golden/losses/generate_contrastive.py",
        "seed": SEED,
        "versions": {"torch": torch.__version__, "lightly": lightly.__version__, "transformers": transformers.__version__},
        "ntXent": [nt_xent(9, 5, 0.1), nt_xent(12, 8, 0.01, noise=2.0), nt_xent(20, 4, 0.5)],
        "dcl": [dcl(2, 3, 0.1), dcl(7, 5, 0.07), dcl(16, 4, 1.0), dcl(5, 6, 0.01)],
        "weightedDcl": [weighted_dcl(6, 4, 0.2)],
        "dclw": [dclw(4, 3, 0.1, 0.5), dclw(9, 8, 0.2, 0.1)],
        "macl": [macl(4, 3, 0.1, 0.5, 0.0), macl(9, 8, 0.2, 0.8, 0.3), macl(6, 16, 0.5, 0.0, 0.0)],
        "supCon": [
            sup_con(2, 6, 4, 3, 0.07, 0.07, "all"),
            sup_con(3, 5, 8, 2, 0.1, 0.07, "all"),
            sup_con(2, 7, 5, 3, 0.2, 0.2, "one"),
            sup_con(1, 9, 4, 3, 0.5, 1.0, "all"),
            sup_con(2, 4, 6, 100, 0.01, 0.07, "one"),
        ],
        "clip": [clip(4, 6, 2.659260037), clip(9, 5, 0.5), clip(3, 8, 4.0)],
        "siglip": [siglip(4, 6, 2.302585093, -10.0), siglip(9, 5, 1.0, 0.5), siglip(1, 4, 2.0, -3.0)],
        "simcse": [simcse(4, 6, 0.05), simcse(7, 5, 0.5)],
        "simcseHard": [simcse_hard(4, 6, 0.05, 0.0), simcse_hard(7, 5, 0.1, 1.5), simcse_hard(3, 4, 0.2, -2.0)],
        "cpc": [
            cpc(3, 5, 4, 6, 2, "all", 1.0),
            cpc(4, 4, 3, 5, 3, "samples", 0.5),
            cpc(2, 6, 5, 3, 2, "places", 1.0),
        ],
        "skipGram": [skip_gram(5, 4, 3), skip_gram(1, 8, 1)],
        "cbow": [cbow(5, 4, 6, 3, "mean"), cbow(3, 2, 4, 2, "sum")],
        "amdim": [amdim(3, 4, 4, 6, 20.0, 0.04), amdim(4, 6, 5, 3, 2.0, 0.1)],
        "nnclr": [nnclr(4, 5, 9, 0.1, "all"), nnclr(6, 3, 20, 0.5, "all"), nnclr(5, 6, 12, 0.1, "predictions")],
        "memoryBank": [
            memory_bank(6, 3, [2, 2, 2, 2, 2]),
            memory_bank(7, 2, [3, 3, 3, 3, 1, 6, 2, 7, 4, 4, 9, 5]),
            memory_bank(5, 2, [4, 2, 4, 3, 3, 3, 5, 1]),
        ],
    }
    (HERE / "contrastive.json").write_text(json.dumps(out))


main()
