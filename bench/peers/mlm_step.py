"""One masked-language-modelling step of BERT 3 x 128 with AdamW: the peer of bench/cases/mlm-step.ts. Prints one JSON line."""
import json, os, resource, time
import torch, transformers
from transformers import BertConfig, BertForMaskedLM

THREADS, STEPS = int(os.environ.get("THREADS", os.cpu_count())), int(os.environ.get("STEPS", 8))
torch.set_num_threads(THREADS)
torch.manual_seed(0)
BATCH, TOKENS, VOCABULARY = 128, int(os.environ.get("TOKENS", 32)), 8192
model = BertForMaskedLM(BertConfig(vocab_size=VOCABULARY, hidden_size=128, num_hidden_layers=3, num_attention_heads=4, intermediate_size=512,
                                   max_position_embeddings=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0))
model.train()
optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.01)
ids = torch.randint(0, VOCABULARY, (BATCH, TOKENS))
labels = ids.clone()
labels[torch.rand(BATCH, TOKENS) > 0.15] = -100
mask = torch.ones_like(ids)
times, losses = [], []
for _ in range(STEPS):
    start = time.perf_counter()
    loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    times.append(1000 * (time.perf_counter() - start))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"milliseconds": times, "losses": losses, "peakMegabytes": peak, "version": f"torch {torch.__version__}, transformers {transformers.__version__}", "threads": THREADS}))
