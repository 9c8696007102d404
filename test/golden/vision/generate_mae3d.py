"""Golden steps of MAE on volumes: MONAI's `MaskedAutoEncoderViT`, masked by given noise, with the loss of `models_mae.py` of facebookresearch/mae.

Run: python test/golden/vision/generate_mae3d.py   (torch, monai, einops; writes mae3d.json beside itself)
"""
import json
import pathlib

import einops
import monai
import torch
from monai.networks.nets.masked_autoencoder_vit import MaskedAutoEncoderViT

from backbone_case import channels_first
from hash_fill import digest, fill, hash_tensor

HERE = pathlib.Path(__file__).parent
DIGEST_SEED, VOLUME_SEED, NOISE_SEED, STEPS, BATCH = 1003, 2101, 2201, 3, 3
VOLUME, PATCH, CHANNELS = [8, 4, 12], [4, 2, 4], 2
GRID = [side // patch for side, patch in zip(VOLUME, PATCH)]
PATCHES = GRID[0] * GRID[1] * GRID[2]
ENCODER = {"dim": 24, "depth": 2, "heads": 3, "mlpHidden": 40}
DECODER = {"dim": 12, "depth": 2, "heads": 2, "mlpHidden": 20}
RATE, MOMENTUM = 0.05, 0.9


class GivenMasking(MaskedAutoEncoderViT):
    """Keeps the patches with the smallest noise, in its order, as `random_masking` of models_mae.py does."""

    noise = None

    def _masking(self, x, masking_ratio=None):
        kept = self.noise.argsort(1)[:, :int((1 - self.masking_ratio) * x.shape[1])]
        mask = torch.ones(x.shape[:2], dtype=torch.int).scatter(1, kept, 0)
        return torch.gather(x, 1, kept[..., None].expand(-1, -1, x.shape[2])), kept, mask


def loss_of(prediction, volumes, mask, normalize):
    """`forward_loss` of models_mae.py, with patches of three axes."""
    (d, h, w), (p, q, r) = GRID, PATCH
    target = einops.rearrange(volumes, "b c (d p) (h q) (w r) -> b (d h w) (p q r c)", d=d, h=h, w=w, p=p, q=q, r=r)
    if normalize:
        mean, var = target.mean(-1, keepdim=True), target.var(-1, keepdim=True)
        target = (target - mean) / (var + 1.0e-6) ** 0.5
    loss = ((prediction - target) ** 2).mean(-1)
    return (loss * mask).sum() / mask.sum()


def case(ratio, normalize, bias):
    model = GivenMasking(in_channels=CHANNELS, img_size=VOLUME, patch_size=PATCH, hidden_size=ENCODER["dim"], mlp_dim=ENCODER["mlpHidden"],
                         num_layers=ENCODER["depth"], num_heads=ENCODER["heads"], masking_ratio=ratio, decoder_hidden_size=DECODER["dim"],
                         decoder_mlp_dim=DECODER["mlpHidden"], decoder_num_layers=DECODER["depth"], decoder_num_heads=DECODER["heads"], qkv_bias=bias)
    fill(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)
    record = {"maskRatio": ratio, "normalizeTargets": normalize, "qkvBias": bias, "losses": [],
              "shapes": {name: list(value.shape) for name, value in model.state_dict().items()}}
    for step in range(STEPS):
        model.noise = hash_tensor((BATCH, PATCHES), NOISE_SEED + step)
        volumes = channels_first(hash_tensor((BATCH, *VOLUME, CHANNELS), VOLUME_SEED + step)).contiguous()
        prediction, mask = model(volumes)
        loss = loss_of(prediction, volumes, mask, normalize)
        optimizer.zero_grad()
        loss.backward()
        record["losses"].append(loss.item())
        if step == 0:
            record["masked"] = mask.tolist()
            record["gradients"] = {name: digest(value.grad, DIGEST_SEED) for name, value in model.named_parameters() if value.grad is not None}
        optimizer.step()
    record["weights"] = {name: digest(value.detach(), DIGEST_SEED) for name, value in model.state_dict().items()}
    return record


(HERE / "mae3d.json").write_text(json.dumps({
    "versions": {"torch": torch.__version__, "monai": monai.__version__}, "seed": "hash_fill.py", "batch": BATCH, "patches": PATCHES,
    "rate": RATE, "momentum": MOMENTUM,
    "options": {"volumeSize": VOLUME, "patchSize": PATCH, "inChannels": CHANNELS, **ENCODER, "decoder": DECODER},
    "cases": [case(0.75, True, False), case(0.5, False, True)]}) + "\n")
