"""Golden values of CAPI: three steps from timm's encoder, lightly's momentum update, and a predictor of PyTorch's layers; clustering,
balancing and cross-attention are the arithmetic of the authors' model.py.

Run: python test/golden/vision/generate_capi.py   (torch, timm, lightly; writes capi.json beside itself)
"""
import json
import math
import pathlib

import lightly
import numpy as np
import timm
import torch
from lightly.models.utils import update_momentum
from torch import nn
from torch.nn import functional as F

from self_distillation import VIT, filled, gradients, pictures, twin, vit, weights

STEPS, BATCH, SIZES, RATE, PATCHES, KEPT = 3, 6, [12], 0.05, 9, 4
DIM, HEADS, CLUSTERS, MOMENTUM = 8, 2, 5, 0.9


def masks(step):
    """1 = hidden, [batch, patches]."""
    random = np.random.RandomState(100 + step)
    rows = np.ones((BATCH, PATCHES), dtype=bool)
    for row in rows:
        row[random.permutation(PATCHES)[:KEPT]] = False
    return torch.from_numpy(rows)


class Norm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


class Block(nn.Module):
    def __init__(self, context):
        super().__init__()
        self.norm1, self.norm2 = Norm(DIM), Norm(DIM)
        self.attn = nn.ModuleDict({"query": nn.Linear(DIM, DIM, bias=False), "key": nn.Linear(context, DIM, bias=False),
                                   "value": nn.Linear(context, DIM, bias=False), "proj": nn.Linear(DIM, DIM)})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(DIM, 4 * DIM, bias=False), "fc2": nn.Linear(4 * DIM, DIM, bias=False)})

    def forward(self, x, context):
        parts = (self.attn["query"](self.norm1(x)), self.attn["key"](context), self.attn["value"](context))
        q, k, v = (y.unflatten(2, (HEADS, -1)).transpose(1, 2) for y in parts)
        x = x + self.attn["proj"](F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class Predictor(nn.Module):
    def __init__(self, context):
        super().__init__()
        self.mask_token = nn.Parameter(torch.zeros(1, 1, DIM))
        self.register_buffer("pos_embed", torch.zeros(1, 1 + PATCHES, DIM))
        self.register_buffer("context_pos_embed", torch.zeros(1, 1 + PATCHES, context))
        self.blocks = nn.ModuleList([Block(context), Block(context)])

    def forward(self, seen, kept, predicted):
        at = self.context_pos_embed[0, 1:][kept]
        context = torch.cat([seen[:, :1], seen[:, 1:] + at], 1)
        x = self.mask_token + self.pos_embed[0, 1:][predicted]
        for block in self.blocks:
            x = block(x, context)
        return x


class Head(nn.Module):
    """The authors' weight norm: directions and magnitudes."""

    def __init__(self):
        super().__init__()
        self.weight_g, self.weight_v = nn.Parameter(torch.ones(CLUSTERS, 1)), nn.Parameter(torch.zeros(CLUSTERS, DIM))

    def forward(self, x):
        return F.linear(F.normalize(x, dim=-1), F.normalize(self.weight_v, dim=1) * self.weight_g)


def encode(model, images, kept=None):
    tokens = model._pos_embed(model.patch_embed(images))
    if kept is not None:
        index = kept.unsqueeze(-1).expand(-1, -1, tokens.shape[-1])
        tokens = torch.cat([tokens[:, :1], torch.gather(tokens[:, 1:], 1, index)], 1)
    return model.norm(model.blocks(tokens))


encoder = vit()
online = {"backbone": encoder, "predictor": Predictor(encoder.embed_dim), "head": Head(), "clusters": nn.Linear(encoder.embed_dim, CLUSTERS)}
shapes = filled(**online)
teacher = twin(encoder, vit)
optimizer = torch.optim.SGD([p for module in online.values() for p in module.parameters()], lr=RATE, momentum=0.9)
losses, first = [], None
for step in range(STEPS):
    images, hidden = pictures(SIZES, BATCH, step)[0], masks(step)
    kept, predicted = ((m.nonzero()[:, 1].reshape(BATCH, -1)) for m in (~hidden, hidden))
    with torch.no_grad():
        tokens = F.normalize(encode(teacher, images)[:, 1:], dim=-1)
    scores = online["clusters"](tokens)
    told = online["head"](online["predictor"](encode(encoder, images, kept), kept, predicted))
    rows = (torch.arange(BATCH).unsqueeze(1) * PATCHES + predicted).flatten()
    with torch.no_grad():
        # Balanced over the batch at each place.
        q = torch.exp((scores / 0.06 - (scores / 0.06).amax(0, keepdim=True)).double() + 50)
        for _ in range(3):
            q = q / q.sum(0, keepdim=True)
            q = q / q.sum(2, keepdim=True)
        q = q.float().reshape(BATCH * PATCHES, -1)
    predicted_loss = -(q[rows] * F.log_softmax(told.flatten(0, 1) / 0.12, dim=-1)).sum(-1).mean()
    cluster_loss = -(q * F.log_softmax(scores.reshape(BATCH * PATCHES, -1) / 0.12, dim=-1)).sum(-1).mean()
    loss = predicted_loss + cluster_loss
    optimizer.zero_grad()
    loss.backward()
    if first is None:
        first = gradients(**online)
    optimizer.step()
    angle = 0.8 * math.pi * step / STEPS
    update_momentum(encoder, teacher, 1 - (1 - MOMENTUM) * (1 + math.cos(angle)) / 2)
    losses.append(loss.item())

record = {
    "versions": {"torch": torch.__version__, "timm": timm.__version__, "lightly": lightly.__version__}, "seed": "hash_fill.py", "options": VIT,
    "predictor": {"dim": DIM, "depth": 2, "heads": HEADS}, "clusters": CLUSTERS, "momentum": MOMENTUM,
    "masks": [masks(step).int().flatten().tolist() for step in range(STEPS)],
    "case": {"sizes": SIZES, "batch": BATCH, "rate": RATE, "shapes": shapes, "losses": losses, "gradients": first,
             "weights": weights(**online, teacher=teacher), "state": {}},
}
(pathlib.Path(__file__).parent / "capi.json").write_text(json.dumps(record) + "\n")
