"""One training step of ViT-Tiny on 64 x 65 tokens with AdamW: the peer of bench/vit-step.ts. Prints one JSON line."""
import json, os, resource, sys, time
import torch, torch.nn as nn, torch.nn.functional as F

THREADS, STEPS = int(os.environ.get("THREADS", os.cpu_count())), int(os.environ.get("STEPS", 8))
torch.set_num_threads(THREADS)
torch.manual_seed(0)
BATCH, TOKENS, DIM, HEADS, DEPTH, PATCH, CLASSES = 64, 65, 192, 3, 12, 48, 10


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(DIM, eps=1e-6), nn.LayerNorm(DIM, eps=1e-6)
        self.qkv, self.proj = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)
        self.fc1, self.fc2 = nn.Linear(DIM, 4 * DIM), nn.Linear(4 * DIM, DIM)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, t, 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, DIM))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class ViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Linear(PATCH, DIM)
        self.cls, self.pos = nn.Parameter(torch.zeros(1, 1, DIM)), nn.Parameter(torch.zeros(1, TOKENS, DIM))
        self.blocks = nn.Sequential(*[Block() for _ in range(DEPTH)])
        self.norm, self.head = nn.LayerNorm(DIM, eps=1e-6), nn.Linear(DIM, CLASSES)

    def forward(self, x):
        x = torch.cat([self.cls.expand(len(x), -1, -1), self.patch(x)], 1) + self.pos
        return self.head(self.norm(self.blocks(x))[:, 0])


model = ViT()
forward = torch.compile(model) if "compile" in sys.argv[1:] else model
optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.05)
x, y = torch.randn(BATCH, TOKENS - 1, PATCH), torch.arange(BATCH) % CLASSES
times, losses = [], []
for _ in range(STEPS):
    start = time.perf_counter()
    loss = F.cross_entropy(forward(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    times.append(1000 * (time.perf_counter() - start))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"milliseconds": times, "losses": losses, "peakMegabytes": peak, "version": f"torch {torch.__version__}", "threads": THREADS}))
