"""Goldens of ssl-losses' reconstruction losses: the authors' formulas, written down again and run by PyTorch in float64.

Run: python generate_reconstruction.py (needs torch, transformers). Writes reconstruction.json beside this file.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from cases import case, draw, labels, mask
from transformers import ElectraConfig, ElectraForPreTraining, ImageGPTConfig, ImageGPTForCausalImageModeling

HERE = Path(__file__).parent
SEED = 20264


def patches(images, p):
    b, h, w, c = images.shape
    return torch.einsum("nhpwqc->nhwpqc", images.reshape(b, h // p, p, w // p, p, c)).reshape(b, -1, p * p * c)


def mae(p=None, normalize=True, eps=1e-6):
    def loss(prediction, target, removed):
        if p is not None:
            target = patches(target, p)
        if normalize:
            target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + eps) ** 0.5
        error = ((prediction - target) ** 2).mean(-1)
        return (error * removed).sum() / removed.sum()

    return loss


def masked_patch_mse():
    return [
        case(mae(), [draw(2, 5, 6)], [draw(2, 5, 6, scale=3.0), mask(2, 5)]),
        case(mae(p=4), [draw(2, 4, 48)], [draw(2, 8, 8, 3), mask(2, 4)], {"patchSize": 4}),
        case(mae(p=2, normalize=False), [draw(1, 6, 4)], [draw(1, 4, 6, 1), mask(1, 6)], {"patchSize": 2, "normalizeTarget": False}),
        case(mae(eps=0.1), [draw(3, 2, 4)], [draw(3, 2, 4, scale=0.1), mask(3, 2)], {"eps": 0.1}),
    ]


def locally_standardized(x, window):
    """NHWC; mean and unbiased variance of the window around each pixel, outside pixels left out."""
    x = x.permute(0, 3, 1, 2)
    pool = lambda y, **more: F.avg_pool2d(y, window, stride=1, padding=window // 2, **more)
    mean, square = pool(x, count_include_pad=False), pool(x**2, count_include_pad=False)
    count = pool(torch.ones_like(x), count_include_pad=True) * window**2
    variance = ((square - mean**2) * (count / (count - 1))).clamp(min=0)
    return ((x - mean) / (variance + 1e-6) ** 0.5).permute(0, 2, 3, 1)


def simmim(beta=0.0, window=None):
    def loss(prediction, target, masked):
        if window is not None:
            target = locally_standardized(target, window)
        scale = prediction.shape[1] // masked.shape[1]
        pixels = masked.repeat_interleave(scale, 1).repeat_interleave(scale, 2).unsqueeze(-1)
        error = F.smooth_l1_loss(prediction, target, reduction="none", beta=beta)
        return (error * pixels).sum() / pixels.sum() / prediction.shape[-1]

    return loss


def masked_l1():
    return [
        case(simmim(), [draw(2, 4, 4, 3)], [draw(2, 4, 4, 3), mask(2, 2, 2)]),
        case(simmim(beta=0.5), [draw(1, 6, 4, 2)], [draw(1, 6, 4, 2), mask(1, 3, 2)], {"beta": 0.5}),
        case(simmim(window=5), [draw(1, 6, 9, 2)], [2 + 3 * draw(1, 6, 9, 2), mask(1, 2, 3)], {"normalizeWindow": 5}),
        case(simmim(window=47), [draw(1, 8, 8, 1)], [draw(1, 8, 8, 1), mask(1, 8, 8)], {"normalizeWindow": 47}),
    ]


def visual_tokens():
    def beit(smoothing=0.0):
        return lambda logits, tokens, masked: F.cross_entropy(
            logits[masked.bool()], tokens[masked.bool()], label_smoothing=smoothing
        )

    return [
        case(beit(), [draw(2, 5, 7, scale=2.0)], [labels(7, 2, 5), mask(2, 5)]),
        case(beit(0.1), [draw(3, 4, 11)], [labels(11, 3, 4), mask(3, 4)], {"labelSmoothing": 0.1}),
        case(beit(), [draw(1, 1, 3)], [labels(3, 1, 1), mask(1, 1)]),
    ]


def next_tokens():
    def shifted(logits, tokens):
        return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())

    def aligned(logits, tokens):
        return F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), ignore_index=-1, label_smoothing=0.2)

    # Hugging Face's own loss is the shifted one; its head has no place for the start token.
    config = ImageGPTConfig(vocab_size=9, n_positions=6, n_embd=8, n_layer=1, n_head=2)
    model = ImageGPTForCausalImageModeling(config).eval()
    pixels = labels(8, 2, 6)
    with torch.no_grad():
        out = model(input_ids=pixels, labels=pixels)
        assert abs(out.loss.item() - shifted(out.logits, pixels).item()) < 1e-5
    return [
        case(shifted, [draw(2, 5, 6, scale=2.0)], [labels(6, 2, 5)]),
        case(shifted, [draw(1, 2, 3)], [labels(3, 1, 2)]),
        case(
            aligned,
            [draw(3, 4, 5)],
            [labels(5, 3, 4, ignored=2, ignore_index=-1)],
            {"shift": False, "ignoreIndex": -1, "labelSmoothing": 0.2},
        ),
    ]


def mean_squared_error():
    per_sample = lambda p, t: ((p - t) ** 2).flatten(1).sum(1).mean()
    return [
        case(F.mse_loss, [draw(3, 4, 2, 1), draw(3, 4, 2, 1)]),
        case(per_sample, [draw(2, 7), draw(2, 7)], options={"elements": "sum"}),
    ]


def binary_cross_entropy():
    bits = lambda *shape: torch.rand(*shape).float().double()
    weight = torch.tensor(3.0).double()
    weighted = lambda p, t: -(weight * t * p.log() + (1 - t) * (1 - p).log()).mean()
    return [
        case(F.binary_cross_entropy_with_logits, [draw(3, 5, scale=4.0)], [bits(3, 5)]),
        case(lambda x, t: F.binary_cross_entropy_with_logits(x, t, pos_weight=weight), [draw(2, 2, 3)], [bits(2, 2, 3)], {"positiveWeight": 3.0}),
        case(F.binary_cross_entropy, [bits(4, 3)], [bits(4, 3)], {"from": "probabilities"}),
        case(weighted, [bits(2, 4)], [bits(2, 4)], {"from": "probabilities", "positiveWeight": 3.0}),
        # The ends of the range, where the logarithm stops at -100 and the slope at 1e12.
        case(F.binary_cross_entropy, [torch.tensor([[0.0, 1.0, 0.0, 1.0]]).double()], [torch.tensor([[0.0, 1.0, 1.0, 0.0]]).double()], {"from": "probabilities"}),
    ]


def replaced_tokens():
    def electra(logits, replaced, tokens):
        return F.binary_cross_entropy_with_logits(logits[tokens == 1], replaced[tokens == 1].to(logits.dtype))

    config = ElectraConfig(vocab_size=20, embedding_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    model = ElectraForPreTraining(config).eval()
    ids, truth, tokens = labels(20, 2, 6), mask(2, 6, share=0.3), torch.tensor([[1] * 6, [1] * 4 + [0] * 2])
    with torch.no_grad():
        out = model(input_ids=ids, attention_mask=tokens, labels=truth)
        assert abs(out.loss.item() - electra(out.logits, truth, tokens).item()) < 1e-5
    return [
        case(electra, [draw(2, 6, scale=2.0)], [truth, tokens]),
        case(electra, [draw(1, 3)], [mask(1, 3), torch.ones(1, 3).long()]),
    ]


def main():
    torch.manual_seed(SEED)
    out = {
        "generator": "test/golden/losses/generate_reconstruction.py",
        "seed": SEED,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "maskedPatchMSE": masked_patch_mse(),
        "maskedL1": masked_l1(),
        "visualTokenCrossEntropy": visual_tokens(),
        "nextTokenCrossEntropy": next_tokens(),
        "meanSquaredError": mean_squared_error(),
        "binaryCrossEntropy": binary_cross_entropy(),
        "replacedTokenDetection": replaced_tokens(),
    }
    (HERE / "reconstruction.json").write_text(json.dumps(out))


main()
