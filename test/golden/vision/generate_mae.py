"""Golden values for ssl-vision's masked autoencoder, from Hugging Face's ViTMAE under the names of facebookresearch/mae.

Run: python test/golden/vision/generate_mae.py   (torch, transformers; writes mae.json beside itself)
"""
import json
import pathlib
import re

import torch
import transformers
from transformers import ViTMAEConfig, ViTMAEForPreTraining
from transformers.models.vit_mae.modeling_vit_mae import build_2d_sinusoidal_position_embedding

from hash_fill import digest, fill, hash_tensor

HERE = pathlib.Path(__file__).parent
INPUT_SEED, DIGEST_SEED, NOISE_SEED = 1001, 1003, 1004
IMAGE, PATCH, DIM, DEPTH, HEADS, DECODER = 16, 4, 24, 2, 3, {"dim": 16, "depth": 2, "heads": 2}
RENAMED = [
    (r"^vit\.embeddings\.", ""), (r"^vit\.layernorm", "norm"), (r"^vit\.layers", "blocks"), (r"^decoder\.", ""),
    (r"decoder_layers", "decoder_blocks"), (r"position_embeddings", "pos_embed"), (r"patch_embeddings\.projection", "patch_embed.proj"),
    (r"attention\.o_proj", "attn.proj"), (r"layernorm_before", "norm1"), (r"layernorm_after", "norm2"),
]


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


def reference_names(tensors):
    """facebookresearch/mae's names: queries, keys and values in one."""
    result = {}
    for name, value in tensors.items():
        for pattern, to in RENAMED:
            name = re.sub(pattern, to, name)
        part = re.match(r"(.*)attention\.([qkv])_proj\.(.*)", name)
        if part is None:
            result[name] = [value]
        else:
            result.setdefault(f"{part[1]}attn.qkv.{part[3]}", []).append(value)
    return result


class Filled:
    """What `fill` fills."""

    def __init__(self, tensors):
        self.tensors = tensors

    def state_dict(self):
        return self.tensors


def case(ratio, normalize):
    model = ViTMAEForPreTraining(ViTMAEConfig(
        hidden_size=DIM, num_hidden_layers=DEPTH, num_attention_heads=HEADS, intermediate_size=4 * DIM, image_size=IMAGE, patch_size=PATCH,
        decoder_hidden_size=DECODER["dim"], decoder_num_hidden_layers=DECODER["depth"], decoder_num_attention_heads=DECODER["heads"],
        decoder_intermediate_size=4 * DECODER["dim"], mask_ratio=ratio, norm_pix_loss=normalize, layer_norm_eps=1e-6))
    parameters = reference_names(dict(model.named_parameters()))
    filled = {name: torch.empty_like(torch.cat([value.detach() for value in values])) for name, values in parameters.items()}
    fill(Filled(filled))
    with torch.no_grad():
        for name, values in parameters.items():
            for value, part in zip(values, filled[name].chunk(len(values))):
                value.copy_(part)
    x = hash_tensor((2, IMAGE, IMAGE, 3), INPUT_SEED).permute(0, 3, 1, 2).contiguous()
    noise = hash_tensor((2, (IMAGE // PATCH) ** 2), NOISE_SEED)
    out = model(pixel_values=x, noise=noise)
    out.loss.backward()
    order = torch.argsort(noise, dim=1)
    kept = int(order.shape[1] * (1 - ratio))
    masked = order[:, kept:]
    prediction = torch.gather(out.logits, 1, masked.unsqueeze(-1).expand(-1, -1, out.logits.shape[2]))
    gradients = {name: torch.cat([value.grad for value in values]) for name, values in parameters.items() if values[0].requires_grad}
    return {"maskRatio": ratio, "normalizeTargets": normalize, "loss": out.loss.item(), "kept": order[:, :kept].tolist(), "masked": masked.tolist(),
            "prediction": digest(prediction.detach(), DIGEST_SEED),
            "gradients": {name: digest(value, DIGEST_SEED) for name, value in gradients.items()},
            "shapes": {name: list(value.shape) for name, value in filled.items()}}


cases = [case(0.75, True), case(0.6, False)]
shapes = cases[0]["shapes"]
for record in cases:
    del record["shapes"]
positions = build_2d_sinusoidal_position_embedding(height=3, width=5, embed_dim=12, cls_token=True)
# Hugging Face's own models swap the halves, as the reference does.
positions = torch.cat([positions[:, 6:], positions[:, :6]], 1)
(HERE / "mae.json").write_text(json.dumps({
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__}, "seed": "hash_fill.py",
    "options": {"imageSize": IMAGE, "patchSize": PATCH, "dim": DIM, "depth": DEPTH, "heads": HEADS, "decoder": DECODER},
    "image": [2, IMAGE, IMAGE, 3], "patches": (IMAGE // PATCH) ** 2, "shapes": shapes, "cases": cases,
    "positions": {"dim": 12, "rows": 3, "columns": 5, "values": numbers(positions)}}) + "\n")
