"""Goldens of the transformer's options: values and gradients of PyTorch's, timm's and transformers' parts.

Run: python generate_blocks.py (needs torch, timm, transformers, numpy). Writes blocks.json beside this file.
Each case: parameters, x, w, y, and the gradients of sum(y * w).
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import timm
import torch
import transformers
from timm.layers import LayerScale, RotaryEmbeddingCat, RotaryEmbeddingDinoV3, SwiGLU
from timm.models.beit import Attention as BeitAttention
from timm.models.eva import EvaAttention
from timm.models.swin_transformer import WindowAttention
from timm.models.vision_transformer import Attention, Block
from torch import nn
from torch.nn import functional as F
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb
from transformers.models.roformer.modeling_roformer import RoFormerSelfAttention, RoFormerSinusoidalPositionalEmbedding
from transformers.models.t5.configuration_t5 import T5Config
from transformers.models.t5.modeling_t5 import T5Attention

HERE = Path(__file__).parent
SEED = 20268


def array(t):
    t = t.detach()
    return {"shape": list(t.shape), "dtype": "float32", "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}


def run(name, module, x, forward=None, **extra):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn_like(p) * (0.5 if p.dim() > 1 else 0.3) + (0.0 if p.dim() > 1 else 0.4))
    leaf = x.clone().requires_grad_()
    y = (forward or module)(leaf)
    w = torch.randn_like(y)
    (y * w).sum().backward()
    parameters = dict(module.named_parameters())
    return {
        "name": name,
        "state": {n: array(p) for n, p in parameters.items()},
        "x": array(x),
        "w": array(w),
        "y": array(y),
        "dx": array(leaf.grad),
        "gradients": {n: array(p.grad) for n, p in parameters.items()},
        **extra,
    }


class PackedSwiGlu(nn.Module):
    """DINOv2's SwiGLUFFN (dinov2/layers/swiglu_ffn.py), written from its equation."""

    def __init__(self, dim, hidden):
        super().__init__()
        self.w12 = nn.Linear(dim, 2 * hidden)
        self.w3 = nn.Linear(hidden, dim)

    def forward(self, x):
        gate, value = self.w12(x).chunk(2, dim=-1)
        return self.w3(F.silu(gate) * value)


def turned(attention, rotate):
    """timm's Attention with queries and keys turned."""

    def forward(x):
        b, n, c = x.shape
        q, k, v = attention.qkv(x).reshape(b, n, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, k)
        return attention.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, c))

    return forward


def llama(q, k):
    config = LlamaConfig(hidden_size=8, num_attention_heads=2, rope_theta=10000.0)
    cos, sin = LlamaRotaryEmbedding(config)(q, torch.arange(q.shape[2])[None])
    return apply_rotary_pos_emb(q, k, cos, sin)


def roformer(q, k):
    table = RoFormerSinusoidalPositionalEmbedding(q.shape[2], q.shape[3])
    sinusoidal = table.create_weight()[None, None]
    return RoFormerSelfAttention.apply_rotary_position_embeddings(sinusoidal, q, k)


def post(block):
    """The norm after the sum, of timm's parts."""

    def forward(x):
        x = block.norm1(x + block.attn(x))
        return block.norm2(x + block.mlp(x))

    return forward


class Cross(nn.Module):
    """torch.nn.MultiheadAttention with kdim and vdim, its parameters under names of their own."""

    def __init__(self, dim, memory, heads):
        super().__init__()
        self.query, self.key, self.value, self.proj = nn.Linear(dim, dim), nn.Linear(memory, dim), nn.Linear(memory, dim), nn.Linear(dim, dim)
        self.heads = heads

    def forward(self, x, memory, **masks):
        attention = nn.MultiheadAttention(x.shape[-1], self.heads, kdim=memory.shape[-1], vdim=memory.shape[-1], batch_first=True)
        weights = {"in_proj_bias": torch.cat([self.query.bias, self.key.bias, self.value.bias]), "q_proj_weight": self.query.weight,
                   "k_proj_weight": self.key.weight, "v_proj_weight": self.value.weight, "out_proj.weight": self.proj.weight, "out_proj.bias": self.proj.bias}
        return torch.func.functional_call(attention, weights, (x, memory, memory), {"need_weights": False, **masks})[0]


def main():
    torch.manual_seed(SEED)
    x = torch.randn(2, 5, 8)
    norm = partial(nn.LayerNorm, eps=1e-6)
    rms = partial(nn.RMSNorm, eps=1e-6)
    t5 = T5Attention(T5Config(d_model=8, d_kv=4, num_heads=2, relative_attention_num_buckets=4, relative_attention_max_distance=6), has_relative_attention_bias=True)
    nn.init.normal_(t5.relative_attention_bias.weight)
    bias = t5.compute_bias(5, 5).detach()[0]
    causal, biased, line, neighbours = (Attention(8, num_heads=2, qkv_bias=True) for _ in range(4))
    eva = EvaAttention(8, num_heads=1, qkv_bias=False, num_prefix_tokens=1, scale_norm=False)
    dino = EvaAttention(8, num_heads=1, qkv_bias=False, num_prefix_tokens=2, scale_norm=False, rotate_half=True)
    eva_rope = RotaryEmbeddingCat(8, in_pixels=False, feat_shape=[2, 3]).get_embed()
    dino_rope = RotaryEmbeddingDinoV3(8, feat_shape=[2, 3]).get_embed()
    after = Block(8, 2, qkv_bias=True, norm_layer=norm)
    cases = [
        run("layer scale", LayerScale(8), x),
        run("rms norm", nn.RMSNorm(8, eps=1e-6), x),
        run("swiglu", SwiGLU(8, 6), x),
        run("swiglu packed", PackedSwiGlu(8, 6), x),
        run("block with layer scale", Block(8, 2, qkv_bias=True, norm_layer=norm, init_values=0.1), x),
        run("block with rms norm, swiglu and qk norm", Block(8, 2, qkv_bias=True, norm_layer=rms, mlp_layer=SwiGLU, act_layer=nn.SiLU, mlp_ratio=1.5, qk_norm=True), x),
        run("block with layer qk norm", Block(8, 2, qkv_bias=True, norm_layer=norm, qk_norm=True), x),
        run("block with norms after", after, x, forward=post(after)),
        run("causal", causal, x, forward=lambda v: causal(v, attn_mask=torch.ones(5, 5).tril().bool())),
        run("bias of t5", biased, x, forward=lambda v: biased(v, attn_mask=bias[None]), bias=array(bias)),
        run("window of swin", WindowAttention(8, num_heads=2, window_size=(2, 3)), torch.randn(2, 6, 8)),
        run("window of beit", BeitAttention(8, num_heads=2, qkv_bias=False, window_size=(2, 3)), torch.randn(2, 7, 8)),
        run("rotary of llama", line, x, forward=turned(line, llama)),
        run("rotary of roformer", neighbours, x, forward=turned(neighbours, roformer)),
        run("rotary of eva", eva, torch.randn(2, 7, 8), forward=lambda v: eva(v, rope=eva_rope)),
        run("rotary of dinov3", dino, torch.randn(2, 8, 8), forward=lambda v: dino(v, rope=dino_rope)),
    ]
    # Two queries of width 8 and five tokens of width 6, which are the first 6 features of the others.
    cross, padded = Cross(8, 6, 2), Cross(8, 6, 2)
    padding = torch.tensor([[False] * 5, [False, False, False, True, True]])
    cases += [
        run("cross attention", cross, torch.randn(2, 7, 8), forward=lambda v: cross(v[:, :2], v[:, 2:, :6])),
        run("cross attention with padding", padded, torch.randn(2, 7, 8), forward=lambda v: padded(v[:, :2], v[:, 2:, :6], key_padding_mask=padding)),
    ]
    versions = {"torch": torch.__version__, "timm": timm.__version__, "transformers": transformers.__version__, "numpy": np.__version__}
    (HERE / "blocks.json").write_text(json.dumps({"generator": "test/golden/nn/generate_blocks.py", "seed": SEED, "versions": versions, "layers": cases}))


main()
