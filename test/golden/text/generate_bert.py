"""Golden values for ssl-text-mlm's BERT: weights, outputs, losses and gradients of Hugging Face's.

python generate_bert.py   (torch, transformers, safetensors, numpy)
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification

SEED = 20261124
here = pathlib.Path(__file__).parent
torch.manual_seed(SEED)
torch.set_num_threads(1)

settings = dict(
    vocab_size=48, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=16, type_vocab_size=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)
config = BertConfig(**settings, attn_implementation="eager", num_labels=5)
mlm = BertForMaskedLM(config).eval()
classifier = BertForSequenceClassification(config).eval()
for model in (mlm, classifier):
    for parameter in model.parameters():  # larger than the initialisation, so that errors show
        torch.nn.init.normal_(parameter, 0.0, 0.12)
    for name, parameter in model.named_parameters():
        if name.endswith("LayerNorm.weight"):
            torch.nn.init.normal_(parameter, 1.0, 0.1)
classifier.bert.load_state_dict(mlm.bert.state_dict(), strict=False)

batch, tokens = 3, 10
lengths = [10, 7, 4]
input_ids = torch.randint(5, 48, (batch, tokens))
attention_mask = torch.zeros(batch, tokens, dtype=torch.long)
for row, length in enumerate(lengths):
    attention_mask[row, :length] = 1
input_ids[attention_mask == 0] = 0
positions = torch.tensor([1, 4, 8, 12, 15, 22])  # flat, in batch * tokens
targets = torch.randint(5, 48, (len(positions),))
labels = torch.full((batch * tokens,), -100)
labels[positions] = targets
labels = labels.reshape(batch, tokens)


def rounded(tensor):
    return [float(np.float32(value)) for value in tensor.detach().flatten().tolist()]


def shapes(state):
    return {name: list(tensor.shape) for name, tensor in sorted(state.items())}


# Masked-language modelling
output = mlm(input_ids=input_ids, attention_mask=attention_mask, labels=labels, output_hidden_states=True)
output.loss.backward()
mlm_gradients = {name: parameter.grad.contiguous().clone() for name, parameter in mlm.named_parameters() if parameter.grad is not None}

# Classification from the pooler, as Hugging Face does it, and from the mean over the attention mask
classes = torch.tensor([3, 0, 4])
pooled = classifier(input_ids=input_ids, attention_mask=attention_mask, labels=classes)
pooled.loss.backward()
pooled_gradients = {name: classifier.get_parameter(name).grad.clone() for name in ("classifier.weight", "bert.pooler.dense.weight", "bert.embeddings.position_embeddings.weight")}
classifier.zero_grad()
hidden = classifier.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
weight = attention_mask.unsqueeze(-1).float()
mean_logits = classifier.classifier((hidden * weight).sum(1) / weight.sum(1))
mean_loss = F.cross_entropy(mean_logits, classes)
mean_loss.backward()
mean_gradients = {name: classifier.get_parameter(name).grad.clone() for name in ("classifier.weight", "bert.embeddings.position_embeddings.weight")}

# What save_pretrained writes: the tied decoder is not repeated.
tied = ("cls.predictions.decoder.weight", "cls.predictions.decoder.bias")
mlm_state = {name: tensor.contiguous().clone() for name, tensor in mlm.state_dict().items() if name not in tied}
save_file(mlm_state, here / "bert-mlm.safetensors", metadata={"format": "pt"})
head_state = {name: tensor.contiguous().clone() for name, tensor in classifier.state_dict().items() if "pooler" in name or name.startswith("classifier")}
save_file(head_state, here / "bert-classifier-head.safetensors", metadata={"format": "pt"})
save_file(mlm_gradients, here / "bert-mlm-gradients.safetensors", metadata={"format": "pt"})

golden = {
    "generator": "generate_bert.py",
    "seed": SEED,
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "config": settings,
    "inputIds": input_ids.flatten().tolist(),
    "attentionMask": attention_mask.flatten().tolist(),
    "shape": [batch, tokens],
    "maskedPositions": positions.tolist(),
    "maskedLabels": targets.tolist(),
    "embeddings": rounded(output.hidden_states[0]),
    "lastHidden": rounded(output.hidden_states[-1]),
    "maskedLogits": rounded(output.logits.reshape(batch * tokens, -1)[positions]),
    "loss": output.loss.item(),
    "classes": classes.tolist(),
    "pooled": {"logits": rounded(pooled.logits), "loss": pooled.loss.item(), "gradients": {k: rounded(v) for k, v in pooled_gradients.items()}},
    "mean": {"logits": rounded(mean_logits), "loss": mean_loss.item(), "gradients": {k: rounded(v) for k, v in mean_gradients.items()}},
    "mlmShapes": shapes(mlm_state),
    "classifierShapes": shapes(classifier.state_dict()),
}
(here / "bert.json").write_text(json.dumps(golden))
