"""Reads and decodes the JPEGs of shards with the Python package: the peer of bench/cases/webdataset-read.ts. Prints one JSON line.

usage: webdataset_read.py FOLDER
"""
import glob, json, os, resource, sys, time
import torch
import webdataset as wds

shards = sorted(glob.glob(os.path.join(sys.argv[1], "*.tar")))


def tensors(sample):
    image, label = sample
    return torch.from_numpy(image), label


def main():
    dataset = wds.WebDataset(shards, shardshuffle=False).decode("rgb8").to_tuple("jpg", "cls").map(tensors).batched(64)
    loader = wds.WebLoader(dataset, batch_size=None, num_workers=2, persistent_workers=True)
    losses = []
    for epoch in range(2):
        start, seen = time.perf_counter(), 0
        for images, labels in loader:
            seen += len(labels)
            if epoch == 0:
                losses.append(images.float().mean().item())
    seconds = time.perf_counter() - start
    # Workers count once they have ended.
    del loader
    # The largest worker's peak and this process's.
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(json.dumps({"seconds": seconds, "losses": losses, "images": seen, "peakMegabytes": peak, "version": f"webdataset {wds.__version__}, torch {torch.__version__}"}))


if __name__ == "__main__":
    main()
