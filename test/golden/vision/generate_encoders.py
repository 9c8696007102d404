"""Golden values for the encoders of ssl-vision beside those of generate.py, from torchvision and timm.

Run: python test/golden/vision/generate_encoders.py   (torch, torchvision, timm; writes its JSON files beside itself)
"""
import hashlib
import json
import pathlib
from functools import partial

import timm
import torch
import torchvision
from timm.models.convnext import ConvNeXt
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.efficientnet import EfficientNet, MBConvConfig
from torchvision.models.mobilenetv3 import InvertedResidualConfig, MobileNetV3
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops import FrozenBatchNorm2d

from backbone_case import NarrowResNet, backbone_case, flat, shapes
from hash_fill import fill, hash_tensor

HERE = pathlib.Path(__file__).parent
META = {"versions": {"torch": torch.__version__, "torchvision": torchvision.__version__, "timm": timm.__version__},
        "seed": "hash_fill.py"}
MAP_SEED = 1001


def write(name, record):
    (HERE / name).write_text(json.dumps({**META, **record}) + "\n")


class PackedSwiGlu(nn.Module):
    """DINOv2's feed-forward layers under its names; the width between is given as it is."""

    def __init__(self, in_features, hidden_features, **_):
        super().__init__()
        self.w12 = nn.Linear(in_features, 2 * hidden_features)
        self.w3 = nn.Linear(hidden_features, in_features)

    def forward(self, x):
        gate, value = self.w12(x).chunk(2, -1)
        return self.w3(nn.functional.silu(gate) * value)


class BothPools(VisionTransformer):
    """Class token and mean over the patches, one after the other."""

    def forward(self, x):
        x = self.forward_features(x)
        return torch.cat([x[:, 0], x[:, self.num_prefix_tokens:].mean(1)], 1)


def headless(module):
    """The module without its classifier."""
    for name in ("fc", "classifier"):
        if hasattr(module, name):
            setattr(module, name, nn.Identity())
    return module


def maps_case(record, module, image, layers):
    """Adds the maps in evaluation of the named modules, channels last, as norm and projection are not needed of so few."""
    found = {}
    x = hash_tensor(image, MAP_SEED).permute(0, 3, 1, 2).contiguous()
    fill(module)
    hooks = [module.get_submodule(name).register_forward_hook(lambda _, __, y, name=name: found.__setitem__(name, y.detach())) for name in layers]
    module.eval()
    module(x)
    for hook in hooks:
        hook.remove()
    last = isinstance(module, SwinTransformer)
    record["maps"] = [{"shape": list(y.shape), "sum": float(y.double().sum()), "squares": float((y.double() ** 2).sum())}
                      for y in ((found[name] if last else found[name].permute(0, 2, 3, 1)) for name in layers)]
    return record


vit = dict(img_size=16, patch_size=4, embed_dim=24, depth=2, num_heads=3, num_classes=0)
vit_options = {"imageSize": 16, "patchSize": 4, "dim": 24, "depth": 2, "heads": 3}
registers = dict(reg_tokens=2, no_embed_class=True)
write("vit-more.json", {"cases": {
    "layerScale": backbone_case(VisionTransformer(**vit, init_values=1e-5), {**vit_options, "layerScale": 1e-5}, (2, 16, 16, 3)),
    "registers": backbone_case(VisionTransformer(**vit, **registers), {**vit_options, "registers": 2}, (2, 16, 16, 3)),
    "registersMean": backbone_case(VisionTransformer(**vit, **registers, global_pool="avg", fc_norm=False),
                                   {**vit_options, "registers": 2, "pool": "mean"}, (2, 16, 16, 3)),
    "dinoV2": backbone_case(BothPools(**{**vit, "img_size": (8, 12)}, **registers, init_values=1e-5, mlp_ratio=40 / 24, mlp_layer=PackedSwiGlu),
                            {**vit_options, "imageSize": [8, 12], "registers": 2, "layerScale": 1e-5, "mlp": "swiglu-packed", "mlpHidden": 40,
                             "pool": "both"}, (2, 8, 12, 3)),
}})

group = {"norm_layer": partial(nn.GroupNorm, 2)}
write("resnet-more.json", {"cases": {
    "groupNorm": backbone_case(NarrowResNet(Bottleneck, [1, 1, 1, 1], 4, False, **group),
                               {"block": "bottleneck", "layers": [1, 1, 1, 1], "width": 4, "norm": "group", "groups": 2}, (2, 37, 40, 3)),
    "groupNormBasic": backbone_case(NarrowResNet(BasicBlock, [1, 1, 1, 1], 4, True, **group),
                                    {"block": "basic", "layers": [1, 1, 1, 1], "width": 4, "norm": "group", "groups": 2, "stem": "cifar"}, (2, 9, 12, 3)),
    "frozen": backbone_case(NarrowResNet(BasicBlock, [1, 1, 1, 1], 4, False, norm_layer=FrozenBatchNorm2d),
                            {"block": "basic", "layers": [1, 1, 1, 1], "width": 4, "norm": "frozen"}, (2, 37, 40, 3)),
    "wide": backbone_case(NarrowResNet(Bottleneck, [1, 2, 1, 1], 4, False, width_per_group=128),
                          {"block": "bottleneck", "layers": [1, 2, 1, 1], "width": 4, "innerWidth": 2}, (2, 34, 33, 3)),
}})


def convnext(image, **changes):
    module = ConvNeXt(depths=(1, 2, 1, 1), dims=(4, 6, 8, 12), num_classes=0, **changes)
    options = {"depths": [1, 2, 1, 1], "dims": [4, 6, 8, 12]}
    if changes:
        options |= {"patchSize": changes["patch_size"], "layerScale": False}
    record = backbone_case(module, options, (2, *image, 3))
    return maps_case(record, module, (2, *image, 3), [f"stages.{i}" for i in range(4)])


write("convnext.json", {"cases": {
    "square": convnext((64, 64)),
    "odd": convnext((45, 71)),
    "patch3": convnext((24, 24), patch_size=3, ls_init_value=None),
}})


def swin(size, image, dynamic=False, **changes):
    options = {"patchSize": 2, "dim": 8, "depths": [2, 2], "heads": [2, 4], "window": 4, **changes}
    module = SwinTransformer(img_size=size, patch_size=options["patchSize"], embed_dim=options["dim"], depths=options["depths"],
                             num_heads=options["heads"], window_size=options["window"], num_classes=0, drop_path_rate=0,
                             dynamic_img_size=dynamic)
    record = backbone_case(module, {"imageSize": size, **options}, (2, *image, 3))
    return maps_case(record, module, (2, *image, 3), [f"layers.{i}" for i in range(len(options["depths"]))])


write("swin.json", {"cases": {
    "square": swin(16, (16, 16)),
    "threeStages": swin([32, 16], (32, 16), depths=[2, 2, 1], heads=[2, 2, 4]),
    "padded": swin([22, 28], (22, 28)),
    "otherSize": swin(16, (24, 18), dynamic=True),
    "smallerSize": swin(32, (10, 14), dynamic=True),
}})

mobile = partial(InvertedResidualConfig, dilation=1, width_mult=1.0)
mobile_settings = [("RE", 8, 3, 8, 8, True, 2), ("RE", 8, 3, 24, 16, False, 2), ("HS", 16, 5, 32, 16, True, 1), ("HS", 16, 5, 40, 24, True, 2)]
mobile_module = headless(MobileNetV3([mobile(i, k, e, o, se, act, s) for act, i, k, e, o, se, s in mobile_settings], 16))
write("mobilenet.json", {"cases": {
    "tiny": backbone_case(mobile_module, {"blocks": [
        {"kernelSize": k, "expanded": e, "out": o, "squeeze": se, "activation": {"RE": "relu", "HS": "hardSwish"}[act], "stride": s}
        for act, i, k, e, o, se, s in mobile_settings], "stemChannels": 8}, (2, 37, 40, 3)),
}})

efficient_settings = [(1, 3, 1, 8, 8, 1), (6, 3, 2, 8, 16, 2), (4, 5, 2, 16, 24, 2)]
efficient_module = headless(EfficientNet([MBConvConfig(*s) for s in efficient_settings], 0.2, 0.0))
write("efficientnet.json", {"cases": {
    "tiny": backbone_case(efficient_module, {"stages": [
        {"expansion": e, "kernelSize": k, "stride": s, "out": o, "blocks": n} for e, k, s, i, o, n in efficient_settings],
        "stemChannels": 8, "dropPath": 0}, (2, 37, 40, 3)),
}})


def digest_of(listed):
    """SHA-256 of names and shapes in the order of the names."""
    return hashlib.sha256("".join(f"{name} {listed[name]}\n" for name in sorted(listed)).encode()).hexdigest()


def size(module, pixels, ops=None):
    """Parameters, multiply-adds of one picture, and a digest of names and shapes."""
    module = module.eval()
    listed = shapes(module)
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        out = module(torch.empty(1, 3, pixels, pixels, device="meta"))
    record = {"pixels": pixels, "parameters": sum(p.numel() for p in module.parameters()), "multiplyAdds": counter.get_total_flops() // 2,
              "featureDim": out.shape[-1], "entries": len(listed), "names": digest_of(listed)}
    if ops is not None:
        record["published"] = ops
    return record


def of_torchvision(name):
    builder, weights = getattr(torchvision.models, name), torchvision.models.get_model_weights(name)
    published = next(iter(weights)).meta["_ops"]
    with torch.device("meta"):
        whole = builder()
    pixels = {"efficientnet_b1": 240, "efficientnet_b2": 288, "efficientnet_b3": 300}.get(name, 224)
    whole_counter = FlopCounterMode(display=False)
    with whole_counter, torch.no_grad():
        whole.eval()(torch.empty(1, 3, pixels, pixels, device="meta"))
    record = size(headless(whole), pixels, published)
    record["classifier"] = whole_counter.get_total_flops() // 2 - record["multiplyAdds"]
    return record


def of_timm(name, pixels, packed=False, **options):
    with torch.device("meta"):
        module = timm.create_model(name, num_classes=0, **options)
    record = size(module, pixels)
    if packed:  # timm's names of the packed projections are fc1 and fc2
        record["names"] = digest_of({name.replace("mlp.fc1", "mlp.w12").replace("mlp.fc2", "mlp.w3"): shape for name, shape in shapes(module).items()})
    return record


write("encoder-sizes.json", {"models": {
    **{name: of_torchvision(name) for name in (
        "resnet18", "resnet34", "resnet50", "resnet101", "wide_resnet50_2", "wide_resnet101_2", "mobilenet_v3_small", "mobilenet_v3_large",
        "efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_b3")},
    **{name: of_timm(name, 224) for name in (
        "vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224", "vit_large_patch16_224", "vit_huge_patch14_224",
        "vit_giant_patch14_224", "convnext_tiny", "convnext_small", "swin_tiny_patch4_window7_224", "swin_small_patch4_window7_224",
        "swin_base_patch4_window7_224")},
    **{name: of_timm(name, 518) for name in (
        "vit_small_patch14_dinov2", "vit_base_patch14_dinov2", "vit_large_patch14_dinov2", "vit_base_patch14_reg4_dinov2")},
    **{name: of_timm(name, 518, packed=True) for name in ("vit_giant_patch14_dinov2", "vit_giant_patch14_reg4_dinov2")},
}})
