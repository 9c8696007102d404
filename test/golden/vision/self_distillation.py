"""What the goldens of DINO, iBOT, DINOv2, SwAV and MSN share: encoders, pictures, digests of modules."""
import numpy as np
import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from hash_fill import digest, fill, hash_uniform

DIGEST_SEED = 1003
MEAN, STD = 0.5, 0.28


class SmallConv(nn.Module):
    """`SmallConvEncoder`: 3 x 3 convolutions, batch norm, ReLU, global mean."""

    def __init__(self, channels, strides):
        super().__init__()
        layers, before = [], 1
        for out, stride in zip(channels, strides):
            layers += [nn.Conv2d(before, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            before = out
        self.n = nn.Sequential(*layers)

    def forward(self, x):
        return self.n(x).mean((2, 3))


class MaskedViT(VisionTransformer):
    """timm's ViT with a mask token, as iBOT and DINOv2 have it: it stands in for masked patches, positions stay."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, self.embed_dim))

    def tokens(self, x, mask=None):
        x = self.patch_embed(x)
        if mask is not None:
            b, h, w, _ = x.shape
            x = torch.where(mask.reshape(b, h, w, 1), self.mask_token.reshape(1, 1, 1, -1), x)
        return self.norm(self.blocks(self._pos_embed(x)))


def vit(cls=VisionTransformer):
    return cls(img_size=12, patch_size=4, in_chans=1, embed_dim=12, depth=1, num_heads=2, num_classes=0,
               global_pool="token", dynamic_img_size=True)


VIT = {"imageSize": 12, "patchSize": 4, "inChannels": 1, "dim": 12, "depth": 1, "heads": 2}
CONV = {"channels": [4, 8], "strides": [1, 2]}


def pictures(sizes, batch, step):
    """uint8 pictures of one channel, a view each, as floats [batch, 1, size, size]."""
    views = []
    for view, size in enumerate(sizes):
        noise = hash_uniform(batch * size * size, 3000 + 100 * step + view).astype(np.float64)
        pixels = torch.from_numpy(np.floor((noise + 1) * 128)).float().reshape(batch, size, size, 1)
        views.append(((pixels / 255 - MEAN) / STD).permute(0, 3, 1, 2).contiguous())
    return views


def filled(names=(), **modules):
    """Fills each; magnitudes of weight-normalised layers are 1. Other names keep the order, so both sides fill alike."""
    shapes = {}
    for prefix, module in modules.items():
        fill(module)
        for name, value in module.state_dict().items():
            if name.endswith("weight_g"):
                value.fill_(1)
        state = renamed(module.state_dict(), dict(names))
        assert [renamed({key: 0}, dict(names)).popitem()[0] for key in sorted(module.state_dict())] == sorted(state)
        shapes[prefix] = {name: list(value.shape) for name, value in state.items()}
    return shapes


def twin(module, make):
    """Another one that `make` makes, with the same values, which no gradient enters."""
    other = make()
    other.load_state_dict(module.state_dict())
    for parameter in other.parameters():
        parameter.requires_grad_(False)
    return other


def by_size(encoder, views):
    """One pass for each run of views of one size, as MultiCropWrapper of facebookresearch/dino."""
    outputs, start = [], 0
    for end in range(1, len(views) + 1):
        if end == len(views) or views[end].shape != views[start].shape:
            outputs.append(encoder(torch.cat(views[start:end])))
            start = end
    return torch.cat(outputs)


def renamed(state, names):
    """The names of lightly's head as those of the authors' code."""
    for old, new in names.items():
        state = {key.replace(old, new): value for key, value in state.items()}
    return state


def gradients(names=(), **modules):
    return {f"{prefix}.{name}": digest(value.grad, DIGEST_SEED)
            for prefix, module in modules.items()
            for name, value in renamed(dict(module.named_parameters()), dict(names)).items() if value.grad is not None}


def weights(names=(), **modules):
    return {f"{prefix}.{name}": digest(value, DIGEST_SEED) for prefix, module in modules.items()
            for name, value in renamed(module.state_dict(), dict(names)).items() if not name.endswith("tracked")}
