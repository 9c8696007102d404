"""JPEGs of every subsampling, kind and quality, with the digest of the pixels that Pillow reads from them.

Run: python test/golden/jpeg/generate.py   (pillow, numpy)
Writes jpeg.json beside this file.
"""
import base64
import hashlib
import io
import json
import os

import numpy as np
import PIL
from PIL import Image, features

SEED = 31
rng = np.random.default_rng(SEED)
files = []


def picture(height, width):
    """Waves under noise: edges and flat parts."""
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([128 + 90 * np.sin(x / (3 + c)) * np.cos(y / (5 - c)) for c in range(3)], -1)
    return Image.fromarray(np.clip(waves + rng.normal(0, 20, waves.shape), 0, 255).astype(np.uint8))


def case(name, data):
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    files.append({"name": name, "shape": list(pixels.shape), "jpeg": base64.b64encode(data).decode(), "pillow": hashlib.sha256(pixels.tobytes()).hexdigest()})


def encode(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def resampled(data, factors):
    """
    Another subsampling with as many blocks in a unit: the picture is shuffled, the file is in order. Right for sizes that
    are multiples of both units. Pillow itself writes neither 4:4:0 nor 4:1:1.
    """
    frame = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    return data[: frame + 11] + bytes([factors]) + data[frame + 12 :]


odd, even = picture(17, 33), picture(64, 64)
for kind, options in {"baseline": {}, "progressive": {"progressive": True}, "restarts": {"restart_marker_blocks": 2}, "optimized": {"optimize": True}}.items():
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        case(f"{subsampling} {kind}", encode(odd, quality=75, subsampling=subsampling, **options))
    case(f"4:4:0 {kind}", resampled(encode(even, quality=60, subsampling="4:2:2", **options), 0x12))
    case(f"4:1:1 {kind}", resampled(encode(even, quality=60, subsampling="4:2:0", **options), 0x41))
    case(f"grey {kind}", encode(odd.convert("L"), quality=75, **options))
for quality in (10, 30, 50, 90, 95, 100):
    case(f"quality {quality}", encode(odd, quality=quality))
for height, width in ((1, 1), (1, 40), (40, 1), (8, 8), (9, 7)):
    case(f"{height} x {width}", encode(picture(height, width), quality=85))
edges = Image.fromarray(np.repeat(np.repeat(rng.integers(0, 2, (16, 12, 3), dtype=np.uint8) * 255, 3, 0), 3, 1))
for quality in (5, 25, 75, 100):
    case(f"hard edges, quality {quality}", encode(edges, quality=quality))
case("stored as RGB", encode(odd, quality=85, keep_rgb=True))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "jpeg.json"), "w") as out:
    json.dump({"seed": SEED, "pillow": PIL.__version__, "libjpeg": features.version("jpg"), "numpy": np.__version__, "files": files}, out, indent=1)
    out.write("\n")
