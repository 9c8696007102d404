"""Unicode tables of the tokeniser, and digests of what Hugging Face's Rust library makes of every code point.

python generate_unicode.py   (tokenizers)

Writes `unicode-tables.ts` of ssl-text-mlm, which is read off the library so that both have one Unicode, and
`unicode.json`: per block of 4,096 code points a digest of the words that each setting of the BERT normaliser gives,
and per 500 drawn texts a digest of their words and ids.
"""

import hashlib
import json
import pathlib

import tokenizers
from tokenizers import Tokenizer, normalizers, pre_tokenizers

here = pathlib.Path(__file__).parent
tables = here.parents[2] / "packages/ssl-text-mlm/src/tokenizer/unicode-tables.ts"
SEED = 20261128
BLOCK = 4096
TEXTS = 20000
everything = [point for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]


def bert(**settings):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **settings})


def points_where(test):
    return [point for point in everything if test(chr(point))]


# --- the tables ---
clean, marks, lower = bert(clean_text=True), bert(strip_accents=True), normalizers.Lowercase()
nfd, accents = normalizers.NFD(), normalizers.StripAccents()
words, white, numbers = pre_tokenizers.Whitespace(), pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits()
punctuation, chinese = pre_tokenizers.Punctuation(), bert(handle_chinese_chars=True)


def pieces(splitter, text):
    return [piece for piece, _ in splitter.pre_tokenize_str(text)]


def reorders(c):
    """Whether canonical ordering moves it: behind one of class 1, or before one of class 240."""
    own = nfd.normalize_str(c)
    return nfd.normalize_str(c + "\u0334") != own + "\u0334" or nfd.normalize_str("\u0345" + c) != "\u0345" + own


sets = {
    "removed": points_where(lambda c: clean.normalize_str(c) == ""),
    "white": points_where(lambda c: len(pieces(white, f"a{c}a")) == 2),
    "punctuation": points_where(lambda c: len(pieces(punctuation, f"a{c}a")) == 3),
    "chinese": points_where(lambda c: chinese.normalize_str(c) != c),
    "nonspacing": points_where(lambda c: marks.normalize_str(c) == ""),
    "combining": points_where(lambda c: accents.normalize_str(c) == ""),
    "canonical": points_where(lambda c: nfd.normalize_str(c) != c or reorders(c)),
    "word": points_where(lambda c: len(pieces(words, f"a{c}a")) == 1),
    "numeric": points_where(lambda c: len(pieces(numbers, f"a{c}a")) == 3),
}
lowered = {point: lower.normalize_str(chr(point)) for point in everything}
lowered = {point: text for point, text in lowered.items() if text != chr(point)}
long = {point: text for point, text in lowered.items() if len(text) != 1}
assert long == {0x130: "i\u0307"}, long

digits = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number):
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
        if number == 0:
            return text


def ranges(points):
    """Gap since the last range and length less one, in base 36, the length left out where it is one."""
    runs = []
    for point in points:
        if runs and runs[-1][1] == point - 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    end, parts = -1, []
    for first, last in runs:
        parts.append(base36(first - end - 1) + (f".{base36(last - first)}" if last > first else ""))
        end = last
    return " ".join(parts)


def case_runs():
    """Runs of points whose lower case lies at one distance: gap, length less one, step, distance with its sign."""
    runs = []
    for point, text in sorted(lowered.items()):
        if len(text) != 1:
            continue
        distance = ord(text) - point
        last = runs[-1] if runs else None
        if last and last[3] == distance and (point - last[1] == last[2] or (last[0] == last[1] and point - last[1] <= 2)):
            last[2], last[1] = point - last[1], point
        else:
            runs.append([point, point, 1, distance])
    end, parts = 0, []
    for first, last, step, distance in runs:
        sign = "-" if distance < 0 else ""
        parts.append(f"{base36(first - end)}.{base36((last - first) // step)}.{step}.{sign}{base36(abs(distance))}")
        end = last
    return " ".join(parts)


def wrapped(text, width=116):
    lines, line = [], ""
    for part in text.split(" "):
        if len(line) + 1 + len(part) > width:
            lines.append(line)
            line = part
        else:
            line = f"{line} {part}" if line else part
    return "\n".join([*lines, line])


entries = "".join(f"  {name}: `\n{wrapped(ranges(points))}`,\n" for name, points in sets.items())
tables.write_text(
    f"""/**
 * Sets of code points as Hugging Face's Rust library has them, read off tokenizers {tokenizers.__version__} by
 * `test/golden/text/generate_unicode.py`: its punctuation and marks are those of Unicode 8, its lower case that of Unicode 17.
 * A set is its ranges: gap since the last one, a dot and the length less one where there is more than one, in base 36.
 */
export const codePointSets = {{
{entries}}} as const;

/**
 * Lower case by one code point, all but that of U+0130: runs of gap, length less one, step and distance, in base 36.
 */
export const lowerCaseRuns = `
{wrapped(case_runs())}`;
"""
)

# --- the digests ---
settings = {
    "uncased": dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True),
    "cased": dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=False),
    "accents kept": dict(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True),
    "accents stripped": dict(clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=False),
    "not cleaned": dict(clean_text=False, handle_chinese_chars=False, strip_accents=None, lowercase=True),
}
splitter = pre_tokenizers.BertPreTokenizer()


def digest(texts):
    return hashlib.sha256("\u0001".join(texts).encode()).hexdigest()[:16]


def split(normalizer, text):
    return "\u0002".join(pieces(splitter, normalizer.normalize_str(text)))


vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##a", "##b", "i", "##i", "##\u03c3", "\u03c3"]
vocabulary += [".", "!", "\u4e00", "\U00020000", "##\u0307", "\u0307", "e", "##e", "\u1100", "##\u1161", "##\u11a8"]
vocabulary += ["\ufeff", "##\ufeff", "\u3042", "##\u0301", "\u00e9", "##\u00e9"]


def tokenizer_json(setting, **more):
    special = [dict(id=i, content=vocabulary[i], single_word=False, lstrip=False, rstrip=False, normalized=False, special=True) for i in range(5)]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", **settings[setting]}, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": {token: i for i, token in enumerate(vocabulary)}},
        **more,
    }


def ids(tokenizer, text):
    return " ".join(map(str, tokenizer.encode(text, add_special_tokens=False).ids))


encoders = {name: Tokenizer.from_str(json.dumps(tokenizer_json(name))) for name in settings}
blocks = {name: [] for name in settings}
for start in range(0, 0x110000, BLOCK):
    points = [point for point in range(start, start + BLOCK) if not 0xD800 <= point <= 0xDFFF]
    for name, setting in settings.items():
        normalizer = normalizers.BertNormalizer(**setting)
        texts = []
        for point in points:
            c = chr(point)
            texts += [split(normalizer, c), split(normalizer, f"a{c}b"), ids(encoders[name], f"a{c}b")]
        blocks[name].append(digest(texts))

# Texts of what meets badly: sigmas, marks of all classes, jamo, syllables, controls, white space, punctuation, Han, cased
# letters, private use and unassigned points.
groups = [
    "abAB.! ", "\u03a3\u03c3\u03c2\u039f\u0394\u0391'", "\u0130\u0131\u00df\u1e9e\u01c5\ufb01\u212a\u00c5\u00e9",
    "".join(chr(point) for point in range(0x300, 0x370)), "".join(map(chr, sets["canonical"][:: 97])),
    "".join(map(chr, sets["combining"][:: 7])), "\u1100\u1112\u1161\u1175\u11a8\u11c2\uac00\uac01\ud7a3",
    "".join(map(chr, sets["white"])) + "\x00\x1c\x1f\u200b\u180e\ufeff\ufffd", "".join(map(chr, sets["punctuation"][:: 5])),
    "\u4e00\u9fff\u3400\U00020000\U0002a6df\U0002a6e0\U0002b81f\U0002b820\U0002ebf0\U00030000\uf900\ufaff\u3042\u30ab",
    "".join(map(chr, list(lowered)[:: 11])), "\ue000\U000f0000\U0010fffd\u0378\U000e0001\U0001f600\u20e3\u200d\ufe0f",
]
groups = [[ord(c) for c in group] for group in groups]
state = SEED


def draw(bound):
    global state
    state = state * 16807 % 2147483647
    return state % bound


drawn = []
for _ in range(TEXTS):
    text = ""
    for _ in range(1 + draw(8)):
        group = groups[draw(len(groups))]
        text += chr(group[draw(len(group))])
    drawn.append(text)
texts = {}
for name, setting in settings.items():
    normalizer = normalizers.BertNormalizer(**setting)
    made = [f"{split(normalizer, text)}\u0003{ids(encoders[name], text)}" for text in drawn]
    texts[name] = [digest(made[start : start + 500]) for start in range(0, TEXTS, 500)]

golden = {
    "generator": "generate_unicode.py",
    "seed": SEED,
    "versions": {"tokenizers": tokenizers.__version__},
    "blockPoints": BLOCK,
    "settings": settings,
    "tokenizers": {name: tokenizer_json(name) for name in settings},
    "blocks": blocks,
    "groups": groups,
    "texts": texts,
}
(here / "unicode.json").write_text(json.dumps(golden, ensure_ascii=True))
