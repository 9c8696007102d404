"""Golden files of ssl-data's reader of Parquet: classes as texts and otherwise, as pyarrow writes them.

Run: python test/golden/data/generate_parquet_labels.py   (pyarrow 26.0.1, no random numbers)
Writes parquet-labels/*.parquet beside this file. Images are the first bytes of a GIF, enough to be known as one.
"""
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq

here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "parquet-labels")
os.makedirs(folder, exist_ok=True)
GIF = b"GIF89a"


def write(name, labels, kind, names=None, column="label", **options):
    metadata = None
    if names is not None:
        features = {"image": {"_type": "Image"}, column: {"_type": "ClassLabel", "names": names}}
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pa.schema([("image", pa.binary()), (column, kind)], metadata=metadata)
    data = pa.table([pa.array([GIF] * len(labels), pa.binary()), pa.array(labels, kind)], schema=schema)
    pq.write_table(data, os.path.join(folder, f"{name}.parquet"), row_group_size=2, **options)


write("texts", ["dog", "cat", "bee", "dog", "\u00e9"], pa.string())
write("texts-plain", ["cat", "e\u0301", "cat"], pa.large_string(), use_dictionary=False, compression="none")
write("texts-named", ["cat", "dog"], pa.string(), column="kind")
write("texts-missing", ["cat", None], pa.string())
write("bytes", [b"\xff", b"cat"], pa.binary(), column="label")
write("reals", [0.5, 1.5], pa.float64())
write("flags", [True, False], pa.bool_())
write("integers", [1, 0, 1], pa.int32())
write("names-ab", [0, 1], pa.int64(), names=["a", "b"])
write("names-ba", [0, 1], pa.int64(), names=["b", "a"])
write("names-abc", [2, 0], pa.int64(), names=["a", "b", "c"])
