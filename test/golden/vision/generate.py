"""Golden values for ssl-vision, from torchvision, timm and lightly.

Run: python test/golden/vision/generate.py   (torch, torchvision, timm, lightly; writes its JSON files beside itself)
"""
import json
import pathlib

import lightly
import timm
import torch
import torchvision
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from backbone_case import DIGEST_SEED, NarrowResNet, backbone_case, shapes
from hash_fill import digest, fill, hash_tensor
from small_conv import SmallConv

HERE = pathlib.Path(__file__).parent
META = {"versions": {"torch": torch.__version__, "torchvision": torchvision.__version__, "timm": timm.__version__,
                     "lightly": lightly.__version__}, "seed": "hash_fill.py"}


def write(name, record):
    (HERE / name).write_text(json.dumps({**META, **record}) + "\n")



def simclr_case(per_view, temperature):
    encoder, head = SmallConv([4, 8], [1, 2], 1), SimCLRProjectionHead(8, 8, 6)
    fill(encoder)
    fill(head)
    views = [hash_tensor((6, 6, 6, 1), seed).permute(0, 3, 1, 2).contiguous() for seed in (2001, 2002)]
    if per_view:
        a, b = (head(encoder(view)) for view in views)
    else:
        a, b = head(encoder(torch.cat(views))).chunk(2)
    loss = NTXentLoss(temperature)(a, b)
    loss.backward()
    both = torch.cat([a, b]).detach()
    unit = both / both.norm(dim=1, keepdim=True)
    gradients = {f"{prefix}.{name}": digest(value.grad, DIGEST_SEED)
                 for prefix, module in (("backbone", encoder), ("head", head)) for name, value in module.named_parameters()}
    buffers = {f"{prefix}.{name}": digest(value, DIGEST_SEED) for prefix, module in (("backbone", encoder), ("head", head))
               for name, value in module.named_buffers() if not name.endswith("tracked")}
    return {"batchNorm": "perView" if per_view else "joint", "temperature": temperature, "loss": loss.item(),
            "featureStd": float(unit.std(0).mean()), "shapes": {"backbone": shapes(encoder), "head": shapes(head)},
            "gradients": gradients, "buffers": buffers}


write("resnet.json", {"cases": {
    "basic": backbone_case(NarrowResNet(BasicBlock, [1, 2, 1, 1], 4, False), {"block": "basic", "layers": [1, 2, 1, 1], "width": 4, "stem": "imagenet"}, (2, 37, 40, 3)),
    "bottleneck": backbone_case(NarrowResNet(Bottleneck, [1, 1, 2, 1], 4, False), {"block": "bottleneck", "layers": [1, 1, 2, 1], "width": 4, "stem": "imagenet"}, (2, 34, 33, 3)),
    "cifar": backbone_case(NarrowResNet(BasicBlock, [2, 1, 1, 1], 4, True), {"block": "basic", "layers": [2, 1, 1, 1], "width": 4, "stem": "cifar"}, (2, 9, 12, 3)),
}})
write("small-conv.json", {"cases": {
    "square": backbone_case(SmallConv([4, 6, 8], [1, 2, 2], 1), {"channels": [4, 6, 8], "strides": [1, 2, 2], "inChannels": 1}, (3, 8, 8, 1)),
    "odd": backbone_case(SmallConv([3, 5], [2, 2], 3), {"channels": [3, 5], "strides": [2, 2], "inChannels": 3}, (3, 7, 10, 3)),
}})
vit = dict(img_size=16, patch_size=4, embed_dim=24, depth=2, num_heads=3, num_classes=0)
vit_options = {"imageSize": 16, "patchSize": 4, "dim": 24, "depth": 2, "heads": 3}
write("vit.json", {"cases": {
    "cls": backbone_case(VisionTransformer(**vit, global_pool="token"), {**vit_options, "pool": "cls"}, (2, 16, 16, 3)),
    "mean": backbone_case(VisionTransformer(**vit, global_pool="avg", fc_norm=False), {**vit_options, "pool": "mean"}, (2, 16, 16, 3)),
    "noQkvBias": backbone_case(VisionTransformer(**{**vit, "img_size": (8, 12)}, qkv_bias=False, global_pool="token"),
                               {**vit_options, "imageSize": [8, 12], "qkvBias": False, "pool": "cls"}, (2, 8, 12, 3)),
}})
heads = {f"layers{layers}-bn{int(bn)}": shapes(SimCLRProjectionHead(8, 12, 6, layers, bn)) for layers in (2, 3) for bn in (True, False)}
write("simclr.json", {"cases": [simclr_case(True, 0.2), simclr_case(False, 0.5)], "heads": heads})


def headless(module):
    return {name: shape for name, shape in shapes(module).items() if not name.startswith(("fc.", "head."))}


write("state-dicts.json", {"models": {
    **{name: headless(getattr(torchvision.models, name)()) for name in ("resnet18", "resnet34", "resnet50", "resnet101")},
    **{name: headless(timm.create_model(name)) for name in ("vit_tiny_patch16_224", "vit_small_patch16_224")},
}})
