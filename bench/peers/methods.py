"""A method of lightly on the pictures of bench/methods.ts. Writes features as IDX files, prints one JSON line.

usage: methods.py JOB     JSON of bench/methods/job.ts with `pictures` and `out`, folders

Encoder, kinds of views, batches, steps, optimiser, rate and sizes of heads are those of `pretrain`; temperatures, momenta
and weights of losses are lightly's defaults and those of its examples.
"""
import copy, json, math, pathlib, resource, struct, sys, time
import numpy as np, timm, torch, torch.nn as nn
from PIL import Image
from torchvision import transforms as T
from lightly import loss as losses, transforms as LT
from lightly.models import modules as M, utils
from lightly.models.modules import heads
from lightly.utils.scheduler import cosine_schedule

job = json.loads(sys.argv[1])
method, data, seed = job["method"], job["data"], job["seed"]
images, epochs, batch_size = job["images"], job["epochs"], job["batchSize"]
architecture = job["architecture"]
torch.manual_seed(seed)
torch.set_num_threads(job["threads"])


def read_idx(part):
    content = (pathlib.Path(job["pictures"]) / f"{data}-{part}-images.idx").read_bytes()
    shape = struct.unpack(">" + "I" * content[3], content[4 : 4 + 4 * content[3]])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def write_idx(part, values):
    header = bytes([0, 0, 0x0D, values.ndim]) + struct.pack(">" + "I" * values.ndim, *values.shape)
    (pathlib.Path(job["out"]) / f"{part}.idx").write_bytes(header + values.astype(">f4").tobytes())


pictures = read_idx("train")[:images]
SIZE, CHANNELS = pictures.shape[1], pictures.shape[3]
mean, std = architecture["normalize"]["mean"], architecture["normalize"]["std"]
normalize = {"mean": mean, "std": std}
LOCAL = max(1, round(SIZE / 2 / 4)) * 4
to_tensor = [T.ToTensor(), T.Normalize(mean, std)]


def sign_view(size, scale):
    return T.Compose([T.RandomResizedCrop(size, scale), T.RandomAffine(10),
                      T.RandomApply([T.GaussianBlur(3, (0.1, 1))], 0.5), *to_tensor])


def views():
    if method == "mae":
        return [T.Compose([T.RandomResizedCrop(SIZE, (0.2, 1), interpolation=3), T.RandomHorizontalFlip(0.5 if CHANNELS == 3 else 0.0), *to_tensor])]
    if CHANNELS == 1:
        # As ours: no local views of signs.
        return [sign_view(SIZE, (0.35, 1))] * 2
    return {
        "simclr": lambda: LT.SimCLRTransform(SIZE, min_scale=0.2, normalize=normalize),
        "moco": lambda: LT.MoCoV2Transform(SIZE, normalize=normalize),
        "byol": lambda: LT.BYOLTransform(LT.BYOLView1Transform(SIZE, min_scale=0.2, normalize=normalize), LT.BYOLView2Transform(SIZE, min_scale=0.2, normalize=normalize)),
        "simsiam": lambda: LT.SimSiamTransform(SIZE, normalize=normalize),
        "barlow-twins": lambda: LT.BYOLTransform(LT.BYOLView1Transform(SIZE, min_scale=0.2, normalize=normalize), LT.BYOLView2Transform(SIZE, min_scale=0.2, normalize=normalize)),
        "vicreg": lambda: LT.VICRegTransform(SIZE, normalize=normalize),
        "nnclr": lambda: LT.SimCLRTransform(SIZE, min_scale=0.2, normalize=normalize),
        "swav": lambda: LT.SwaVTransform(crop_sizes=(SIZE, LOCAL), crop_counts=(2, 4), normalize=normalize),
        "dino": lambda: LT.DINOTransform(SIZE, local_crop_size=LOCAL, n_local_views=4, local_crop_scale=(0.1, 0.4), global_crop_scale=(0.4, 1.0), normalize=normalize),
    }[method]()


class Views(torch.utils.data.Dataset):
    def __init__(self):
        self.views = views()

    def __len__(self):
        return len(pictures)

    def __getitem__(self, index):
        pixels = pictures[index]
        picture = Image.fromarray(pixels[..., 0] if CHANNELS == 1 else pixels)
        return [view(picture) for view in self.views] if isinstance(self.views, list) else self.views(picture)


class SmallConv(nn.Module):
    def __init__(self):
        super().__init__()
        layers, before = [], CHANNELS
        for width, stride in zip(architecture["options"]["channels"], architecture["options"]["strides"]):
            layers += [nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x).mean((2, 3))


def transformer():
    own = architecture["options"]
    return timm.models.vision_transformer.VisionTransformer(
        img_size=own["imageSize"], patch_size=own["patchSize"], in_chans=CHANNELS, num_classes=0, embed_dim=own["dim"],
        depth=own["depth"], num_heads=own["heads"], global_pool="token", dynamic_img_size=True)


def momentum_twins(*parts):
    twins = [copy.deepcopy(part) for part in parts]
    for twin in twins:
        utils.deactivate_requires_grad(twin)
    return twins


encoder = SmallConv() if architecture["builder"] == "SmallConvEncoder" else transformer()
DIM = architecture["options"].get("dim") or architecture["options"]["channels"][-1]
follow = []  # pairs of a network and its twin
kept = encoder
epoch = steps_done = 0

if method == "simclr":
    head = heads.SimCLRProjectionHead(DIM, DIM, 128)
    criterion = losses.NTXentLoss()
    trained = [encoder, head]
    step = lambda views: criterion(head(encoder(views[0])), head(encoder(views[1])))
elif method == "moco":
    head = heads.MoCoProjectionHead(DIM, DIM, 128)
    twin, twin_head = momentum_twins(encoder, head)
    follow = [(encoder, twin), (head, twin_head)]
    criterion = losses.NTXentLoss(memory_bank_size=(4096, 128))
    trained = [encoder, head]

    def step(views):
        with torch.no_grad():
            key = twin_head(twin(views[1]))
        return criterion(head(encoder(views[0])), key)
elif method == "byol":
    head, predictor = heads.BYOLProjectionHead(DIM, 1024, 256), heads.BYOLPredictionHead(256, 1024, 256)
    twin, twin_head = momentum_twins(encoder, head)
    follow = [(encoder, twin), (head, twin_head)]
    criterion = losses.NegativeCosineSimilarity()
    trained = [encoder, head, predictor]

    def step(views):
        predictions = [predictor(head(encoder(view))) for view in views]
        with torch.no_grad():
            targets = [twin_head(twin(view)) for view in views]
        return 0.5 * (criterion(predictions[0], targets[1]) + criterion(predictions[1], targets[0]))
elif method == "simsiam":
    head, predictor = heads.SimSiamProjectionHead(DIM, 2048, 2048), heads.SimSiamPredictionHead(2048, 512, 2048)
    criterion = losses.NegativeCosineSimilarity()
    trained = [encoder, head, predictor]

    def step(views):
        projections = [head(encoder(view)) for view in views]
        predictions = [predictor(projection) for projection in projections]
        return 0.5 * (criterion(predictions[0], projections[1].detach()) + criterion(predictions[1], projections[0].detach()))
elif method in ("barlow-twins", "vicreg"):
    head = heads.BarlowTwinsProjectionHead(DIM, 2048, 2048) if method == "barlow-twins" else heads.VICRegProjectionHead(DIM, 2048, 2048)
    criterion = losses.BarlowTwinsLoss() if method == "barlow-twins" else losses.VICRegLoss()
    trained = [encoder, head]
    step = lambda views: criterion(head(encoder(views[0])), head(encoder(views[1])))
elif method == "nnclr":
    head, predictor = heads.NNCLRProjectionHead(DIM, 1024, 256), heads.NNCLRPredictionHead(256, 1024, 256)
    bank = M.NNMemoryBankModule(size=(4096, 256))
    criterion = losses.NTXentLoss()
    trained = [encoder, head, predictor]

    def step(views):
        projections = [head(encoder(view)) for view in views]
        predictions = [predictor(projection) for projection in projections]
        neighbours = [bank(projections[0].detach(), update=False), bank(projections[1].detach(), update=True)]
        return 0.5 * (criterion(neighbours[0], predictions[1]) + criterion(neighbours[1], predictions[0]))
elif method == "swav":
    head, prototypes = heads.SwaVProjectionHead(DIM, 512, 128), heads.SwaVPrototypes(128, 128, images // batch_size)
    criterion = losses.SwaVLoss()
    trained = [encoder, head, prototypes]

    def step(views):
        prototypes.normalize()
        scores = [prototypes(nn.functional.normalize(head(encoder(view)), dim=1), step=steps_done) for view in views]
        return criterion(scores[:2], scores[2:])
elif method == "dino":
    head = heads.DINOProjectionHead(DIM, 512, 128, 1024, freeze_last_layer=1)
    twin = copy.deepcopy(encoder)
    twin_head = heads.DINOProjectionHead(DIM, 512, 128, 1024)
    utils.deactivate_requires_grad(twin)
    utils.deactivate_requires_grad(twin_head)
    follow, kept = [(encoder, twin), (head, twin_head)], twin
    criterion = losses.DINOLoss(output_dim=1024, warmup_teacher_temp_epochs=min(5, epochs))
    trained = [encoder, head]

    def step(views):
        with torch.no_grad():
            targets = [twin_head(twin(view)) for view in views[:2]]
        return criterion(targets, [head(encoder(view)) for view in views], epoch=epoch)
elif method == "mae":
    own = architecture["options"]
    patch, places = own["patchSize"], (own["imageSize"] // own["patchSize"]) ** 2
    backbone = M.MaskedVisionTransformerTIMM(vit=encoder)
    decoder = M.MAEDecoderTIMM(num_patches=places, patch_size=patch, in_chans=CHANNELS, embed_dim=DIM, decoder_embed_dim=128,
                               decoder_depth=2, decoder_num_heads=4)
    trained = [backbone, decoder]

    def step(views):
        pixels = views[0]
        rows = len(pixels)
        keep, mask = utils.random_token_mask(size=(rows, places + 1), mask_ratio=0.75, device=pixels.device)
        encoded = backbone.encode(images=pixels, idx_keep=keep)
        tokens = decoder.embed(encoded)
        full = utils.repeat_token(decoder.mask_token, (rows, places + 1))
        full = utils.set_at_index(full, keep, tokens.type_as(full))
        predicted = decoder.predict(utils.get_at_index(decoder.decode(full), mask))
        target = utils.get_at_index(utils.patchify(pixels, patch), mask - 1)
        target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6) ** 0.5
        return nn.functional.mse_loss(predicted, target)


def batches_of(values):
    for start in range(0, len(values), 256):
        yield (torch.tensor(values[start : start + 256]).permute(0, 3, 1, 2).float() / 255 - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1)


def features(values):
    kept.eval()
    with torch.no_grad():
        if method == "mae":
            return torch.cat([backbone.encode(batch)[:, 1:].mean(1) for batch in batches_of(values)]).numpy()
        return torch.cat([kept(batch) for batch in batches_of(values)]).numpy()


def main():
    global epoch, steps_done
    start = time.perf_counter()
    loader = torch.utils.data.DataLoader(Views(), batch_size=batch_size, shuffle=True, drop_last=True, num_workers=1, persistent_workers=True)
    decays = {"dino": 0.04, "mae": 0.05}
    parameters = [parameter for part in trained for parameter in part.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW([
        {"params": [parameter for parameter in parameters if parameter.ndim > 1], "weight_decay": decays.get(method, 0.01)},
        {"params": [parameter for parameter in parameters if parameter.ndim <= 1], "weight_decay": 0.0},
    ], lr=1e-3 * math.sqrt(batch_size / 128))
    total = epochs * (images // batch_size)
    warm = total // 10
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda i: (i + 1) / warm if i < warm else 0.5 * (1 + math.cos(math.pi * (i - warm) / (total - warm))))
    for epoch in range(epochs):
        momentum = cosine_schedule(epoch, epochs, 0.996, 1) if epochs > 1 else 0.996
        for views in loader:
            for network, twin in follow:
                utils.update_momentum(network, twin, momentum)
            value = step(views)
            optimizer.zero_grad()
            value.backward()
            if method == "dino":
                head.cancel_last_layer_gradients(current_epoch=epoch)
                nn.utils.clip_grad_norm_(parameters, 3)
            optimizer.step()
            schedule.step()
            steps_done += 1
    seconds = time.perf_counter() - start
    # Without the process that loads the data, most of whose pages are this one's.
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    write_idx("train", features(pictures))
    write_idx("test", features(read_idx("test")))
    if data == "emoji":
        write_idx("gallery", features(read_idx("gallery")))
    print(json.dumps({"seconds": seconds, "peakMemory": memory / 1024, "loss": float(value.detach())}))


main()
