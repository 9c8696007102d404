"""Supervised steps of torchvision's ResNets with SGD on one batch of noise."""
import torch, torch.nn.functional as F
from timing import VARIANT, compiled, time_steps


def time_resnet(model, batch, side, classes, weight_decay):
    x, y = torch.randn(batch, 3, side, side), torch.arange(batch) % classes
    if VARIANT == "channels-last":
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    forward = compiled(model)
    time_steps(lambda: F.cross_entropy(forward(x), y),
               torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, weight_decay=weight_decay))
