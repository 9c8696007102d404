"""Pictures with transparency of every format that has it, and what Pillow's alpha_composite makes of them.

Run: python test/golden/images/alpha/generate.py   (pillow with AVIF, WebP and libtiff; numpy; tifffile; pyarrow)
Writes alpha.json, and two of its pictures as alpha.parquet, beside this file. Where Pillow does not read a picture's alpha, it is given the levels here, by the
format's own rules.
"""
import base64
import io
import json
import os
import struct
import zlib

import numpy as np
import PIL
import pyarrow
import pyarrow.parquet
import tifffile
from PIL import Image, ImageOps

HEIGHT, WIDTH = 8, 12
BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "colour": (200, 30, 90)}
here = os.path.dirname(os.path.abspath(__file__))
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
ramp = (y * WIDTH + x) / (HEIGHT * WIDTH - 1)
rgb = np.round(np.stack([ramp, ramp[::-1], ramp[:, ::-1]], -1) * 255).astype(np.uint8)
# All levels from hidden to opaque, and both ends.
alpha = np.clip(np.round(ramp.T.reshape(HEIGHT, WIDTH) * 290 - 15), 0, 255).astype(np.uint8)
grey = rgb[..., 0]
rgba, la = np.dstack([rgb, alpha]), np.dstack([grey, alpha])
opaque = np.full_like(alpha, 255)
cases = []


def over(picture, background):
    below = Image.new("RGBA", picture.size, background + (255,))
    return np.asarray(Image.alpha_composite(below, picture).convert("RGB"))


def case(name, file, levels=None, tolerance=1, **note):
    """`levels`: RGBA or LA of 8 bits where Pillow's reading is not what counts; RGB where there is no alpha."""
    if levels is None:
        with Image.open(io.BytesIO(file)) as opened:
            opened.seek(0)
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    else:
        picture = Image.fromarray(np.ascontiguousarray(levels)).convert("RGBA")
    dropped = np.asarray(picture)[..., :3]
    cases.append({
        "name": name, "file": encoded(file), "shape": [picture.height, picture.width, 3], "tolerance": tolerance,
        "hidden": encoded(dropped.tobytes()), "isOpaque": bool((np.asarray(picture)[..., 3] == 255).all()),
        "over": {key: encoded(over(picture, level).tobytes()) for key, level in BACKGROUNDS.items()}, **note,
    })


def encoded(data):
    return base64.b64encode(data).decode()


def saved(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png(bits, colour, rows, *chunks):
    """A PNG of rows of bytes, for what Pillow does not write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", WIDTH, len(rows), bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*each) for each in chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def deep(levels):
    """16 bits whose upper 8 are the levels, opaque where these are."""
    return levels.astype(np.uint16) * 256 + np.where(levels == 255, 255, 77).astype(np.uint16)


def big(levels):
    return [row.astype(">u2").tobytes() for row in deep(levels)]


def tiff(levels, extra, **options):
    out = io.BytesIO()
    photometric = "rgb" if levels.shape[-1] >= 3 else "minisblack"
    tifffile.imwrite(out, levels, photometric=photometric, extrasamples=extra, metadata=None, **{"planarconfig": "contig", **options})
    return out.getvalue()


def premultiplied(levels, most):
    colours, shares = levels[..., :-1].astype(float), levels[..., -1:].astype(float)
    return np.concatenate([np.round(colours * shares / most), shares], -1).astype(levels.dtype)


def assoc(levels, most):
    """The straight levels of 8 bits that associated ones stand for."""
    shares = np.maximum(levels[..., -1:].astype(float), 1)
    straight = np.minimum(most, levels[..., :-1] * float(most) / shares)
    return np.round(np.concatenate([straight, levels[..., -1:]], -1) * 255 / most).astype(np.uint8)


def bmp(header, bits, compression, masks, rows):
    data = b"".join(rows)
    start = 14 + header + (len(masks) * 4 if header == 40 else 0)
    info = struct.pack("<IiiHHIIiiII", header, WIDTH, -HEIGHT, 1, bits, compression, len(data), 2835, 2835, 0, 0)
    info += struct.pack(f"<{len(masks)}I", *masks)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info.ljust(start - 14, b"\0") + data


def pam(levels, most, kind):
    depth = levels.shape[-1]
    head = f"P7\nWIDTH {WIDTH}\nHEIGHT {HEIGHT}\nDEPTH {depth}\nMAXVAL {most}\nTUPLTYPE {kind}\nENDHDR\n"
    return head.encode() + levels.astype(">u2" if most > 255 else "u1").tobytes()


RGBA, LA, RGB = Image.fromarray(rgba), Image.fromarray(la), Image.fromarray(rgb)
palette = RGB.quantize(16)
shares = bytes(np.linspace(0, 255, 16).astype(np.uint8))
for name, colours, share in (("", RGBA, alpha), (" that is opaque", Image.fromarray(np.dstack([rgb, opaque])), opaque)):
    greys = Image.fromarray(np.dstack([grey, share]))
    straight = np.asarray(colours)
    case(f"PNG, RGBA{name}", saved(colours, "PNG"))
    case(f"PNG, grey and alpha{name}", saved(greys, "PNG"))
    case(f"PNG of 16 bits, RGBA{name}", png(16, 6, big(straight)), straight)
    case(f"PNG of 16 bits, grey and alpha{name}", png(16, 4, big(np.asarray(greys))), np.asarray(greys))
    case(f"WebP, lossless{name}", saved(colours, "WEBP", lossless=True, exact=True))
    case(f"WebP, lossy{name}", saved(colours, "WEBP", quality=90, exact=True), tolerance=4)
    case(f"AVIF{name}", saved(colours, "AVIF", quality=95, subsampling="4:4:4"), tolerance=6)
    case(f"TIFF, unassociated alpha{name}", saved(colours, "TIFF"))
    case(f"TIFF, grey and alpha{name}", tiff(np.asarray(greys), ["unassalpha"]), np.asarray(greys))
    case(f"BMP of 32 bits with a mask of alpha{name}", bmp(108, 32, 3, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), [row[:, [2, 1, 0, 3]].tobytes() for row in straight]))
    case(f"PAM, RGB_ALPHA{name}", pam(straight, 255, "RGB_ALPHA"), straight)
    case(f"PAM, GRAYSCALE_ALPHA{name}", pam(np.asarray(greys), 255, "GRAYSCALE_ALPHA"), np.asarray(greys))

case("PNG, a palette with one transparent colour", saved(palette, "PNG", transparency=3))
case("PNG, a palette with shares", saved(palette, "PNG", transparency=shares))
case("PNG, a palette of 2 bits with shares", saved(RGB.quantize(4), "PNG", bits=2, transparency=bytes([0, 90, 200])))
case("PNG, grey with one transparent level", saved(Image.fromarray(grey // 32 * 32), "PNG", transparency=96))
case("PNG, RGB with one transparent colour", saved(RGB, "PNG", transparency=tuple(int(v) for v in rgb[3, 4])))
key = np.where(x[..., None] % 3 == 0, rgb[3, 4], rgb)
case("PNG of 16 bits, RGB with one transparent colour", png(16, 2, big(key), (b"tRNS", struct.pack(">3H", *(int(v) for v in deep(rgb[3, 4]))))), np.dstack([key, np.where((key == rgb[3, 4]).all(-1), 0, 255)]).astype(np.uint8))
bits = (x + y) % 2
case("PNG of 1 bit, black is transparent", png(1, 0, [np.packbits(row).tobytes() for row in bits.astype(np.uint8)], (b"tRNS", b"\0\0")), np.dstack([bits * 255] * 2).astype(np.uint8))
exif = Image.Exif()
exif[0x0112] = 6
case("PNG, turned", saved(RGBA, "PNG", exif=exif))
case("PNG, wholly transparent", saved(Image.fromarray(np.dstack([rgb, opaque * 0])), "PNG"))
case("PNG, animated", saved(RGBA, "PNG", save_all=True, append_images=[ImageOps.mirror(RGBA)], duration=50))
case("WebP, animated", saved(RGBA, "WEBP", save_all=True, append_images=[ImageOps.mirror(RGBA)], lossless=True, exact=True, duration=50))
case("GIF", saved(palette, "GIF", transparency=3))
case("GIF, animated", saved(palette, "GIF", transparency=3, save_all=True, append_images=[ImageOps.mirror(palette)], duration=50, disposal=2))
small = saved(palette, "GIF", transparency=3)
# On a larger screen: what the frame does not cover is transparent.
case("GIF, a frame on a larger screen", small[:6] + struct.pack("<HH", WIDTH + 4, HEIGHT + 3) + small[10:])

case("TIFF, no word on the fourth sample", tiff(rgba, ["unspecified"]), rgb)
case("TIFF, associated alpha", tiff(premultiplied(rgba, 255), ["assocalpha"]), assoc(premultiplied(rgba, 255), 255), tolerance=2)
case("TIFF, associated alpha, grey", tiff(premultiplied(la, 255), ["assocalpha"]), assoc(premultiplied(la, 255), 255), tolerance=2)
case("TIFF of 16 bits, unassociated alpha", tiff(deep(rgba), ["unassalpha"]), rgba)
case("TIFF of 16 bits, associated alpha", tiff(premultiplied(deep(rgba), 65535), ["assocalpha"]), assoc(premultiplied(deep(rgba), 65535), 65535), tolerance=2)
case("TIFF of 16 bits, grey and alpha", tiff(deep(la), ["unassalpha"]), la)
case("TIFF, planes", tiff(np.moveaxis(rgba, -1, 0), ["unassalpha"], planarconfig="separate"), rgba)
case("TIFF, tiles, deflated", tiff(rgba, ["unassalpha"], tile=(16, 16), compression="zlib"), rgba)
case("TIFF, alpha and another sample", tiff(np.dstack([rgba, grey]), ["unassalpha", "unspecified"]), rgba)
case("TIFF, another sample and alpha", tiff(np.dstack([rgb, grey, alpha]), ["unspecified", "unassalpha"]), rgba)
white_is_zero = io.BytesIO()
tifffile.imwrite(white_is_zero, np.dstack([255 - grey, alpha]), photometric="miniswhite", extrasamples=["unassalpha"], metadata=None)
case("TIFF, grey where 0 is white, and alpha", white_is_zero.getvalue(), la)
case("TIFF of floats, with a range", tiff((rgba / 255).astype(np.float32), ["unassalpha"]), rgba, range=[0, 1])
case("TIFF of 16 bits, with a range", tiff(rgba.astype(np.uint16) * 257, ["unassalpha"]), rgba, range=[0, 65535])
case("PNG of 16 bits, with a range", png(16, 6, [row.astype(">u2").tobytes() for row in rgba.astype(np.uint16) * 257]), rgba, range=[0, 65535])
case("PNG of 16 bits, grey, with a range", png(16, 4, [row.astype(">u2").tobytes() for row in la.astype(np.uint16) * 257]), la, range=[0, 65535])
case("TIFF of grey floats, with a range", tiff((la / 255).astype(np.float32), ["unassalpha"]), la, range=[0, 1])
case("TIFF of half floats, with a range", tiff((rgba / 255).astype(np.float16), ["unassalpha"]), rgba, range=[0, 1])
case("TIFF of grey half floats, with a range", tiff((la / 255).astype(np.float16), ["unassalpha"]), la, range=[0, 1])
for kind, most in (("i1", 127), ("i2", 32767), ("i4", 2**31 - 1)):
    for name, levels in (("grey", la), ("RGB", rgba)):
        scaled = np.concatenate([np.round(levels[..., :-1] / 255 * (2 * most + 1)) - most - 1, np.round(levels[..., -1:] / 255 * most)], -1)
        case(f"TIFF of signed integers ({kind}), {name}, with a range", tiff(scaled.astype(kind), ["unassalpha"]), levels, tolerance=2, range=[-most - 1, most])
for name, levels in (("grey", la), ("RGB", rgba)):
    case(f"TIFF of 32 bits, {name}, with a range", tiff(levels.astype(np.uint32) * 16843009, ["unassalpha"]), levels, range=[0, 2**32 - 1])
inks = np.dstack([255 - rgb, grey * 0])
inked = io.BytesIO()
tifffile.imwrite(inked, np.dstack([inks, alpha]), photometric="separated", extrasamples=["unassalpha"], planarconfig="contig", metadata=None)
case("TIFF, four inks and alpha", inked.getvalue(), rgba)

pixels = [row[:, [2, 1, 0, 3]].tobytes() for row in rgba]
case("BMP of 32 bits without a mask of alpha", bmp(40, 32, 0, (), pixels))
case("BMP of 32 bits, three masks", bmp(40, 32, 3, (0xFF0000, 0xFF00, 0xFF), pixels))
case("BMP of 32 bits, a longer header", bmp(124, 32, 3, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), pixels))
# As browsers: a picture that nobody could see has an alpha that nobody wrote.
case("BMP of 32 bits, alpha all 0", bmp(108, 32, 3, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), [row[:, [2, 1, 0, 3]].tobytes() for row in np.dstack([rgb, opaque * 0])]), rgb)
five = (rgb // 8).astype(int)
shown = (x + y) % 3 != 0
words = [(shown[row] * 0x8000 + five[row, :, 0] * 1024 + five[row, :, 1] * 32 + five[row, :, 2]).astype("<u2").tobytes() for row in range(HEIGHT)]
case("BMP of 16 bits with a mask of alpha", bmp(108, 16, 3, (0x7C00, 0x3E0, 0x1F, 0x8000), words), np.dstack([five * 255 // 31, shown * 255]).astype(np.uint8))
case("PAM of 16 bits", pam(rgba.astype(np.uint16) * 257, 65535, "RGB_ALPHA"), rgba)
case("PAM, no word on the second sample", pam(la, 255, "DEPTH_MAP"), np.dstack([grey] * 3))
case("PAM of 4 bits", pam(rgba // 17, 15, "RGB_ALPHA"), rgba // 17 * 17)

rows = [{"image": {"bytes": base64.b64decode(each["file"]), "path": None}} for each in cases if each["name"].startswith("PNG, RGBA")]
pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), os.path.join(here, "alpha.parquet"))
with open(os.path.join(here, "alpha.json"), "w") as out:
    versions = {"pillow": PIL.__version__, "numpy": np.__version__, "tifffile": tifffile.__version__, "pyarrow": pyarrow.__version__}
    json.dump({"versions": versions, "backgrounds": BACKGROUNDS, "cases": cases}, out)
