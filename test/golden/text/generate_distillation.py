"""Golden losses and gradients of distillation on the BERT of bert-mlm.safetensors, in float64.

DistilBERT written out from distiller.py of transformers' research projects (with restrict_ce_to_mask), sentence vectors from arXiv
2004.09813, equation 1. The student's weights are 0.7 times the teacher's.

python generate_distillation.py   (torch, transformers, safetensors, numpy)
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
settings = dict(
    vocab_size=48, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=16, type_vocab_size=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)
state = load_file(here / "bert-mlm.safetensors")
given = json.loads((here / "sentence.json").read_text())
shape = given["shape"]
ids, mask = (torch.tensor(given["parts"][0][name]).reshape(shape) for name in ("inputIds", "attentionMask"))
positions, labels = torch.tensor(given["maskedPositions"]), torch.tensor(given["maskedLabels"])


def model(factor):
    made = BertForMaskedLM(BertConfig(**settings, attn_implementation="eager"))
    made.load_state_dict({name: (tensor.double() * factor).float() for name, tensor in state.items()}, strict=False)
    made.tie_weights()
    return made.double().train()


def rounded(tensor):
    return [float(np.float32(value)) for value in tensor.detach().flatten().tolist()]


def told(loss, student, **parts):
    loss.backward()
    names = ("bert.embeddings.position_embeddings.weight", "bert.encoder.layer.1.attention.self.value.weight", "bert.encoder.layer.0.output.dense.bias")
    return {
        "loss": float(loss.detach()),
        "parts": {name: float(value.detach()) for name, value in parts.items()},
        "gradients": {name: rounded(student.get_parameter(name).grad) for name in names},
    }


cases = {}
T = 2.0
student, teacher = model(0.7), model(1.0).requires_grad_(False)
s_out = student(input_ids=ids, attention_mask=mask, output_hidden_states=True)
t_out = teacher(input_ids=ids, attention_mask=mask, output_hidden_states=True)
s_logits, t_logits = (out.logits.reshape(-1, 48)[positions] for out in (s_out, t_out))
ce = F.kl_div(F.log_softmax(s_logits / T, -1), F.softmax(t_logits / T, -1), reduction="batchmean") * T**2
mlm = F.cross_entropy(s_logits, labels)
chosen = mask.reshape(-1).bool()
s_hidden, t_hidden = (out.hidden_states[-1].reshape(-1, 32)[chosen] for out in (s_out, t_out))
cosine = F.cosine_embedding_loss(s_hidden, t_hidden, torch.ones(len(s_hidden)))
cases["mlm"] = told(5 * ce + 2 * mlm + 1 * cosine, student, distillationLoss=ce, mlmLoss=mlm, cosineLoss=cosine)


def mean(made):
    hidden = made.bert(input_ids=ids, attention_mask=mask).last_hidden_state
    weight = mask.unsqueeze(-1).double()
    return (hidden * weight).sum(1) / weight.sum(1)


student = model(0.7)
cases["mse"] = told(F.mse_loss(mean(student), mean(teacher)), student)
student = model(0.7)
cases["cosine"] = told((1 - F.cosine_similarity(mean(student), mean(teacher))).mean(), student)
(here / "distillation.json").write_text(json.dumps({"cases": cases}) + "\n")
