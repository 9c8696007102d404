"""Golden values for ssl-text-mlm's ModernBERT: checkpoints written by transformers, outputs, losses and gradients.

python generate_modern_bert.py   (torch, transformers, safetensors, numpy)
"""

import json
import pathlib
import shutil
import tempfile

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import ModernBertConfig, ModernBertForMaskedLM, ModernBertForSequenceClassification

SEED = 20261129
here = pathlib.Path(__file__).parent
torch.manual_seed(SEED)
torch.set_num_threads(1)

special = dict(bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3, pad_token_id=0)
models = {
    # Windows of two tokens to each side in rows of 13; everything else as ModernBERT-base.
    "small": dict(
        vocab_size=40, hidden_size=16, intermediate_size=20, num_hidden_layers=4, num_attention_heads=2,
        max_position_embeddings=32, local_attention=4, classifier_pooling="cls", **special,
    ),
    # Every option the other way: biases, an own decoder, other thetas, layers of an uneven order, an odd window.
    "biased": dict(
        vocab_size=36, hidden_size=24, intermediate_size=16, num_hidden_layers=3, num_attention_heads=3,
        max_position_embeddings=24, local_attention=7, classifier_pooling="mean", norm_bias=True, attention_bias=True,
        mlp_bias=True, decoder_bias=False, classifier_bias=True, tie_word_embeddings=False, norm_eps=1e-3,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": 500.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 40.0},
        },
        **special,
    ),
}


def rounded(tensor):
    return [float(np.float32(value)) for value in tensor.detach().flatten().tolist()]


def randomise(model):
    for name, parameter in model.named_parameters():  # larger than the initialisation, so that errors show
        is_norm = "norm" in name and name.endswith("weight")
        torch.nn.init.normal_(parameter, 1.0 if is_norm else 0.0, 0.2 if is_norm else 0.3)


def saved(model):
    folder = pathlib.Path(tempfile.mkdtemp())
    model.save_pretrained(folder)
    return folder


golden = {
    "generator": "generate_modern_bert.py",
    "seed": SEED,
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "models": {},
    "defaultConfig": ModernBertConfig().to_dict(),
}
for name, settings in models.items():
    config = ModernBertConfig(**settings, num_labels=3, attn_implementation="eager")
    mlm = ModernBertForMaskedLM(config).eval()
    classifier = ModernBertForSequenceClassification(config).eval()
    for model in (mlm, classifier):
        randomise(model)
    classifier.model.load_state_dict(mlm.model.state_dict())
    batch, tokens = 3, 13
    lengths = [13, 9, 4]
    input_ids = torch.randint(5, settings["vocab_size"], (batch, tokens))
    attention_mask = torch.zeros(batch, tokens, dtype=torch.long)
    for row, length in enumerate(lengths):
        attention_mask[row, :length] = 1
    input_ids[attention_mask == 0] = 0
    positions = torch.tensor([1, 6, 12, 13, 17, 21, 28])  # flat, in batch * tokens
    targets = torch.randint(5, settings["vocab_size"], (len(positions),))
    labels = torch.full((batch * tokens,), -100)
    labels[positions] = targets
    output = mlm(input_ids=input_ids, attention_mask=attention_mask, labels=labels.reshape(batch, tokens), output_hidden_states=True)
    output.loss.backward()
    # padding_idx keeps the gradient of the embedding of the padding at 0, also that of the tied decoder's row.
    gradients = {key: value.grad.contiguous().clone() for key, value in mlm.named_parameters()}
    folder = saved(mlm)
    shutil.copy(folder / "model.safetensors", here / f"modern-bert-{name}.safetensors")
    save_file(gradients, here / f"modern-bert-{name}-gradients.safetensors", metadata={"format": "pt"})
    classes = torch.tensor([2, 0, 1])
    scores = classifier(input_ids=input_ids, attention_mask=attention_mask, labels=classes)
    scores.loss.backward()
    head = {key: value.contiguous().clone() for key, value in classifier.state_dict().items() if not key.startswith("model.")}
    head_gradients = {f"gradients.{key}": value.grad.contiguous().clone() for key, value in classifier.named_parameters() if not key.startswith("model.") or "Wqkv" in key}
    save_file(head | head_gradients, here / f"modern-bert-{name}-classifier.safetensors", metadata={"format": "pt"})
    golden["models"][name] = {
        "config": json.loads((folder / "config.json").read_text()),
        "shape": [batch, tokens],
        "inputIds": input_ids.flatten().tolist(),
        "attentionMask": attention_mask.flatten().tolist(),
        "positions": positions.tolist(),
        "labels": targets.tolist(),
        "hiddenStates": [rounded(state) for state in output.hidden_states],
        "logits": rounded(output.logits.reshape(batch * tokens, -1)[positions]),
        "loss": output.loss.item(),
        "classes": classes.tolist(),
        "classifier": {"logits": rounded(scores.logits), "loss": scores.loss.item()},
        "classifierShapes": {key: list(value.shape) for key, value in classifier.state_dict().items()},
    }
(here / "modern-bert.json").write_text(json.dumps(golden) + "\n")
