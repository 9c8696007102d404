"""Image files of every format that ssl-data decodes, and what Pillow reads from them.

Run: python test/golden/images/generate.py   (pillow with AVIF, WebP and libtiff; numpy)
Writes the image files and images.json beside this file.
"""
import base64
import json
import os

import numpy as np
import PIL
from PIL import Image, ImageOps

SEED = 21
HEIGHT, WIDTH = 18, 26
here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(SEED)
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]


def smooth(high):
    """Waves of colour, unlike under every flip and turn; smooth, since decoders differ in how they enlarge chroma."""
    waves = [0.5 + 0.45 * np.sin(x / 9 + c) * np.cos(y / (7 + c) - 0.3 * c) for c in range(3)]
    return np.round(np.stack(waves, -1) * high).astype(np.uint16 if high > 255 else np.uint8)


rgb = smooth(255)
image = Image.fromarray(rgb)
grey = Image.fromarray(np.ascontiguousarray(rgb[..., 0]))
alpha = Image.fromarray(np.dstack([rgb, (x * 9).astype(np.uint8)]))
noise = Image.fromarray(rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8))
palette = image.quantize(16)
cmyk = image.convert("CMYK")
files = []


def case(name, pixels=None, lossy=False, **note):
    """Without `pixels`, what Pillow reads is expected."""
    if pixels is None:
        with Image.open(os.path.join(here, name)) as opened:
            opened.seek(0)
            pixels = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    files.append({"file": name, "shape": list(pixels.shape), "lossy": lossy, "pixels": base64.b64encode(pixels.tobytes()).decode(), **note})


def save(name, source, lossy=False, pixels=None, note=None, **options):
    source.save(os.path.join(here, name), **options)
    case(name, pixels, lossy, **(note or {}))


def repeat(plane):
    return np.repeat(plane[..., None], 3, -1)


save("color.jpg", image, True, quality=90, subsampling=0)
save("subsampled.jpg", image, True, quality=90, subsampling=2)
save("progressive.jpg", image, True, quality=90, progressive=True)
save("grey.jpg", grey, True, quality=90)
save("cmyk.jpg", cmyk, True, quality=95, note={"cmyk": True})
save("color.png", noise)
save("grey.png", grey)
save("alpha.png", alpha)
save("grey-alpha.png", alpha.convert("LA"))
save("palette.png", palette)
save("palette-transparent.png", palette, transparency=3)
save("bilevel.png", grey.convert("1"))
deep = np.ascontiguousarray(smooth(65535)[..., 1])
save("grey-16.png", Image.fromarray(deep), pixels=repeat((deep >> 8).astype(np.uint8)))
save("grey-16.tif", Image.fromarray(deep), pixels=repeat((deep >> 8).astype(np.uint8)))
save("color.tif", noise)
save("lzw.tif", noise, compression="tiff_lzw")
save("deflate.tif", noise, compression="tiff_adobe_deflate")
save("packbits.tif", noise, compression="packbits")
save("jpeg.tif", image, True, compression="jpeg", quality=90)
save("palette.tif", palette)
save("alpha.tif", alpha)
save("big.tif", noise, big_tiff=True)
save("cmyk.tif", cmyk, note={"cmyk": True})
save("pages.tif", noise, save_all=True, append_images=[image])
save("lossless.webp", noise, lossless=True)
save("color.webp", image, True, quality=90)
save("alpha.webp", alpha, lossless=True, exact=True)
save("animated.webp", noise, lossless=True, save_all=True, append_images=[image, noise], duration=50)
save("color.avif", image, True, quality=90, subsampling="4:4:4")
save("subsampled.avif", image, True, quality=95, subsampling="4:2:0")
save("grey.avif", grey, True, quality=90)
save("alpha.avif", alpha, True, quality=95, subsampling="4:4:4")
save("color.gif", palette)
save("animated.gif", palette, save_all=True, append_images=[ImageOps.mirror(palette), ImageOps.flip(palette)], duration=50)
save("grey.gif", grey)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(f"turned-{orientation}.jpg", image, True, quality=90, subsampling=0, exif=exif)
    save(f"turned-{orientation}.webp", noise, lossless=True, exif=exif)
    save(f"turned-{orientation}.png", noise, exif=exif)
save("turned-6.tif", noise, tiffinfo={0x0112: 6})
with open(os.path.join(here, "images.json"), "w") as out:
    json.dump({"seed": SEED, "versions": {"pillow": PIL.__version__, "numpy": np.__version__}, "files": files}, out)
