"""Golden values of tokeniser files that are not BERT's own: Hugging Face's Rust library on each document and text.

python generate_tokenizers.py   (tokenizers)
"""

import json
import pathlib

import tokenizers
from tokenizers import Tokenizer

here = pathlib.Path(__file__).parent
tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
pieces = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?'-()_ \n\t") + ["\u00e9", "\u0301", "\u4e2d", "\u3000"]
vocabulary = tokens + pieces + ["##" + piece for piece in pieces] + ["the", "##ing", "don", "##ow", "  ", "'s", " the", "12", "##12"]
model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 20,
         "vocab": {token: i for i, token in enumerate(vocabulary)}}


def added(content, i, **more):
    return dict(id=i, content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True) | more


special = [added(token, i) for i, token in enumerate(tokens)]
bert = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}


def document(normalizer=None, pre_tokenizer=None, decoder=None, more=(), **changes):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [*special, *more], "normalizer": normalizer,
            "pre_tokenizer": pre_tokenizer, "post_processor": None, "decoder": decoder, "model": model, **changes}


def sequence(key, *steps):
    return {"type": "Sequence", key: list(steps)}


def split(pattern, behavior, invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


simple = {kind: {"type": kind} for kind in ("Lowercase", "StripAccents", "NFC", "NFD", "NFKC", "NFKD", "BertPreTokenizer", "Whitespace", "WhitespaceSplit")}
word_piece = {"type": "WordPiece", "prefix": "##", "cleanup": True}
gpt2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
llama3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
qwen2 = llama3.replace("{1,3}", "")
behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
documents = {
    "the course's": document(sequence("normalizers", simple["NFD"], simple["Lowercase"], simple["StripAccents"]),
                             sequence("pretokenizers", simple["WhitespaceSplit"], {"type": "Punctuation", "behavior": "Isolated"}), word_piece),
    "nothing": document(),
    "whitespace": document(simple["NFKC"], simple["Whitespace"], {"type": "WordPiece", "prefix": "##", "cleanup": False}),
    "nfkd": document(simple["NFKD"], simple["Whitespace"]),
    "nfc": document(simple["NFC"], simple["WhitespaceSplit"]),
    "digits one by one": document(bert, sequence("pretokenizers", simple["BertPreTokenizer"], {"type": "Digits", "individual_digits": True}), word_piece),
    "digits together": document(bert, sequence("pretokenizers", simple["BertPreTokenizer"], {"type": "Digits", "individual_digits": False}), word_piece),
    "delimiter": document(None, {"type": "CharDelimiterSplit", "delimiter": "_"}),
    "strip and replace": document(sequence("normalizers", {"type": "Strip", "strip_left": True, "strip_right": True},
                                           {"type": "Replace", "pattern": {"String": "a.b"}, "content": "$&!"},
                                           {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}), simple["BertPreTokenizer"]),
    "gpt-2": document(None, split({"Regex": gpt2}, "Removed", True)),
    "llama 3": document(None, split({"Regex": llama3}, "Isolated")),
    "qwen 2": document(None, split({"Regex": qwen2}, "Isolated")),
    "added tokens": document(bert, simple["BertPreTokenizer"], word_piece, more=[
        added("dON", len(vocabulary), normalized=True, special=False), added("the", vocabulary.index("the"), single_word=True),
        added("ab", len(vocabulary) + 1), added("abc", len(vocabulary) + 2), added("<x>", len(vocabulary) + 3, lstrip=True, rstrip=True),
        added("C D", len(vocabulary) + 4, normalized=True, special=False)]),
    **{f"punctuation, {behavior}": document(bert, sequence("pretokenizers", simple["WhitespaceSplit"], {"type": "Punctuation", "behavior": behavior})) for behavior in behaviors},
    **{f"split, {behavior}": document(None, split({"String": "e."}, behavior)) for behavior in behaviors},
    **{f"inverted, {behavior}": document(None, split({"Regex": r"\d"}, behavior, True)) for behavior in behaviors},
}
for pattern in [r"\s", r"\s+", " ", " +", " {2,}", r"\n", r"[\r\n]", r"\d", r"\d+", "[0-9]", "[0-9]+", r"\p{N}", r"\p{N}{1,3}", r"\w+|[^\w\s]+"]:
    documents[f"pattern {pattern}"] = document(None, split({"Regex": pattern}, "Isolated"))
texts = [
    "", " ", "the", "The  DON-key isn't sl\u00f3w, is it?! (no)", "a.b e.e..e. a+b", "  12 345\u0663 6789\n\n  x \t y\r\nz ", "caf\u00e9 cafe\u0301 \ufb01x \u2460",
    "\u4e2d\u6587 don_\u203f_x", "__a__b_", "I'M we'LL it'\u017f they'd 's", "theabcd abcx the.the bathe the", "a <x> b<x>  c", "[MASK]the [SEP] C D c d",
    "a" * 20 + " " + "b" * 21, "\u3000the\u00a0\u0085\ufeff\x0b the\x1c", "x\n \n y   ", "do not 've ' n't . ? ! ,", "e.", "1", "it is the end",
]
golden = {"generator": "generate_tokenizers.py", "versions": {"tokenizers": tokenizers.__version__}, "vocabulary": vocabulary, "texts": texts, "cases": []}
for name, made in documents.items():
    tokenizer = Tokenizer.from_str(json.dumps(made))
    encodings = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    rest = {key: value for key, value in made.items() if key != "model"}
    golden["cases"].append({"name": name, "document": rest, "ids": encodings, "decoded": [tokenizer.decode(ids) for ids in encodings]})
golden["model"] = {key: value for key, value in model.items() if key != "vocab"}
(here / "tokenizers.json").write_text(json.dumps(golden, ensure_ascii=True))
