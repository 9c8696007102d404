"""Golden cases in float64 from float32 inputs: shared by the generators beside this file."""

import torch


def array(t):
    t = t.detach()
    if t.is_floating_point():
        return {"shape": list(t.shape), "dtype": "float32", "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}
    return {"shape": list(t.shape), "dtype": "int32", "data": [int(v) for v in t.flatten().tolist()]}


def draw(*shape, scale=1.0):
    return (scale * torch.randn(*shape)).double()


def labels(classes, *shape, ignored=0, ignore_index=-100):
    """Random classes, of which the first few do not count."""
    drawn = torch.randint(0, classes, shape)
    drawn.view(-1)[:ignored] = ignore_index
    return drawn


def mask(*shape, share=0.6):
    drawn = (torch.rand(*shape) < share).long()
    drawn.view(-1)[0] = 1
    return drawn


def case(loss, inputs, constants=(), options=None):
    """Value and gradients of `loss(*inputs, *constants)`, a scalar."""
    leaves = [x.clone().requires_grad_(True) for x in inputs]
    value = loss(*leaves, *constants)
    value.backward()
    gradients = [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]
    return {
        "options": options or {},
        "inputs": [array(x) for x in inputs],
        "constants": [array(x) for x in constants],
        "loss": float(f"{value.item():.9g}"),
        "gradients": [array(g) for g in gradients],
    }
