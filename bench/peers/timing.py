"""What the peers of the step cases share: threads, variants, timing, one JSON line."""
import json, os, resource, sys, time
import torch

THREADS, STEPS = int(os.environ.get("THREADS", os.cpu_count())), int(os.environ.get("STEPS", 8))
VARIANT = sys.argv[1] if len(sys.argv) > 1 else "eager"
torch.set_num_threads(THREADS)
torch.manual_seed(0)


def compiled(module):
    """The module, through torch.compile where that is the variant."""
    return torch.compile(module) if VARIANT == "compile" else module


def report(**measured):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**measured, "peakMegabytes": peak, "version": f"torch {torch.__version__}", "variant": VARIANT, "threads": THREADS}))


def training_step(loss_of, optimizer):
    loss = loss_of()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def time_steps(loss_of, optimizer):
    times, losses = [], []
    for _ in range(STEPS):
        start = time.perf_counter()
        losses.append(training_step(loss_of, optimizer))
        times.append(1000 * (time.perf_counter() - start))
    report(milliseconds=times, losses=losses)
