"""Golden values for BertForPreTraining: weights, scores, loss and every gradient of Hugging Face's, at two sizes.

Masked tokens and next sentences, with token types and padding, in float64.

python generate_pre_training.py   (torch, transformers, safetensors, numpy)
"""

import json
import pathlib

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import BertConfig, BertForPreTraining

SEED = 20261129
here = pathlib.Path(__file__).parent
torch.set_num_threads(1)


def rounded(tensor):
    return [float(np.float32(value)) for value in tensor.detach().flatten().tolist()]


def write(name, settings, lengths, seconds, tokens):
    torch.manual_seed(SEED)
    common = dict(type_vocab_size=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = BertForPreTraining(BertConfig(**settings, **common, attn_implementation="eager")).eval()
    for parameter_name, parameter in model.named_parameters():  # larger than the initialisation, so that errors show
        torch.nn.init.normal_(parameter, 1.0 if parameter_name.endswith("LayerNorm.weight") else 0.0, 0.12)
    weights = {key: tensor.clone().contiguous() for key, tensor in model.state_dict().items()}
    model = model.double()
    batch = len(lengths)
    ids = torch.zeros(batch, tokens, dtype=torch.long)
    mask = torch.zeros(batch, tokens, dtype=torch.long)
    types = torch.zeros(batch, tokens, dtype=torch.long)
    for row, (length, second) in enumerate(zip(lengths, seconds)):
        ids[row, :length] = torch.randint(5, settings["vocab_size"], (length,))
        mask[row, :length] = 1
        types[row, second:length] = 1
    positions = torch.tensor([row * tokens + place for row, length in enumerate(lengths) for place in range(1, length, 3)])
    targets = torch.randint(5, settings["vocab_size"], (len(positions),))
    labels = torch.full((batch * tokens,), -100)
    labels[positions] = targets
    pair_labels = torch.tensor([row % 2 for row in range(batch)])
    output = model(
        input_ids=ids, attention_mask=mask, token_type_ids=types,
        labels=labels.reshape(batch, tokens), next_sentence_label=pair_labels,
    )
    output.loss.backward()
    # What save_pretrained writes: the tied decoder is not repeated.
    tied = ("cls.predictions.decoder.weight", "cls.predictions.decoder.bias")
    state = {f"state|{key}": tensor for key, tensor in weights.items() if key not in tied}
    gradients = {f"gradients|{key}": parameter.grad.float().contiguous() for key, parameter in model.named_parameters()}
    save_file({**state, **gradients}, here / f"pre-training-{name}.safetensors", metadata={"format": "pt"})
    golden = {
        "generator": "generate_pre_training.py",
        "seed": SEED,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "config": {**settings, **common},
        "shape": [batch, tokens],
        "inputIds": ids.flatten().tolist(),
        "attentionMask": mask.flatten().tolist(),
        "tokenTypeIds": types.flatten().tolist(),
        "maskedPositions": positions.tolist(),
        "maskedLabels": targets.tolist(),
        "pairLabels": pair_labels.tolist(),
        "tokens": rounded(output.prediction_logits.reshape(batch * tokens, -1)[positions]),
        "pairs": rounded(output.seq_relationship_logits),
        "loss": output.loss.item(),
    }
    (here / f"pre-training-{name}.json").write_text(json.dumps(golden) + "\n")


write(
    "small",
    dict(vocab_size=24, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=12),
    [10, 7, 5], [5, 4, 3], 10,
)
write(
    "wide",
    dict(vocab_size=30, hidden_size=24, num_hidden_layers=1, num_attention_heads=3, intermediate_size=48, max_position_embeddings=14),
    [12, 9, 6, 4], [7, 3, 3, 2], 13,
)
