"""Golden files of ssl-data's readers of arrays: what NumPy and nibabel write, and what is in it.

Run: python test/golden/data/generate_arrays.py   (numpy, nibabel)
Writes arrays/* and arrays.json beside this file.
"""
import gzip
import json
import os

import nibabel as nib
import numpy as np

SEED = 11
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "arrays")
os.makedirs(folder, exist_ok=True)
rng = np.random.default_rng(SEED)
golden = {"seed": SEED, "numpy": np.__version__, "nibabel": nib.__version__, "npy": {}, "npz": {}, "nifti": {}}


def numbers(array):
    return [float(v) if np.isfinite(v) else str(float(v)) for v in np.asarray(array, dtype=np.float64).ravel(order="C")]


def values(kind, shape):
    """Extremes of the type first, as far as int32 and float32 hold them."""
    count = int(np.prod(shape))
    if kind == "b1":
        return rng.integers(0, 2, count).astype(bool).reshape(shape)
    dtype = np.dtype(kind)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        low, high = max(info.min, -(2**31)), min(info.max, 2**31 - 1)
        flat = rng.integers(low, high, count, endpoint=True).astype(np.int64)
        flat[: min(2, count)] = [low, high][:count]
        return flat.astype(dtype).reshape(shape)
    flat = rng.normal(0, 3, count)
    special = [np.inf, -np.inf, np.nan, -0.0, 2.0**-24, 65504.0]
    flat[: min(6, count)] = special[:count]
    return flat.astype(dtype).reshape(shape)


def npy(name, array, version=None):
    with open(os.path.join(folder, f"{name}.npy"), "wb") as file:
        np.lib.format.write_array(file, array, version=version, allow_pickle=True)
    return array


def record(name, array, version=None):
    npy(name, array, version)
    golden["npy"][name] = {"shape": list(array.shape), "values": numbers(array)}


for kind in ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]:
    for order, word in [("<", "little"), (">", "big")]:
        if kind[1] == "1" and order == ">":
            continue
        record(f"{kind}-{word}", values(kind, (3, 4)).astype(np.dtype(order + kind)))
record("scalar", np.array(-7, dtype=np.int32))
record("empty", np.zeros((2, 0, 3), dtype=np.float32))
record("fortran-2", np.asfortranarray(values("i2", (3, 5))))
record("fortran-4", np.asfortranarray(values("f4", (2, 3, 4, 5))))
record("fortran-big", np.asfortranarray(values("f8", (4, 3))).astype(">f8", order="K"))
record("version-2", values("u1", (7,)), (2, 0))
record("version-3", values("i4", (2, 2)), (3, 0))

# Files that are refused.
npy("object", np.array([1, "two", None], dtype=object))
npy("structured", np.zeros(2, dtype=[("a", "<i4"), ("b", "<f8")]))
npy("text", np.array(["ab", "c"]))
npy("complex", np.zeros(2, dtype=np.complex64))
npy("beyond-u4", np.array([1, 2**31], dtype=np.uint32))
npy("beyond-i8", np.array([1, -(2**31) - 1], dtype=np.int64))
npy("beyond-f8", np.array([1.0, 1e39]))

arrays = {
    "images": rng.integers(0, 256, (3, 4, 5, 3), dtype=np.uint8),
    "labels": np.array([2, 0, 1], dtype=np.int64),
    "planes": np.asfortranarray(rng.normal(0, 1, (2, 3))),
}
golden["npz"] = {name: {"shape": list(array.shape), "values": numbers(array)} for name, array in arrays.items()}
np.savez(os.path.join(folder, "stored.npz"), **arrays)
np.savez_compressed(os.path.join(folder, "deflated.npz"), **arrays)

# CIFAR's layouts without pickle; smooth, so that they deflate.
side = np.arange(32)
cifar = (side[None, :, None, None] * 5 + side[None, None, :, None] + 90 * np.arange(3) + 7 * np.arange(2)[:, None, None, None]).astype(np.uint8)
for layout, images, labels in [
    ("pixels", cifar, np.array([[9], [0]], dtype=np.uint8)),
    ("planes", cifar.transpose(0, 3, 1, 2), np.array([9, 0], dtype=np.int64)),
    ("rows", cifar.transpose(0, 3, 1, 2).reshape(2, 3072), np.array([9, 0], dtype=np.int32)),
]:
    np.savez_compressed(os.path.join(folder, f"cifar-{layout}.npz"), x_test=images, y_test=labels)
golden["cifar"] = {"pixels": [{"at": at, "value": int(cifar[tuple(at)])} for at in [[0, 0, 0, 0], [1, 31, 30, 2], [0, 3, 17, 1], [1, 17, 3, 0]]]}

affine = np.array([[-2.0, 0.1, 0, 90], [0.2, 1.5, 0, -126], [0, 0.05, 3.0, -72], [0, 0, 0, 1]])
quarter = np.array([[0, -2.0, 0, 10], [1.5, 0, 0, -20], [0, 0, -3.0, 30], [0, 0, 0, 1]])


def nifti(name, data, kind, image=nib.Nifti1Image, matrix=affine, order="<", slope=None, units="mm", qform=False):
    header = image.header_class(endianness=order)
    header.set_data_dtype(np.dtype(kind).newbyteorder(order))
    header.set_data_shape(data.shape)
    header.set_xyzt_units(units, "sec")
    picture = image(data.astype(np.dtype(kind).newbyteorder(order)), None, header)
    picture.header.set_zooms(np.linalg.norm(matrix[:3, :3], axis=0).tolist() + [1.0] * (data.ndim - 3))
    if qform:
        picture.set_qform(matrix, 1)
        picture.set_sform(None, 0)
    elif matrix is not None:
        picture.set_sform(matrix, 2)
        picture.set_qform(None, 0)
    if slope is not None:
        picture.header.set_slope_inter(*slope)
    path = os.path.join(folder, name)
    # nibabel chooses scaling by itself for what it writes: the bytes are written here.
    head = picture.header
    head["vox_offset"] = head.single_vox_offset
    raw = head.binaryblock + b"\0\0\0\0" + data.astype(np.dtype(kind).newbyteorder(order)).tobytes(order="F")
    with open(path, "wb") as file:
        file.write(gzip.compress(raw, mtime=0) if name.endswith(".gz") else raw)
    # What nibabel reads back is the expectation.
    back = nib.load(path)
    scaled = np.asarray(back.get_fdata(dtype=np.float64), dtype=np.float32)
    four = scaled.reshape(scaled.shape[:3] + (-1,), order="F")
    factor = {"mm": 1.0, "meter": 1e3, "micron": 1e-3}[units]
    mm = np.array(back.affine)
    mm[:3] *= factor
    golden["nifti"][name] = {
        "shape": [four.shape[2], four.shape[1], four.shape[0], four.shape[3]],
        "values": numbers(four.transpose(2, 1, 0, 3)),
        "affine": mm.tolist(),
        "spacing": [float(z) * factor for z in back.header.get_zooms()[:3]][::-1],
    }


def ints(shape, low, high):
    return rng.integers(low, high, shape)


nifti("i2-little.nii", ints((4, 3, 2), -1000, 1000), "i2", slope=(0.5, -3))
nifti("i2-big.nii.gz", ints((4, 3, 2), -1000, 1000), "i2", order=">", slope=(2, 1))
nifti("u1-time.nii", ints((3, 2, 4, 5), 0, 256), "u1", slope=(1, 0))
nifti("f4-qform.nii.gz", rng.normal(0, 1, (2, 3, 4)), "f4", matrix=quarter, qform=True)
nifti("f8-micron.nii", rng.normal(0, 1, (2, 2, 2)), "f8", units="micron")
nifti("u2-second.nii.gz", ints((3, 3, 2), 0, 65536), "u2", image=nib.Nifti2Image, slope=(0.25, 0))
nifti("i4-second-big.nii", ints((2, 3, 2, 1, 3), -(10**6), 10**6), "i4", image=nib.Nifti2Image, order=">")
nifti("i1-flat.nii", ints((5, 4, 1), -128, 128), "i1")
nifti("i8-large.nii", ints((2, 2, 2), -(2**40), 2**40), "i8", slope=(1e-3, 0))

with open(os.path.join(here, "arrays.json"), "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
