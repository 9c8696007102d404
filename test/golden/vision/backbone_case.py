"""Cases of backbones that the generators of this folder share."""
from torch import nn
from torchvision.models.resnet import ResNet

from hash_fill import digest, fill, hash_tensor

INPUT_SEED, WEIGHT_SEED, DIGEST_SEED = 1001, 1002, 1003


def flat(x):
    return [float(v) for v in x.detach().flatten()]


def shapes(module):
    return {name: list(value.shape) for name, value in module.state_dict().items()}


class NarrowResNet(ResNet):
    """torchvision's ResNet with stages of width, 2 width, 4 width, 8 width; its own code does the rest."""

    def __init__(self, block, layers, width, cifar, **options):
        self._narrow = (width, cifar)
        super().__init__(block, layers, **options)
        self.fc = nn.Identity()

    def _make_layer(self, block, planes, *args, **kwargs):
        width, cifar = self._narrow
        if planes == 64:
            self.inplanes = width
            self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False) if cifar else nn.Conv2d(3, width, 7, 2, 3, bias=False)
            self.bn1 = self._norm_layer(width)
            if cifar:
                self.maxpool = nn.Identity()
        return super()._make_layer(block, planes * width // 64, *args, **kwargs)


def channels_first(x):
    return x.permute(0, x.dim() - 1, *range(1, x.dim() - 1))


def channels_last(x):
    return x.permute(0, *range(2, x.dim()), 1)


def backbone_case(module, options, image):
    """Outputs in evaluation and training, gradients in training, running statistics after one training pass."""
    fill(module)
    x = channels_first(hash_tensor(image, INPUT_SEED)).contiguous()
    record = {"options": options, "image": list(image), "shapes": shapes(module)}
    module.eval()
    record["evaluation"] = flat(module(x))
    module.train()
    x.requires_grad_()
    output = module(x)
    record["training"] = flat(output)
    (output * hash_tensor(tuple(output.shape), WEIGHT_SEED)).sum().backward()
    record["gradients"] = {name: digest(value.grad, DIGEST_SEED) for name, value in module.named_parameters() if value.grad is not None}
    record["inputGradient"] = digest(channels_last(x.grad), DIGEST_SEED)
    saved = module.state_dict().keys()  # not what follows from the options, such as Swin's masks
    record["buffers"] = {name: digest(value, DIGEST_SEED) for name, value in module.named_buffers()
                         if name in saved and not name.endswith("tracked")}
    return record
