"""Goldens of BLIP from transformers' models: outputs, captions, and three updates of its pretraining in float64.

Run: python test/golden/multimodal/generate_blip.py   (torch, transformers, numpy; writes blip.json beside itself)
Weights are those of hash_fill.py, so that the file need not hold them.
"""
import json
import pathlib
import sys

import numpy as np
import torch
import transformers
from torch import nn
from torch.nn import functional as F
from transformers import BlipConfig, BlipForConditionalGeneration, BlipForImageTextRetrieval, BlipTextConfig, BlipVisionConfig

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "vision"))
from hash_fill import fill, hash_uniform  # noqa: E402

SIZE, PATCH, BATCH, LENGTH, STEPS, QUEUE = 8, 4, 4, 7, 3, 8
VOCABULARY, PAD, CLS, SEP, DEC, ENC = 24, 0, 2, 3, 22, 23
WIDTH, EMBED, MEAN, STD, MOMENTUM, ALPHA, SMOOTHING = 8, 6, 0.5, 0.25, 0.9, 0.4, 0.1
SHARPER, LIKELIER_END = 4, 3
SGD = {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 1e-3}
TEXT = dict(vocab_size=VOCABULARY, hidden_size=WIDTH, encoder_hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
            max_position_embeddings=12, bos_token_id=DEC, pad_token_id=PAD, sep_token_id=SEP, eos_token_id=SEP)
VISION = dict(hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=SIZE, patch_size=PATCH, initializer_range=0.02)
CONFIG = BlipConfig(text_config=BlipTextConfig(**TEXT).to_dict(), vision_config=BlipVisionConfig(**VISION).to_dict(), image_text_hidden_size=EMBED)


def numbers(x):
    return [float(f"{v:.7g}") for v in x.detach().double().flatten().tolist()]


def shapes(module):
    return {name: list(value.shape) for name, value in module.state_dict().items()}


def pictures(step):
    """uint8 [batch, size, size, 3], as `pictures` of blip-golden.test.ts."""
    colour = hash_uniform(BATCH * 3, 5000 + step).astype(np.float64).reshape(BATCH, 1, 1, 3)
    noise = hash_uniform(BATCH * SIZE * SIZE * 3, 3000 + step).astype(np.float64).reshape(BATCH, SIZE, SIZE, 3)
    return np.floor((0.6 * colour + 0.4 * noise + 1) * 127.5)


def pixels(step):
    return torch.from_numpy((pictures(step) / 255 - MEAN) / STD).permute(0, 3, 1, 2).contiguous()


def texts(step):
    """[CLS] words [SEP] [PAD]...: text i has i % 3 paddings."""
    words = np.floor((hash_uniform(BATCH * LENGTH, 7000 + step).astype(np.float64) + 1) / 2 * 17 + 5).astype(np.int64).reshape(BATCH, LENGTH)
    words[:, 0] = CLS
    mask = np.ones_like(words)
    for row in range(BATCH):
        end = LENGTH - 1 - row % 3
        words[row, end] = SEP
        words[row, end + 1:] = PAD
        mask[row, end + 1:] = 0
    return torch.from_numpy(words), torch.from_numpy(mask)


def captions(model, **options):
    """Up to the end: transformers fills the rest with [PAD], with beams with [SEP] where [PAD] is 0."""
    found = model.generate(pixel_values=pixels(9).float(), **options).tolist()
    return [row[:row.index(SEP) + 1] if SEP in row else row for row in found]


def outputs():
    torch.set_default_dtype(torch.float32)
    writer = BlipForConditionalGeneration(CONFIG).eval()
    fill(writer)
    ids, mask = texts(9)
    given = ids.clone()
    given[:, 0] = DEC
    with torch.no_grad():
        logits = writer(pixels(9).float(), given, mask).logits
        rows = mask.bool()
        # Words of random weights repeat one and do not end: a sharper head says more, and ends.
        writer.text_decoder.cls.predictions.transform.LayerNorm.weight.mul_(SHARPER)
        writer.text_decoder.cls.predictions.bias[SEP] += LIKELIER_END
        made = {
            "greedy": captions(writer, max_length=9, num_beams=1, do_sample=False),
            "least": captions(writer, max_length=10, min_length=6, num_beams=1, do_sample=False),
            "beams": captions(writer, max_length=9, num_beams=3, do_sample=False),
            "penalty": captions(writer, max_length=10, num_beams=4, length_penalty=-1.0, do_sample=False),
        }
        matcher = BlipForImageTextRetrieval(CONFIG).eval()
        fill(matcher)
        match = matcher(ids, pixels(9).float(), True, mask).itm_score
        similarity = matcher(ids, pixels(9).float(), False, mask).itm_score
    return {
        "captioner": {"shapes": shapes(writer), "logits": numbers(logits[rows]), "sharper": SHARPER, "likelierEnd": LIKELIER_END, "captions": made},
        "matcher": {"shapes": shapes(matcher), "match": numbers(match), "similarity": numbers(similarity)},
    }


class Temperature(nn.Module):
    def __init__(self):
        super().__init__()
        self.temp = nn.Parameter(torch.tensor(0.07))


def tie(encoder, decoder):
    """tie_encoder_decoder_weights of models/blip_pretrain.py: all but self-attention."""
    decoder.bert.embeddings = encoder.embeddings
    for mine, theirs in zip(encoder.encoder.layer, decoder.bert.encoder.layer):
        theirs.crossattention, theirs.intermediate, theirs.output = mine.crossattention, mine.intermediate, mine.output
    decoder.cls.predictions.decoder.weight = encoder.embeddings.word_embeddings.weight


def updates():
    """The arithmetic of models/blip_pretrain.py, with transformers' modules and the hardest negatives in place of drawn ones."""
    torch.set_default_dtype(torch.float64)
    matcher, twin, captioner = BlipForImageTextRetrieval(CONFIG), BlipForImageTextRetrieval(CONFIG), BlipForConditionalGeneration(CONFIG)
    captioner.vision_model = matcher.vision_model
    tie(matcher.text_encoder, captioner.text_decoder)
    # The decoder first: of what both have, the matcher's fill counts, as it is loaded last.
    fill(captioner)
    fill(matcher)
    twin.load_state_dict(matcher.state_dict())
    temperature = Temperature()
    modules = {"matcher": matcher, "captioner": captioner, "momentumMatcher": twin, "temperature": temperature}
    for module in modules.values():
        module.train()
    queues = {name: F.normalize(torch.from_numpy(hash_uniform(QUEUE * EMBED, seed).astype(np.float64)).reshape(QUEUE, EMBED), dim=1)
              for name, seed in (("imageQueue", 4001), ("textQueue", 4002))}
    seen = {}
    for prefix in ("matcher", "captioner", "temperature"):
        for name, value in modules[prefix].named_parameters():
            if all(value is not other for other in seen.values()):
                seen[f"{prefix}.{name}"] = value
    optimizer = torch.optim.SGD(seen.values(), lr=SGD["learningRate"], momentum=SGD["momentum"], weight_decay=SGD["weightDecay"])

    def features(model, image, ids, mask):
        tokens = model.vision_model(image).last_hidden_state
        picture = F.normalize(model.vision_proj(tokens[:, 0]), dim=-1)
        text = F.normalize(model.text_proj(model.text_encoder(ids, attention_mask=mask).last_hidden_state[:, 0]), dim=-1)
        return tokens, picture, text

    history, gradients = [], {}
    for step in range(STEPS):
        alpha = ALPHA * min(1, step / STEPS)
        image, (ids, mask) = pixels(step), texts(step)
        tokens, picture, text = features(matcher, image, ids, mask)
        with torch.no_grad():
            _, picture_m, text_m = features(twin, image, ids, mask)
            all_pictures, all_texts = torch.cat([picture_m, queues["imageQueue"]]), torch.cat([text_m, queues["textQueue"]])
            own = torch.eye(BATCH, BATCH + QUEUE)
            targets = [alpha * F.softmax(a @ b.t() / temperature.temp, dim=1) + (1 - alpha) * own for a, b in ((picture_m, all_texts), (text_m, all_pictures))]
        scores = [picture @ all_texts.t() / temperature.temp, text @ all_pictures.t() / temperature.temp]
        contrastive = sum(-(F.log_softmax(s, dim=1) * t).sum(1).mean() for s, t in zip(scores, targets)) / 2
        with torch.no_grad():
            weights = [(F.softmax(s[:, :BATCH], dim=1) + 1e-4).fill_diagonal_(0) for s in scores]
        text_rows, image_rows = weights[0].argmax(1), weights[1].argmax(1)
        encoded = ids.clone()
        encoded[:, 0] = ENC
        states = matcher.text_encoder(torch.cat([encoded, encoded, encoded[text_rows]]), attention_mask=torch.cat([mask, mask, mask[text_rows]]),
                                      encoder_hidden_states=torch.cat([tokens, tokens[image_rows], tokens])).last_hidden_state
        labels = torch.tensor([1] * BATCH + [0] * 2 * BATCH)
        matching = F.cross_entropy(matcher.itm_head(states[:, 0]), labels)
        decoded = ids.clone()
        decoded[:, 0] = DEC
        logits = captioner.text_decoder(decoded, attention_mask=mask, encoder_hidden_states=tokens, is_decoder=True).logits
        captioning = F.cross_entropy(logits[:, :-1].reshape(-1, VOCABULARY), decoded.masked_fill(decoded == PAD, -100)[:, 1:].reshape(-1), label_smoothing=SMOOTHING)
        loss = contrastive + matching + captioning
        optimizer.zero_grad()
        loss.backward()
        history.append({"loss": loss.item(), "contrastive": contrastive.item(), "matching": matching.item(), "captioning": captioning.item()})
        if step == 0:
            gradients = {name: numbers(value.grad) for name, value in seen.items()}
        optimizer.step()
        with torch.no_grad():
            for mine, theirs in zip(matcher.parameters(), twin.parameters()):
                theirs.mul_(MOMENTUM).add_((1 - MOMENTUM) * mine)
            temperature.temp.clamp_(0.001, 0.5)
            place = step * BATCH % QUEUE
            queues["imageQueue"][place:place + BATCH], queues["textQueue"][place:place + BATCH] = picture_m, text_m
    # Of the captioner, what it has alone.
    after = {f"{prefix}.{name}": numbers(value) for prefix, module in modules.items() for name, value in module.state_dict().items()
             if prefix != "captioner" or f"{prefix}.{name}" in seen}
    return {"sgd": SGD, "options": {"embedDim": EMBED, "queueSize": QUEUE, "momentum": MOMENTUM, "alpha": ALPHA, "labelSmoothing": SMOOTHING},
            "history": history, "gradients": gradients, "after": after, "queues": {name: numbers(value) for name, value in queues.items()}}


versions = {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": np.__version__}
record = {"generator": "test/golden/multimodal/generate_blip.py", "versions": versions, "seed": "hash_fill.py", **outputs(), "updates": updates()}
(HERE / "blip.json").write_text(json.dumps(record) + "\n")
