"""Files that the reference implementation of Zstandard wrote.

    python generate_zstd.py

Writes zstd/*.zst and zstd.json: for each file the size and SHA-256 of what is in it, and checksums. The seed and the versions are in
zstd.json. Levels choose different block kinds and table modes; `stream` has no content size, `frames` has several
frames, among them one to be passed over and an empty one, `zeros` is made of run-length blocks.
"""

import hashlib
import json
import random
import struct
from pathlib import Path

import zstandard

SEED = 6
here = Path(__file__).parent
folder = here / "zstd"
folder.mkdir(exist_ok=True)
draw = random.Random(SEED)

words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 9))) for _ in range(300)]
text = "\n".join(" ".join(draw.choices(words, k=draw.randint(1, 12))) for _ in range(4000)).encode() + b"\n"
noise = draw.randbytes(3000)
small = "x\n\u00e4\u00f6\u00fc \U0001f98a\n".encode()


def compressor(level, **options):
    return zstandard.ZstdCompressor(level=level, **options)


def stream(data):
    writer = compressor(3, write_checksum=True).compressobj()
    parts = [writer.compress(data[:70000]), writer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)]
    return b"".join(parts + [writer.compress(data[70000:]), writer.flush()])


skippable = struct.pack("<II", 0x184D2A53, 5) + b"12345"
manifest = "image,label\n" + "".join(f"images/{i}.png,{i * 7 % 10}\n" for i in range(50))
files = {
    "level-1": (compressor(1).compress(text), text),
    "level-19": (compressor(19, write_checksum=True).compress(text), text),
    "stream": (stream(text), text),
    "manifest": (compressor(3).compress(manifest.encode()), manifest.encode()),
    "noise": (compressor(3).compress(noise), noise),
    "small": (compressor(3, write_checksum=True).compress(small), small),
    "frames": (
        skippable
        + compressor(3).compress(small)
        + compressor(3, write_checksum=True).compress(b"")
        + skippable
        + compressor(5).compress(text[:1000]),
        small + text[:1000],
    ),
    "zeros": (compressor(3).compress(bytes(5_000_000)), bytes(5_000_000)),
}
made = {"seed": SEED, "versions": {"zstandard": zstandard.__version__, "libzstd": ".".join(map(str, zstandard.ZSTD_VERSION))}}
made["files"] = {}
for name, (packed, plain) in files.items():
    (folder / f"{name}.zst").write_bytes(packed)
    made["files"][name] = {"bytes": len(plain), "sha256": hashlib.sha256(plain).hexdigest()}
# A frame ends with the lower half of XXH64 of what is in it.
pattern = bytes((i * i * 31 + i) & 255 for i in range(300))
checked = compressor(1, write_checksum=True)
made["xxh64Low"] = [struct.unpack("<I", checked.compress(pattern[:length])[-4:])[0] for length in range(300)]
(here / "zstd.json").write_text(json.dumps(made, indent=2) + "\n")
