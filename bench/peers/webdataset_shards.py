"""Reads the samples of shards with the Python package, as stored or decoded: the peer of bench/cases/webdataset-read.ts and webdataset-decode.ts. Prints one JSON line.

usage: webdataset_shards.py FOLDER read|decode [workers]
"""
import glob, json, os, resource, sys, time
import torch
import webdataset as wds

shards = sorted(glob.glob(os.path.join(sys.argv[1], "*.tar")))
DECODE = sys.argv[2] == "decode"
WORKERS = int(sys.argv[3]) if len(sys.argv) > 3 else 2


def tensors(sample):
    image, label = sample
    return torch.from_numpy(image), label


def main():
    dataset = wds.WebDataset(shards, shardshuffle=False)
    if DECODE:
        dataset = dataset.decode("rgb8").to_tuple("jpg", "cls").map(tensors).batched(64)
    else:
        dataset = dataset.to_tuple("jpg", "cls").batched(64)
    loader = wds.WebLoader(dataset, batch_size=None, num_workers=WORKERS, persistent_workers=WORKERS > 0)
    losses = []
    for epoch in range(2):
        start, seen = time.perf_counter(), 0
        for images, labels in loader:
            seen += len(labels)
            if epoch == 0:
                losses.append(images.float().mean().item() if DECODE else sum(map(len, images)) / len(images))
    seconds = time.perf_counter() - start
    # Workers count once they have ended.
    del loader
    # The largest worker's peak and this process's.
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(json.dumps({"seconds": seconds, "losses": losses, "images": seen, "peakMegabytes": peak, "version": f"webdataset {wds.__version__}, torch {torch.__version__}"}))


if __name__ == "__main__":
    main()
