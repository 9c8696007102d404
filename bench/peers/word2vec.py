"""gensim's Word2Vec with the settings of bench/word2vec.ts: seconds of the processor to standard output, vectors to a file.

python word2vec.py LINES OUT skipGram|cbow SEED
"""

import sys
import time

from gensim.models import Word2Vec

lines, out, model, seed = sys.argv[1:]
began = time.process_time()
with open(lines, encoding="utf-8") as file:
    sentences = [line.split() for line in file]
made = Word2Vec(
    sentences, vector_size=100, window=5, min_count=5, sg=int(model == "skipGram"), hs=0, negative=5, ns_exponent=0.75,
    sample=1e-3, epochs=5, alpha=0.05 if model == "cbow" else 0.025, min_alpha=1e-4, cbow_mean=1, workers=1, seed=int(seed),
)
print(time.process_time() - began)
made.wv.save_word2vec_format(out, binary=True)
