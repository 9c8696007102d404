"""Goldens of ssl-tensor's attention: values and gradients of torch's scaled_dot_product_attention.

Run: python generate_attention.py (needs torch). Writes attention.json beside this file.
Loss = sum(y * weights). Masks: bool, true = may attend (stored as 0 and 1), or float, added to the scores.
"""

import json
from pathlib import Path

import torch
from torch.nn.functional import scaled_dot_product_attention

HERE = Path(__file__).parent
SEED = 20264


def array(t):
    t = t.detach()
    if t.dtype == torch.bool:
        return {"shape": list(t.shape), "dtype": "bool", "data": [int(v) for v in t.flatten().tolist()]}
    return {"shape": list(t.shape), "dtype": "float32", "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}


def case(name, queries, keys, dim=5, dim_of_v=5, mask=None, causal=False, scale=None):
    q, k, v = (torch.randn(2, 3, n, d) for n, d in ((queries, dim), (keys, dim), (keys, dim_of_v)))
    leaves = [t.requires_grad_() for t in (q, k, v)]
    if mask is not None and mask.is_floating_point():
        leaves.append(mask.requires_grad_())
    y = scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, scale=scale)
    weights = torch.randn_like(y)
    gradients = torch.autograd.grad((y * weights).sum(), leaves)
    item = {"name": name, "q": array(q), "k": array(k), "v": array(v), "weights": array(weights), "y": array(y), "causal": causal}
    if mask is not None:
        item["mask"] = array(mask)
    if scale is not None:
        item["scale"] = scale
    item["gradients"] = dict(zip(("q", "k", "v", "mask"), map(array, gradients)))
    return item


torch.manual_seed(SEED)
padding = torch.ones(2, 1, 1, 4, dtype=torch.bool)
padding[0, ..., 3:] = False
padding[1, ..., 1:] = False
some = torch.rand(2, 3, 4, 4) > 0.4
some[0, 1, 2] = False
cases = [
    case("plain", 3, 4),
    case("values of another size", 3, 4, dim_of_v=2),
    case("scale", 3, 4, scale=0.2),
    case("padding mask", 3, 4, mask=padding),
    case("mask with a query that may attend nothing", 4, 4, mask=some),
    case("bias per head", 3, 4, mask=torch.randn(1, 3, 3, 4)),
    case("causal", 4, 4, causal=True),
    case("causal, more keys", 2, 4, causal=True),
    case("causal, more queries", 4, 2, causal=True),
]
content = {"generator": "test/golden/tensor/generate_attention.py", "seed": SEED, "versions": {"torch": torch.__version__}, "cases": cases}
(HERE / "attention.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
