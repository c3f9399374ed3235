"""What is asked about elements read and written by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from .call import INF, NAN, Call, Draw, f

draw = Draw("indexing")
n, i, x = draw.n, draw.i, draw.n(2, 3, 4)
ALL, REST = slice(None), ...
ints, mask = np.array([1, 0]), np.array([[True, False, True], [False, False, True]])


def get(index: Any, given: Any = x) -> Call:
    return Call("Tensor.__getitem__", [given, index])


def put(index: Any, value: Any, given: Any = x) -> Call:
    return Call("Tensor.__setitem__", [given, index, value])


CALLS: list[Call] = [
    Call("F.one_hot", [draw.i(2, 3)], {"num_classes": 4}),
    # views: integers, slices, None, Ellipsis
    get(1), get(-1), get((0, -1, 2)), get((ALL, 1)), get((REST, 0)),
    get((slice(1, None), slice(None, -1), slice(0, 4, 2))),
    get(None), get((0, None, REST, None)), get(()), get(slice(5, 2)), get((slice(-9, 9), 0)), get(REST, n()),
    get(None, n()),
    # arrays: lists, several, broadcast, apart, beside integers and None
    get([1, 0]), get(ints), get([]), get((ALL, [0, -1, 0])), get(([0, 1], [2, 0])), get((ints, ints[:, None])),
    get((ints, ALL, ints)), get((0, ALL, [0, 1])), get((ints, 0, ALL)), get((ints, None, ints)), get((REST, ints)),
    get((ALL, 0, [0, 1])), get([[0, 1], [1, 0]]), get(((0, 1),)), get(np.array(1)), get(ints.astype("int32")),
    # masks: of all dimensions, of the first, of a later one, beside others, of none
    get(mask), get(x > 0), get(np.array([True, False])), get((ALL, mask[1])), get((mask, [0, 1, 2])), get((0, mask[0])),
    get(True), get(False), get((ALL, True)), get((True, [0, 1])), get(np.array(True)), get(True, n()),
    # written
    put(0, 2.5), put((ALL, 1), n(2, 4)), put(REST, n(4)), put((0, REST), n(1, 1, 4)), put(ints, n(4)),
    put(mask, n(3, 4)),
    put(mask, 7), put((ALL, [2, 0]), n(2, 2, 4)), put(x > 0, n()), put((), n(3, 1)), put(False, 1.0),
    put(True, n(3, 4)),
    put(1, i(4)), put(0, n(3), i(2, 3)), put(0, -2.7, i(2, 3)), put(0, -1, i(2, 3).astype("uint8")),
    put(slice(0, 0), n(3, 4)), put([], 1.0), put(REST, n(1), n()),
    # along a dimension
    Call("torch.gather", [n(2, 3), 1, np.array([[2, 2], [0, 1]])]),
    Call("torch.gather", [n(2, 3)], {"dim": 0, "index": np.array([[1]])}),
    Call("torch.gather", [n(), 0, np.array([0, 0])]),
    Call("torch.scatter_add", [n(2, 3), 1, np.array([[2, 2], [0, 1]]), n(2, 2)]),
    Call("torch.scatter_add", [i(3), 0, np.array([1, 1]), i(2)]),
    Call("Tensor.scatter_add_", [n(2, 3), 0, np.array([[1, 1, 0]]), n(1, 3)]),
    Call("torch.scatter", [n(2, 3), 1, np.array([[2, 0], [0, 1]]), n(2, 2)]),
    Call("torch.scatter", [n(2, 3), 0, np.array([[1, 1, 0]]), 0.5]),
    Call("torch.take_along_dim", [n(2, 3), np.array([[-1], [1]]), 1]),
    Call("torch.take_along_dim", [n(2, 3), np.array([5, 0])]),
    Call("torch.take", [n(2, 3), np.array([[-1, 0], [3, 3]])]),
    Call("torch.index_select", [x, 1, np.array([2, 0, 2])]),
    Call("torch.index_select", [n(), 0, np.array([0])]),
    Call("torch.index_add", [x, 0, np.array([1, 1]), n(2, 3, 4)], {"alpha": -2}),
    Call("torch.masked_select", [n(2, 3), np.array([True, False, True])]),
    Call("torch.select", [x, -1, -2]),
    Call("torch.narrow", [x, 1, -2, 2]),
    Call("torch.nonzero", [f([0, 2], [NAN, -0.0])]),
    Call("torch.nonzero", [f([0, 2], [INF, 0])], {"as_tuple": True}),
    Call("torch.nonzero", [np.array(3)]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.one_hot", [f(0, 1)]),
    Call("F.one_hot", [np.array([0, 3])], {"num_classes": 3}),
    Call("F.one_hot", [np.array([0, -1])]),
    get(2), get((ALL, -4)), get((0, 0, 0, 0)), get(0, n()), get(ALL, n()), get(1.0), get(f(0, 1)), get("a"), get({0}),
    get(slice(None, None, -1)), get(slice(None, None, 0)), get(slice(0.5)), get([2]), get((ALL, [0, -4])),
    get(([0, 1], [0, 1, 2])),
    get(mask[0]), get(mask.T), get((mask, [0, 1])), get((False, [0, 1])), get(ints.astype("int16")),
    put(2, 1.0), put(0, n(2, 4)), put(0, n(2, 3, 4)), put(ints, i(4)), put(ints, n(3)), put(0, [1.0, 2.0]),
    put(0, None), put(0, "a"),
    put(0, NAN, i(2)), put(0, 300, i(2).astype("uint8")), put(0, 1e300, n(2).astype("float32")), put(1.0, 1.0),
    Call("torch.gather", [n(2, 3), 1, np.array([[3]])]),
    Call("torch.gather", [n(2, 3), 1, np.array([[-1]])]),
    Call("torch.gather", [n(2, 3), 2, np.array([[0]])]),
    Call("torch.gather", [n(2, 3), 0, f([0])]),
    Call("torch.gather", [n(2, 3), 1, np.array([[0], [0], [0]])]),
    Call("torch.scatter_add", [n(2, 3), 1, np.array([[0, 0]]), n(1, 1)]),
    Call("torch.scatter_add", [n(2, 3), 1, np.array([[0, 0]]), i(1, 2)]),
    Call("torch.scatter", [n(2, 3), 1, np.array([[3]]), 1.0]),
    Call("torch.index_select", [n(2, 3), 0, np.array([[0]])]),
    Call("torch.index_select", [n(2, 3), 0, f(0)]),
    Call("torch.index_add", [n(2, 3), 0, np.array([0]), n(2, 3)]),
    Call("torch.masked_select", [n(2, 3), i(2, 3)]),
    Call("torch.masked_select", [n(2, 3), np.array([True, False])]),
    Call("torch.take", [n(2, 3), np.array([6])]),
    Call("torch.select", [n(2, 3), 1, 3]),
    Call("torch.select", [n(), 0, 0]),
    Call("torch.narrow", [n(2, 3), 0, 1, 2]),
    Call("torch.narrow", [n(2, 3), 0, 3, 0]),
]  # fmt: skip
