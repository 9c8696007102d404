"""The Rust library's encode_batch on the lines of bench/text-methods/throughput/encoding.ts: seconds of the best round as JSON.

usage: RAYON_NUM_THREADS=2 text_encode.py JOB_AS_JSON    (folder with tokenizer.json and lines.json, rounds)
"""
import json, os, sys, time

from tokenizers import Tokenizer

job = json.loads(sys.argv[1])
tokenizer = Tokenizer.from_file(os.path.join(job["folder"], "tokenizer.json"))
tokenizer.no_padding()
tokenizer.no_truncation()
with open(os.path.join(job["folder"], "lines.json"), encoding="utf-8") as file:
    lines = json.load(file)
best = float("inf")
for _ in range(job["rounds"]):
    start = time.perf_counter()
    ids = [encoding.ids for encoding in tokenizer.encode_batch(lines)]
    best = min(best, time.perf_counter() - start)
print(json.dumps({"seconds": best}))
