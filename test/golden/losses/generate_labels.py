"""Goldens of ssl-losses' ELECTRA loss, mixed targets and pseudo-labels.

ELECTRA's terms and their gradients come out of transformers' two models, mixed targets out of timm's Mixup and
torchvision's MixUp with timm's SoftTargetCrossEntropy; pseudo-labels are FixMatch's and ReMixMatch's formulas in PyTorch.

Run: python generate_labels.py (needs torch, torchvision, timm, transformers). Writes labels.json beside this file.
"""

import json
from pathlib import Path

import numpy
import timm
import torch
import torchvision
import transformers
from cases import array, labels, mask
from timm.data.mixup import Mixup, mixup_target
from timm.loss import SoftTargetCrossEntropy
from torchvision.transforms.v2 import MixUp
from transformers import ElectraConfig, ElectraForMaskedLM, ElectraForPreTraining

HERE = Path(__file__).parent
SEED = 20269


def electra(batch, length, vocabulary, weight, padding=0, masked=0.3):
    """Both of transformers' losses, with the gradients that reach the models' logits."""
    sizes = {"embedding_size": 8, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = ElectraConfig(vocab_size=vocabulary, initializer_range=1.0, **sizes)
    ids, tokens = labels(vocabulary, batch, length), torch.ones(batch, length).long()
    if padding:
        tokens[-1, -padding:] = 0
    wanted = torch.where((mask(batch, length, share=masked) * tokens).bool(), ids, -100)
    replaced = mask(batch, length, share=0.2)

    def run(model, targets):
        # Logits of a float32 model, its loss in float64.
        model = model(config).eval().double()
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=tokens).logits.float().double()
        leaf = logits.clone().requires_grad_(True)
        body = "generator_lm_head" if hasattr(model, "generator_lm_head") else "discriminator_predictions"
        setattr(model, body, torch.nn.Identity())
        getattr(model, body).forward = lambda *_: leaf
        value = model(input_ids=ids, attention_mask=tokens, labels=targets).loss
        value.backward()
        return logits, value.item(), leaf.grad

    guess, guessing, guess_slope = run(ElectraForMaskedLM, wanted)
    tell, telling, tell_slope = run(ElectraForPreTraining, replaced)
    return {
        "options": {"discriminatorWeight": weight},
        "inputs": [array(guess.flatten(0, 1)), array(tell)],
        "constants": [array(wanted.flatten()), array(replaced), array(tokens)],
        "terms": [guessing, telling],
        "loss": guessing + weight * telling,
        "gradients": [array(guess_slope.flatten(0, 1)), array(weight * tell_slope)],
    }


def mixed(logits, targets, y, partners, share):
    leaf = logits.double().requires_grad_(True)
    value = SoftTargetCrossEntropy()(leaf, targets.double())
    value.backward()
    return {
        "options": {},
        "inputs": [array(logits)],
        "constants": [array(y), array(partners), array(share), array(targets)],
        "loss": value.item(),
        "gradients": [array(leaf.grad)],
    }


def mixed_targets():
    out = []
    for n, classes, lam in [(4, 5, 0.3), (6, 3, 0.85)]:
        y = labels(classes, n)
        targets = mixup_target(y, classes, lam, smoothing=0.0)
        out.append(mixed(torch.randn(n, classes), targets, y, y.flip(0), torch.full((n,), lam)))
    # A share for each row: an image of ones and zeros says which.
    y = labels(7, 6)
    images = torch.eye(6)[:, :, None, None].expand(6, 6, 2, 2).contiguous()
    torch.manual_seed(SEED)
    numpy.random.seed(SEED)
    blend, targets = Mixup(mixup_alpha=0.8, mode="elem", label_smoothing=0.0, num_classes=7)(images, y)
    out.append(mixed(torch.randn(6, 7), targets, y, y.flip(0), blend[:, :, 0, 0].diagonal()))
    # torchvision pairs each image with the one before it.
    images = torch.eye(5)[:, :, None, None].expand(5, 5, 2, 2).contiguous()
    y = labels(4, 5)
    blend, targets = MixUp(alpha=1.0, num_classes=4)(images, y)
    out.append(mixed(torch.randn(5, 4), targets, y, y.roll(1), blend[:, :, 0, 0].diagonal()))
    return out


def pseudo_labels():
    def one(n, classes, threshold, alignment):
        logits = (3 * torch.randn(n, classes)).double()
        q = torch.softmax(logits, 1)
        if alignment:
            average, target = alignment
            q = q * ((1 / classes if target is None else target) / average)
            q = q / q.sum(1, keepdim=True)
        confidence, label = q.max(1)
        limit = threshold[label] if isinstance(threshold, torch.Tensor) else threshold
        selected = confidence.ge(limit).double()
        assert 0 < selected.sum() < n
        return {
            "logits": array(logits),
            "threshold": array(threshold) if isinstance(threshold, torch.Tensor) else threshold,
            "average": array(alignment[0]) if alignment else None,
            "target": array(alignment[1]) if alignment and alignment[1] is not None else None,
            "labels": array(label),
            "probabilities": array(q),
            "selected": array(selected),
        }

    share = lambda c: torch.softmax(torch.randn(c), 0).float().double()
    return [
        one(12, 3, 0.95, None),
        one(9, 5, torch.tensor([0.5, 0.6, 0.7, 0.8, 0.9]), None),
        one(8, 4, 0.7, (share(4), None)),
        one(8, 4, 0.7, (share(4), share(4))),
    ]


def main():
    torch.manual_seed(SEED)
    versions = {each.__name__: each.__version__ for each in (torch, torchvision, timm, transformers)}
    out = {
        "generator": "test/golden/losses/generate_labels.py",
        "seed": SEED,
        "versions": versions,
        "electraLoss": [electra(2, 6, 11, 50.0), electra(3, 8, 20, 50.0, padding=3), electra(1, 4, 5, 10.0)],
        "mixedTargets": mixed_targets(),
        "pseudoLabels": pseudo_labels(),
    }
    (HERE / "labels.json").write_text(json.dumps(out))


main()
