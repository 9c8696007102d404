"""Picture files of many kinds (profiles, inks, sample types, GIF screens, BMP, PNM), and what Pillow reads from them.

Run: python test/golden/images/kinds/generate.py   (pillow with AVIF, WebP and libtiff; numpy; tifffile; imagecodecs)
Writes kinds.json beside this file. Where Pillow reads nothing of use, the rule of ssl-data's README is written out here.
"""
import base64
import io
import json
import os
import struct

import imagecodecs
import numpy as np
import PIL
import tifffile
from PIL import Image

HEIGHT, WIDTH = 8, 12
here = os.path.dirname(os.path.abspath(__file__))
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
ramp = (y * WIDTH + x) / (HEIGHT * WIDTH - 1)
planes = np.stack([ramp, ramp[::-1], ramp[:, ::-1]], -1)
rgb = np.round(planes * 255).astype(np.uint8)
image = Image.fromarray(rgb)
grey = Image.fromarray(np.ascontiguousarray(rgb[..., 0]))
alpha = Image.fromarray(np.dstack([rgb, (x * 20).astype(np.uint8)]))
palette = image.quantize(16)
cases = []


def icc(matrix, gamma, space=b"RGB "):
    """A profile of three colorants (columns of XYZ) or grey, and one gamma."""

    def fixed(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(fixed(value) for value in values)

    def text(kind, words):
        return kind + b"\0\0\0\0" + words

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {b"wtpt": xyz((0.9642, 1, 0.8249)), b"cprt": text(b"text", b"none\0"), b"desc": text(b"desc", struct.pack(">I", 5) + b"test\0" + bytes(78))}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        for name, column in zip((b"r", b"g", b"b"), np.array(matrix).T):
            tags[name + b"XYZ"] = xyz(column)
            tags[name + b"TRC"] = curve
    body, table, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    header = struct.pack(">I4sI4s4s4s12s4s4sIIIII", 0, b"none", 0x02400000, b"mntr", space, b"XYZ ", bytes(12), b"acsp", bytes(4), 0, 0, 0, 0, 0)
    header += fixed(0.9642) + fixed(1) + fixed(0.8249)
    header = header.ljust(128, b"\0")
    whole = header + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]


P3 = icc([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]], 2.2)
ADOBE = icc([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]], 1.8)
GREY = icc(None, 1.0, b"GRAY")


def pillow(data):
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB"))


def case(name, data, pixels=None, tolerance=0, **note):
    """Without `pixels`, what Pillow reads is expected; `refused=True` for none."""
    if "refused" in note:
        cases.append({"name": name, "file": base64.b64encode(data).decode(), **note})
        return
    if pixels is None:
        pixels = pillow(data)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, -1)
    pixels = np.ascontiguousarray(pixels).astype(np.uint8)
    cases.append({"name": name, "file": base64.b64encode(data).decode(), "shape": list(pixels.shape), "tolerance": tolerance, "pixels": base64.b64encode(pixels.tobytes()).decode(), **note})


def saved(source, format, **options):
    out = io.BytesIO()
    source.save(out, format, **options)
    return out.getvalue()


# Colour profiles and what else tells of colours: the levels are the file's.
for label, profile in (("P3", P3), ("Adobe RGB", ADOBE)):
    case(f"JPEG, {label}", saved(image, "JPEG", quality=95, subsampling=0, icc_profile=profile), None, 2, profile=True)
    case(f"PNG, {label}", saved(image, "PNG", icc_profile=profile), profile=True)
    case(f"WebP, {label}", saved(image, "WEBP", lossless=True, icc_profile=profile), profile=True)
    case(f"TIFF, {label}", saved(image, "TIFF", icc_profile=profile), profile=True)
    case(f"AVIF, {label}", saved(image, "AVIF", quality=95, subsampling="4:4:4", icc_profile=profile), None, 3, profile=True)
case("progressive JPEG, P3", saved(image, "JPEG", quality=95, subsampling=0, icc_profile=P3, progressive=True), None, 2, profile=True)
case("PNG with alpha, P3", saved(alpha, "PNG", icc_profile=P3), profile=True)
case("PNG with a palette, P3", saved(palette, "PNG", icc_profile=P3), profile=True)
case("grey JPEG, linear", saved(grey, "JPEG", quality=95, icc_profile=GREY), None, 2, profile=True)
case("grey PNG, linear", saved(grey, "PNG", icc_profile=GREY), profile=True)
case("grey PNG with alpha, linear", saved(alpha.convert("LA"), "PNG", icc_profile=GREY), profile=True)
case("grey TIFF, linear", saved(grey, "TIFF", icc_profile=GREY), profile=True)


def png_with(chunks, data):
    import zlib

    made = b"".join(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks)
    return data[:33] + made + data[33:]


plain = saved(image, "PNG")
case("PNG with gAMA 1.0", png_with([(b"gAMA", struct.pack(">I", 100000))], plain))
case("PNG with gAMA and cHRM", png_with([(b"gAMA", struct.pack(">I", 55556)), (b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))], plain))
case("PNG with sRGB", png_with([(b"sRGB", b"\0")], plain))
case("PNG with cICP (PQ, BT.2020)", png_with([(b"cICP", bytes([9, 16, 0, 1]))], plain))
deep = np.round(planes * 65535).astype(np.uint16)


def png16(values, colour, extra=()):
    import zlib

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in ((b"IHDR", head), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")))


def iccp(profile):
    import zlib

    return ((b"iCCP", b"p\0\0" + zlib.compress(profile)),)


case("PNG of 16 bits", png16(deep, 2))
case("PNG of 16 bits, P3", png16(deep, 2, iccp(P3)), profile=True)
case("PNG of 16 bits with alpha", png16(np.dstack([deep, deep[..., 0]]), 6), (deep >> 8))
case("grey PNG of 16 bits", png16(deep[..., 0], 0), deep[..., 0] >> 8)
case("grey PNG of 16 bits, linear", png16(deep[..., 0], 0, iccp(GREY)), deep[..., 0] >> 8)
case("grey PNG of 16 bits, range", png16((deep[..., 0] >> 4), 0), np.floor((deep[..., 0] >> 4) / 4095 * 255 + 0.5), range=[0, 4095])
case("PNG of 16 bits, range", png16(deep >> 4, 2), np.floor((deep >> 4) / 4095 * 255 + 0.5), range=[0, 4095])

# Inks: Pillow's formula.
inks = np.dstack([rgb, rgb[..., 0] // 2])
cmyk = Image.fromarray(inks, "CMYK")
ink_jpeg = saved(cmyk, "JPEG", quality=97)
case("CMYK JPEG", ink_jpeg, None, 3)
case("CMYK JPEG, with a profile", saved(cmyk, "JPEG", quality=97, icc_profile=P3), None, 3)
adobe = ink_jpeg.index(b"\xff\xee")
length = struct.unpack(">H", ink_jpeg[adobe + 2 : adobe + 4])[0]
case("CMYK JPEG without Adobe's marker", ink_jpeg[:adobe] + ink_jpeg[adobe + 2 + length :], None, 3)
ycck = bytearray(ink_jpeg)
ycck[adobe + 4 + 11] = 2
case("YCCK JPEG", bytes(ycck), None, 3)
case("CMYK TIFF", saved(cmyk, "TIFF"), None)
case("CMYK TIFF with LZW, profile", saved(cmyk, "TIFF", compression="tiff_lzw", icc_profile=P3), None)


def tiff(values, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, values, metadata=None, **options)
    return out.getvalue()


case("CMYK TIFF of 16 bits", tiff(inks.astype(np.uint16) * 257, photometric="separated"))
case("CMYK TIFF with alpha", tiff(np.dstack([inks, inks[..., 0]]), photometric="separated", extrasamples=[2]), pillow(tiff(inks, photometric="separated")))
case("CMYK TIFF in planes", tiff(np.ascontiguousarray(inks.transpose(2, 0, 1)), photometric="separated", planarconfig="separate"), pillow(tiff(inks, photometric="separated")))

# Types of samples in TIFF.
scaled = {}
for bits in (1, 2, 4):
    values = np.round(ramp * (2**bits - 1)).astype(np.uint8)
    case(f"grey TIFF of {bits} bits", tiff(values, photometric="minisblack", bitspersample=bits))
    case(f"grey TIFF of {bits} bits, 0 is white", tiff(values, photometric="miniswhite", bitspersample=bits))
case("TIFF, 0 is white", tiff(rgb[..., 0], photometric="miniswhite"))
case("TIFF of 16 bits, 0 is white", tiff(deep[..., 0], photometric="miniswhite"), 255 - (deep[..., 0] >> 8))
case("TIFF of 16 bits", tiff(deep, photometric="rgb"))
case("grey TIFF of 16 bits", tiff(deep[..., 0], photometric="minisblack"), deep[..., 0] >> 8)
case("TIFF of 16 bits in planes", tiff(np.ascontiguousarray(deep.transpose(2, 0, 1)), photometric="rgb", planarconfig="separate"), deep >> 8)
case("TIFF of 16 bits in tiles", tiff(deep, photometric="rgb", tile=(16, 16)))
case("TIFF in planes", tiff(np.ascontiguousarray(rgb.transpose(2, 0, 1)), photometric="rgb", planarconfig="separate"))
case("TIFF, high byte first", tiff(rgb, photometric="rgb", byteorder=">"))
case("TIFF of 16 bits, high byte first", tiff(deep, photometric="rgb", byteorder=">"))
case("TIFF with two extra samples", tiff(np.dstack([rgb, rgb[..., :2]]), photometric="rgb", extrasamples=[0, 0]))
case("grey TIFF with two extra samples", tiff(rgb, photometric="minisblack", extrasamples=[0, 0]), refused=True)
case("TIFF with colours over alpha", tiff(np.asarray(alpha), photometric="rgb", extrasamples=[2]))
case("grey TIFF with alpha", tiff(np.ascontiguousarray(rgb[..., :2]), photometric="minisblack", extrasamples=[2]))
case("TIFF of 16 bits with alpha", tiff(np.dstack([deep, deep[..., 0]]), photometric="rgb", extrasamples=[2]), deep >> 8)
case("TIFF of YCbCr, JPEG", tiff(rgb, photometric="rgb", compression="jpeg"), None, 3)
pages = io.BytesIO()
with tifffile.TiffWriter(pages) as writer:
    writer.write(rgb, photometric="rgb", metadata=None)
    writer.write(ramp.astype(np.float32), photometric="minisblack", metadata=None)
case("TIFF with a second page of floats", pages.getvalue(), rgb)
ranged = {
    "f2": (0, 1), "f4": (0, 1), "i1": (0, 127), "i2": (0, 32767), "i4": (0, 2**31 - 1), "u4": (0, 2**32 - 1),
}
for kind, (low, high) in ranged.items():
    for label, source, colours in (("grey", ramp, "minisblack"), ("RGB", planes, "rgb")):
        values = (source * high).astype(kind)
        data = tiff(values, photometric=colours)
        case(f"{label} TIFF of {kind}", data, refused=True)
        case(f"{label} TIFF of {kind}, range", data, np.floor(np.clip((values.astype(np.float64) - low) / (high - low), 0, 1) * 255 + 0.5), 1 if kind == "f2" else 0, range=[low, high])
        if kind in ("f4", "i2", "i4"):
            signed = ((source * 2 - 1) * min(high, 2**31 - 1)).astype(kind)
            case(f"{label} TIFF of {kind}, range below 0", tiff(signed, photometric=colours), np.floor(np.clip((signed.astype(np.float64) + high / 2) / high, 0, 1) * 255 + 0.5), range=[-high / 2, high / 2])
case("RGB TIFF of f4 in planes, range", tiff(np.ascontiguousarray(planes.astype("f4").transpose(2, 0, 1)), photometric="rgb", planarconfig="separate"), np.floor(planes.astype("f4") * 255.0 + 0.5), range=[0, 1])
case("grey TIFF of f4 with alpha, range", tiff(planes[..., :2].astype("f4"), photometric="minisblack", extrasamples=[2]), np.floor(ramp.astype("f4") * 255.0 + 0.5), range=[0, 1])
holes = ramp.astype("f4")
holes[0, 3] = np.nan
holes[0, 4] = np.inf
holes[0, 5] = -np.inf
case("grey TIFF of f4 with NaN, range", tiff(holes, photometric="minisblack"), np.floor(np.clip(np.nan_to_num(holes.astype(np.float64), nan=0, posinf=1, neginf=0), 0, 1) * 255 + 0.5), range=[0, 1])
case("TIFF of 16 bits, range", tiff(deep >> 4, photometric="rgb"), np.floor((deep >> 4) / 4095 * 255 + 0.5), range=[0, 4095])
case("TIFF of 8 bits, range", tiff(rgb, photometric="rgb"), rgb, range=[0, 4095])
for kind in ("f8", "u8", "i8", "c8"):
    case(f"grey TIFF of {kind}", tiff((ramp * 100).astype(kind), photometric="minisblack"), refused=True)
    case(f"grey TIFF of {kind}, range", tiff((ramp * 100).astype(kind), photometric="minisblack"), refused=True, range=[0, 100])
case("grey TIFF of f4, 0 is white, range", tiff(ramp.astype("f4"), photometric="miniswhite"), refused=True, range=[0, 1])
case("RGB TIFF of f2 in planes, range", tiff(np.ascontiguousarray(planes.astype("f2").transpose(2, 0, 1)), photometric="rgb", planarconfig="separate"), refused=True, range=[0, 1])
case("grey TIFF of 12 bits", tiff((ramp * 4095).astype(np.uint16), photometric="minisblack", bitspersample=12), refused=True)
case("Lab TIFF", tiff(rgb, photometric="cielab"), refused=True)
case("Lab TIFF of 16 bits", tiff(deep, photometric="cielab"), refused=True)
for method in ("zstd", "lzma", "jpegxl", "jpeg2000"):
    case(f"TIFF by {method}", tiff(rgb, photometric="rgb", compression=method), refused=True)
case("TIFF in tiles of planes", tiff(np.ascontiguousarray(rgb.transpose(2, 0, 1)), photometric="rgb", planarconfig="separate", tile=(16, 16)), refused=True)



def by_hand(values, bits, photometric, more=None):
    """A TIFF of one strip with samples of few bits, which tifffile does not write."""
    samples = 1 if values.ndim == 2 else values.shape[2]
    data = b""
    for row in values.reshape(HEIGHT, -1):
        digits = "".join(format(int(value), f"0{bits}b") for value in row)
        data += int(digits.ljust(-(-len(digits) // 8) * 8, "0"), 2).to_bytes(-(-len(digits) // 8), "big")
    tags = {256: [WIDTH], 257: [HEIGHT], 258: [bits] * samples, 259: [1], 262: [photometric], 273: [0], 277: [samples], 278: [HEIGHT], 279: [len(data)], **(more or {})}
    start = 8 + 2 + 12 * len(tags) + 4
    length = sum(2 * len(values) for values in tags.values() if len(values) > 2)
    tags[273] = [start + length]
    entries, rest = b"", b""
    for tag in sorted(tags):
        packed = struct.pack(f"<{len(tags[tag])}H", *tags[tag])
        if len(packed) > 4:
            entries += struct.pack("<HHII", tag, 3, len(tags[tag]), start + len(rest))
            rest += packed
        else:
            entries += struct.pack("<HHI", tag, 3, len(tags[tag])) + packed.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + rest + data


for bits in (1, 2, 4):
    most = 2**bits - 1
    colours = np.random.default_rng(bits).integers(0, 256, (3, most + 1))
    values = np.round(ramp * most).astype(int)
    case(f"TIFF with a palette of {bits} bits", by_hand(values, bits, 3, {320: [int(value) * 257 for value in colours.reshape(-1)]}))
    case(f"TIFF of {bits} bits a colour", by_hand(np.round(planes * most).astype(int), bits, 2), refused=True)
    case(f"grey TIFF of {bits} bits with alpha", by_hand(np.round(planes[..., :2] * most).astype(int), bits, 1, {338: [2]}), refused=True)
case("TIFF of raw YCbCr", by_hand(rgb, 8, 6, {530: [1, 1]}), refused=True)
case("TIFF that begins with a preview", by_hand(rgb, 8, 2, {254: [1]}), refused=True)
case("DNG", by_hand(rgb, 8, 2, {50706: [1]}), refused=True)
case("TIFF by a fax's method", saved(grey.convert("1"), "TIFF", compression="group4"))
ten_bits = np.round(planes * 1023).astype(np.uint16)
case("AVIF of 10 bits", imagecodecs.avif_encode(ten_bits, bitspersample=10, level=98, pixelformat="444"), ten_bits >> 2, 2)
case("JPEG of RGB", saved(image, "JPEG", quality=97, keep_rgb=True))
case("JPEG of 12 bits", imagecodecs.jpeg_encode(np.round(planes * 4095).astype(np.uint16), bitspersample=12), refused=True)
case("JPEG without loss", imagecodecs.jpeg8_encode(rgb, lossless=True))

# GIF: the first frame on its screen.
gif = saved(palette, "GIF")


def on_screen(data, left, top, width, height, transparent=None, background=0, flags=None):
    """The frame of a GIF at a place of a screen."""
    colours = 3 << ((data[10] & 7) + 1)
    head = bytearray(data[: 13 + (colours if data[10] & 128 else 0)])
    head[6:10] = struct.pack("<HH", width, height)
    head[11] = background
    at = data.index(b",", len(head))
    frame = bytearray(data[at:])
    frame[1:5] = struct.pack("<HH", left, top)
    control = b"" if transparent is None else b"!\xf9\x04" + bytes([1, 0, 0, transparent]) + b"\0"
    return bytes(head) + control + bytes(frame)


case("GIF", gif)
case("GIF smaller than its screen", on_screen(gif, 3, 2, 20, 15))
case("GIF smaller than its screen, background 5", on_screen(gif, 3, 2, 20, 15, background=5))
case("GIF smaller than its screen, transparent", on_screen(gif, 3, 2, 20, 15, transparent=4))
case("GIF at the screen's corner, transparent", on_screen(gif, 8, 7, 20, 15, transparent=0, background=3))
case("GIF larger than its screen", on_screen(gif, 3, 2, 6, 5))
case("GIF, interlaced", saved(palette, "GIF", interlace=1))
case("grey GIF", saved(grey, "GIF"))
case("grey GIF smaller than its screen", on_screen(saved(grey, "GIF"), 3, 2, 20, 15, transparent=77))
case("GIF of two colours", saved(grey.convert("1"), "GIF"))
case("GIF with transparency", saved(palette, "GIF", transparency=3))
frames = saved(palette, "GIF", save_all=True, append_images=[image.transpose(0).quantize(16), image.transpose(1).quantize(200)], duration=50, disposal=2)
case("GIF of three frames", frames)
noise = Image.fromarray(np.random.default_rng(3).integers(0, 256, (40, 60), dtype=np.uint8))
case("GIF of noise", saved(noise, "GIF"))
local = Image.fromarray((np.random.default_rng(4).integers(0, 256, (20, 30), dtype=np.uint8)), "P")
local.putpalette(np.random.default_rng(5).integers(0, 256, 768, dtype=np.uint8).tobytes())
case("GIF of a full palette", saved(local, "GIF"))


# Animations: the first frame on its canvas.
def webp_canvas(left, top, width, height, background):
    frame = saved(alpha, "WEBP", lossless=True, exact=True)
    vp8l = frame[frame.index(b"VP8L") :]
    u24 = lambda value: struct.pack("<I", value)[:3]
    chunk = lambda kind, body: kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    anmf = chunk(b"ANMF", u24(left // 2) + u24(top // 2) + u24(WIDTH - 1) + u24(HEIGHT - 1) + u24(100) + b"\0" + vp8l)
    body = b"WEBP" + chunk(b"VP8X", bytes([0x12, 0, 0, 0]) + u24(width - 1) + u24(height - 1)) + chunk(b"ANIM", background + b"\0\0") + anmf + anmf
    return b"RIFF" + struct.pack("<I", len(body)) + body


case("WebP frame smaller than its canvas", webp_canvas(4, 2, 20, 14, bytes([10, 20, 30, 255])))
case("WebP of frames", saved(image, "WEBP", lossless=True, save_all=True, append_images=[image.transpose(0)], duration=50))
case("APNG", saved(image, "PNG", save_all=True, append_images=[image.transpose(0)], duration=50))
case("APNG with another picture for old readers", saved(image, "PNG", save_all=True, default_image=True, append_images=[image.transpose(0), image.transpose(1)], duration=50))


def without_times(data):
    """The times of creation and change in the headers of a film, 0: the same script writes the same file."""
    data = bytearray(data)
    for kind in (b"mvhd", b"tkhd", b"mdhd"):
        at = data.find(kind)
        while at >= 0:
            length = 16 if data[at + 4] == 1 else 8
            data[at + 8 : at + 8 + length] = bytes(length)
            at = data.find(kind, at + 4)
    return bytes(data)


case("AVIF of frames", without_times(saved(image, "AVIF", quality=95, subsampling="4:4:4", save_all=True, append_images=[image.transpose(0)], duration=50)), None, 4)

# BMP.


def bmp(header, rows, colours=b"", bits=24, compression=0, width=WIDTH, height=HEIGHT, masks=b"", used=0):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(rows), 2835, 2835, used, 0) + masks
        info = info if header == 40 else info.ljust(header, b"\0")
    start = 14 + len(info) + len(colours)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + colours + rows


case("BMP", saved(image, "BMP"))
case("BMP with alpha", saved(alpha, "BMP"))
case("BMP of 8 bits", saved(palette, "BMP"))
case("BMP of grey", saved(grey, "BMP"))
case("BMP of 1 bit", saved(grey.convert("1"), "BMP"))
case("DIB in a BMP of 12 bytes", bmp(12, b"".join(rgb[row][:, ::-1].tobytes() for row in range(HEIGHT - 1, -1, -1))))
case("BMP from the top", bmp(40, b"".join(rgb[row][:, ::-1].tobytes() for row in range(HEIGHT)), height=-HEIGHT))
table = np.random.default_rng(6).integers(0, 256, (16, 3), dtype=np.uint8)
index = np.random.default_rng(7).integers(0, 16, (HEIGHT, WIDTH), dtype=np.uint8)
quads = b"".join(bytes([b, g, r, 0]) for r, g, b in table)
nibbles = lambda row: bytes((row[i] << 4) | row[i + 1] for i in range(0, WIDTH, 2)).ljust(8, b"\0")
case("BMP of 4 bits", bmp(40, b"".join(nibbles(index[row]) for row in range(HEIGHT - 1, -1, -1)), quads, 4))
case("BMP of 4 bits and 10 colours", bmp(40, b"".join(nibbles(index[row] % 10) for row in range(HEIGHT - 1, -1, -1)), quads[:40], 4, used=10))
case("BMP of 4 bits, 12 bytes", bmp(12, b"".join(nibbles(index[row]) for row in range(HEIGHT - 1, -1, -1)), b"".join(bytes([b, g, r]) for r, g, b in table), 4))
five = np.round(planes * 31).astype(int)
six = np.round(planes[..., 1] * 63).astype(int)
case("BMP of 15 bits", bmp(40, (five[::-1, :, 0] << 10 | five[::-1, :, 1] << 5 | five[::-1, :, 2]).astype("<u2").tobytes(), bits=16))
case("BMP of 16 bits", bmp(40, (five[::-1, :, 0] << 11 | six[::-1] << 5 | five[::-1, :, 2]).astype("<u2").tobytes(), bits=16, compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)))
four = np.dstack([rgb[::-1, :, ::-1], rgb[::-1, :, 0]])
case("BMP of 32 bits", bmp(40, four.tobytes(), bits=32))
case("BMP of 32 bits, other masks", bmp(40, np.dstack([rgb[::-1], rgb[::-1, :, 0]]).tobytes(), bits=32, compression=3, masks=struct.pack("<III", 0xFF, 0xFF00, 0xFF0000)), rgb)
ten = np.round(planes * 1023).astype(np.int64)
case("BMP of 10 bits a colour", bmp(40, (ten[::-1, :, 0] << 20 | ten[::-1, :, 1] << 10 | ten[::-1, :, 2]).astype("<u4").tobytes(), bits=32, compression=3, masks=struct.pack("<III", 0x3FF00000, 0xFFC00, 0x3FF)), ten * 255 // 1023)
case("BMP, header of 124", bmp(124, b"".join(rgb[row][:, ::-1].tobytes() for row in range(HEIGHT - 1, -1, -1))))
runs8 = b""
for row in index[::-1]:
    runs8 += b"".join(bytes([1, value]) for value in row[:4]) + bytes([0, 3, *row[4:7], 0]) + b"".join(bytes([1, value]) for value in row[7:]) + b"\0\0"
case("BMP with runs of 8 bits", bmp(40, runs8 + b"\0\1", quads * 16, 8, 1))
case("BMP with runs and jumps", bmp(40, bytes([5, 3, 0, 2, 2, 1, 4, 7, 0, 0, 12, 9, 0, 2, 0, 2]) + bytes([12, 1, 0, 0]) * 3 + b"\0\1", quads * 16, 8, 1, height=7), None)
runs4 = b"".join(b"".join(bytes([2, (row[i] << 4) | row[i + 1]]) for i in range(0, WIDTH, 2)) + b"\0\0" for row in index[::-1])
case("BMP with runs of 4 bits", bmp(40, runs4 + b"\0\1", quads, 4, 2))
case("BMP that holds a PNG", bmp(40, plain, bits=0, compression=5), refused=True)
case("BMP with masks with gaps", bmp(40, four.tobytes(), bits=32, compression=3, masks=struct.pack("<III", 0xF0F0000, 0xFF00, 0xFF)), refused=True)

# PNM.
case("PPM", saved(image, "PPM"))
case("PGM", saved(grey, "PPM"))
case("PBM", saved(grey.convert("1"), "PPM"))
text = lambda values: b" ".join(str(int(value)).encode() for value in values.reshape(-1))
size = b"%d %d\n" % (WIDTH, HEIGHT)
case("PPM as text", b"P3\n# made by hand\n" + size + b"255\n" + text(rgb))
case("PGM as text, 15 levels", b"P2\n" + size + b"15\n" + text(np.round(ramp * 15)))
bits = (x + y * y) % 3 == 0
case("PBM as text", b"P1\n" + size + b"".join(b"".join(b"1" if value else b"0" for value in row) + b"\n" for row in bits))
case("PPM of 100 levels", b"P6 " + size + b"100\n" + np.round(planes * 100).astype(np.uint8).tobytes())
case("PPM of 16 bits", b"P6\n" + size + b"65535\n" + deep.astype(">u2").tobytes())
case("PGM of 16 bits", b"P5\n" + size + b"65535\n" + deep[..., 0].astype(">u2").tobytes(), np.round(deep[..., 0] / 65535 * 255))
case("PGM of 12 bits", b"P5\n" + size + b"4095\n" + (deep[..., 0] >> 4).astype(">u2").tobytes(), np.round((deep[..., 0] >> 4) / 4095 * 255))
case("PGM of 16 bits, range", b"P5\n" + size + b"65535\n" + (deep[..., 0] >> 4).astype(">u2").tobytes(), np.round((deep[..., 0] >> 4) / 4095 * 255), range=[0, 4095])
pam = lambda depth, kind, most=255: b"P7\nWIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\n# a comment\nENDHDR\n" % (WIDTH, HEIGHT, depth, most, kind)
case("PAM", pam(3, b"RGB") + rgb.tobytes(), rgb)
case("PAM with alpha", pam(4, b"RGB_ALPHA") + np.asarray(alpha).tobytes(), rgb)
case("PAM, grey with alpha", pam(2, b"GRAYSCALE_ALPHA") + np.ascontiguousarray(rgb[..., :2]).tobytes(), rgb[..., 0])
case("PAM, black and white", pam(1, b"BLACKANDWHITE", 1) + (~bits).astype(np.uint8).tobytes(), (~bits) * 255)

with open(os.path.join(here, "kinds.json"), "w") as out:
    versions = {"pillow": PIL.__version__, "numpy": np.__version__, "tifffile": tifffile.__version__, "imagecodecs": imagecodecs.__version__}
    json.dump({"versions": versions, "cases": cases}, out)
