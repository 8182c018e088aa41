"""Golden files of NumPy's formats, written by NumPy itself: python3 make_numpy.py > numpy.json"""

import base64
import io
import json

import numpy as np


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def npy(array, version=None) -> str:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return text(file.getvalue())


def case(name, array, version=None):
    values = [float(value) for value in np.ascontiguousarray(array).reshape(-1)]
    return {"name": name, "npy": npy(array, version), "shape": list(array.shape), "values": values}


rng = np.random.default_rng(3)
grid = rng.integers(0, 100, size=(2, 3, 4))
cases = [
    *[case(dtype, grid.astype(dtype)) for dtype in ["u1", "i1", "<u2", ">i2", "<u4", ">u4", "<i4", "<i8", ">i8", "<u8"]],
    *[case(dtype, ((grid - 50) / 8).astype(dtype)) for dtype in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]],
    case("bool", grid > 50),
    case("fortran", np.asfortranarray(grid.astype("<f4"))),
    case("fortran matrix", np.asfortranarray(grid[0].astype("u1"))),
    case("list", np.arange(5, dtype="<i8") - 2),
    case("scalar", np.array(7.5)),
    case("empty", np.zeros((0, 3), "u1")),
    case("version 2", grid.astype("<f4"), (2, 0)),
    case("version 3", grid.astype("<f4"), (3, 0)),
]

refused = {
    "objects": npy(np.array([{"a": 1}], dtype=object)),
    "records": npy(np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")])),
    "complex": npy(np.zeros(2, "<c8")),
    "text": npy(np.array(["ab", "c"])),
}

images = rng.integers(0, 256, size=(6, 5, 4), dtype=np.uint8)
labels = np.array([0, 1, 2, 0, 1, 2])
archives = {}
for name, save in [("stored", np.savez), ("deflated", np.savez_compressed)]:
    file = io.BytesIO()
    save(file, x_train=images, y_train=labels)
    archives[name] = text(file.getvalue())

print(
    json.dumps(
        {
            "cases": cases,
            "refused": refused,
            "archives": archives,
            "images": images.reshape(-1).tolist(),
            "labels": labels.tolist(),
        }
    )
)
