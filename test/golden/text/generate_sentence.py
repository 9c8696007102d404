"""Golden losses and gradients of sentence objectives on the BERT of bert-mlm.safetensors, in float64.

SimCSE written out from simcse/models.py of princeton-nlp/SimCSE (cl_forward), Matryoshka from arXiv 2205.13147, equation 1.

python generate_sentence.py   (torch, transformers, safetensors, numpy)
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from transformers import BertConfig, BertForMaskedLM

here = pathlib.Path(__file__).parent
torch.set_num_threads(1)
torch.manual_seed(20261129)
settings = dict(
    vocab_size=48, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=16, type_vocab_size=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)
state = load_file(here / "bert-mlm.safetensors")


def sines(rows, columns, shift):
    """Weights that both sides can make: 0.3 sin(shift + 0.7 i), row by row."""
    values = 0.3 * np.sin(shift + 0.7 * np.arange(rows * columns, dtype=np.float64))
    return torch.tensor(values.astype(np.float32).astype(np.float64).reshape(rows, columns))


def rounded(tensor):
    return [float(np.float32(value)) for value in tensor.detach().flatten().tolist()]


def texts(lengths, tokens=8):
    ids = torch.zeros(len(lengths), tokens, dtype=torch.long)
    mask = torch.zeros(len(lengths), tokens, dtype=torch.long)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(5, 48, (length,))
        mask[row, :length] = 1
    return ids, mask


parts = [texts([8, 5, 6, 3]), texts([4, 8, 3, 6]), texts([7, 4, 5, 8])]
positions = torch.tensor([1, 3, 9, 17, 25])
targets = torch.randint(5, 48, (5,))
tracked = [
    "bert.embeddings.position_embeddings.weight",
    "bert.encoder.layer.0.attention.self.query.weight",
    "bert.encoder.layer.1.output.dense.bias",
    "bert.encoder.layer.1.output.LayerNorm.weight",
]


def fresh():
    model = BertForMaskedLM(BertConfig(**settings, attn_implementation="eager"))
    missing = model.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys
    model.tie_weights()
    return model.double().train()


def encode(model, given, pooling, head):
    ids, mask = given
    hidden = model.bert(input_ids=ids, attention_mask=mask).last_hidden_state
    weight = mask.unsqueeze(-1).double()
    pooled = hidden[:, 0] if pooling == "cls" else (hidden * weight).sum(1) / weight.sum(1)
    return pooled if head is None else torch.tanh(F.linear(pooled, head[0], head[1]))


def sim_cse(z1, z2, z3=None, temperature=0.05, hard_negative_weight=0.0):
    cosine = lambda x, y: F.cosine_similarity(x.unsqueeze(1), y.unsqueeze(0), dim=-1) / temperature
    scores = cosine(z1, z2)
    labels = torch.arange(len(z1))
    if z3 is not None:
        scores = torch.cat([scores, cosine(z1, z3)], 1)
        n = len(z1)
        weights = torch.zeros_like(scores)
        for i in range(n):
            weights[i, n + i] = hard_negative_weight
        scores = scores + weights
    return F.cross_entropy(scores, labels)


def told(loss, model, head=None):
    loss.backward()
    gradients = {name: rounded(model.get_parameter(name).grad) for name in tracked}
    if head is not None:
        gradients["head.dense.weight"] = rounded(head[0].grad)
        gradients["head.dense.bias"] = rounded(head[1].grad)
    return {"loss": float(loss), "gradients": gradients}


def new_head():
    head = (sines(32, 32, 1.0), sines(1, 32, 2.0)[0])
    for tensor in head:
        tensor.requires_grad_()
    return head


cases = {}
model, head = fresh(), new_head()
z = encode(model, parts[0], "cls", head)
mlm_ids, mlm_mask = parts[0]
logits = model(input_ids=mlm_ids, attention_mask=mlm_mask).logits.reshape(-1, 48)[positions]
cases["unsupervised"] = told(sim_cse(z, z) + 0.1 * F.cross_entropy(logits, targets), model, head)

model, head = fresh(), new_head()
cases["supervised"] = told(sim_cse(*[encode(model, part, "cls", head) for part in parts], hard_negative_weight=0.7), model, head)

model = fresh()
cases["pairs"] = told(sim_cse(*[encode(model, part, "mean", None) for part in parts[:2]], temperature=0.2), model)

model = fresh()
z = [encode(model, part, "mean", None) for part in parts]
prefix = lambda width: [F.normalize(x[:, :width], dim=-1) for x in z]
total = sum(weight * sim_cse(*prefix(width), hard_negative_weight=0.7) for width, weight in ((8, 1.0), (16, 0.5), (32, 2.0)))
cases["matryoshka"] = told(total, model)

golden = {
    "shape": [4, 8],
    "parts": [{"inputIds": ids.flatten().tolist(), "attentionMask": mask.flatten().tolist()} for ids, mask in parts],
    "maskedPositions": positions.tolist(),
    "maskedLabels": targets.tolist(),
    "cases": cases,
}
(here / "sentence.json").write_text(json.dumps(golden) + "\n")
