"""Shards as Python writes them, and what the Python package webdataset reads from them and from ours.

Run: python test/golden/webdataset/generate.py   (webdataset, numpy, pillow; written.tar by write.ts first)
Writes *.tar and expected.json beside this file.
"""
import base64
import io
import json
import os
import sys
import tarfile

import numpy as np
import PIL
import webdataset as wds
from braceexpand import braceexpand
from PIL import Image
from webdataset.shardlists import expand_urls

SEED = 11
here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(SEED)
pixels = {}


def png(key):
    image = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    pixels[key] = base64.b64encode(image.tobytes()).decode()
    out = io.BytesIO()
    Image.fromarray(image, "RGB").save(out, "PNG")
    return out.getvalue()


def encode(members):
    return {extension: base64.b64encode(data).decode() for extension, data in members.items() if not extension.startswith("__")}


def read(name):
    """Samples as the package sees them, in its order."""
    dataset = wds.WebDataset(os.path.join(here, name), shardshuffle=False, empty_check=False)
    return [{"key": sample["__key__"], "members": encode(sample)} for sample in dataset]


# As the package's own writer does it.
with wds.TarWriter(os.path.join(here, "package.tar"), mtime=0) as writer:
    for i in range(5):
        key = f"{i:06d}" if i < 3 else f"some.folder/{i:06d}"
        writer.write({"__key__": key, "png": png(key), "cls": int(rng.integers(0, 10)), "json": {"label": i + 100, "name": f"é{i}"}})

LONG = "long/" * 30 + "name-" + "z" * 120


def add(tar, name, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    tar.addfile(info, io.BytesIO(data))


def odd_archive(name, format):
    """Names and entries that the rules of grouping are about."""
    with tarfile.open(os.path.join(here, name), "w", format=format, encoding="utf-8") as tar:
        add(tar, "folder", type=tarfile.DIRTYPE)
        add(tar, "__meta__", b"{}")
        add(tar, "__meta__/x.json", b"{}")
        add(tar, "folder/a.JPG", b"1")
        add(tar, "folder/a.seg.Png", b"22")
        add(tar, "folder/README", b"no extension")
        add(tar, "folder/a.txt", b"after a file that belongs to no sample")
        add(tar, "a.link", type=tarfile.SYMTYPE, linkname="elsewhere/" * 20 + "x")
        add(tar, "folder/b.jpg", b"")
        add(tar, LONG + ".cls", b"4")
        add(tar, LONG + ".jpg", b"x" * 1000)
        add(tar, "ümlaut/ß.cls", b"5")
        add(tar, "folder/a.jpg", b"the same key again, elsewhere", mtime=1.5, uid=3_000_000_000 if format != tarfile.USTAR_FORMAT else 0)
        add(tar, "x..jpg", b"two dots")
        add(tar, "x.", b"nothing behind the dot")


odd_archive("gnu.tar", tarfile.GNU_FORMAT)
odd_archive("pax.tar", tarfile.PAX_FORMAT)

patterns = [
    "plain.tar", "train-{000000..000003}.tar", "{1..3}", "{08..11}", "{4..1}", "{2..-1}", "{-01..1}", "{1..9..3}", "{9..1..3}", "{a..e}", "{e..b}",
    "{a..g..2}", "{x,y}{1..2}", "index.html{,.backup}", "python{2.{5..7},3.{2,3}}", "{a,b{1..3},c}", "{}", "{one}", "{a}{b,c}", "\\{1,2\\}", "{1\\,2,3}",
    "{X..b}", "{00..2}", "a{b{c,d}e}f",
]
expected = {
    "generator": {
        "seed": SEED, "python": sys.version.split()[0], "webdataset": wds.__version__, "numpy": np.__version__, "pillow": PIL.__version__,
    },
    "archives": {name: read(name) for name in ["package.tar", "gnu.tar", "pax.tar", "written.tar"]},
    "pixels": pixels,
    "braces": {pattern: list(braceexpand(pattern)) for pattern in patterns},
    "urls": {pattern: expand_urls(pattern) for pattern in ["a-{0..1}.tar::b-{x,y}.tar", "https://host/{00..02}.tar"]},
}
with open(os.path.join(here, "expected.json"), "w") as file:
    json.dump(expected, file, indent=1, ensure_ascii=False)
    file.write("\n")
