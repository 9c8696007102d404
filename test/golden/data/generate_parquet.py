"""Golden files of ssl-data's reader of Parquet: files as pyarrow writes them, and what is in them.

Run: python test/golden/data/generate_parquet.py   (pyarrow, numpy, pillow)
Writes parquet/*.parquet and parquet.json beside this file.
"""
import base64
import hashlib
import io
import json
import os
import shutil

import numpy as np
import PIL
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

SEED = 17
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "parquet")
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
rng = np.random.default_rng(SEED)
golden = {"seed": SEED, "pyarrow": pa.__version__, "numpy": np.__version__, "pillow": PIL.__version__, "files": {}}

CLASSES = ["ant", "bee", "cat"]
hugging_face = {
    "info": {
        "features": {
            "image": {"_type": "Image"},
            "label": {"names": CLASSES, "_type": "ClassLabel"},
        }
    }
}


def png():
    image = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(image, "RGB").save(out, "PNG")
    return out.getvalue(), base64.b64encode(image.tobytes()).decode()


pictures = [png() for _ in range(23)]
images = [data for data, _ in pictures]
labels = [int(v) for v in rng.integers(0, 3, len(images))]
golden.update(classes=CLASSES, labels=labels, pixels=[raw for _, raw in pictures], sha256=[hashlib.sha256(d).hexdigest() for d in images])

struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def table(values, kind, note=True, label=labels, label_type=pa.int64(), image_name="image", label_name="label"):
    metadata = {"huggingface": json.dumps(hugging_face)} if note else None
    schema = pa.schema([(image_name, kind), ("extra", pa.list_(pa.int32())), (label_name, label_type)], metadata=metadata)
    extra = [list(range(i % 3)) for i in range(len(values))]
    return pa.table([pa.array(values, kind), pa.array(extra, pa.list_(pa.int32())), pa.array(label, label_type)], schema=schema)


def write(name, values, **options):
    path = os.path.join(folder, f"{name}.parquet")
    pq.write_table(values, path, **options)
    meta = pq.read_metadata(path)
    columns = {meta.row_group(0).column(i).path_in_schema: meta.row_group(0).column(i) for i in range(meta.num_columns)}
    golden["files"][name] = {
        "groups": [meta.row_group(i).num_rows for i in range(meta.num_row_groups)],
        "encodings": {key: [str(e) for e in column.encodings] for key, column in columns.items()},
    }


hub = table([{"bytes": data, "path": f"{i}.png"} for i, data in enumerate(images)], struct)
for codec in ["none", "snappy", "zstd", "gzip", "brotli", "lz4"]:
    write(f"hub-{codec}", hub, compression=codec, row_group_size=10)
write("pages-v2", hub, compression="zstd", data_page_version="2.0", row_group_size=10, use_dictionary=False)
write("small-pages", hub, compression="snappy", row_group_size=23, data_page_size=300, use_dictionary=["label"], write_page_index=True)
# One image many times over: a dictionary of images.
write("repeated", table([images[i % 2] for i in range(23)], pa.binary(), note=False, label_type=pa.int32()), compression="none")
write("binary", table(images, pa.binary(), note=False, label_type=pa.uint8(), image_name="photo", label_name="kind"), row_group_size=8)
required = pa.schema([pa.field("image", pa.binary(), nullable=False), pa.field("label", pa.int32(), nullable=False)])
write("required", pa.table([pa.array(images), pa.array(labels, pa.int32())], schema=required), use_dictionary=False)

# What cannot be read, wholly or in part.
holes = [{"bytes": None, "path": "1.png"} if i == 1 else None if i == 2 else {"bytes": data, "path": None} for i, data in enumerate(images[:4])]
write("holes", table(holes, struct, label=[0, None, 1, 2]))
write("paths", table(["a.png", "b.png"], pa.string(), label=[0, 1]))
write("path-structs", table([{"path": "a.png"}], pa.struct([("path", pa.string())]), label=[0]))
write("lists", table([[images[0]], []], pa.list_(pa.binary()), label=[0, 1]))
write("delta", table(images, pa.binary()), use_dictionary=False, column_encoding={"image": "DELTA_BYTE_ARRAY"})
write("empty", table([], pa.binary(), label=[]))

with open(os.path.join(here, "parquet.json"), "w") as file:
    json.dump(golden, file, indent=1)
    file.write("\n")
