"""Golden values for the WordPiece trainer and tokeniser: Hugging Face tokenizers on an invented corpus.

python generate_word_piece.py   (tokenizers)

The library's trainer breaks ties differently in each run, so its vocabulary is compared at a size at which several runs
agree on the set of pieces. The encodings come from a larger vocabulary of one run, which the file holds.
"""

import json
import pathlib
import random

import tokenizers
from tokenizers.implementations import BertWordPieceTokenizer
from tokenizers.processors import TemplateProcessing

SEED = 20261124
here = pathlib.Path(__file__).parent
rng = random.Random(SEED)

stems = """light dark water stone river mountain walk talk sing build break carry open close bright quick slow heavy gentle
north south garden window market bridge engine signal pattern number circle travel wonder harbour lantern copper velvet
thunder meadow orchard saddle compass anchor feather marble candle ladder ribbon shadow silver timber""".split()
suffixes = ["", "", "", "s", "ed", "ing", "er", "ers", "ly", "ness", "less", "able"]
prefixes = ["", "", "", "", "un", "re", "over", "under"]
weights = [1 / (rank + 1) for rank in range(len(stems))]


def word():
    return rng.choice(prefixes) + rng.choices(stems, weights)[0] + rng.choice(suffixes)


def sentence():
    words = [word() if rng.random() < 0.7 else rng.choice("the a of and in to with by for".split()) for _ in range(rng.randint(4, 14))]
    text = " ".join(words)
    if rng.random() < 0.3:
        text = text.capitalize()
    if rng.random() < 0.2:
        text = text.replace(" ", ", ", 1)
    return text + rng.choice([".", ".", "!", "?", "; caf\u00e9", " (1984)"])


lines = [sentence() for _ in range(600)]


def train(size):
    tokenizer = BertWordPieceTokenizer(lowercase=True)
    tokenizer.train_from_iterator(lines, vocab_size=size, min_frequency=2, show_progress=False)
    return tokenizer


for size in range(140, 85, -1):
    runs = [train(size) for _ in range(6)]
    if all(set(run.get_vocab()) == set(runs[0].get_vocab()) for run in runs) and len(runs[0].get_vocab()) == size:
        break
else:
    raise SystemExit("no size without ties")

tokenizer = train(400)
ends = [("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))]
tokenizer._tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends)
texts = [
    "", " ", "the river", "The  RIVER\tand\nthe mountain!", "unwalkable bridges, rebuilt in 1984.", "caf\u00e9 na\u00efve \u00dcber",
    "cafe\u0301", "\u6c34 water\u77f3stone", "hello\u0000wor\ufffdld \u200bzero", "emoji \U0001f600 here", "x" * 101, "a" * 100 + " b",
    "[MASK] of the [MASK]. [UNK]", "the[SEP]river", "can't won't \u201cquoted\u201d \u2014 dash", "1984-2001 (3.14)", "light\u00a0dark\u3000water",
    "\u0130stanbul", "##ing", "don't.stop...now", "underwalkers overtalking",
]
golden = {
    "generator": "generate_word_piece.py",
    "seed": SEED,
    "versions": {"tokenizers": tokenizers.__version__},
    "lines": lines,
    "agreed": sorted(runs[0].get_vocab()),
    "tokenizer": json.loads(tokenizer.to_str()),
    "encodings": [{"text": text, "ids": tokenizer.encode(text).ids} for text in texts],
    "decodings": [{"ids": tokenizer.encode(text).ids, "text": tokenizer.decode(tokenizer.encode(text).ids)} for text in lines[:10]],
}
(here / "word-piece.json").write_text(json.dumps(golden, ensure_ascii=True))
print(size)
