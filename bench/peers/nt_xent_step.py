"""NT-Xent of lightly with its gradient on features [2 x BATCH, 128]: the peer of bench/cases/nt-xent-step.ts. Prints one JSON line."""
import json, os, resource, sys, time
import lightly, torch
from lightly.loss import NTXentLoss

THREADS, STEPS = int(os.environ.get("THREADS", os.cpu_count())), int(os.environ.get("STEPS", 8))
BATCH, DIM = int(os.environ.get("BATCH", 4096)), 128
torch.set_num_threads(THREADS)
torch.manual_seed(0)
criterion = NTXentLoss(temperature=0.1)
forward = torch.compile(criterion) if "compile" in sys.argv[1:] else criterion
features = torch.randn(2 * BATCH, DIM)
times, losses = [], []
for _ in range(STEPS):
    start = time.perf_counter()
    z = features.clone().requires_grad_(True)
    loss = forward(z[:BATCH], z[BATCH:])
    loss.backward()
    losses.append((loss + 1e-9 * z.grad.square().sum()).item())
    times.append(1000 * (time.perf_counter() - start))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
version = f"torch {torch.__version__}, lightly {lightly.__version__}"
print(json.dumps({"milliseconds": times, "losses": losses, "peakMegabytes": peak, "version": version, "threads": THREADS}))
