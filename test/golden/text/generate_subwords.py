"""Golden values of byte-level BPE and Unigram: Hugging Face's Rust library, its trainers and its encodings.

python generate_subwords.py   (tokenizers, sentencepiece, protobuf)

Lines are drawn from pools of words in many scripts, emoji, controls and very long words by Lehmer's 16807, which the tests
draw too, so that only digests are kept: of ids, of places (UTF-16 code units) and of the decoded text, for each block of lines.
"""

import base64
import hashlib
import io
import json
import pathlib
import zlib

import sentencepiece
import tokenizers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

here = pathlib.Path(__file__).parent
LINES, BLOCK = 20_000, 100
pools = {
    "latin": "the of and light Dark water STONE river's don't we'll they've I'm it'd naïve café Größe Ærø œuvre zażółć İstanbul ſtone ﬁne running walked unbreakable reopened".split(),
    "latin2": "the the the light water river walk walks walked walking talk talks talked talking open opens opened reopening".split(),
    "greek": "ΟΔΟΣ οδός λόγος θάλασσα Ἀθῆναι".split(),
    "cyrillic": "вода камень река Ёлка объезд ПРИВЕТ мир мира миру".split(),
    "semitic": "שלום עוֹלָם كتاب مَدْرَسَة السلام ١٢٣".split(),
    "indic": "नमस्ते क्षत्रिय हिन्दी தமிழ் বাংলা ไทยภาษา ສະບາຍດີ မြန်မာ".split(),
    "han": "中文 漢字 水 東京都 学校 𠀀𠀁 ㈱ ①".split(),
    "kana": "ひらがな カタカナ ｶﾞｷﾞ が か\u3099".split(),
    "hangul": "한국어 대한민국 \u1112\u1161\u11ab ㅎㅏㄴ".split(),
    "emoji": ["😀", "👩‍👩‍👧", "🇩🇪", "👍🏽", "❤️", "☃", "🏴\U000e0067\U000e0062\U000e007f"],
    "marks": ["e\u0301", "e\u0301\u0327", "a\u0327\u0301\u0323", "\u0301", "q\u0307\u0323", "Å", "Å", "ﷺ", "½", "ª²"],
    "digits": "0 7 42 1984 3.14 1,000 １２ Ⅷ ৪৫".split(),
    "marks2": list(".,!?;:()[]{}<>/\\|@#$%^&*-_=+~`\"'") + ["...", "--", "''", "``", "«»", "。", "、", "¿", "—", "'s", "'LL"],
    "controls": ["\u0000", "\u0007", "\u001b", "\u007f", "\u0085", "\u00ad", "\u200b", "\u200d", "\ufeff", "\ufffd", "\ue000", "\u202e"],
    "white": [" ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u2028", "\u000b"],
    "special": ["<mask>", " <mask>", "<s>", "</s>", "[MASK]", "<x>", "Added", "ADDED tok", "▁", "Ġ", "▁the"],
    "long": ["a" * 1500, "ab" * 700, "水" * 400, "x1" * 300, "😀" * 200, "." * 500, " " * 300],
}
weights = {"latin": 10, "latin2": 24, "white": 2, "long": 1, "marks2": 6, "controls": 2, "special": 2}
names = [name for name in pools for _ in range(weights.get(name, 3))]
# A long word is drawn in few lines only.
separators = [" "] * 8 + ["", "", "  ", "\n"]


def lines(seed, count, longs):
    state = seed

    def draw(bound):
        nonlocal state
        state = state * 16807 % 2147483647
        return state % bound

    made = []
    for _ in range(count):
        text = ""
        for _ in range(1 + draw(12)):
            name = names[draw(len(names))]
            word = pools[name][draw(len(pools[name]))]
            if name == "long" and (not longs or draw(10) > 0):
                word = "long"
            text += word + separators[draw(len(separators))]
        made.append(text)
    return made


def digest(texts):
    return hashlib.sha256("\u0001".join(texts).encode()).hexdigest()[:16]


def units(text):
    places, at = [], 0
    for character in text:
        places.append(at)
        at += 2 if ord(character) > 0xFFFF else 1
    return [*places, at]


def shown(encoding, *texts):
    tables = [units(text) for text in texts]
    offsets = []
    for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids):
        table = tables[sequence] if sequence is not None else None
        offsets.append(f"{table[start]}-{table[end]}" if table is not None else "0-0")
    return " ".join(map(str, encoding.ids)), " ".join(offsets)


def encodings(document, texts):
    tokenizer = Tokenizer.from_str(json.dumps(document))
    ids, places, decoded = [], [], []
    for start in range(0, len(texts), BLOCK):
        block = texts[start : start + BLOCK]
        made = tokenizer.encode_batch(block)
        pairs = [shown(encoding, text) for encoding, text in zip(made, block)]
        ids.append(digest([pair[0] for pair in pairs]))
        places.append(digest([pair[1] for pair in pairs]))
        decoded.append(digest([tokenizer.decode(encoding.ids) for encoding in made]))
    return {"ids": ids, "places": places, "decoded": decoded}


def windows(document, texts):
    """Pairs, truncation and stride: the ids, types and places of every window, whole."""
    cases = []
    for index, settings in enumerate([
        dict(max_length=12), dict(max_length=12, stride=3), dict(max_length=20, pair=True), dict(max_length=21, pair=True, strategy="only_first"),
        dict(max_length=24, pair=True, strategy="only_second", stride=2), dict(max_length=300, pair=True),
    ]):
        tokenizer = Tokenizer.from_str(json.dumps(document))
        pair = settings.pop("pair", False)
        tokenizer.enable_truncation(**settings)
        for text, other in list(zip(texts[index::6], texts[index + 1 :: 6]))[:8]:
            try:
                first = tokenizer.encode(text, other) if pair else tokenizer.encode(text)
            except BaseException:
                continue
            if "stride" not in settings:
                first.overflowing.clear()
            made = [first, *(first.overflowing if "stride" in settings else [])]
            shows = [shown(encoding, text, other) for encoding in made]
            cases.append({
                "text": text, **({"pair": other} if pair else {}), "settings": settings,
                "windows": [{"ids": ids, "types": " ".join(map(str, encoding.type_ids)), "places": places} for encoding, (ids, places) in zip(made, shows)],
            })
    return cases


def added(content, i, **more):
    return dict(id=i, content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True) | more


corpus = lines(20261129, 2000, False)
texts = lines(77, LINES, True)
short = [text for text in texts if len(text) < 120]
names_of = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]

# Byte-level BPE.
tokenizer = Tokenizer(models.BPE(unk_token=None, continuing_subword_prefix="", end_of_word_suffix=""))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
    vocab_size=1500, min_frequency=2, special_tokens=names_of, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
model = json.loads(tokenizer.to_str())["model"]
size = len(model["vocab"])


def byte_level(prefix=False, trim=True, regex=True):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim, "use_regex": regex}


def roberta(prefix=False, trim=True):
    return {"type": "RobertaProcessing", "sep": ["</s>", 3], "cls": ["<s>", 2], "trim_offsets": trim, "add_prefix_space": prefix}


def template(cls, sep, cls_id, sep_id, types=(0, 1)):
    def special(token, kind):
        return {"SpecialToken": {"id": token, "type_id": kind}}

    def text(name, kind):
        return {"Sequence": {"id": name, "type_id": kind}}
    first = [special(cls, 0), text("A", 0), special(sep, 0)]
    return {"type": "TemplateProcessing", "single": first, "pair": [*first, text("B", types[1]), special(sep, types[1])],
            "special_tokens": {cls: {"id": cls, "ids": [cls_id], "tokens": [cls]}, sep: {"id": sep, "ids": [sep_id], "tokens": [sep]}}}


specials = [added(token, i, lstrip=token == "<mask>") for i, token in enumerate(names_of)]
more = [added("<x>", size, rstrip=True), added("Added", model["vocab"]["Added"], special=False, normalized=True, single_word=True), added("ADDED tok", size + 1, special=False, normalized=True)]
llama3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def document(post, pre, normalizer=None, tokens=specials, **changes):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": normalizer, "pre_tokenizer": pre,
            "post_processor": post, "decoder": byte_level(True), "model": {**model, **changes}}


def steps(key, *items):
    return {"type": "Sequence", key: list(items)}


documents = {
    "RoBERTa": document(roberta(), byte_level()),
    "space before": document(roberta(True), byte_level(True)),
    "space before, places whole": document(roberta(True, False), byte_level(True, False), tokens=[*specials, *more]),
    "ModernBERT": document(template("<s>", "</s>", 2, 3), byte_level(), {"type": "NFC"}, tokens=[*specials, *more]),
    "NFKC and lower case": document(steps("processors", byte_level(True), template("<s>", "</s>", 2, 3)), byte_level(True), steps("normalizers", {"type": "NFKC"}, {"type": "Lowercase"}), tokens=[*specials, *more]),
    "NFD without marks": document(roberta(), byte_level(), steps("normalizers", {"type": "NFD"}, {"type": "StripAccents"}, {"type": "Replace", "pattern": {"String": "the"}, "content": "THEN"})),
    "Llama 3": document(roberta(), steps("pretokenizers", {"type": "Split", "pattern": {"Regex": llama3}, "behavior": "Isolated", "invert": False}, byte_level(regex=False)), ignore_merges=True),
    "no words": document(roberta(), byte_level(regex=False)),
}
vocabulary = [token for token, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
golden = {
    "generator": "generate_subwords.py", "versions": {"tokenizers": tokenizers.__version__}, "vocabulary": vocabulary,
    "model": {key: value for key, value in model.items() if key != "vocab"},
    "documents": {name: {"document": {key: value for key, value in made.items() if key != "model"}, "changes": {"ignore_merges": made["model"]["ignore_merges"]}, **encodings(made, texts)} for name, made in documents.items()},
    "windows": {name: windows(documents[name], short) for name in ("RoBERTa", "space before", "ModernBERT")},
}
(here / "byte-level-bpe.json").write_text(json.dumps(golden, ensure_ascii=True))
# Unigram, of lines without special tokens, which it would learn again. The library's order of words, and with it the last digits of scores, changes from run to run.
def train_unigram(size):
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.train_from_iterator([line.replace("<", "(") for line in corpus], trainers.UnigramTrainer(vocab_size=size, special_tokens=names_of, unk_token="<unk>", show_progress=False))
    return json.loads(made.to_str())["model"]


trained = {str(size): [train_unigram(size)["vocab"] for _ in range(4)] for size in (600, 640, 900)}
unigram = {"type": "Unigram", "unk_id": 1, "vocab": trained["900"][0], "byte_fallback": False}
letters = {character for token, _ in unigram["vocab"] for character in token}
# Without some characters, so that there are unknown ones.
rare = {"\u6771", "\u092e", "\u00e9", "q", "\U0001f600", "\u0645"}
unigram["vocab"] = [[token, score] for token, score in unigram["vocab"] if not rare & set(token)]
with_bytes = {**unigram, "vocab": unigram["vocab"] + [[f"<0x{byte:02X}>", -12.0] for byte in range(256)], "byte_fallback": True}
written = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(corpus), model_writer=written, vocab_size=600, hard_vocab_limit=False, minloglevel=9, normalization_rule_name="nmt_nfkc")
proto = sentencepiece_model_pb2.ModelProto()
proto.ParseFromString(written.getvalue())
charsmap = proto.normalizer_spec.precompiled_charsmap


def metaspace(scheme="always", split=True):
    return {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": scheme, "split": split}


def replaced(pattern, content):
    return {"type": "Replace", "pattern": pattern, "content": content}


size = len(unigram["vocab"])
normal = template("<s>", "</s>", 2, 3)
pieces = {kind: {"type": kind} for kind in ("NFC", "NFKC", "NFKD", "StripAccents", "Lowercase", "WhitespaceSplit", "ByteFallback", "Fuse")}
precompiled = {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()}
tokens = [*specials, added("<x>", size, rstrip=True), added("ADDED tok", size + 1, special=False, normalized=True)]


def unigram_document(normalizer, pre, model=unigram, decoder=metaspace(), more=specials):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": more, "normalizer": normalizer, "pre_tokenizer": pre,
            "post_processor": normal, "decoder": decoder, "model": model}


unigrams = {
    "plain": unigram_document(None, metaspace(), more=tokens),
    "DeBERTa": unigram_document(steps("normalizers", replaced({"Regex": r"\s{2,}|[\n\r\t]"}, " "), pieces["NFC"], {"type": "Strip", "strip_left": False, "strip_right": True}),
                                steps("pretokenizers", metaspace())),
    "ALBERT": unigram_document(steps("normalizers", replaced({"String": "``"}, '"'), replaced({"String": "''"}, '"'), pieces["NFKD"], pieces["StripAccents"], pieces["Lowercase"]),
                               steps("pretokenizers", pieces["WhitespaceSplit"], metaspace()), more=tokens),
    "XLM-R": unigram_document(steps("normalizers", precompiled, replaced({"Regex": " {2,}"}, " ")), steps("pretokenizers", pieces["WhitespaceSplit"], metaspace()), more=tokens),
    "first only": unigram_document(pieces["NFKC"], metaspace("first"), more=tokens),
    "never": unigram_document(None, metaspace("never", False), decoder=metaspace("never")),
    "bytes": unigram_document(steps("normalizers", {"type": "Prepend", "prepend": "\u2581"}, replaced({"String": " "}, "\u2581")), None, with_bytes,
                              steps("decoders", replaced({"String": "\u2581"}, " "), pieces["ByteFallback"], pieces["Fuse"], {"type": "Strip", "content": " ", "start": 1, "stop": 0})),
}


def without_map(value):
    if isinstance(value, dict):
        return {key: "MAP" if key == "precompiled_charsmap" else without_map(inner) for key, inner in value.items()}
    return [without_map(inner) for inner in value] if isinstance(value, list) else value


(here / "unigram.json").write_text(json.dumps({
    "generator": "generate_subwords.py", "versions": {"tokenizers": tokenizers.__version__}, "model": unigram,
    "documents": {name: {"document": {key: value for key, value in without_map(made).items() if key != "model"}, "withBytes": made["model"] is with_bytes, **encodings(made, texts)} for name, made in unigrams.items()},
    "windows": {"plain": windows(unigrams["plain"], short)},
}, ensure_ascii=True))
# Of each run the tokens in the order of their scores, of the first the scores too.
(here / "unigram-trained.json").write_text(json.dumps({
    "generator": "generate_subwords.py", "versions": {"tokenizers": tokenizers.__version__},
    "trained": {size: {"vocab": runs[0], "agreed": sorted(set.intersection(*[{token for token, _ in run} for run in runs])), "sometimes": sorted(set.union(*[{token for token, _ in run} for run in runs]) - set.intersection(*[{token for token, _ in run} for run in runs]))} for size, runs in trained.items()},
}, ensure_ascii=True))
(here / "sentencepiece-map.json").write_text(json.dumps({
    "generator": "generate_subwords.py", "versions": {"sentencepiece": sentencepiece.__version__}, "rules": "nmt_nfkc", "deflated": base64.b64encode(zlib.compress(charsmap, 9)).decode()}))
# WordPiece, of the vocabulary that word-piece.json holds.
word_piece = json.loads((here / "word-piece.json").read_text())["tokenizer"]
cased = {**word_piece, "normalizer": {**word_piece["normalizer"], "lowercase": False, "clean_text": False}}
word_pieces = {"uncased": encodings(word_piece, texts), "cased, not cleaned": encodings(cased, texts)}
(here / "subword-lines.json").write_text(json.dumps({
    "wordPiece": word_pieces,
    "generator": "generate_subwords.py", "lines": LINES, "block": BLOCK, "seed": 77, "corpusSeed": 20261129, "corpusLines": 2000,
    "pools": pools, "names": names, "separators": separators, "check": [digest(texts), digest(corpus)]}, ensure_ascii=True))
