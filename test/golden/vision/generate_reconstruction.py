"""Golden training runs of SimMIM and I-JEPA (timm's vision transformer, the arithmetic of the authors' code) and of an autoencoder.

Run: python test/golden/vision/generate_reconstruction.py   (torch, timm, lightly; writes a file for each beside itself)
"""
import json
import pathlib
from functools import partial

import timm
import torch
from timm.models.vision_transformer import Block, VisionTransformer
from torch import nn

from hash_fill import hash_uniform
from small_conv import SmallConv
from training_case import BATCH, CHANNELS, SIZE, STEPS, training_case, views

HERE = pathlib.Path(__file__).parent
META = {"versions": {"torch": torch.__version__, "timm": timm.__version__}, "seed": "training_case.py"}
PATCH, DIM = 2, 8
GRID = SIZE // PATCH


def write(name, cases):
    (HERE / name).write_text(json.dumps({**META, "cases": cases}) + "\n")


class MaskedTransformer(VisionTransformer):
    """`VisionTransformerForSimMIM` of models/simmim.py on timm's transformer."""

    def __init__(self):
        super().__init__(img_size=SIZE, patch_size=PATCH, embed_dim=DIM, depth=1, num_heads=2, num_classes=0)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, DIM))

    def forward(self, x, mask):
        x = self.patch_embed(x)
        w = mask.unsqueeze(-1).type_as(x)
        x = x * (1 - w) + self.mask_token.expand(x.shape[0], x.shape[1], -1) * w
        return self.norm(self.blocks(self._pos_embed(x)))[:, 1:]


def patches(images):
    """[batch, patches, pixels], a pixel's channels together."""
    x = images.reshape(BATCH, CHANNELS, GRID, PATCH, GRID, PATCH)
    return x.permute(0, 2, 4, 3, 5, 1).reshape(BATCH, GRID * GRID, -1)


def mask(step):
    """Five or six hidden patches of each image."""
    return torch.from_numpy(hash_uniform(BATCH * GRID * GRID, 6000 + step).reshape(BATCH, -1) < -0.2)


def simmim():
    modules = {"backbone": MaskedTransformer(), "decoder": nn.Linear(DIM, PATCH * PATCH * CHANNELS)}

    def loss_of(step):
        (images,) = views(step, 1)
        prediction = modules["decoder"](modules["backbone"](images, mask(step)))
        hidden = mask(step).unsqueeze(-1).type_as(images)
        # `forward` of models/simmim.py, without its 1e-5.
        return ((prediction - patches(images)).abs() * hidden).sum() / (hidden.sum() * PATCH * PATCH) / CHANNELS

    masks = [mask(step).flatten().int().tolist() for step in range(STEPS)]
    return {"masks": masks, **training_case(modules, loss_of, learning_rate=0.05)}


class ContextTransformer(VisionTransformer):
    """`VisionTransformer` of src/models/vision_transformer.py, which applies masks before the blocks, with timm's class token."""

    def __init__(self):
        super().__init__(img_size=SIZE, patch_size=PATCH, embed_dim=DIM, depth=1, num_heads=2, num_classes=0)

    def forward(self, x, keep=None):
        x = self._pos_embed(self.patch_embed(x))
        return self.norm(self.blocks(x if keep is None else take(x, keep)))


def take(x, places):
    """Rows of a class token and of patches."""
    index = torch.cat([torch.zeros(len(x), 1, dtype=torch.int64), places + 1], dim=1)
    return torch.gather(x, 1, index[..., None].expand(-1, -1, x.shape[2]))


class Predictor(nn.Module):
    """`VisionTransformerPredictor`, one target at a time."""

    def __init__(self, dim):
        super().__init__()
        self.predictor_embed = nn.Linear(DIM, dim)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.register_buffer("predictor_pos_embed", torch.zeros(1, GRID * GRID + 1, dim))
        self.predictor_blocks = nn.ModuleList([Block(dim, 2, qkv_bias=True, norm_layer=partial(nn.LayerNorm, eps=1e-6)) for _ in range(2)])
        self.predictor_norm = nn.LayerNorm(dim, eps=1e-6)
        self.predictor_proj = nn.Linear(dim, DIM)

    def forward(self, x, keep, target):
        table = self.predictor_pos_embed.expand(len(x), -1, -1)
        x = self.predictor_embed(x) + take(table, keep)
        x = torch.cat([x, self.mask_token + take(table, target)[:, 1:]], dim=1)
        for block in self.predictor_blocks:
            x = block(x)
        return self.predictor_proj(self.predictor_norm(x)[:, -target.shape[1]:])


def places(step):
    """Numbers of patches: five of a context, and two targets of six and four."""
    order = torch.from_numpy(hash_uniform(BATCH * GRID * GRID, 7000 + step).reshape(BATCH, -1)).argsort(1)
    return order[:, :5], [order[:, 5:11], order[:, 10:14]]


def ijepa():
    modules = {"backbone": ContextTransformer(), "predictor": Predictor(12), "teacher": ContextTransformer()}

    def loss_of(step):
        (images,) = views(step, 1)
        keep, targets = places(step)
        with torch.no_grad():
            h = nn.functional.layer_norm(modules["teacher"](images)[:, 1:], (DIM,))
        z = modules["backbone"](images, keep)
        told = torch.cat([modules["predictor"](z, keep, target) for target in targets], dim=1)
        wanted = torch.cat([torch.gather(h, 1, target[..., None].expand(-1, -1, DIM)) for target in targets], dim=1)
        return nn.functional.smooth_l1_loss(told, wanted)

    steps = [places(step) for step in range(STEPS)]
    blocks = [{"context": keep.tolist(), "targets": [target.tolist() for target in targets]} for keep, targets in steps]
    record = training_case(modules, loss_of, (("backbone", "teacher"),), lambda step: 0.9 + 0.1 * step / STEPS, learning_rate=0.1)
    return {"blocks": blocks, **record}


class ConvDecoder(nn.Module):
    """Doublings are transposed convolutions of 2 x 2 with stride 2, written as linear layers."""

    def __init__(self, in_dim, channels):
        super().__init__()
        self.side = SIZE // 2 ** len(channels)
        self.embed = nn.Linear(in_dim, self.side**2 * channels[0])
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in channels)
        self.doubles = nn.ModuleList(nn.Linear(a, 4 * b) for a, b in zip(channels, [*channels[1:], channels[-1]]))
        self.pred = nn.Conv2d(channels[-1], CHANNELS, 3, padding=1)

    def forward(self, x):
        x = self.embed(x).reshape(x.shape[0], self.side, self.side, -1).permute(0, 3, 1, 2)
        for norm, double in zip(self.norms, self.doubles):
            out, inside = double.out_features // 4, double.in_features
            weight = double.weight.reshape(2, 2, out, inside).permute(3, 2, 0, 1)
            x = norm(x).relu()
            x = nn.functional.conv_transpose2d(x, weight, stride=2) + torch.stack(
                [double.bias.reshape(2, 2, out).permute(2, 0, 1)]).repeat(1, 1, x.shape[2], x.shape[3])
        return self.pred(x.relu())


def autoencoder():
    modules = {"backbone": SmallConv([4, DIM], [1, 2], CHANNELS), "decoder": ConvDecoder(DIM, [6, 4])}

    def loss_of(step):
        (images,) = views(step, 1)
        return nn.functional.mse_loss(modules["decoder"](modules["backbone"](images)), images)

    return {"options": {"channels": [6, 4]}, **training_case(modules, loss_of, learning_rate=0.05)}


if __name__ == "__main__":
    write("simmim.json", [simmim()])
    write("ijepa.json", [ijepa()])
    write("autoencoder.json", [autoencoder()])
