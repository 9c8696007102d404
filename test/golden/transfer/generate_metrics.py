"""Golden values for the metrics of ssl-transfer and ssl-text-mlm: sklearn's, scipy's and seqeval's.

python generate_metrics.py   (numpy, scipy, scikit-learn, seqeval)
"""
import json
import pathlib

import numpy as np
import scipy
import scipy.stats
import sklearn
from seqeval.metrics import classification_report
from sklearn.metrics import f1_score, matthews_corrcoef, ndcg_score

SEED = 20261129
random = np.random.default_rng(SEED)
here = pathlib.Path(__file__).parent


def classes(count, samples, absent=None):
    labels = random.integers(0, count, samples)
    predictions = np.where(random.random(samples) < 0.6, labels, random.integers(0, count, samples))
    if absent is not None:
        labels[labels == absent] = 0
        predictions[predictions == absent] = 0
    return {"predictions": predictions.tolist(), "labels": labels.tolist(),
            "macroF1": f1_score(labels, predictions, average="macro"), "mcc": matthews_corrcoef(labels, predictions)}


def ranks(samples, ties):
    a = random.normal(size=samples)
    b = a + random.normal(size=samples)
    if ties:
        a, b = np.round(a), np.round(b * 2)
    return {"a": a.tolist(), "b": b.tolist(), "spearman": float(scipy.stats.spearmanr(a, b).statistic)}


def retrieval(queries, documents, k):
    scores = random.permuted(np.tile(np.arange(documents), (queries, 1)), axis=1) / 8  # no ties
    relevances = random.integers(0, 4, (queries, documents)) * (random.random((queries, documents)) < 0.5)
    relevances[:, 0] = 1
    best = np.argsort(-scores, axis=1)[:, :k]
    found = (np.take_along_axis(relevances, best, 1) > 0).sum(1)
    return {"shape": [queries, documents], "k": k, "scores": scores.flatten().tolist(), "relevances": relevances.flatten().tolist(),
            "ndcg": float(ndcg_score(relevances, scores, k=k)), "recall": float((found / (relevances > 0).sum(1)).mean())}


def spans():
    tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-ORG", "B-ORG"]
    gold = [[tags[i] for i in random.integers(0, len(tags), length)] for length in (12, 1, 30, 7, 60)]
    predicted = [[tag if random.random() < 0.85 else tags[random.integers(0, len(tags))] for tag in row] for row in gold]
    report = classification_report(gold, predicted, output_dict=True, digits=9)
    keep = {name: {key.replace("-score", ""): float(value) for key, value in row.items()} for name, row in report.items()
            if name in ("PER", "LOC", "ORG", "micro avg", "macro avg")}
    return {"gold": gold, "predicted": predicted, "report": keep}


golden = {
    "generator": "test/golden/transfer/generate_metrics.py", "seed": SEED,
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "sklearn": sklearn.__version__, "seqeval": "1.2.2"},
    "classes": [classes(2, 40), classes(5, 60), classes(4, 30, absent=2), classes(3, 8)],
    "ranks": [ranks(30, False), ranks(50, True)],
    "retrieval": [retrieval(6, 12, 3), retrieval(4, 20, 20), retrieval(5, 9, 1)],
    "spans": spans(),
}
(here / "metrics.json").write_text(json.dumps(golden) + "\n")
