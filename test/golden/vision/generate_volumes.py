"""Golden values for the encoders of volumes of ssl-vision, from MONAI and torchvision.

Run: python test/golden/vision/generate_volumes.py   (torch, torchvision, monai, einops; writes volumes.json beside itself)
"""
import hashlib
import json
import pathlib

import monai
import torch
import torchvision
from monai.networks.blocks.pos_embed_utils import build_sincos_position_embedding
from monai.networks.nets.resnet import ResNet, get_inplanes, resnet_params
from monai.networks.nets.vit import ViT
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.video.resnet import BasicBlock, Conv3DSimple, VideoResNet

from backbone_case import INPUT_SEED, backbone_case, channels_first, channels_last, shapes
from hash_fill import fill, hash_tensor

HERE = pathlib.Path(__file__).parent


class Pooled(ViT):
    """MONAI's ViT with the mean over the patches, or the class token, in place of all tokens."""

    def __init__(self, cls, **options):
        super().__init__(classification=cls, **options)
        self._cls = cls
        if cls:
            del self.classification_head

    def forward(self, x):
        x, _ = super().forward(x)
        return x[:, 0] if self._cls else x.mean(1)


class NarrowStem(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv3d(3, 4, (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False), nn.BatchNorm3d(4), nn.ReLU(inplace=True))


class NarrowVideoResNet(VideoResNet):
    """torchvision's r3d with stages of a sixteenth of the width."""

    def _make_layer(self, block, maker, planes, *args, **kwargs):
        if planes == 64:
            self.inplanes = 4
        return super()._make_layer(block, maker, planes // 16, *args, **kwargs)


def maps_case(record, module, layers):
    found = []
    x = channels_first(hash_tensor(record["image"], INPUT_SEED)).contiguous()
    fill(module)
    hooks = [module.get_submodule(name).register_forward_hook(lambda _, __, y: found.append(y.detach().clone())) for name in layers]
    module.eval()
    module(x)
    for hook in hooks:
        hook.remove()
    record["maps"] = [{"shape": list(y.shape), "sum": float(y.double().sum()), "squares": float((y.double() ** 2).sum())}
                      for y in map(channels_last, found)]
    return record


def resnet_case(block, layers, size, inputs=1, kernel=7, stride=1, pool=True, shortcut="B", bias=True):
    module = ResNet(block, layers, [4, 8, 16, 32], n_input_channels=inputs, conv1_t_size=kernel, conv1_t_stride=stride,
                    no_max_pool=not pool, shortcut_type=shortcut, bias_downsample=bias, feed_forward=False, act="relu")
    options = {"block": block, "layers": layers, "width": 4, "inChannels": inputs, "stemKernel": kernel, "stemStride": stride,
               "stemPool": pool, "shortcut": shortcut, "biasDownsample": bias}
    record = backbone_case(module, options, (2, *size, inputs))
    # Batch normalisation takes away what the biases before it add: their gradients are roundings.
    record["gradients"] = {name: value for name, value in record["gradients"].items() if not name.endswith("downsample.0.bias")}
    # MONAI's activation in the stem and in blocks is one module: the stem's map is what enters the pooling or the first stage.
    return maps_case(record, module, ["layer1", "layer2", "layer3", "layer4"])


def vit_case(size, patch, cls=False, **options):
    inputs, dim = options.pop("in_channels", 1), 24
    sin_cos = options.get("pos_embed_type") == "sincos"
    module = Pooled(cls, in_channels=inputs, img_size=size, patch_size=patch, hidden_size=dim, mlp_dim=40, num_layers=2, num_heads=3, **options)
    ours = {"volumeSize": size, "patchSize": patch, "inChannels": inputs, "dim": dim, "mlpHidden": 40, "depth": 2, "heads": 3,
            "qkvBias": options.get("qkv_bias", False), "positions": "sinCos" if sin_cos else "learnt", "pool": "cls" if cls else "mean"}
    return backbone_case(module, ours, (2, *size, inputs))


def digest_of(listed):
    return hashlib.sha256("".join(f"{name} {listed[name]}\n" for name in sorted(listed)).encode()).hexdigest()


def size(build, shape, unused=0):
    """Parameters, multiply-adds of one volume, and a digest of names and shapes."""
    with torch.device("meta"):
        module = build().eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        out = module(channels_first(torch.empty(1, *shape, device="meta")))
    listed = shapes(module)
    return {"shape": list(shape), "parameters": sum(p.numel() for p in module.parameters()), "unused": unused,
            "multiplyAdds": counter.get_total_flops() // 2, "featureDim": out.shape[-1], "entries": len(listed), "names": digest_of(listed)}


def of_medical_net(name):
    block, layers, shortcut, bias, _ = resnet_params[name]
    return size(lambda: ResNet(block, layers, get_inplanes(), n_input_channels=1, conv1_t_stride=2, shortcut_type=shortcut,
                               bias_downsample=bias, feed_forward=False), (64, 64, 64, 1))


def r3d():
    module = torchvision.models.video.r3d_18()
    module.fc = nn.Identity()
    return module


def of_vit(dim, heads):
    return size(lambda: Pooled(False, in_channels=1, img_size=96, patch_size=16, hidden_size=dim, mlp_dim=4 * dim, num_heads=heads),
                (96, 96, 96, 1), unused=12 * 2 * dim)


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


narrow = NarrowVideoResNet(BasicBlock, [Conv3DSimple] * 4, [2, 1, 1, 1], NarrowStem)
narrow.fc = nn.Identity()
models = {name.replace("resnet", "resnet3d"): of_medical_net(name) for name in ("resnet10", "resnet18", "resnet34", "resnet50")}
models["r3d18"] = size(r3d, (16, 112, 112, 3))
models.update({"vit3dTiny": of_vit(192, 3), "vit3dSmall": of_vit(384, 6), "vit3dBase": of_vit(768, 12)})
(HERE / "volumes.json").write_text(json.dumps({
    "versions": {"torch": torch.__version__, "torchvision": torchvision.__version__, "monai": monai.__version__}, "seed": "hash_fill.py",
    "resnets": {
        "basic": resnet_case("basic", [1, 2, 1, 1], (17, 16, 18)),
        "bottleneck": resnet_case("bottleneck", [1, 1, 2, 1], (17, 16, 18), kernel=[3, 5, 3], stride=2, pool=False, bias=False),
        "shortcuts A": resnet_case("basic", [1, 1, 2, 1], (17, 16, 18), inputs=2, kernel=3, shortcut="A"),
        "bottleneck with shortcuts A": resnet_case("bottleneck", [1, 1, 1, 1], (16, 17, 16), kernel=3, stride=[1, 2, 1], pool=False, shortcut="A"),
    },
    "r3d": backbone_case(narrow, {"block": "basic", "layers": [2, 1, 1, 1], "width": 4, "inChannels": 3, "stemKernel": [3, 7, 7],
                                  "stemStride": [1, 2, 2], "stemPool": False, "biasDownsample": False}, (2, 8, 21, 24, 3)),
    "vits": {
        "mean": vit_case([8, 8, 12], [4, 2, 4]),
        "class token": vit_case([8, 8, 8], [4, 4, 4], cls=True, qkv_bias=True, in_channels=2),
        "fixed positions": vit_case([6, 4, 4], [2, 2, 2], pos_embed_type="sincos"),
    },
    "positions": {"dim": 12, "grid": [2, 3, 4], "values": numbers(build_sincos_position_embedding([2, 3, 4], 12, 3))},
    "models": models}) + "\n")
