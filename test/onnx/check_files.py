"""Checks ONNX files with ONNX's own checker and runs them in Python's ONNX Runtime: python check_files.py FOLDER"""
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

folder = pathlib.Path(sys.argv[1])
report = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "files": []}
for case in json.loads((folder / "cases.json").read_text()):
    path = str(folder / case["file"])
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0

    def read(array):
        return np.fromfile(folder / array["file"], dtype=array["type"]).reshape(array["shape"])

    for run in case["runs"]:
        results = session.run(None, {name: read(array) for name, array in run["inputs"].items()})
        expected = read(run["output"])
        assert results[0].shape == expected.shape, (case["name"], results[0].shape, expected.shape)
        worst = max(worst, float(np.max(np.abs(results[0] - expected) / np.maximum(1, np.abs(expected)))))
    report["files"].append(
        {
            "name": case["name"],
            "opsets": {opset.domain: opset.version for opset in model.opset_import},
            "domains": sorted({node.domain for node in model.graph.node}),
            "nodes": len(model.graph.node),
            "worst": worst,
        }
    )
print(json.dumps(report))
