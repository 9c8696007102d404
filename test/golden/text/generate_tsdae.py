"""Golden loss and gradients of TSDAE: DenoisingAutoEncoderLoss of sentence-transformers over transformers' BertLMHeadModel.

Written out from arXiv 2104.06979 and sentence-transformers' loss, on the BERT of bert-mlm.safetensors, in float64.

python generate_tsdae.py   (torch, transformers, safetensors, numpy)
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from transformers import BertConfig, BertForMaskedLM, BertLMHeadModel

here = pathlib.Path(__file__).parent
torch.set_num_threads(1)
torch.manual_seed(20261129)
settings = dict(
    vocab_size=48, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=16, type_vocab_size=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    pad_token_id=0,
)
state = load_file(here / "bert-mlm.safetensors")


def sines(shape, shift):
    values = 0.3 * np.sin(shift + 0.7 * np.arange(int(np.prod(shape)), dtype=np.float64))
    return torch.tensor(values.astype(np.float32).astype(np.float64).reshape(shape))


def rounded(tensor):
    return [float(np.float32(value)) for value in tensor.detach().flatten().tolist()]


def texts(lengths, tokens=9):
    ids = torch.zeros(len(lengths), tokens, dtype=torch.long)
    mask = torch.zeros(len(lengths), tokens, dtype=torch.long)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(5, 48, (length,))
        mask[row, :length] = 1
    return ids, mask


whole, whole_mask = texts([9, 6, 4])
noisy, noisy_mask = texts([5, 3, 3])

cases = {}
for name in ("untied", "tied"):
    encoder = BertForMaskedLM(BertConfig(**settings, attn_implementation="eager"))
    encoder.load_state_dict(state, strict=False)
    encoder = encoder.bert.double().train()
    decoder = BertLMHeadModel(BertConfig(**settings, attn_implementation="eager", is_decoder=True, add_cross_attention=True))
    decoder.load_state_dict(state, strict=False)
    decoder.tie_weights()
    decoder = decoder.double().train()
    with torch.no_grad():
        for at, layer in enumerate(decoder.bert.encoder.layer):
            cross = layer.crossattention
            cross.self.value.weight.copy_(sines((32, 32), 3 + at))
            cross.self.value.bias.copy_(sines((32,), 4 + at))
            cross.output.dense.weight.copy_(sines((32, 32), 5 + at))
            cross.output.dense.bias.copy_(sines((32,), 6 + at))
    if name == "tied":
        decoder.bert.embeddings = encoder.embeddings
        decoder.cls.predictions.decoder.weight = encoder.embeddings.word_embeddings.weight
        for theirs, ours in zip(decoder.bert.encoder.layer, encoder.encoder.layer):
            theirs.attention, theirs.intermediate = ours.attention, ours.intermediate
            # The module holds the feed-forward's second part.
            theirs.output = ours.output
    vector = encoder(input_ids=noisy, attention_mask=noisy_mask).last_hidden_state[:, 0]
    logits = decoder(
        input_ids=whole[:, :-1],
        encoder_hidden_states=vector[:, None],
        encoder_attention_mask=noisy_mask[:, :1],
        use_cache=False,
    ).logits
    loss = F.cross_entropy(logits.reshape(-1, 48), whole[:, 1:].reshape(-1), ignore_index=0)
    loss.backward()
    gradients = {
        "encoder.bert.encoder.layer.0.attention.self.query.weight": encoder.encoder.layer[0].attention.self.query.weight,
        "encoder.bert.encoder.layer.1.output.LayerNorm.weight": encoder.encoder.layer[1].output.LayerNorm.weight,
        "encoder.bert.embeddings.position_embeddings.weight": encoder.embeddings.position_embeddings.weight,
        "decoder.bert.encoder.layer.1.crossattention.self.value.weight": decoder.bert.encoder.layer[1].crossattention.self.value.weight,
        "decoder.bert.encoder.layer.0.crossattention.output.LayerNorm.weight": decoder.bert.encoder.layer[0].crossattention.output.LayerNorm.weight,
        "decoder.bert.encoder.layer.1.intermediate.dense.bias": decoder.bert.encoder.layer[1].intermediate.dense.bias,
        "decoder.bert.embeddings.position_embeddings.weight": decoder.bert.embeddings.position_embeddings.weight,
        "decoder.cls.predictions.bias": decoder.cls.predictions.bias,
    }
    cases[name] = {
        "loss": float(loss.detach()),
        "gradients": {path: rounded(parameter.grad) for path, parameter in gradients.items()},
    }

golden = {
    "shape": [3, 9],
    "noisy": {"inputIds": noisy.flatten().tolist(), "attentionMask": noisy_mask.flatten().tolist()},
    "whole": {"inputIds": whole.flatten().tolist(), "attentionMask": whole_mask.flatten().tolist()},
    "cases": cases,
}
(here / "tsdae.json").write_text(json.dumps(golden) + "\n")
