"""Golden values of ssl-data's augmentation operations, from torchvision on PIL images.

Run: python test/golden/data/generate_augmentations.py   (torch, torchvision, pillow, numpy)
Writes augmentations.json beside this file. Images are base64 of row-major uint8 [height, width, channels].
"""
import base64
import json
import os

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image, ImageFilter
from torchvision import transforms as T
from torchvision.transforms import v2
from torchvision.transforms import InterpolationMode
from torchvision.transforms import autoaugment as A
from torchvision.transforms import functional as F

SEED = 11
rng = np.random.default_rng(SEED)
MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR}


def record(image):
    a = np.asarray(image)
    a = a[:, :, None] if a.ndim == 2 else a
    return {"shape": list(a.shape), "data": base64.b64encode(a.astype(np.uint8).tobytes()).decode()}


def smooth(height, width):
    """Shapes with edges and gradients, of a range that leaves autocontrast something to do."""
    y, x = np.mgrid[0:height, 0:width]
    return 120 + 60 * np.sin(x / 2.3 + y / 4.1) + 35 * ((x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(height, width) / 3) ** 2)


def picture(height, width, noise):
    planes = np.stack([smooth(height, width), 250 - smooth(height, width), 0.6 * smooth(height, width) + 30], -1)
    return Image.fromarray(np.clip(planes + rng.normal(0, noise, planes.shape), 0, 255).astype(np.uint8), "RGB")


images = {
    "color": picture(18, 21, 9),
    "square": picture(13, 13, 6),
    "grey": Image.fromarray(np.clip(smooth(19, 16) + rng.normal(0, 9, (19, 16)), 20, 190).astype(np.uint8), "L"),
    "noise": Image.fromarray(rng.integers(0, 256, (8, 9, 3), dtype=np.uint8), "RGB"),
    "flat": Image.fromarray(np.full((5, 4, 3), 77, np.uint8), "RGB"),
    "thin": Image.fromarray(rng.integers(0, 256, (2, 9), dtype=np.uint8), "L"),
}
cases = []


def case(op, name, options, result):
    cases.append({"op": op, "image": name, "options": options, "result": record(result)})


for name, image in images.items():
    for bits in (1, 4, 7):
        case("posterize", name, {"bits": bits}, F.posterize(image, bits))
    case("equalize", name, {}, F.equalize(image))
    case("autocontrast", name, {}, F.autocontrast(image))
    case("invert", name, {}, F.invert(image))
    for factor in (0.0, 0.37, 1.8):
        case("adjustSharpness", name, {"factor": factor}, F.adjust_sharpness(image, factor))
    for sigma in (0.1, 0.93, 2.0, 7.7):
        case("boxGaussianBlur", name, {"sigma": sigma}, image.filter(ImageFilter.GaussianBlur(radius=sigma)))
# Real histograms: as many pixels as equalisation needs.
big = picture(40, 41, 11)
images["big"] = big
case("equalize", "big", {}, F.equalize(big))

images["even"] = picture(8, 12, 9)
for name in ("color", "square", "grey", "even"):
    for angle in (0.0, 17.3, -44.0, 90.0, 135.0, 180.0, 270.0, -90.0, 301.7):
        for mode, value in MODES.items():
            case("rotate", name, {"angle": angle, "interpolation": mode, "fill": 31}, F.rotate(images[name], angle, value, fill=31))
for name, ltrb in (("color", (3, 1, 4, 2)), ("grey", (0, 5, 2, 0)), ("noise", (8, 7, 8, 7))):
    for mode in ("constant", "edge", "reflect", "symmetric"):
        left, top, right, bottom = ltrb
        width, height = images[name].size
        box = {"top": -top, "left": -left, "height": height + top + bottom, "width": width + left + right}
        fill = 9 if mode == "constant" else 0
        case("crop", name, {"box": box, "padding": mode, "fill": fill}, F.pad(images[name], list(ltrb), fill, mode))
case("crop", "color", {"box": {"top": 4, "left": 7, "height": 11, "width": 9}}, F.crop(images["color"], 4, 7, 11, 9))
case("crop", "color", {"box": {"top": -3, "left": 12, "height": 12, "width": 15}}, F.crop(images["color"], -3, 12, 12, 15))
for name, size in (("color", (11, 16)), ("color", (13, 18)), ("color", (17, 20)), ("color", (25, 12)), ("color", (9, 30)), ("grey", (24, 25)), ("square", (13, 13))):
    case("centerCrop", name, {"height": size[0], "width": size[1]}, F.center_crop(images[name], list(size)))

for name, box, size in (
    ("color", (0, 0, 18, 21), (18, 21)),
    ("color", (2, 3, 13, 15), (24, 24)),
    ("color", (0, 0, 18, 21), (7, 5)),
    ("color", (5, 16, 1, 3), (6, 6)),
    ("noise", (1, 0, 7, 9), (18, 6)),
    ("grey", (3, 2, 15, 13), (15, 40)),
    ("grey", (3, 2, 15, 13), (31, 13)),
):
    top, left, height, width = box
    options = {"box": {"top": top, "left": left, "height": height, "width": width}, "height": size[0], "width": size[1]}
    case("bicubicCrop", name, options, F.resized_crop(images[name], *box, list(size), InterpolationMode.BICUBIC, antialias=True))
for name in ("color", "grey", "square"):
    for size in (9, 23):
        for mode, value in (("bilinear", InterpolationMode.BILINEAR), ("bicubic", InterpolationMode.BICUBIC)):
            case("resizeShortSide", name, {"size": size, "interpolation": mode}, F.resize(images[name], [size], value, antialias=True))

tensor = F.pil_to_tensor(images["color"])
erased = F.erase(tensor, 3, 5, 11, 9, torch.tensor([4, 200, 90], dtype=torch.uint8)[:, None, None])
case("erase", "color", {"box": {"top": 3, "left": 5, "height": 11, "width": 9}, "fill": [4, 200, 90]}, erased.permute(1, 2, 0).numpy())

# The common operation table of RandAugment, TrivialAugmentWide and AutoAugment.
for name in ("color", "square"):
    for op, magnitudes in (
        ("Identity", (0.0,)),
        ("ShearX", (0.3, -0.21, 0.99)),
        ("ShearY", (0.3, -0.09, -0.99)),
        ("TranslateX", (3.9, -7.2)),
        ("TranslateY", (4.0, -2.6)),
        ("Rotate", (9.0, -30.0, 121.5)),
        ("Brightness", (0.27, -0.9)),
        ("Color", (0.27, -0.45)),
        ("Contrast", (0.9, -0.3)),
        ("Sharpness", (0.6, -0.99)),
        ("Posterize", (7.0, 4.0, 2.0)),
        ("Solarize", (178.5, 0.0, 255.0)),
        ("AutoContrast", (0.0,)),
        ("Equalize", (0.0,)),
        ("Invert", (0.0,)),
    ):
        if name == "square" and op not in ("Rotate", "Posterize"):
            continue
        for magnitude in magnitudes:
            for mode, value in MODES.items():
                if mode == "bilinear" and op not in ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"):
                    continue
                # The classes hand over float32 magnitudes.
                magnitude = float(np.float32(magnitude))
                case("augment", name, {"name": op, "magnitude": magnitude, "interpolation": mode, "fill": 12}, A._apply_op(images[name], op, magnitude, value, [12, 12, 12]))


def space(table):
    return {name: {"magnitudes": values.to(torch.float64).tolist() if values.ndim else [], "signed": signed} for name, (values, signed) in table.items()}


spaces = {
    "randAugment": space(T.RandAugment()._augmentation_space(31, (224, 160))),
    "randAugment10": space(T.RandAugment()._augmentation_space(10, (32, 32))),
    "trivialAugmentWide": space(T.TrivialAugmentWide()._augmentation_space(31)),
    "autoAugment": space(T.AutoAugment()._augmentation_space(10, (224, 160))),
}
policies = {policy.value: T.AutoAugment()._get_policies(policy) for policy in T.AutoAugmentPolicy}

# What random views draw on average: mean and deviation of each parameter.
torch.manual_seed(SEED)
blank = torch.zeros(3, 64, 48)
drawn = [T.RandomErasing.get_params(blank, (0.02, 0.33), (0.3, 3.3), [0.0]) for _ in range(20000)]
boxes = np.array([d[:4] for d in drawn], dtype=np.float64)
cutmix = v2.CutMix(alpha=1.0, num_classes=2)
parts = []
for _ in range(20000):
    params = cutmix.make_params([blank[None]])
    parts.append([params["lam_adjusted"], *params["box"]])
parts = np.array(parts, dtype=np.float64)
beta = np.array([float(torch.distributions.Beta(torch.tensor([0.4]), torch.tensor([0.4])).sample(())) for _ in range(20000)])
moments = lambda a: {"count": len(a), "mean": np.atleast_1d(a.mean(0)).tolist(), "deviation": np.atleast_1d(a.std(0)).tolist()}
statistics = {"erasing": moments(boxes), "cutmix": moments(parts), "beta": moments(beta)}

out = {
    "versions": {"torch": torch.__version__, "torchvision": torchvision.__version__, "pillow": PIL.__version__, "numpy": np.__version__},
    "seed": SEED,
    "images": {name: record(image) for name, image in images.items()},
    "cases": cases,
    "spaces": spaces,
    "policies": policies,
    "statistics": statistics,
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "augmentations.json")
with open(path, "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
print(len(cases), "cases", os.path.getsize(path), "bytes")
