"""Numbers that Python and TypeScript compute alike, so that golden files need not hold weights (see hash-fill.ts)."""
import numpy as np
import torch

FIXED = {"running_var": (1.0, 0.5), "weight1d": (1.0, 0.3), "other": (0.0, 0.2)}


def hash_uniform(count, seed):
    """float32 in [-1, 1), from murmur3's finaliser of the index and the seed."""
    h = (np.arange(count, dtype=np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B1)) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h ^= h >> np.uint64(shift)
        h = (h * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(16)
    return (h.astype(np.float64) / 2**31 - 1).astype(np.float32)


def hash_tensor(shape, seed):
    return torch.from_numpy(hash_uniform(int(np.prod(shape)), seed)).reshape(shape)


def fill(module):
    """Fills parameters and buffers by their place in the sorted list of names."""
    state = {name: value for name, value in module.state_dict().items() if not name.endswith("num_batches_tracked")}
    for seed, name in enumerate(sorted(state)):
        value = state[name]
        noise = hash_tensor(tuple(value.shape), seed + 1)
        if name.endswith("running_var"):
            offset, scale = FIXED["running_var"]
        elif value.ndim == 1 and name.endswith("weight"):
            offset, scale = FIXED["weight1d"]
        elif value.ndim >= 2 and name.endswith("weight"):
            offset, scale = 0.0, float(np.sqrt(3.0 / np.prod(value.shape[1:])))
        else:
            offset, scale = FIXED["other"]
        with torch.no_grad():
            value.copy_(noise * scale + offset)


def digest(gradient, seed):
    """Norm, and projection on a position-dependent vector: a transposed or shifted gradient changes it."""
    return [float(gradient.double().norm()), float((gradient.double() * hash_tensor(tuple(gradient.shape), seed).double()).sum())]
