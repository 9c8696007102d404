"""Three updates of a method on PyTorch, in float64: what ssl-vision's must equal (see expect-training.ts)."""
import numpy as np
import torch
from lightly.models.utils import update_momentum

from hash_fill import fill, hash_uniform

SIZE, BATCH, CHANNELS, STEPS = 8, 8, 3, 3
MEAN, STD = 0.5, 0.25
SGD = {"learningRate": 0.2, "momentum": 0.9, "weightDecay": 1e-3}
torch.set_default_dtype(torch.float64)


def pictures(seed, size=SIZE, batch=BATCH):
    """uint8 [batch, size, size, channels]: a colour for each image, and noise (see `pictures` of expect-training.ts)."""
    image = hash_uniform(batch * CHANNELS, 5000 + seed // 10).astype(np.float64).reshape(batch, 1, 1, CHANNELS)
    noise = hash_uniform(batch * size * size * CHANNELS, 3000 + seed).astype(np.float64).reshape(batch, size, size, CHANNELS)
    return np.floor((0.6 * image + 0.4 * noise + 1) * 127.5)


def views(step, count=2, size=SIZE, batch=BATCH):
    """Normalised views of a step's batch, [batch, channels, size, size] each."""
    return [torch.from_numpy((pictures(10 * step + view, size, batch) / 255 - MEAN) / STD).permute(0, 3, 1, 2).contiguous() for view in range(count)]


def unit_rows(count, dim, seed):
    return torch.nn.functional.normalize(torch.from_numpy(hash_uniform(count * dim, seed).astype(np.float64)).reshape(count, dim), dim=1)


def numbers(x):
    return [float(f"{v:.7g}") for v in x.detach().flatten().tolist()]


def state(modules):
    return {f"{prefix}.{name}": numbers(value) for prefix, module in modules.items() for name, value in module.state_dict().items()
            if not name.endswith("num_batches_tracked")}


def training_case(modules, loss_of, pairs=(), momentum_at=None, frozen=(), learning_rate=SGD["learningRate"], state_of=lambda: {}):
    """
    modules: by the names that ours have; loss_of(step): the loss, a scalar; pairs: (online, target) names that follow by EMA after
    each update, with momentum_at(step); frozen: prefixes of parameters that do not train; state_of(): queues and centres after the last update.
    """
    for module in modules.values():
        fill(module)
        module.train()
    shapes = {prefix: {name: list(value.shape) for name, value in module.state_dict().items()} for prefix, module in modules.items()}
    targets = {target for _, target in pairs}
    trained = {f"{prefix}.{name}": value for prefix, module in modules.items() if prefix not in targets
               for name, value in module.named_parameters() if not f"{prefix}.{name}".startswith(tuple(frozen) or "\0")}
    optimizer = torch.optim.SGD(trained.values(), lr=learning_rate, momentum=SGD["momentum"], weight_decay=SGD["weightDecay"])
    losses, gradients = [], {}
    for step in range(STEPS):
        loss = loss_of(step)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            gradients = {name: numbers(value.grad) for name, value in trained.items()}
        optimizer.step()
        for online, target in pairs:
            update_momentum(modules[online], modules[target], momentum_at(step))
    return {"shapes": shapes, "sgd": {**SGD, "learningRate": learning_rate}, "losses": losses, "gradients": gradients, "after": state(modules), "state": state_of()}
