"""Golden values of ssl-data's image operations, from torchvision on PIL images.

Run: python test/golden/data/generate.py   (torch, torchvision, pillow, numpy)
Writes image-ops.json beside this file. Images are base64 of row-major uint8 [height, width, channels].
"""
import base64
import json
import os

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms as T
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

SEED = 7
rng = np.random.default_rng(SEED)


def array(image):
    a = np.asarray(image)
    return a[:, :, None] if a.ndim == 2 else a


def record(image):
    a = array(image)
    return {"shape": list(a.shape), "data": base64.b64encode(a.astype(np.uint8).tobytes()).decode()}


def smooth(height, width):
    """Shapes with edges and gradients, so that interpolation and blur have something to do."""
    y, x = np.mgrid[0:height, 0:width]
    base = 127 + 90 * np.sin(x / 3.1 + y / 5.3) + 60 * ((x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(height, width) / 3) ** 2)
    return base


grey = Image.fromarray(np.clip(smooth(28, 28) + rng.normal(0, 12, (28, 28)), 0, 255).astype(np.uint8), "L")
color = Image.fromarray(
    np.clip(np.stack([smooth(37, 45), smooth(37, 45).T[:37, :].repeat(2, 1)[:, :45], 255 - smooth(37, 45)], -1) + rng.normal(0, 15, (37, 45, 3)), 0, 255).astype(np.uint8), "RGB"
)
noise = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8), "RGB")
images = {"grey": grey, "color": color, "noise": noise}
cases = []


def case(op, name, options, result):
    cases.append({"op": op, "image": name, "options": options, "result": record(result)})


for name, box, size in [
    ("grey", (2, 3, 22, 18), (28, 28)),
    ("grey", (0, 0, 28, 28), (28, 28)),
    ("grey", (5, 1, 17, 27), (28, 28)),
    ("grey", (1, 2, 26, 25), (9, 12)),
    ("grey", (0, 0, 28, 20), (28, 33)),
    ("color", (4, 5, 30, 33), (32, 32)),
    ("color", (0, 0, 37, 45), (11, 7)),
    ("color", (10, 20, 3, 1), (8, 8)),
    ("noise", (1, 1, 15, 14), (16, 5)),
]:
    top, left, height, width = box
    options = {"box": {"top": top, "left": left, "height": height, "width": width}, "height": size[0], "width": size[1]}
    case("resizedCrop", name, options, F.resized_crop(images[name], *box, list(size), InterpolationMode.BILINEAR, antialias=True))

for name, angle, translate, scale, shear, fill in [
    ("grey", 7.3, (0, 0), 1.0, (0.0, 0.0), 0),
    ("grey", -9.9, (0, 0), 1.0, (0.0, 0.0), 0),
    ("grey", 0.0, (3, -2), 1.0, (0.0, 0.0), 0),
    ("grey", 0.0, (0, 0), 1.3, (0.0, 0.0), 9),
    ("color", 33.0, (4, -5), 0.8, (10.0, 0.0), 128),
    ("color", -120.0, (0, 1), 1.7, (-12.0, 7.0), 0),
]:
    for interpolation in ("nearest", "bilinear"):
        options = {"angle": angle, "translate": list(translate), "scale": scale, "shear": list(shear), "interpolation": interpolation, "fill": fill}
        mode = InterpolationMode.NEAREST if interpolation == "nearest" else InterpolationMode.BILINEAR
        case("affine", name, options, F.affine(images[name], angle, list(translate), scale, list(shear), mode, fill))

for name, kernel, sigma in [("grey", 3, 0.1), ("grey", 3, 0.55), ("grey", 3, 1.0), ("color", 5, 1.2), ("color", 9, 2.0), ("noise", 3, 0.8)]:
    case("blur", name, {"kernelSize": kernel, "sigma": sigma}, F.gaussian_blur(images[name], [kernel, kernel], [sigma, sigma]))

for op, function, factors in [
    ("adjustBrightness", F.adjust_brightness, (0.3, 1.0, 1.6)),
    ("adjustContrast", F.adjust_contrast, (0.2, 1.5)),
    ("adjustSaturation", F.adjust_saturation, (0.0, 0.4, 1.8)),
    ("adjustHue", F.adjust_hue, (-0.5, -0.13, 0.0, 0.2)),
    ("solarizeAbove", F.solarize, (0, 128, 256)),
]:
    for name in ("noise", "color") if op == "adjustHue" else ("noise", "grey"):
        for factor in factors:
            case(op, name, {"factor": factor}, function(images[name], factor))
case("grayscale", "noise", {}, F.to_grayscale(noise, 3))
case("flipHorizontally", "color", {}, F.hflip(color))
case("flipVertically", "color", {}, F.vflip(color))

# What random views look like on average: crop sizes, and mean and deviation per pixel of the small-image preset.
torch.manual_seed(SEED)
boxes = np.array([T.RandomResizedCrop.get_params(grey, [0.35, 1.0], [3 / 4, 4 / 3]) for _ in range(20000)], dtype=np.float64)
preset = T.Compose([T.RandomResizedCrop(28, (0.35, 1)), T.RandomAffine(10), T.RandomApply([T.GaussianBlur(3, (0.1, 1))], 0.5)])
views = np.stack([np.asarray(preset(grey)) for _ in range(8000)]).astype(np.float64)
statistics = {
    "boxes": {"count": len(boxes), "mean": boxes.mean(0).tolist(), "deviation": boxes.std(0).tolist()},
    "smallImageViews": {"count": len(views), "mean": views.mean(0).round(2).ravel().tolist(), "deviation": views.std(0).round(2).ravel().tolist()},
}

out = {
    "statistics": statistics,
    "versions": {"torch": torch.__version__, "torchvision": torchvision.__version__, "pillow": PIL.__version__, "numpy": np.__version__},
    "seed": SEED,
    "images": {name: record(image) for name, image in images.items()},
    "cases": cases,
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "image-ops.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
print(len(cases), "cases")
