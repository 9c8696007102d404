"""Golden training runs of SimMIM (timm's vision transformer, the arithmetic of microsoft/SimMIM) and of an autoencoder.

Run: python test/golden/vision/generate_reconstruction.py   (torch, timm, lightly; writes a file for each beside itself)
"""
import json
import pathlib

import timm
import torch
from timm.models.vision_transformer import VisionTransformer
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
    write("autoencoder.json", [autoencoder()])
