"""Golden files of ssl-data's reader of LMDB: databases as Python's lmdb writes them, and what it reads from them.

Run: python test/golden/data/generate_lmdb.py   (lmdb, numpy, pillow)
Writes lmdb/*.mdb and lmdb.json beside this file.
"""
import base64
import hashlib
import io
import json
import os
import pickle
import shutil
import tempfile

import lmdb
import numpy as np
import PIL
from PIL import Image

SEED = 13
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "lmdb")
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
rng = np.random.default_rng(SEED)
golden = {
    "seed": SEED,
    "lmdb": lmdb.__version__,
    "liblmdb": ".".join(map(str, lmdb.version())),
    "numpy": np.__version__,
    "pillow": PIL.__version__,
    "databases": {},
}


def png(height, width):
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(image, "RGB").save(out, "PNG")
    return out.getvalue(), base64.b64encode(image.tobytes()).decode()


def write(name, commits, pixels=None, db=None, **flags):
    """Each commit is a list of (key, value) to put, or (key, None) to delete."""
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, "data.mdb")
        env = lmdb.open(path, subdir=False, map_size=1 << 24, max_dbs=2 if db else 0)
        handle = env.open_db(db, **flags) if db or flags else None
        for commit in commits:
            with env.begin(write=True, db=handle) as txn:
                for key, value in commit:
                    txn.delete(key) if value is None else txn.put(key, value)
        with env.begin(db=handle) as txn:
            stat = txn.stat(handle) if handle else env.stat()
            records = [(bytes(k), bytes(v)) for k, v in txn.cursor()]
        env.close()
        shutil.copyfile(path, os.path.join(folder, f"{name}.mdb"))
    golden["databases"][name] = {
        "depth": stat["depth"],
        "records": [[k.hex(), len(v), hashlib.sha256(v).hexdigest()] for k, v in records],
        "pixels": pixels or {},
    }


# Keys that are numbers without zeros, metadata in JSON; every fifth image needs overflow pages.
pixels, records = {}, []
for i in range(12):
    shape = (30, 50) if i % 5 == 0 else (6, 8)
    data, raw = png(*shape)
    records.append((b"%d" % i, data))
    pixels[str(i)] = [*shape, raw]
labels = [int(v) for v in rng.integers(0, 3, 12)]
records += [
    (b"__len__", b"12"),
    (b"__labels__", json.dumps(labels).encode()),
    (b"__classes__", json.dumps(["ant", "bee", "cat"]).encode()),
]
write("numbers", [records], pixels)
golden["labels"] = labels

# Paths as keys in a tree with branches; records that were replaced and deleted leave free pages behind.
paths = [f"train/{kind}/{'x' * 150}-{i:03d}.png" for kind in ["gnu", "emu", "auk"] for i in range(30)]
small = [png(2, 3)[0] for _ in range(4)]
first = [(p.encode(), rng.bytes(90)) for p in paths] + [(b"train/zzz/%d" % i, rng.bytes(6000)) for i in range(3)]
second = [(p.encode(), small[i % 4]) for i, p in enumerate(paths)]
third = [(b"train/zzz/%d" % i, None) for i in range(3)] + [(b"train/auk/empty.png", b"")]
write("folders", [first, second, third])

# Scene text: images and texts under prefixes.
records = [(b"num-samples", b"3")]
for i in range(1, 4):
    records += [(b"image-%09d" % i, png(4, 6)[0]), (b"label-%09d" % i, b"word%d" % i)]
write("prefixes", [records])

# ImageFolderLMDB: values and metadata pickled.
records = [(b"%d" % i, pickle.dumps((png(2, 2)[0], i))) for i in range(3)]
write("pickled", [records + [(b"__keys__", pickle.dumps([b"0", b"1", b"2"])), (b"__len__", pickle.dumps(3))]])
write("pickled-values", [records])

write("named", [[(b"a", b"1")]], db=b"images")
write("empty", [])

with open(os.path.join(here, "lmdb.json"), "w") as file:
    json.dump(golden, file, indent=1)
    file.write("\n")
