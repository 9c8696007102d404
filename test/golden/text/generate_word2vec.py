"""word2vec's text and binary format as gensim writes them, and what it finds near some words.

python generate_word2vec.py   (gensim, numpy)
"""

import json
import pathlib

import numpy as np
from gensim.models import KeyedVectors

here = pathlib.Path(__file__).parent
words = ["king", "queen", "man", "woman", "naïve", "水", "🙂", "don't", "a,b", "x" * 40]
random = np.random.default_rng(20261129)
vectors = random.normal(size=(len(words), 6)).astype(np.float32)
vectors[4] *= 1e-12  # numbers with exponents
vectors[5] *= 1e9
keyed = KeyedVectors(6)
keyed.add_vectors(words, vectors)
keyed.save_word2vec_format(here / "word2vec.txt", binary=False)
keyed.save_word2vec_format(here / "word2vec.bin", binary=True)
golden = {
    "words": words,
    "vectors": [float(value) for value in vectors.flatten()],
    "mostSimilar": keyed.most_similar("king", topn=4),
    "analogy": keyed.most_similar(positive=["king", "woman"], negative=["man"], topn=4),
}
(here / "word2vec.json").write_text(json.dumps(golden) + "\n")
