"""Masked-language modelling of Hugging Face's BERT: the other side of bench/text-methods/mlm-side.ts. Prints one JSON line.

usage: text_mlm.py JOB_AS_JSON    (folder with config.json, model.safetensors, rates.json, train.bin, held-out.bin)
"""
import json, os, resource, sys, time

import numpy as np
import torch
from transformers import BertForMaskedLM

job = json.loads(sys.argv[1])
torch.set_num_threads(job["threads"])
torch.manual_seed(0)


def batches(name):
    """Ids, attention mask and labels (-100 = not asked) of each batch, as bench/text-methods/batch-file.ts writes them."""
    data = np.memmap(os.path.join(job["folder"], name), dtype=np.int32, mode="r")
    at = 0

    def take(count):
        nonlocal at
        part = torch.from_numpy(data[at : at + count].astype(np.int64))
        at += count
        return part

    while at < len(data):
        rows, tokens, places = take(3).tolist()
        ids, mask = take(rows * tokens).view(rows, tokens), take(rows * tokens).view(rows, tokens)
        positions, wanted = take(places), take(places)
        labels = torch.full((rows * tokens,), -100)
        labels[positions[wanted >= 0]] = wanted[wanted >= 0]
        yield ids, mask, labels.view(rows, tokens)


def main():
    model = BertForMaskedLM.from_pretrained(job["folder"])
    model.train()
    with open(os.path.join(job["folder"], "rates.json")) as file:
        rates = json.load(file)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rates[0], betas=tuple(job["adamW"]["betas"]),
                                  weight_decay=job["adamW"]["weightDecay"])
    milliseconds = []
    start = time.perf_counter()
    for rate, (ids, mask, labels) in zip(rates, batches("train.bin")):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        now = time.perf_counter()
        milliseconds.append(1000 * (now - start))
        start = now
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for ids, mask, labels in batches("held-out.bin"):
            asked = int((labels >= 0).sum())
            total += asked * model(input_ids=ids, attention_mask=mask, labels=labels).loss.item()
            count += asked
    print(json.dumps({"milliseconds": milliseconds, "loss": total / count, "megabytes": megabytes}))


main()
