"""Prints what TensorBoard's server shows of a folder of one run, with each of its two readers of event files."""

import json
import struct
import sys
import time
from urllib.parse import urlencode
from urllib.request import urlopen

import tensorboard
from tensorboard import program

folder = sys.argv[1]


def shown(load_fast):
    board = program.TensorBoard()
    board.configure(argv=[None, "--logdir", folder, "--port", "0", "--host", "127.0.0.1", f"--load_fast={load_fast}"])
    server = board.launch().rstrip("/")

    def fetch_raw(path):
        with urlopen(f"{server}/data/plugin/{path}", timeout=60) as response:
            return response.read()

    def fetch(path, **query):
        return fetch_raw(f"{path}?{urlencode(query)}")

    def listed(path, **query):
        return json.loads(fetch(path, **query))

    def read():
        scalars = {
            tag: [[step, value] for _, step, value in listed("scalars/scalars", run=run, tag=tag)]
            for run, tags in listed("scalars/tags").items()
            for tag in tags
        }
        histograms = {
            tag: [
                {"step": step, "ends": [buckets[0][0], buckets[-1][1]], "counts": [count for _, _, count in buckets]}
                for _, step, buckets in listed("histograms/histograms", run=run, tag=tag)
            ]
            for run, tags in listed("histograms/tags").items()
            for tag in tags
        }
        images = {
            tag: [
                {
                    "step": image["step"],
                    "png": fetch_raw(f"images/individualImage?{image['query']}").hex(),
                }
                for image in listed("images/images", run=run, tag=tag, sample=0)
            ]
            for run, tags in listed("images/tags").items()
            for tag in tags
        }
        texts = {
            tag: [[entry["step"], entry["text"]] for entry in listed("text/text", run=run, tag=tag)]
            for run, tags in listed("text/tags").items()
            for tag in tags
        }
        return {"scalars": scalars, "histograms": histograms, "images": images, "texts": texts}

    # Files are read while the server answers: wait for the last step, then until nothing changes.
    last, until = None, time.time() + 60
    while time.time() < until:
        now = read()
        steps = [step for step, _ in now["texts"].get("note", [])]
        if now == last and 5 in steps:
            break
        last = now
        time.sleep(2)

    projector = []
    for run in listed("projector/runs"):
        for embedding in listed("projector/info", run=run)["embeddings"]:
            query = {"run": run, "name": embedding["tensorName"]}
            data = fetch("projector/tensor", **query)
            projector.append(
                {
                    "name": embedding["tensorName"],
                    "shape": embedding["tensorShape"],
                    "values": list(struct.unpack(f"<{len(data) // 4}f", data)),
                    "metadata": fetch("projector/metadata", **query).decode(),
                }
            )
    return {"reader": f"--load_fast={load_fast}", **now, "projector": projector}


# To a file: TensorBoard prints on standard output.
report = {"version": tensorboard.__version__, "shown": [shown("false"), shown("true")]}
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(report, file)
