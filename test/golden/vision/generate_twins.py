"""Golden training runs of SimCLR, SupCon, MoCo, MoCo v3, BYOL, SimSiam, NNCLR and SMoG, from lightly's losses, heads and momentum updates.

Run: python test/golden/vision/generate_twins.py   (torch, lightly, timm; writes a file for each beside itself)
"""
import json
import math
import pathlib

import lightly
import timm
import torch
from lightly.loss import DCLLoss, DCLWLoss, NegativeCosineSimilarity, NTXentLoss
from lightly.models.modules import (BYOLPredictionHead, BYOLProjectionHead, MoCoProjectionHead, NNCLRPredictionHead, NNCLRProjectionHead,
                                    NNMemoryBankModule, SimCLRProjectionHead, SimSiamPredictionHead, SimSiamProjectionHead,
                                    SMoGPredictionHead, SMoGProjectionHead, SMoGPrototypes)
from lightly.models.modules.heads import ProjectionHead
from lightly.models.modules.memory_bank import MemoryBankModule
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from small_conv import SmallConv
from training_case import BATCH, STEPS, numbers, training_case, unit_rows, views

HERE = pathlib.Path(__file__).parent
META = {"versions": {"torch": torch.__version__, "timm": timm.__version__, "lightly": lightly.__version__}, "seed": "training_case.py"}
FEATURES, HIDDEN, OUT, PREDICTION, QUEUE, QUEUE_SEED = 8, 12, 6, 10, 32, 4001


def write(name, cases):
    (HERE / name).write_text(json.dumps({**META, "cases": cases}) + "\n")


def encoder():
    return SmallConv([4, FEATURES], [1, 2], 3)


def cosine_momentum(base):
    """BYOL, arXiv 2006.07733, section 3.2."""
    return lambda step: 1 - (1 - base) * (math.cos(math.pi * step / STEPS) + 1) / 2


PAIRS = (("backbone", "momentumBackbone"), ("head", "momentumHead"))


def simclr(loss, joint):
    modules = {"backbone": encoder(), "head": SimCLRProjectionHead(FEATURES, HIDDEN, OUT)}
    criterion = {"ntXent": NTXentLoss, "dcl": DCLLoss, "dclw": DCLWLoss}[loss](temperature=0.3)

    def project(x):
        return modules["head"](modules["backbone"](x))

    def loss_of(step):
        pair = views(step)
        return criterion(*(project(torch.cat(pair)).chunk(2) if joint else map(project, pair)))

    return {"options": {"loss": loss, "batchNorm": "joint" if joint else "perView", "temperature": 0.3}, **training_case(modules, loss_of)}


def labels(step):
    """As in supcon.test.ts; the last image has none."""
    return [*((3 * step + image) % 3 for image in range(BATCH - 1)), -1]


def supcon():
    modules = {"backbone": encoder(), "head": ProjectionHead([(FEATURES, HIDDEN, None, nn.ReLU()), (HIDDEN, OUT, None, None)])}
    temperature, base = 0.2, 0.07

    def loss_of(step):
        """Equation 2 of arXiv 2004.11362, anchor by anchor; an image without label is a class of its own."""
        z = nn.functional.normalize(modules["head"](modules["backbone"](torch.cat(views(step)))), dim=1)
        classes = [100 + image if label == -1 else label for image, label in enumerate(labels(step))] * 2
        losses = []
        for i, label in enumerate(classes):
            others = [j for j in range(len(classes)) if j != i]
            scores = z @ z[i] / temperature
            own = [j for j in others if classes[j] == label]
            losses.append(torch.logsumexp(scores[others], 0) - scores[own].mean())
        return torch.stack(losses).mean() * temperature / base

    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, "temperature": temperature, "baseTemperature": base}, **training_case(modules, loss_of)}


def moco(linear, temperature):
    def head():
        return ProjectionHead([(FEATURES, OUT, None, None)]) if linear else MoCoProjectionHead(FEATURES, HIDDEN, OUT)
    modules = {"backbone": encoder(), "head": head(), "momentumBackbone": encoder(), "momentumHead": head()}
    criterion = NTXentLoss(temperature, memory_bank_size=(QUEUE, OUT))
    criterion.memory_bank.bank = unit_rows(QUEUE, OUT, QUEUE_SEED)

    def loss_of(step):
        first, second = views(step)
        query = modules["head"](modules["backbone"](first))
        with torch.no_grad():
            key = modules["momentumHead"](modules["momentumBackbone"](second))
        return criterion(query, key)

    record = training_case(modules, loss_of, PAIRS, lambda step: 0.9,
                           state_of=lambda: {"queue.features": numbers(criterion.memory_bank.bank), "queue.pointer": numbers(criterion.memory_bank.bank_ptr)})
    return {"options": {"head": "linear" if linear else "mlp", "hiddenDim": HIDDEN, "outDim": OUT, "temperature": temperature, "queueSize": QUEUE,
                        "momentum": 0.9}, "queueSeed": QUEUE_SEED, **record}


def byol():
    modules = {"backbone": encoder(), "head": BYOLProjectionHead(FEATURES, HIDDEN, OUT), "predictor": BYOLPredictionHead(OUT, HIDDEN, OUT),
               "momentumBackbone": encoder(), "momentumHead": BYOLProjectionHead(FEATURES, HIDDEN, OUT)}
    criterion = NegativeCosineSimilarity()

    def loss_of(step):
        pair = views(step)
        p0, p1 = (modules["predictor"](modules["head"](modules["backbone"](view))) for view in pair)
        with torch.no_grad():
            z0, z1 = (modules["momentumHead"](modules["momentumBackbone"](view)) for view in pair)
        return 0.5 * (criterion(p0, z1) + criterion(p1, z0))

    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, "momentum": 0.9}, **training_case(modules, loss_of, PAIRS, cosine_momentum(0.9))}


def simsiam():
    modules = {"backbone": encoder(), "head": SimSiamProjectionHead(FEATURES, HIDDEN, OUT), "predictor": SimSiamPredictionHead(OUT, 3, OUT)}
    criterion = NegativeCosineSimilarity()

    def loss_of(step):
        z0, z1 = (modules["head"](modules["backbone"](view)) for view in views(step))
        p0, p1 = (modules["predictor"](z) for z in (z0, z1))
        return 0.5 * (criterion(p0, z1.detach()) + criterion(p1, z0.detach()))

    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, "predictionDim": 3}, **training_case(modules, loss_of)}


def plain_mlp(dims):
    """Of facebookresearch/moco-v3: batch norm after every layer, after the last without scale and offset."""
    blocks = [(a, b, nn.BatchNorm1d(b), nn.ReLU()) for a, b in zip(dims[:-2], dims[1:-1])]
    return ProjectionHead([*blocks, (dims[-2], dims[-1], nn.BatchNorm1d(dims[-1], affine=False), None)])


def moco_v3(vit):
    def backbone():
        return VisionTransformer(img_size=8, patch_size=4, embed_dim=FEATURES, depth=1, num_heads=2, num_classes=0,
                                 global_pool="avg", fc_norm=False) if vit else encoder()
    depth, temperature = (3, 0.2) if vit else (2, 1.0)
    def head():
        return plain_mlp([FEATURES, *[HIDDEN] * (depth - 1), OUT])
    modules = {"backbone": backbone(), "head": head(), "predictor": plain_mlp([OUT, HIDDEN, OUT]), "momentumBackbone": backbone(), "momentumHead": head()}

    def contrastive(query, key):
        """`contrastive_loss` of facebookresearch/moco-v3 on one device."""
        query, key = nn.functional.normalize(query, dim=1), nn.functional.normalize(key, dim=1)
        logits = torch.einsum("nc,mc->nm", query, key) / temperature
        return nn.functional.cross_entropy(logits, torch.arange(BATCH)) * (2 * temperature)

    def loss_of(step):
        pair = views(step)
        q0, q1 = (modules["predictor"](modules["head"](modules["backbone"](view))) for view in pair)
        with torch.no_grad():
            k0, k1 = (modules["momentumHead"](modules["momentumBackbone"](view)) for view in pair)
        return contrastive(q0, k1) + contrastive(q1, k0)

    # Batch norms of so few rows enlarge every rounding: larger steps are chaotic in float32.
    record = training_case(modules, loss_of, PAIRS, cosine_momentum(0.9), frozen=("backbone.patch_embed.",) if vit else (), learning_rate=0.02)
    return {"backbone": "vit" if vit else "conv", "options": {"depth": depth, "hiddenDim": HIDDEN, "outDim": OUT, "temperature": temperature,
                                                             "momentum": 0.9}, **record}


def nnclr(negatives):
    modules = {"backbone": encoder(), "head": NNCLRProjectionHead(FEATURES, HIDDEN, OUT), "predictor": NNCLRPredictionHead(OUT, PREDICTION, OUT)}
    bank = NNMemoryBankModule(size=(QUEUE, OUT))
    bank.bank = unit_rows(QUEUE, OUT, QUEUE_SEED)

    def paper(neighbours, predictions):
        """Algorithm 1 of arXiv 2104.14548."""
        nn_, p = nn.functional.normalize(neighbours, dim=1), nn.functional.normalize(predictions, dim=1)
        return nn.functional.cross_entropy(nn_ @ p.T / 0.1, torch.arange(BATCH))

    criterion = NTXentLoss(0.1) if negatives == "all" else paper

    def loss_of(step):
        z0, z1 = (modules["head"](modules["backbone"](view)) for view in views(step))
        p0, p1 = (modules["predictor"](z) for z in (z0, z1))
        n1 = bank(z1.detach(), update=False)
        # Algorithm 1 keeps the first view, of length 1.
        n0 = bank(nn.functional.normalize(z0.detach(), dim=1), update=True)
        return 0.5 * (criterion(n0, p1) + criterion(n1, p0))

    record = training_case(modules, loss_of, state_of=lambda: {"queue.features": numbers(bank.bank), "queue.pointer": numbers(bank.bank_ptr)})
    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, "predictionDim": PREDICTION, "temperature": 0.1, "queueSize": QUEUE, "negatives": negatives},
            "queueSeed": QUEUE_SEED, **record}


def smog():
    modules = {"backbone": encoder(), "head": SMoGProjectionHead(FEATURES, HIDDEN, OUT), "predictor": SMoGPredictionHead(OUT, HIDDEN, OUT),
               "momentumBackbone": encoder(), "momentumHead": SMoGProjectionHead(FEATURES, HIDDEN, OUT)}
    groups, beta, temperature = 5, 0.8, 0.2
    prototypes = SMoGPrototypes(unit_rows(groups, OUT, QUEUE_SEED + 1), beta)
    bank = MemoryBankModule(size=(QUEUE, OUT))
    bank.bank = unit_rows(QUEUE, OUT, QUEUE_SEED)

    def loss_of(step):
        own, other = views(step)[::-1 if step % 2 else 1]
        encoded = modules["head"](modules["backbone"](own))
        predicted = modules["predictor"](encoded)
        with torch.no_grad():
            taught = modules["momentumHead"](modules["momentumBackbone"](other))
        assignments = prototypes.assign_groups(taught)
        moved = prototypes.get_updated_group_features(encoded)
        logits = prototypes(predicted, moved, temperature=temperature)
        prototypes.set_group_features(moved.detach())
        bank(nn.functional.normalize(encoded, dim=1), update=True)
        return nn.functional.cross_entropy(logits, assignments)

    record = training_case(modules, loss_of, PAIRS, lambda step: 0.9, learning_rate=0.05,
                           state_of=lambda: {"queue.features": numbers(bank.bank), "queue.pointer": numbers(bank.bank_ptr),
                                             "groups.features": numbers(prototypes.group_features)})
    return {"options": {"hiddenDim": HIDDEN, "outDim": OUT, "groups": groups, "beta": beta, "temperature": temperature, "momentum": 0.9,
                        "queueSize": QUEUE}, "queueSeed": QUEUE_SEED, "groupSeed": QUEUE_SEED + 1, **record}


write("smog.json", [smog()])
write("simclr-training.json", [simclr("ntXent", True), simclr("ntXent", False), simclr("dcl", True), simclr("dclw", False)])
write("supcon.json", [supcon()])
write("moco.json", [moco(False, 0.2), moco(True, 0.07)])
write("byol.json", [byol()])
write("simsiam.json", [simsiam()])
write("moco-v3.json", [moco_v3(True), moco_v3(False)])
write("nnclr.json", [nnclr("predictions"), nnclr("all")])
