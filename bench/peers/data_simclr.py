"""Two SimCLR views of the JPEGs of a folder by torchvision and a DataLoader: the peer of bench/cases/data-simclr.ts. Prints one JSON line.

usage: data_simclr.py FOLDER SIZE EPOCHS pil|tensor

Batches are uint8, as ours: the conversion to float32 and the normalisation are left out on both sides.
"""
import glob, json, os, resource, sys, time
import torch, torchvision
from PIL import Image
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms import v2

FOLDER, SIZE, EPOCHS, VARIANT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
WARM_BATCHES = 8


def decode(path):
    if VARIANT == "tensor":
        return decode_image(path, ImageReadMode.RGB)
    with Image.open(path) as image:
        return image.convert("RGB")


def transform():
    # SimCLR, appendix A; for 32 pixels appendix B.9: half the strength, no blur.
    strength = 1.0 if SIZE > 32 else 0.5
    blur = [v2.RandomApply([v2.GaussianBlur(max(3, SIZE // 20 * 2 + 1), (0.1, 2.0))], 0.5)] if SIZE > 32 else []
    return v2.Compose([
        v2.RandomResizedCrop(SIZE, antialias=True),
        v2.RandomHorizontalFlip(),
        v2.RandomApply([v2.ColorJitter(0.8 * strength, 0.8 * strength, 0.8 * strength, 0.2 * strength)], 0.8),
        v2.RandomGrayscale(0.2),
        *blur,
        *([v2.PILToTensor()] if VARIANT == "pil" else []),
    ])


class Pairs(torch.utils.data.Dataset):
    def __init__(self):
        self.files = sorted(glob.glob(os.path.join(FOLDER, "*.jpg")))
        self.transform = transform()

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        image = decode(self.files[index])
        return self.transform(image), self.transform(image)


def main():
    torch.manual_seed(0)
    loader = torch.utils.data.DataLoader(Pairs(), 32, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True)
    losses, batches, timed = [], 0, 0
    for _ in range(EPOCHS):
        for first, _second in loader:
            if batches < WARM_BATCHES:
                losses.append(first.float().mean().item())
            else:
                timed += len(first)
            batches += 1
            if batches == WARM_BATCHES:
                start = time.perf_counter()
    rate = timed / (time.perf_counter() - start)
    # Workers count once they have ended.
    del loader
    # The largest worker's peak and this process's.
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    version = f"torchvision {torchvision.__version__}, torch {torch.__version__}"
    print(json.dumps({"seconds": 1000 / rate, "losses": losses, "images": timed, "imagesPerSecond": rate, "peakMegabytes": peak, "version": version, "variant": VARIANT}))


if __name__ == "__main__":
    main()
