"""Sentence vectors by sentence-transformers, or without it by transformers as it does them (batches of 32 of similar length,
mean over the tokens, length 1): the peer of bench/text-methods/throughput/embedding.ts. Vectors to vectors.bin, one JSON line.

usage: text_embed.py JOB_AS_JSON    (folder with a model, its tokeniser and lines.json; threads; maxLength)
"""
import json, os, sys, time

import numpy as np
import torch

job = json.loads(sys.argv[1])
folder, longest = job["folder"], job["maxLength"]
torch.set_num_threads(job["threads"])
with open(os.path.join(folder, "lines.json"), encoding="utf-8") as file:
    lines = json.load(file)


def by_sentence_transformers():
    from sentence_transformers import SentenceTransformer, models

    words = models.Transformer(folder, max_seq_length=longest)
    model = SentenceTransformer(modules=[words, models.Pooling(words.get_word_embedding_dimension())], device="cpu")
    return lambda texts: model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)


def by_transformers():
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    @torch.no_grad()
    def encode(texts):
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
        result = [None] * len(texts)
        for start in range(0, len(order), 32):
            part = order[start : start + 32]
            inputs = tokenizer([texts[at] for at in part], padding=True, truncation=True, max_length=longest, return_tensors="pt")
            mask = inputs["attention_mask"].unsqueeze(-1)
            mean = (model(**inputs).last_hidden_state * mask).sum(1) / mask.sum(1)
            for at, vector in zip(part, torch.nn.functional.normalize(mean)):
                result[at] = vector.numpy()
        return np.stack(result)

    return encode


try:
    encode, name = by_sentence_transformers(), "sentence-transformers"
except ImportError:
    encode, name = by_transformers(), "transformers"
encode(lines[:256])
start = time.perf_counter()
vectors = encode(lines)
seconds = time.perf_counter() - start
np.asarray(vectors, dtype=np.float32).tofile(os.path.join(folder, "vectors.bin"))
print(json.dumps({"seconds": seconds, "by": name}))
