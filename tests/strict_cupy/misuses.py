"""Every misuse that the double is to catch: its name, the error, a word of the error's text, and the misuse of x.

x is a device array of float32, 3 by 4, that counts from 0 to 11.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from .module import xp
from .syncs import Misuse

HOST = np.arange(12, dtype=np.float32).reshape(3, 4)
MORE = xp.asarray(HOST)
TWICE = [0, 0, 2]


def add_in_place_at_a_place_named_twice(x: Any) -> None:
    x[xp.asarray(TWICE)] += 1


def write_through_windows_that_overlap(x: Any) -> None:
    windows = xp.lib.stride_tricks.as_strided(x.ravel(), (5, 3), (4, 4))
    windows += 1


def write_through_a_broadcast(x: Any) -> None:
    xp.broadcast_to(x[0], (3, 4))[...] = 1


def move_within_an_array(x: Any) -> None:
    x[1:] = x[:-1]


def assign_numpy(x: Any) -> None:
    x[...] = HOST


def assign_numpy_at_indices(x: Any) -> None:
    x[[0, 1]] = HOST[:2]


def assign_a_list(x: Any) -> None:
    x[0] = [1.0, 2.0, 3.0, 4.0]


def assign_at_places_named_twice(x: Any) -> None:
    x[TWICE] = MORE


def assign_out_of_range(x: Any) -> None:
    x[xp.asarray([0, 3])] = 0.0


def add_numpy_in_place(x: Any) -> None:
    x += HOST


def loop_to_a_device_number(x: Any) -> None:
    for _ in range(xp.asarray(3)):
        pass


CAUGHT: list[tuple[str, type[Exception], str, Callable[[Any], Any]]] = [
    # names and keywords
    ("insert", AttributeError, "concatenate", lambda x: xp.insert(x, 0, 1.0)),
    ("block", AttributeError, "concatenate", lambda x: xp.block([[x, x]])),
    ("errstate", AttributeError, "leave it out", lambda x: xp.errstate(divide="ignore")),
    ("nditer", AttributeError, "array expressions", lambda x: xp.nditer(x)),
    ("einsum_path", AttributeError, "optimize=True", lambda x: xp.einsum_path("ij->i", x)),
    ("vecdot", AttributeError, "sum", lambda x: xp.vecdot(x, x)),
    ("object dtype by name", AttributeError, "list on the host", lambda x: x.astype(xp.object_)),
    ("object dtype", ValueError, "has no arrays of object", lambda x: x.astype(object)),
    ("text dtype", ValueError, "has no arrays of", lambda x: xp.asarray(["a", "b"])),
    ("sum initial=", TypeError, "no initial= in cupy.sum", lambda x: xp.sum(x, initial=1.0)),
    ("sum where=", TypeError, "xp.where", lambda x: xp.sum(x, where=x > 0)),
    ("x.max initial=", TypeError, "no initial= in cupy.ndarray.max", lambda x: x.max(initial=0.0)),
    ("var correction=", TypeError, "ddof", lambda x: xp.var(x, correction=1)),
    ("x.var correction=", TypeError, "ddof", lambda x: x.var(correction=1)),
    ("ufunc where=", TypeError, "xp.where", lambda x: xp.exp(x, where=x > 0)),
    ("take mode=", TypeError, "no mode= in cupy.take", lambda x: xp.take(x, [9], mode="clip")),
    ("einsum out=", TypeError, "no out= in cupy.einsum", lambda x: xp.einsum("ij->i", x, out=x[:, 0])),
    ("as_strided subok=", TypeError, "no subok=", lambda x: xp.lib.stride_tricks.as_strided(x, subok=False)),
    ("ones_like device=", TypeError, "leave it out", lambda x: xp.ones_like(x, device="cpu")),
    ("too many arguments by position", TypeError, "by position", lambda x: xp.clip(x, 0, 1, None, None)),
    ("argmax out by position", TypeError, "argument 3 is dtype", lambda x: xp.argmax(x, 0, None)),
    ("a method of NumPy's alone", AttributeError, "has no ndarray.setflags", lambda x: x.setflags(write=False)),
    ("a flag of NumPy's alone", AttributeError, "flags.writeable", lambda x: x.flags.writeable),
    ("astype casting=", TypeError, "not supported yet", lambda x: x.astype("int32", casting="safe")),
    ("multiply.at", NotImplementedError, "there are add", lambda x: xp.multiply.at(x, TWICE, 2.0)),
    ("add.at of int16", TypeError, "add.at is for int32", lambda x: xp.add.at(x.astype("int16"), TWICE, 1)),
    ("maximum.reduce", NotImplementedError, "x.max", lambda x: xp.maximum.reduce(x)),
    ("Generator.normal", AttributeError, "a draw on the host", lambda x: xp.random.default_rng(0).normal()),
    ("Generator.permutation", AttributeError, "on the host", lambda x: xp.random.default_rng(0).permutation(3)),
    ("a name NumPy 2 has not", AttributeError, "NumPy 2 has no", lambda x: xp.product(x)),
    ("cuDNN", AttributeError, "cudnn", lambda x: xp.cudnn),
    # conversion that does not ask
    ("np.asarray", TypeError, "asnumpy", lambda x: np.asarray(x)),
    ("np.array of a list of them", TypeError, "asnumpy", lambda x: np.array([x, x])),
    ("np.exp", TypeError, "write xp.exp", lambda x: np.exp(x)),
    ("np.sum", TypeError, "write xp.sum", lambda x: np.sum(x)),
    ("np.concatenate", TypeError, "write xp.concatenate", lambda x: np.concatenate([x, x])),
    ("np.add.at", TypeError, "write xp.add", lambda x: np.add.at(x, TWICE, 1.0)),
    ("np.from_dlpack", TypeError, "DLPack", lambda x: np.from_dlpack(x)),
    ("np.zeros of a device size", TypeError, "int", lambda x: np.zeros(x.sum())),
    ("a list by a device index", TypeError, "int", lambda x: [1, 2][x[0, 1].astype(int)]),
    ("a loop to a device number", TypeError, "int", loop_to_a_device_number),
    ("a shape from the device", TypeError, "needs shape on the host", lambda x: xp.zeros((x.argmax(), 2))),
    ("an axis from the device", TypeError, "needs axis on the host", lambda x: x.sum(axis=x.argmin())),
    ("a slice from the device", TypeError, "bounds on the host", lambda x: x[: x.argmax()]),
    ("truth of many", ValueError, "any", lambda x: bool(x > 0)),
    ("pickle", TypeError, "asnumpy", lambda x: pickle.dumps(x)),
    ("hash", TypeError, "unhashable", lambda x: {x: 1}),
    # host and device in one expression
    ("device + host", TypeError, "xp.asarray", lambda x: x + HOST),
    ("host + device", TypeError, "xp.asarray", lambda x: HOST + x),
    ("device + host of no dimensions", TypeError, "xp.asarray", lambda x: x + np.array(1.0)),
    ("device == host", TypeError, "xp.asarray", lambda x: x == HOST),
    ("device @ host", TypeError, "xp.asarray", lambda x: x @ HOST.T),
    ("device += host", TypeError, "xp.asarray", add_numpy_in_place),
    ("xp.exp of host", TypeError, "xp.asarray", lambda x: xp.exp(HOST)),
    ("xp.sum of host", TypeError, "xp.asarray", lambda x: xp.sum(HOST)),
    ("xp.zeros_like of host", TypeError, "xp.asarray", lambda x: xp.zeros_like(HOST)),
    ("xp.where with host", TypeError, "xp.asarray", lambda x: xp.where(x > 0, x, HOST)),
    ("xp.concatenate with host", TypeError, "xp.asarray", lambda x: xp.concatenate([x, HOST])),
    ("xp.einsum with host", TypeError, "xp.asarray", lambda x: xp.einsum("ij,ij->", x, HOST)),
    ("a nested list of both", TypeError, "asnumpy", lambda x: xp.asarray([x[0], HOST[0]])),
    ("host as out=", TypeError, "device array", lambda x: xp.exp(x, out=HOST)),
    ("x[...] = host", TypeError, "xp.asarray", assign_numpy),
    ("x[list] = host", TypeError, "xp.asarray", assign_numpy_at_indices),
    ("x[0] = list", TypeError, "xp.asarray", assign_a_list),
    ("add.at with host", TypeError, "xp.asarray", lambda x: xp.add.at(x, 0, HOST[0])),
    ("a list in an array's place", TypeError, "xp.asarray", lambda x: xp.maximum(x, [1, 2, 3, 4])),
    ("a list as the array", TypeError, "xp.asarray", lambda x: xp.sum([1, 2])),
    ("a list of numbers to join", TypeError, "xp.asarray", lambda x: xp.concatenate([[1.0], [2.0]])),
    ("a kernel in CUDA", NotImplementedError, "runs no CUDA", lambda x: xp.RawKernel("", "k")),
    ("a call back", NotImplementedError, "array expressions", lambda x: xp.apply_along_axis(np.sort, 0, x)),
    # what CuPy does in silence
    ("x[i] out of range", Misuse, "out of range", lambda x: x[xp.asarray([0, 3])]),
    ("x[list] out of range", Misuse, "out of range", lambda x: x[[0, -4]]),
    ("x[i, j] out of range", Misuse, "out of range", lambda x: x[xp.asarray([0, 1]), xp.asarray([0, 4])]),
    ("x[..., i] out of range", Misuse, "out of range", lambda x: x[..., xp.asarray(4)]),
    ("x[i] = 0 out of range", Misuse, "out of range", assign_out_of_range),
    ("take out of range", Misuse, "out of range", lambda x: xp.take(x, xp.asarray([3]), axis=0)),
    ("x.take out of range", Misuse, "out of range", lambda x: x.take([12])),
    ("take_along_axis out of range", Misuse, "out of range", lambda x: xp.take_along_axis(x, xp.asarray([[4]]), 1)),
    ("add.at out of range", Misuse, "out of range", lambda x: xp.add.at(x, xp.asarray([3]), 1.0)),
    ("put out of range", Misuse, "out of range", lambda x: xp.put(x, xp.asarray([12]), 1.0)),
    ("x[i] = v, i named twice", Misuse, "xp.add.at", assign_at_places_named_twice),
    ("x[i] += 1, i named twice", Misuse, "xp.add.at", add_in_place_at_a_place_named_twice),
    (
        "put_along_axis named twice", Misuse, "xp.add.at",
        lambda x: xp.put_along_axis(x, xp.asarray([[1, 1]] * 3), MORE[:, :2], axis=1),
    ),
    ("+= through overlapping windows", Misuse, "write into a copy", write_through_windows_that_overlap),
    ("a write into a broadcast", Misuse, "write into a copy", write_through_a_broadcast),
    ("a copy onto itself, shifted", Misuse, ".copy()", move_within_an_array),
    ("as_strided too far", Misuse, "outside", lambda x: xp.lib.stride_tricks.as_strided(x, (4, 4), (16, 4))),
]  # fmt: skip
