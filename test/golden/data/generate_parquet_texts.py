"""Golden files of ssl-data's reader of texts in Parquet: columns as pyarrow writes them, and what is in them.

Run: python test/golden/data/generate_parquet_texts.py   (pyarrow)
Writes parquet-texts/*.parquet and parquet-texts.json beside this file.
"""
import json
import os
import random
import shutil

import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "parquet-texts")
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
rng = random.Random(SEED)

WORDS = "river stone Über größer naïve слово река мова שלום سلام नमस्ते ไทย 日本 語 中文 한국어 🙂 👩‍🚀 a b c\u2028d".split(" ")
texts = [" ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 30))) for _ in range(97)]
texts[5] = ""
texts[6] = " \t\n"
texts[7] = None
texts[8] = "two\nlines\r\nin one row"
texts[40] = None
texts[96] = "x" * 3000
few = ["red", "green", None, "blue"]
table = pa.table(
    {
        "id": pa.array(range(97), pa.int64()),
        "text": pa.array(texts, pa.string()),
        "body": pa.array([t and t.upper() for t in texts], pa.large_string()),
        "colour": pa.array([few[i % 4] for i in range(97)], pa.string()),
        "raw": pa.array([t and t.encode() for t in texts], pa.binary()),
        "tags": pa.array([["a", "b"][: i % 3] for i in range(97)], pa.list_(pa.string())),
        "meta": pa.array([{"lang": "de"}] * 97, pa.struct([("lang", pa.string())])),
    }
)


def write(name, data, **options):
    pq.write_table(data, os.path.join(folder, name + ".parquet"), **options)


write("snappy", table, compression="snappy", row_group_size=40, data_page_size=512, write_batch_size=8)
write("zstd-v2", table, compression="zstd", row_group_size=50, data_page_version="2.0", use_dictionary=False)
write("gzip", table, compression="gzip", use_dictionary=False)
write("none", table, compression="none", use_dictionary=True, write_statistics=False)
broken = [t and t.encode() for t in texts]
broken[60] = b"caf\xe9"
write("latin", pa.table({"text": pa.array(broken, pa.binary())}), row_group_size=40)
write("numbers", pa.table({"id": pa.array([1, 2]), "tags": pa.array([["a"], []])}))
plain = pa.table({"text": pa.array(texts, pa.string())})
write("delta-length", plain, use_dictionary=False, column_encoding={"text": "DELTA_LENGTH_BYTE_ARRAY"})
write("delta", plain, use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY"}, data_page_size=512, write_batch_size=8)
write("blank", pa.table({"text": pa.array([None, " ", ""], pa.string())}))
# 64 MB of text in 16 row groups, which compresses to little.
line = "the quick brown fox jumps over the lazy dog, again and again; " * 16
rows = (4 << 20) // len(line)
schema = pa.schema([("text", pa.string())])
path = os.path.join(folder, "large.parquet")
with pq.ParquetWriter(path, schema, compression="zstd", compression_level=19, use_dictionary=False) as writer:
    for group in range(16):
        writer.write_table(pa.table({"text": pa.array([line] * rows)}, schema=schema))

golden = {"seed": SEED, "pyarrow": pa.__version__, "texts": texts, "upper": [t and t.upper() for t in texts], "colours": few, "large": {"rows": 16 * rows, "text": line}}
with open(os.path.join(here, "parquet-texts.json"), "w") as file:
    json.dump(golden, file, ensure_ascii=False, indent=0)
    file.write("\n")
for name in sorted(os.listdir(folder)):
    print(name, os.path.getsize(os.path.join(folder, name)))
