"""Loads each folder with the class that its config.json names and compares with expected.json; the last line is the report.

python load_folders.py FOLDER   (transformers, torch)
"""

import json
import pathlib
import sys

import torch
import transformers

folder = pathlib.Path(sys.argv[1])
batch = json.loads((folder / "batch.json").read_text())
inputs = dict(input_ids=torch.tensor(batch["ids"]), attention_mask=torch.tensor(batch["mask"]))
torch.set_num_threads(1)
errors = {}
for name in batch["names"]:
    expected = json.loads((folder / name / "expected.json").read_text())
    kind = getattr(transformers, expected["architecture"][0])
    model, info = kind.from_pretrained(folder / name, output_loading_info=True)
    trouble = {key: sorted(map(str, value)) for key, value in info.items() if value and key in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")}
    if trouble:
        sys.exit(f"{name}: {trouble}")
    with torch.no_grad():
        output = model.eval()(**inputs)
    kinds = [("start_logits", "end_logits"), ("prediction_logits", "seq_relationship_logits"), ("logits",)]
    found = next([output[part] for part in parts] for parts in kinds if parts[0] in output)
    errors[name] = max(
        float((values.reshape(-1) - torch.tensor(wanted["data"])).abs().max()) for values, wanted in zip(found, expected["outputs"], strict=True)
    )
print(json.dumps({"version": transformers.__version__, "errors": errors}))
