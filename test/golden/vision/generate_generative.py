"""Golden training runs of DiscreteVae and BEiT (the arithmetic of openai/DALL-E and microsoft/unilm, timm's `Beit` as a check).

Run: python test/golden/vision/generate_generative.py   (torch, timm, transformers, lightly; writes a file for each beside itself)
"""
import json
import math
import pathlib
from functools import partial

import timm
import torch
from timm.layers import Mlp
from timm.models import beit as timm_beit
from torch import nn
from torch.nn import functional as F

from hash_fill import hash_uniform
from training_case import BATCH, CHANNELS, MEAN, SIZE, STD, STEPS, training_case, views

HERE = pathlib.Path(__file__).parent
META = {"versions": {"torch": torch.__version__, "timm": timm.__version__}, "seed": "training_case.py"}
PATCH, DIM, HEADS = 2, 8, 2
GRID = SIZE // PATCH
VOCABULARY, CODE_WIDTH, WIDTH = 6, 5, 4


def write(name, cases):
    (HERE / name).write_text(json.dumps({**META, "cases": cases}) + "\n")


def unit(images):
    """Normalised pixels back to 0 .. 1."""
    return images * STD + MEAN


class TokenizerBlock(nn.Module):
    """`EncoderBlock` and `DecoderBlock` of openai/DALL-E."""

    def __init__(self, n_in, n_out, kernels, gain):
        super().__init__()
        n_hid = n_out // 4
        conv = lambda a, b, k: nn.Conv2d(a, b, k, padding=(k - 1) // 2)
        self.gain = gain
        self.id = conv(n_in, n_out, 1) if n_in != n_out else None
        sizes = [n_in, n_hid, n_hid, n_hid, n_out]
        self.branch = nn.ModuleList(conv(sizes[i], sizes[i + 1], kernels[i]) for i in range(4))

    def forward(self, x):
        h = x
        for conv in self.branch:
            h = conv(h.relu())
        return (x if self.id is None else self.id(x)) + self.gain * h


class Tokenizer(nn.Module):
    """`Encoder` and `Decoder` of openai/DALL-E with two sizes of maps and one block each."""

    def __init__(self):
        super().__init__()
        gain = 1 / 2**2
        conv = lambda a, b, k: nn.Conv2d(a, b, k, padding=(k - 1) // 2)
        w = WIDTH
        blocks = lambda pairs, kernels: nn.ModuleList(nn.ModuleList([TokenizerBlock(a, b, kernels, gain)]) for a, b in pairs)
        self.encoder = nn.ModuleDict({"input": conv(CHANNELS, w, 7), "groups": blocks([(w, w), (w, 2 * w)], [3, 3, 3, 1]), "output": conv(2 * w, VOCABULARY, 1)})
        self.decoder = nn.ModuleDict({"input": conv(VOCABULARY, CODE_WIDTH, 1), "groups": blocks([(CODE_WIDTH, 2 * w), (2 * w, w)], [1, 3, 3, 3]), "output": conv(w, 2 * CHANNELS, 1)})

    def logits(self, images):
        x = self.encoder["input"](0.8 * images + 0.1)
        for level, group in enumerate(self.encoder["groups"]):
            x = group[0](F.max_pool2d(x, 2) if level > 0 else x)
        return self.encoder["output"](x.relu())

    def decode(self, codes):
        x = self.decoder["input"](codes)
        for level, group in enumerate(self.decoder["groups"]):
            x = group[0](F.interpolate(x, scale_factor=2, mode="nearest") if level > 0 else x)
        return self.decoder["output"](x.relu()).chunk(2, 1)


def whole_noise(step):
    """int [batch, grid, grid, vocabulary] below 2 ** 20."""
    return ((hash_uniform(BATCH * GRID * GRID * VOCABULARY, 8000 + step).astype("float64") + 1) * 2**19).astype("int64")


def discrete_vae():
    modules = {"tokenizer": Tokenizer()}
    temperatures, weights = [1.0, 0.7, 0.4], [0.5, 1.0, 1.5]

    def loss_of(step):
        (images,) = views(step, 1)
        x = unit(images)
        logits = modules["tokenizer"].logits(x)
        uniform = ((torch.from_numpy(whole_noise(step)).double() + 0.5) / 2**20).reshape(BATCH, GRID, GRID, VOCABULARY).permute(0, 3, 1, 2)
        gumbel = -torch.log(-torch.log(uniform))
        mu, ln_b = modules["tokenizer"].decode(torch.softmax((logits + gumbel) / temperatures[step], 1))
        x = 0.8 * x + 0.1
        # The logit-Laplace density of appendix A.3.
        density = 1 / (2 * ln_b.exp() * x * (1 - x)) * torch.exp(-(torch.logit(x) - mu).abs() / ln_b.exp())
        q = torch.softmax(logits, 1)
        kl = (q * torch.log(q * VOCABULARY)).sum()
        # Appendix A.2: all is divided by the number of values.
        return (-density.log().sum() + weights[step] * kl) / x.numel()

    noise = [whole_noise(step).tolist() for step in range(STEPS)]
    return {"noise": noise, "temperatures": temperatures, "weights": weights, **training_case(modules, loss_of, learning_rate=0.05)}


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)

    def forward(self, x, bias):
        b, n, _ = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        attn = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5 + bias).softmax(-1)
        return self.proj((attn @ v).transpose(1, 2).reshape(b, n, DIM))


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(DIM))

    def forward(self, x):
        return x * self.gamma


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(DIM, eps=1e-6), nn.LayerNorm(DIM, eps=1e-6)
        self.attn, self.mlp = Attention(), Mlp(DIM, 4 * DIM)
        self.ls1, self.ls2 = Scale(), Scale()

    def forward(self, x, bias):
        x = x + self.ls1(self.attn(self.norm1(x), bias))
        return x + self.ls2(self.mlp(self.norm2(x)))


class MaskedTransformer(nn.Module):
    """`VisionTransformerForMaskedImageModeling` of beit/modeling_pretrain.py under ssl-vision's names."""

    def __init__(self):
        super().__init__()
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(CHANNELS, DIM, PATCH, PATCH)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, DIM))
        self.mask_token = nn.Parameter(torch.zeros(1, 1, DIM))
        self.rel_pos_bias = nn.ParameterDict({"relative_position_bias_table": torch.zeros((2 * GRID - 1) ** 2 + 3, HEADS)})
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.norm = nn.LayerNorm(DIM, eps=1e-6)
        self.index = timm_beit.gen_relative_position_index((GRID, GRID))

    def forward(self, x, mask):
        x = self.patch_embed["proj"](x).flatten(2).transpose(1, 2)
        w = mask.unsqueeze(-1).type_as(x)
        x = x * (1 - w) + self.mask_token * w
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)
        n = x.shape[1]
        bias = self.rel_pos_bias["relative_position_bias_table"][self.index.view(-1)].view(n, n, HEADS).permute(2, 0, 1)
        for block in self.blocks:
            x = block(x, bias)
        return self.norm(x)


def check_against_timm(model):
    """timm's `Beit` with the same weights makes the same tokens."""
    other = timm_beit.Beit(img_size=SIZE, patch_size=PATCH, embed_dim=DIM, depth=2, num_heads=HEADS, num_classes=0, use_abs_pos_emb=False,
                           use_shared_rel_pos_bias=True, init_values=0.1, use_fc_norm=False, norm_layer=partial(nn.LayerNorm, eps=1e-6)).double().eval()
    state = {}
    for name, value in model.state_dict().items():
        if name == "mask_token":
            continue
        name = name.replace("ls1.gamma", "gamma_1").replace("ls2.gamma", "gamma_2")
        if name.endswith("attn.qkv.bias"):
            base = name[: -len("qkv.bias")]
            q, _, v = value.chunk(3)
            state[f"{base}q_bias"], state[f"{base}v_bias"] = q, v
        else:
            state[name] = value
    missing, unexpected = other.load_state_dict(state, strict=False)
    assert not unexpected and all("index" in name or "k_bias" in name for name in missing), (missing, unexpected)
    (images,) = views(0, 1)
    torch.testing.assert_close(model(images, torch.zeros(BATCH, GRID * GRID)), other.forward_features(images), rtol=1e-9, atol=1e-9)


def mask(step):
    """Six or seven masked patches of each image."""
    return torch.from_numpy(hash_uniform(BATCH * GRID * GRID, 6000 + step).reshape(BATCH, -1) < -0.2)


def beit():
    modules = {"backbone": MaskedTransformer(), "head": nn.Linear(DIM, VOCABULARY), "tokenizer": Tokenizer()}

    def loss_of(step):
        (images,) = views(step, 1)
        if step == 0:
            check_against_timm(modules["backbone"])
        # `train_one_epoch` of beit/engine_for_pretraining.py.
        with torch.no_grad():
            labels = modules["tokenizer"].logits(unit(images)).argmax(1).flatten(1)[mask(step)]
        outputs = modules["head"](modules["backbone"](images, mask(step))[:, 1:][mask(step)])
        return nn.CrossEntropyLoss()(outputs, labels)

    masks = [mask(step).flatten().int().tolist() for step in range(STEPS)]
    return {"masks": masks, **training_case(modules, loss_of, frozen=("tokenizer.",), learning_rate=0.05)}


if __name__ == "__main__":
    write("discrete-vae.json", [discrete_vae()])
    write("beit.json", [beit()])
