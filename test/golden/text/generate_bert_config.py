"""What transformers writes into a BERT's config.json and tokenizer_config.json: every field with its default.

python generate_bert_config.py   (transformers; once per version, each adds its own entry)
"""

import json
import pathlib
import tempfile

import transformers
from transformers import BertConfig, BertTokenizerFast

path = pathlib.Path(__file__).parent / "bert-config-fields.json"
golden = json.loads(path.read_text()) if path.exists() else {"generator": "generate_bert_config.py", "config": {}, "tokenizer": {}}
version = transformers.__version__
golden["config"][version] = dict(sorted(BertConfig().to_dict().items()))
vocabulary = pathlib.Path(tempfile.mkdtemp())
tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"]
(vocabulary / "vocab.txt").write_text("\n".join(tokens))
tokenizer = BertTokenizerFast.from_pretrained(vocabulary)
tokenizer.save_pretrained(vocabulary)
written = json.loads((vocabulary / "tokenizer_config.json").read_text())
written.pop("name_or_path", None)
golden["tokenizer"][version] = written
path.write_text(json.dumps(golden, indent=1) + "\n")
print(version)
