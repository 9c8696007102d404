"""Golden values of RoBERTa, DistilBERT and ELECTRA: weights, outputs, losses and all gradients of Hugging Face's, at two sizes.

python generate_families.py   (torch, transformers, safetensors, numpy)

Per family and size one JSON file, and one safetensors file whose names are `<part>|<name in transformers' file>`: `mlm` has
all tensors of a saved model for masked-language modelling, every other part those that the encoder has not, and
`<part>-gradients` the gradients of its loss.
"""

import json
import pathlib
import tempfile

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file, save_file

SEED = 20261129
here = pathlib.Path(__file__).parent
torch.set_num_threads(1)
LABELS = 3
CLASS_WEIGHTS = [0.5, 2.0, 1.25]

sizes = {
    "small": dict(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=18, type_vocab_size=2, embedding_size=8),
    "wide": dict(vocab_size=31, hidden_size=24, num_hidden_layers=1, num_attention_heads=3, intermediate_size=20, max_position_embeddings=14, type_vocab_size=1, embedding_size=24),
}


def config_of(family, size):
    bert = {name: value for name, value in size.items() if name != "embedding_size"} | dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    if family == "roberta":
        return transformers.RobertaConfig(**bert, layer_norm_eps=1e-5)
    if family == "electra":
        return transformers.ElectraConfig(**bert, embedding_size=size["embedding_size"])
    return transformers.DistilBertConfig(
        vocab_size=size["vocab_size"], dim=size["hidden_size"], n_layers=size["num_hidden_layers"], n_heads=size["num_attention_heads"], hidden_dim=size["intermediate_size"],
        max_position_embeddings=size["max_position_embeddings"], dropout=0.0, attention_dropout=0.0, qa_dropout=0.0, seq_classif_dropout=0.0)


def rounded(tensor):
    return [float(np.float32(value)) for value in tensor.detach().flatten().tolist()]


def stirred(model):
    """Values larger than the initialisation, so that errors show."""
    for name, parameter in model.named_parameters():
        norm = name.lower().endswith(("layernorm.weight", "layer_norm.weight"))
        torch.nn.init.normal_(parameter, 1.0 if norm else 0.0, 0.1 if norm else 0.15)
    return model.eval()


def saved(model):
    folder = tempfile.mkdtemp()
    model.save_pretrained(folder)
    return load_file(f"{folder}/model.safetensors"), json.loads(pathlib.Path(folder, "config.json").read_text())


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: parameter.grad.contiguous().clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


prefixes = {"roberta": "Roberta", "distilbert": "DistilBert", "electra": "Electra"}
for family, prefix in prefixes.items():
    for at, (size_name, size) in enumerate(sizes.items()):
        torch.manual_seed(SEED + at)
        config = config_of(family, size)
        config._attn_implementation = "eager"
        pad = config.pad_token_id
        mlm = stirred(getattr(transformers, f"{prefix}ForMaskedLM")(config))
        batch, tokens = 3, 9
        lengths = [9, 6, 4]
        input_ids = torch.randint(4, size["vocab_size"], (batch, tokens))
        mask = torch.zeros(batch, tokens, dtype=torch.long)
        for row, length in enumerate(lengths):
            mask[row, :length] = 1
        input_ids[mask == 0] = pad
        inputs = dict(input_ids=input_ids, attention_mask=mask)
        segments = None
        if family != "distilbert" and size["type_vocab_size"] > 1:
            segments = torch.zeros_like(input_ids)
            segments[:, 3:] = 1
            segments[mask == 0] = 0
            inputs["token_type_ids"] = segments
        tensors = {}
        golden = {"generator": "generate_families.py", "seed": SEED + at, "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
                  "shape": [batch, tokens], "inputIds": input_ids.flatten().tolist(), "attentionMask": mask.flatten().tolist(),
                  "tokenTypeIds": None if segments is None else segments.flatten().tolist()}

        positions = torch.tensor([1, 4, 7, 10, 13, 20])
        targets = torch.randint(4, size["vocab_size"], (len(positions),))
        labels = torch.full((batch * tokens,), -100)
        labels[positions] = targets
        output = mlm(**inputs, labels=labels.reshape(batch, tokens), output_hidden_states=True)
        state, written = saved(mlm)
        encoder = getattr(mlm, family)
        tensors |= {f"mlm|{name}": tensor for name, tensor in state.items()}
        tensors |= {f"mlm-gradients|{name}": tensor for name, tensor in gradients(mlm, output.loss).items()}
        golden |= {"config": written, "positions": positions.tolist(), "targets": targets.tolist(), "hiddenStates": [rounded(hidden) for hidden in output.hidden_states],
                   "logits": rounded(output.logits.reshape(batch * tokens, -1)[positions]), "loss": output.loss.item()}

        def head(name, kind, loss_of, **changes):
            head_config = config_of(family, size)
            head_config._attn_implementation = "eager"
            for key, value in changes.items():
                setattr(head_config, key, value)
            model = stirred(getattr(transformers, f"{prefix}For{kind}")(head_config))
            getattr(model, family).load_state_dict(encoder.state_dict())
            outputs = model(**inputs)
            loss = loss_of(outputs)
            state, written = saved(model)
            tensors.update({f"{name}|{key}": tensor for key, tensor in state.items() if not key.startswith(f"{family}.")})
            tensors.update({f"{name}-gradients|{key}": tensor for key, tensor in gradients(model, loss).items()})
            scores = [outputs.start_logits, outputs.end_logits] if kind == "QuestionAnswering" else [outputs.logits]
            golden[name] = {"config": written, "logits": [rounded(score) for score in scores], "loss": loss.item()}

        classes = torch.tensor([2, 0, 1])
        weights = torch.tensor(CLASS_WEIGHTS)
        many = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
        numbers = torch.tensor([0.7, -1.2, 0.1])
        tags = torch.randint(0, LABELS, (batch, tokens))
        tags[mask == 0] = -100
        tags[:, 0] = -100
        starts, ends = torch.tensor([1, 0, 2]), torch.tensor([4, 0, 3])
        replaced = torch.randint(0, 2, (batch, tokens)) * mask
        head("classes", "SequenceClassification", lambda out: F.cross_entropy(out.logits, classes, weight=weights), num_labels=LABELS)
        head("many", "SequenceClassification", lambda out: F.binary_cross_entropy_with_logits(out.logits, many), num_labels=LABELS)
        head("numbers", "SequenceClassification", lambda out: F.mse_loss(out.logits.squeeze(-1), numbers), num_labels=1)
        head("tags", "TokenClassification", lambda out: F.cross_entropy(out.logits.reshape(-1, LABELS), tags.flatten(), weight=weights, ignore_index=-100), num_labels=LABELS)
        head("spans", "QuestionAnswering", lambda out: (F.cross_entropy(out.start_logits, starts) + F.cross_entropy(out.end_logits, ends)) / 2, num_labels=2)
        if family == "electra":
            head("replaced", "PreTraining", lambda out: F.binary_cross_entropy_with_logits(out.logits[mask == 1], replaced[mask == 1].float()))
        golden |= {"labels": {"classWeights": CLASS_WEIGHTS, "classes": classes.tolist(), "many": many.flatten().tolist(), "numbers": rounded(numbers), "tags": tags.flatten().tolist(),
                              "starts": starts.tolist(), "ends": ends.tolist(), "replaced": replaced.flatten().tolist()}}
        (here / f"{family}-{size_name}.json").write_text(json.dumps(golden))
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, here / f"{family}-{size_name}.safetensors", metadata={"format": "pt"})
