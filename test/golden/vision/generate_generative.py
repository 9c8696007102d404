"""Golden training runs of DiscreteVae and BEiT (the arithmetic of openai/DALL-E and microsoft/unilm, timm's `Beit` as a check) and
of CPC (the pseudo-code of its paper), AMDIM (model.py and costs.py of amdim-public) and iGPT (src/model.py of openai/image-gpt,
Hugging Face's `ImageGPT` as a check).

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
from small_conv import SmallConv
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


class ContextBlock(nn.Module):
    """One turn of the loop of `pixelCNN`, appendix A of arXiv 1905.09272."""

    def __init__(self, n_in, n_hid):
        super().__init__()
        self.reduce, self.expand = nn.Linear(n_in, n_hid), nn.Linear(n_hid, n_in)
        self.beside = nn.Conv2d(n_hid, n_hid, (1, 3), padding=(0, 1))
        self.above = nn.Conv2d(n_hid, n_hid, (2, 1))

    def forward(self, cres):
        """[batch, rows, columns, channels]"""
        c = self.reduce(cres).relu().permute(0, 3, 1, 2)
        c = self.above(F.pad(self.beside(c), (0, 0, 1, 0))).relu()
        return cres + self.expand(c.permute(0, 2, 3, 1))


class CpcPredictor(nn.Module):
    """`CPC`, appendix A of arXiv 1905.09272."""

    def __init__(self, n_in, n_hid, target_dim, blocks, nearest, farthest):
        super().__init__()
        self.context = nn.ModuleList(ContextBlock(n_in, n_hid) for _ in range(blocks))
        self.target = nn.Linear(n_in, target_dim)
        self.predictions = nn.ModuleList(nn.Linear(n_in, target_dim) for _ in range(nearest, farthest + 1))
        self.nearest, self.target_dim = nearest, target_dim

    def forward(self, latents, emb_scale=0.1):
        context = latents
        for block in self.context:
            context = block(context)
        context = context.relu()
        targets = self.target(latents)
        batch_dim, col_dim, rows_dim = targets.shape[:3]
        targets = targets.reshape(-1, self.target_dim)
        loss = 0.0
        for i, prediction in enumerate(self.predictions, self.nearest - 1):
            col_dim_i = col_dim - i - 1
            total_elements = torch.arange(batch_dim * col_dim_i * rows_dim)
            preds_i = (prediction(context)[:, : -(i + 1)] * emb_scale).reshape(-1, self.target_dim)
            b = total_elements // (col_dim_i * rows_dim)
            col = total_elements % (col_dim_i * rows_dim)
            loss = loss + F.cross_entropy(preds_i @ targets.T, b * col_dim * rows_dim + (i + 1) * rows_dim + col)
        return loss


CPC = {"patchSize": 4, "stride": 2, "contextBlocks": 2, "contextDim": 6, "targetDim": 5, "scale": 0.1, "rows": [1, 2]}


def cpc(directions):
    encoder = SmallConv([4, DIM], [1, 2], CHANNELS)
    make = lambda: CpcPredictor(DIM, CPC["contextDim"], CPC["targetDim"], CPC["contextBlocks"], *CPC["rows"])
    modules = {"backbone": encoder, **{name: make() for name in directions}}
    turns = {"down": lambda x: x, "up": lambda x: x.flip(1), "right": lambda x: x.transpose(1, 2), "left": lambda x: x.transpose(1, 2).flip(1)}

    def loss_of(step):
        (images,) = views(step, 1)
        side, stride = CPC["patchSize"], CPC["stride"]
        patches = images.unfold(2, side, stride).unfold(3, side, stride).permute(0, 2, 3, 1, 4, 5)
        rows, columns = patches.shape[1:3]
        grid = encoder(patches.reshape(-1, CHANNELS, side, side)).reshape(BATCH, rows, columns, DIM)
        return sum(modules[name](turns[name](grid)) for name in directions) / len(directions)

    return {"options": {**CPC, "directions": list(directions)}, **training_case(modules, loss_of, learning_rate=0.1)}


class AmdimBlock(nn.Module):
    """`ConvResNxN` of amdim-public with use_bn=False."""

    def __init__(self, n_in, n_out, width, stride):
        super().__init__()
        self.n_in, self.n_out, self.width, self.stride = n_in, n_out, width, stride
        self.conv1 = nn.Conv2d(n_in, n_out, width, stride, bias=False)
        self.conv2 = nn.Conv2d(n_out, n_out, 1, bias=False)
        self.conv3 = nn.Conv2d(n_in, n_out, width, stride) if n_out < n_in else None

    def forward(self, x):
        h2 = self.conv2(self.conv1(x).relu())
        if self.conv3 is not None:
            return h2 + self.conv3(x)
        h3 = F.avg_pool2d(x, self.width, self.stride, 0)
        return h2 + F.pad(h3, (0, 0, 0, 0, 0, self.n_out - self.n_in))


class AmdimEncoder(nn.Module):
    """`Encoder` of amdim-public, encoder_size=32, n_depth=1."""

    def __init__(self, ndf, n_rkhs, depth=1):
        super().__init__()
        self.stem = nn.ModuleList([nn.Conv2d(CHANNELS, ndf, 3)])
        group = lambda a, b, k, s: nn.ModuleList([AmdimBlock(a, b, k, s), *[AmdimBlock(b, b, 1, 1) for _ in range(depth - 1)]])
        self.blocks = nn.ModuleList([nn.ModuleList([AmdimBlock(ndf, ndf, 1, 1)]), group(ndf, 2 * ndf, 4, 2), group(2 * ndf, 4 * ndf, 2, 2),
                                     group(4 * ndf, 4 * ndf, 3, 1), group(4 * ndf, 4 * ndf, 3, 1)])
        self.last = AmdimBlock(4 * ndf, n_rkhs, 3, 1)
        self.norm = nn.BatchNorm2d(n_rkhs)

    def forward(self, x):
        """Maps of 7 x 7, 5 x 5 and 1 x 1."""
        x = self.stem[0](x).relu()
        maps = []
        for level, group in enumerate(self.blocks):
            for block in group:
                x = block(x)
            maps.append(x)
        assert maps[2].shape[2] == 7 and maps[3].shape[2] == 5
        return maps[2], maps[3], self.norm(self.last(x))


class ConvMaps(SmallConv):
    def forward(self, x):
        """Both convolutions' maps, and the mean of the second."""
        fine = self.n[:3](x)
        coarse = self.n[3:](fine)
        return fine, coarse, coarse.mean((2, 3), keepdim=True)


class AmdimHead(nn.Module):
    """`FakeRKHSConvNet` of amdim-public with use_bn=False; convolutions of 1 x 1 are linear layers."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.conv1, self.conv2 = nn.Linear(n_in, n_out, bias=False), nn.Linear(n_out, n_out, bias=False)
        self.shortcut = nn.Linear(n_in, n_out)
        self.bn_out = nn.BatchNorm2d(n_out)

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        return self.bn_out((self.conv2(self.conv1(x).relu()) + self.shortcut(x)).permute(0, 3, 1, 2))


def nce(r_src, r_trg, clip):
    """`LossMultiNCE._cost` by its formula: -log softmax of the own place against the places of other images. [batch, dim], [batch, dim, places]"""
    batch, dim, places = r_trg.shape
    raw = torch.einsum("id,jdp->ijp", r_src, r_trg) / dim**0.5
    scores = clip * torch.tanh(raw / clip)
    own = scores[torch.arange(batch), torch.arange(batch)]
    others = scores[~torch.eye(batch, dtype=torch.bool)].reshape(batch, -1)
    losses = torch.logsumexp(torch.cat([own.unsqueeze(2), others.unsqueeze(1).expand(-1, places, -1)], 2), 2) - own
    return losses.mean(), 0.04 * (raw**2).mean()


def amdim(modules, size):
    heads = {name: module for name, module in modules.items() if name != "backbone"}

    def sources(step, view, places):
        return (torch.from_numpy(hash_uniform(BATCH, 9000 + 10 * step + view).astype("float64") + 1) / 2 * places).long()

    def loss_of(step):
        features = []
        for at, images in enumerate(views(step, 2, size)):
            fine, coarse, whole = modules["backbone"](images)
            whole = heads["globalHead"](whole) if "globalHead" in heads else whole
            coarse, fine = heads["coarseHead"](coarse).flatten(2), heads["fineHead"](fine).flatten(2)
            source = sources(step, at, coarse.shape[2])
            features.append((whole.flatten(1), coarse, fine, coarse[torch.arange(BATCH), :, source]))
        total = 0.0
        for (whole, _, _, place), (_, coarse, fine, _) in (features, features[::-1]):
            for source, target in ((whole, coarse), (whole, fine), (place, coarse)):
                total = total + 0.5 * sum(nce(source, target, 20.0))
        # Smaller, so that gradients that are 0 but for rounding (of biases before batch norm) are small in float32, too.
        return 0.1 * total

    places = 25 if size == 32 else 16
    all_sources = [[sources(step, view, places).tolist() for view in range(2)] for step in range(STEPS)]
    return {"size": size, "sources": all_sources, **training_case(modules, loss_of, learning_rate=0.05)}


class PixelBlock(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(DIM, eps=1e-5), nn.RMSNorm(DIM, eps=1e-5)
        self.attn = nn.ModuleDict({"qkv": nn.Linear(DIM, 3 * DIM, bias=False), "proj": nn.Linear(DIM, DIM)})
        self.mlp = Mlp(DIM, 4 * DIM)
        self.causal = causal

    def forward(self, x):
        b, n, _ = x.shape
        q, k, v = self.attn["qkv"](self.norm1(x)).reshape(b, n, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        h = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = x + self.attn["proj"](h.transpose(1, 2).reshape(b, n, DIM))
        return x + self.mlp(self.norm2(x))


class PixelTransformer(nn.Module):
    """`model` of src/model.py of openai/image-gpt under ssl-vision's names, with exact GELU and biases."""

    def __init__(self, causal):
        super().__init__()
        self.register_buffer("palette", torch.zeros(VOCABULARY, CHANNELS))
        self.embedding = nn.Embedding(VOCABULARY, DIM)
        if causal:
            self.start = nn.Parameter(torch.zeros(1, 1, DIM))
        self.positions = nn.Parameter(torch.zeros(1, SIZE * SIZE, DIM))
        self.blocks = nn.ModuleList(PixelBlock(causal) for _ in range(2))
        self.norm = nn.RMSNorm(DIM, eps=1e-5)
        self.causal = causal

    def tokens(self, images):
        return torch.cdist(images.permute(0, 2, 3, 1).reshape(-1, CHANNELS), self.palette).argmin(1).reshape(BATCH, -1)

    def forward(self, tokens, hidden=None):
        h = self.embedding(tokens)
        if self.causal:
            h = torch.cat([self.start.expand(BATCH, -1, -1), h[:, :-1]], 1)
        else:
            h = h * (1 - hidden).unsqueeze(2)
        h = h + self.positions
        for block in self.blocks:
            h = block(h)
        return self.norm(h)


def check_against_transformers(model, head, tokens):
    """Hugging Face's `ImageGPTForCausalImageModeling` with the same weights gives the same scores."""
    from transformers import ImageGPTConfig, ImageGPTForCausalImageModeling

    other = ImageGPTForCausalImageModeling(ImageGPTConfig(vocab_size=VOCABULARY + 1, n_positions=SIZE * SIZE, n_embd=DIM, n_layer=2, n_head=HEADS, activation_function="gelu",
                                                          resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, tie_word_embeddings=False)).double().eval()
    state = {"transformer.wte.weight": torch.cat([model.embedding.weight, model.start[0]]), "transformer.wpe.weight": model.positions[0],
             "transformer.ln_f.weight": model.norm.weight, "lm_head.weight": head.weight}
    for at, block in enumerate(model.blocks):
        own = f"transformer.h.{at}."
        state |= {own + "ln_1.weight": block.norm1.weight, own + "ln_2.weight": block.norm2.weight, own + "attn.c_attn.weight": block.attn["qkv"].weight.T,
                  own + "attn.c_attn.bias": torch.zeros(3 * DIM), own + "attn.c_proj.weight": block.attn["proj"].weight.T, own + "attn.c_proj.bias": block.attn["proj"].bias,
                  own + "mlp.c_fc.weight": block.mlp.fc1.weight.T, own + "mlp.c_fc.bias": block.mlp.fc1.bias,
                  own + "mlp.c_proj.weight": block.mlp.fc2.weight.T, own + "mlp.c_proj.bias": block.mlp.fc2.bias}
    missing, unexpected = other.load_state_dict(state, strict=False)
    assert not unexpected and not missing, (missing, unexpected)
    ids = torch.cat([torch.full((BATCH, 1), VOCABULARY), tokens[:, :-1]], 1)
    torch.testing.assert_close(head(model(tokens)), other(input_ids=ids).logits, rtol=1e-6, atol=1e-6)


def hidden_pixels(step):
    """Some 15 % of the pixels of each image."""
    return (torch.from_numpy(hash_uniform(BATCH * SIZE * SIZE, 6500 + step).reshape(BATCH, -1)) < -0.7).double()


def igpt(causal):
    modules = {"backbone": PixelTransformer(causal), "head": nn.Linear(DIM, VOCABULARY, bias=False)}

    def loss_of(step):
        (images,) = views(step, 1)
        tokens = modules["backbone"].tokens(images)
        assert len(tokens.unique()) == VOCABULARY
        if causal:
            if step == 0:
                check_against_transformers(modules["backbone"], modules["head"], tokens)
            return F.cross_entropy(modules["head"](modules["backbone"](tokens)).flatten(0, 1), tokens.flatten())
        hidden = hidden_pixels(step)
        losses = F.cross_entropy(modules["head"](modules["backbone"](tokens, hidden)).flatten(0, 1), tokens.flatten(), reduction="none").reshape(BATCH, -1)
        return (losses * hidden).sum() / hidden.sum()

    masks = {} if causal else {"masks": [hidden_pixels(step).flatten().int().tolist() for step in range(STEPS)]}
    return {**masks, **training_case(modules, loss_of, learning_rate=0.05)}


if __name__ == "__main__":
    write("igpt.json", [igpt(True), igpt(False)])
    write("amdim.json", [
        amdim({"backbone": AmdimEncoder(4, 6), "fineHead": AmdimHead(16, 6), "coarseHead": AmdimHead(16, 6)}, 32),
        amdim({"backbone": ConvMaps([4, DIM], [1, 2], CHANNELS), "fineHead": AmdimHead(4, 5), "coarseHead": AmdimHead(DIM, 5), "globalHead": AmdimHead(DIM, 5)}, SIZE),
    ])
    write("cpc.json", [cpc(["down"]), cpc(["down", "up", "right", "left"])])
    write("discrete-vae.json", [discrete_vae()])
    write("beit.json", [beit()])
