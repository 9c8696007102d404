"""Golden values for ssl-text-mlm's DeBERTa v1, v2 and v3: outputs, losses and gradients of Hugging Face's.

Weights are those of hash_fill.py over the names that `save_pretrained` writes, so that the file need not hold them.
transformers has no enhanced mask decoder. Its values here come from Microsoft's rule (microsoft/DeBERTa at 10f237a,
DeBERTa/apps/models/masked_language_model.py, `emd_context_layer`) with transformers' own layers for v2 and v3, and for v1,
whose layers of transformers cannot take queries of their own, from loops over each query and key.

python generate_deberta.py   (torch, transformers, numpy)
"""
import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from transformers import (
    DebertaConfig, DebertaForMaskedLM, DebertaForSequenceClassification, DebertaV2Config, DebertaV2ForMaskedLM,
    DebertaV2ForSequenceClassification,
)
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent / "vision"))
from hash_fill import digest, hash_tensor  # noqa: E402

torch.manual_seed(0)
torch.set_num_threads(1)
DIGEST_SEED = 1003
POSITION_SEED = 777
VOCAB = 40
base = dict(
    vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
    max_position_embeddings=20, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=0,
    relative_attention=True, pos_att_type=["c2p", "p2c"], position_biased_input=False,
)
larger = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=64)
v3 = dict(share_att_key=True, norm_rel_ebd="layer_norm", position_buckets=8, max_relative_positions=-1, legacy=False)
conv = dict(share_att_key=True, norm_rel_ebd="layer_norm", position_buckets=8, conv_kernel_size=3, conv_act="gelu")
cases = {
    "v1": (1, 10, dict(base)),
    "v1 of deberta-base's head, larger": (1, 13, dict(base, **larger, legacy=False)),
    "v1 with clamped offsets, positions and segments": (
        1, 13, dict(base, **larger, max_relative_positions=6, position_biased_input=True, type_vocab_size=2)),
    "v1 with one kind of score, narrow embedding": (1, 9, dict(base, pos_att_type=["c2p"], embedding_size=24)),
    "v1 without relative attention": (1, 9, dict(base, relative_attention=False, position_biased_input=True, pos_att_type=[])),
    "v2": (2, 10, dict(base)),
    "v2 with buckets and p2c, larger": (2, 17, dict(base, **larger, position_buckets=6, max_relative_positions=14, pos_att_type=["p2c"])),
    "v2-xlarge": (2, 11, dict(base, **conv)),
    "v2-xlarge, larger, conv of groups": (
        2, 16, dict(base, **larger, **dict(conv, conv_act="tanh", conv_kernel_size=5, conv_groups=3), embedding_size=16, type_vocab_size=2)),
    "v3": (2, 12, dict(base, **v3)),
    "v3, larger": (2, 18, dict(base, **larger, **dict(v3, position_buckets=4))),
}


def rounded(tensor, digits=6):
    return [float(f"{value:.{digits}g}") for value in tensor.detach().double().flatten().tolist()]


def fill(model, tied):
    """As hash_fill.fill, over the names that a saved file has."""
    state = {name: value for name, value in model.state_dict().items() if name not in tied}
    for seed, name in enumerate(sorted(state)):
        value = state[name]
        offset, scale = 0.0, 0.2
        if value.ndim == 1 and name.endswith("weight"):
            offset, scale = 1.0, 0.3
        elif value.ndim >= 2 and name.endswith("weight"):
            scale = float(np.sqrt(3.0 / np.prod(value.shape[1:])))
        with torch.no_grad():
            value.copy_(hash_tensor(tuple(value.shape), seed + 1) * scale + offset)
    return {name: list(value.shape) for name, value in sorted(state.items())}


def inputs(tokens, segments, batch=2):
    generator = torch.Generator().manual_seed(tokens)
    ids = torch.randint(5, VOCAB, (batch, tokens), generator=generator)
    mask = torch.ones(batch, tokens, dtype=torch.long)
    mask[1, tokens - 4:] = 0
    ids[mask == 0] = 0
    types = torch.randint(0, 2, (batch, tokens), generator=generator) if segments else torch.zeros_like(ids)
    positions = torch.tensor([1, 4, tokens - 1, tokens + 2, tokens + 3])
    targets = torch.randint(5, VOCAB, (5,), generator=generator)
    labels = torch.full((batch * tokens,), -100)
    labels[positions] = targets
    return ids, mask, types, positions, targets, labels.reshape(batch, tokens)


def digests(model, skip=()):
    return {name: [float(f"{v:.6g}") for v in digest(parameter.grad, DIGEST_SEED)]
            for name, parameter in model.named_parameters() if parameter.grad is not None and name not in skip}


def v1_layer(layer, hidden, mask, queries, table, config):
    """One layer of DeBERTa v1 with queries of their own, score by score."""
    own, heads = layer.attention.self, config.num_attention_heads
    dim = config.hidden_size // heads
    scale = math.sqrt(dim * (1 + len(config.pos_att_type)))
    span = config.max_relative_positions if config.max_relative_positions > 0 else config.max_position_embeddings
    batch, tokens, _ = hidden.shape
    weight = own.in_proj.weight.reshape(heads, 3, dim, config.hidden_size)
    q, k, v = (torch.einsum("bth,ndh->bntd", states, weight[:, part]) for part, states in enumerate((queries, hidden, hidden)))
    q = q + own.q_bias.reshape(1, heads, 1, dim)
    v = v + own.v_bias.reshape(1, heads, 1, dim)
    pos_key = own.pos_proj(table).reshape(-1, heads, dim)
    pos_query = own.pos_q_proj(table).reshape(-1, heads, dim)
    scores = []
    for i in range(tokens):
        row = []
        for j in range(tokens):
            place = min(max(i - j + span, 0), 2 * span - 1)
            total = (q[:, :, i] * k[:, :, j]).sum(-1) + (q[:, :, i] * pos_key[place]).sum(-1) + (k[:, :, j] * pos_query[place]).sum(-1)
            row.append(total / scale)
        scores.append(torch.stack(row, -1))
    scores = torch.stack(scores, -2).masked_fill(~mask.bool(), torch.finfo(torch.float32).min)
    mixed = torch.einsum("bnij,bnjd->bind", scores.softmax(-1), v).reshape(batch, tokens, -1)
    attended = layer.attention.output(mixed, queries)
    return layer.output(layer.intermediate(attended), attended)


def enhanced(model, config, version, ids, mask, positions, targets):
    """Logits at the masked places: the last layer twice, its first queries with absolute positions added."""
    tokens = ids.shape[1]
    table = hash_tensor((config.max_position_embeddings, config.hidden_size), POSITION_SEED).requires_grad_()
    states = model.deberta(ids, attention_mask=mask, output_hidden_states=True).hidden_states
    encoder = model.deberta.encoder
    hidden = states[-2]
    pairs = encoder.get_attention_mask(mask)
    queries = hidden + table[:tokens]
    for _ in range(2):
        if version == 1:
            queries = v1_layer(encoder.layer[-1], hidden, pairs, queries, encoder.get_rel_embedding(), config)
        else:
            queries = encoder.layer[-1](hidden, pairs, query_states=queries, relative_pos=encoder.get_rel_pos(hidden),
                                        rel_embeddings=encoder.get_rel_embedding())[0]
    logits = model.lm_predictions(queries, model.deberta.embeddings.word_embeddings).reshape(-1, VOCAB)[positions]
    loss = F.cross_entropy(logits, targets)
    model.zero_grad()
    loss.backward()
    gradients = digests(model)
    gradients["deberta.embeddings.position_embeddings.weight"] = [float(f"{v:.6g}") for v in digest(table.grad, DIGEST_SEED)]
    return {"logits": rounded(logits), "loss": loss.item(), "gradients": gradients}


def record(version, tokens, settings):
    config_class, mlm_class, classifier_class = (
        (DebertaConfig, DebertaForMaskedLM, DebertaForSequenceClassification) if version == 1
        else (DebertaV2Config, DebertaV2ForMaskedLM, DebertaV2ForSequenceClassification))
    config = config_class(**settings)
    model = mlm_class(config).eval()
    head = "cls.predictions." if config.legacy else None
    tied = (f"{head}decoder.weight", f"{head}decoder.bias") if head else ()
    shapes = fill(model, tied)
    ids, mask, types, positions, targets, labels = inputs(tokens, config.type_vocab_size > 0)
    out = model(input_ids=ids, attention_mask=mask, token_type_ids=types, labels=labels, output_hidden_states=True)
    model.zero_grad()
    out.loss.backward()
    golden = {
        "version": version, "config": {**config.to_dict(), "architectures": [mlm_class.__name__]}, "shapes": shapes,
        "shape": list(ids.shape), "inputIds": ids.flatten().tolist(), "attentionMask": mask.flatten().tolist(),
        "tokenTypeIds": types.flatten().tolist(), "positions": positions.tolist(), "targets": targets.tolist(),
        "hiddenStates": [[float(f"{v:.6g}") for v in digest(state.detach(), DIGEST_SEED)] for state in out.hidden_states],
        "lastHidden": rounded(out.hidden_states[-1], 5),
        "logits": rounded(out.logits.reshape(-1, VOCAB)[positions]), "loss": out.loss.item(), "gradients": digests(model, tied),
    }
    if not config.legacy:
        golden["enhanced"] = [enhanced(model, config, version, ids, mask, positions, targets)]
    if "conv_groups" in settings or "type_vocab_size" in settings or not settings["pos_att_type"]:
        return golden
    classes = torch.tensor([2, 0])
    classifier = classifier_class(config_class(**settings, num_labels=3)).eval()
    classifier_shapes = fill(classifier, ())
    out = classifier(input_ids=ids, attention_mask=mask, token_type_ids=types, labels=classes)
    out.loss.backward()
    golden["classifier"] = [{"shapes": classifier_shapes, "classes": classes.tolist(), "logits": rounded(out.logits),
                             "loss": out.loss.item(), "gradients": digests(classifier)}]
    return golden


def buckets(size, most, offsets):
    relative = torch.arange(-offsets + 1, offsets)
    return {"buckets": size, "maxPosition": most, "offsets": offsets,
            "positions": make_log_bucket_position(relative, size, most).long().tolist()}


golden = {
    "generator": "test/golden/text/generate_deberta.py",
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": np.__version__},
    "seed": "hash_fill.py",
    "digestSeed": DIGEST_SEED,
    "positionSeed": POSITION_SEED,
    "buckets": [buckets(256, 512, 520), buckets(8, 24, 40), buckets(32, 128, 140), buckets(6, 14, 20), buckets(4, 20, 25)],
    "cases": {name: record(*case) for name, case in cases.items()},
}
(here / "deberta.json").write_text(json.dumps(golden) + "\n")
