"""SimCLR on MNIST with lightly and torchvision: the peer of the demo's vision recipe. Prints one JSON line.

usage: simclr_mnist.py IDX_FOLDER [images] [epochs]
"""
import gzip, json, os, pathlib, resource, struct, sys, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from PIL import Image
from torchvision import transforms as T
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead

folder = pathlib.Path(sys.argv[1])
IMAGES, EPOCHS = int(sys.argv[2] if len(sys.argv) > 2 else 20000), int(sys.argv[3] if len(sys.argv) > 3 else 5)
THREADS = int(os.environ.get("THREADS", os.cpu_count()))
torch.manual_seed(0)
torch.set_num_threads(THREADS)


def idx(stem):
    path = next(p for p in folder.rglob("*ubyte*") if stem in p.name)
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    rank = data[3]
    shape = struct.unpack(">" + "I" * rank, data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


train_x, train_y = idx("train-images"), idx("train-labels").astype(np.int64)
test_x, test_y = idx("t10k-images"), idx("t10k-labels").astype(np.int64)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [], 1
        for out, stride in ((32, 1), (64, 2), (128, 2), (256, 2)):
            layers += [nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            channels = out
        self.n = nn.Sequential(*layers)

    def forward(self, x):
        return self.n(x).mean((2, 3))


views = T.Compose([
    T.RandomResizedCrop(28, (0.35, 1)), T.RandomAffine(10), T.RandomApply([T.GaussianBlur(3, (0.1, 1))], 0.5),
    T.ToTensor(), T.Normalize(0.1307, 0.3081),
])


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return IMAGES

    def __getitem__(self, index):
        image = Image.fromarray(train_x[index])
        return views(image), views(image)


def features(model, x):
    model.eval()
    with torch.no_grad():
        batches = [(torch.tensor(x[i : i + 500], dtype=torch.float32)[:, None] / 255 - 0.1307) / 0.3081 for i in range(0, len(x), 500)]
        result = torch.cat([model(batch) for batch in batches])
    model.train()
    return result


def knn(train, test):
    train, test = F.normalize(train), F.normalize(test)
    labels, correct = torch.tensor(train_y), 0
    for i in range(0, len(test), 1000):
        value, index = (test[i : i + 1000] @ train.T).topk(20)
        votes = torch.zeros(len(index), 10).scatter_add_(1, labels[index], (value / 0.1).exp())
        correct += (votes.argmax(1).numpy() == test_y[i : i + 1000]).sum()
    return correct / len(test)


def draw(per_class, seed):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(np.where(train_y == c)[0])[:per_class] for c in range(10)])


def probe(train, test, per_class, seed):
    ids = draw(per_class, seed)
    mean, std = train.mean(0), train.std(0) + 1e-6
    x, y = (train[ids] - mean) / std, torch.tensor(train_y[ids])
    head = nn.Linear(x.shape[1], 10)
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(head(x), y) + 1e-3 * head.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return (head((test - mean) / std).argmax(1).numpy() == test_y).mean()


model = Encoder()
head = SimCLRProjectionHead(256, 256, 128)
criterion = NTXentLoss(0.2)
loader = torch.utils.data.DataLoader(Pairs(), 256, shuffle=True, drop_last=True, num_workers=2, persistent_workers=True)
optimizer = torch.optim.AdamW([*model.parameters(), *head.parameters()], 2e-3, weight_decay=1e-4)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, EPOCHS * len(loader))
losses, start = [], time.perf_counter()
for epoch in range(EPOCHS):
    for a, b in loader:
        loss = criterion(head(model(a)), head(model(b)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    losses.append(loss.item())
    print(f"epoch {epoch + 1}/{EPOCHS} loss {losses[-1]:.3f} {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
seconds = time.perf_counter() - start
result = {"seconds": seconds, "losses": losses, "version": f"torch {torch.__version__}", "threads": THREADS}
if "evaluate" in sys.argv:
    train, test = features(model, train_x), features(model, test_x)
    result["knn"] = float(knn(train, test))
    result["linear"] = {n: float(np.mean([probe(train, test, n, s) for s in range(3)])) for n in (10, 60, 600)}
result["peakMegabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(result))
