"""Shapes, elements, creation and printing: the same calls to PyTorch, where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.parity.compare import DTYPES, arrays, compare, shapes

# Shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

small = st.integers(-3, 3)
SHAPE_CALLS: list[tuple[str, Any, Any]] = [
    ("reshape", lambda lib, x, s: x.reshape(s), st.lists(st.integers(-1, 6), max_size=4)),
    ("permute", lambda lib, x, s: x.permute(s), st.permutations([0, 1, 2]).map(list)),
    ("transpose", lambda lib, x, s: x.transpose(*s), st.tuples(small, small)),
    ("movedim", lambda lib, x, s: x.movedim(*s), st.tuples(small, small)),
    ("squeeze", lambda lib, x, s: x.squeeze(s), small),
    ("squeeze all", lambda lib, x, s: x.squeeze(), st.none()),
    ("unsqueeze", lambda lib, x, s: x.unsqueeze(s), st.integers(-5, 5)),
    ("flatten", lambda lib, x, s: x.flatten(*s), st.tuples(small, small)),
    ("unflatten", lambda lib, x, s: x.unflatten(*s),
     st.tuples(small, st.lists(st.integers(-1, 4), min_size=1, max_size=3))),
    ("expand", lambda lib, x, s: x.expand(s), st.lists(st.integers(-1, 3), max_size=4)),
    ("repeat", lambda lib, x, s: x.repeat(s), st.lists(st.integers(0, 2), max_size=4)),
    ("flip", lambda lib, x, s: x.flip(s), st.lists(small, max_size=2)),
    ("roll", lambda lib, x, s: x.roll(*s), st.tuples(st.integers(-5, 5), small)),
    ("split", lambda lib, x, s: x.split(*s), st.tuples(st.integers(0, 3), small)),
    ("chunk", lambda lib, x, s: x.chunk(*s), st.tuples(st.integers(0, 3), small)),
    ("unbind", lambda lib, x, s: x.unbind(s), small),
    ("select", lambda lib, x, s: x.select(*s), st.tuples(small, small)),
    ("narrow", lambda lib, x, s: x.narrow(*s), st.tuples(small, small, st.integers(0, 3))),
    ("size", lambda lib, x, s: [x.size(), x.dim(), x.numel(), x.shape, x.ndim, x.stride(), x.is_contiguous()],
     st.none()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "call", "argument"), SHAPE_CALLS, ids=[c[0] for c in SHAPE_CALLS])
@given(data=st.data())
def test_shape_operations(name: str, call: Any, argument: Any, data: Any) -> None:
    x, s = data.draw(arrays("float32", shapes)), data.draw(argument)
    if name in ("size", "roll") and not x.size:
        return  # the strides of nothing, and dimensions that PyTorch does not check
    if name == "expand" and -1 in s[: max(len(s) - x.ndim, 0)]:
        return  # a size to keep where there is none
    compare(lambda lib, x: call(lib, x, s), x)


@given(st.data())
def test_joining(data: Any) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    xs = [data.draw(arrays(data.draw(st.sampled_from(DTYPES)), shape)) for _ in range(2)]
    dim = data.draw(small)
    compare(lambda lib, *xs: lib.stack(xs, dim), *xs)
    xs.append(data.draw(arrays("int32",
              hnp.array_shapes(min_dims=len(shape), max_dims=max(1, len(shape)), max_side=3))))
    compare(lambda lib, *xs: lib.cat(xs, dim), *xs)


# Elements ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.data())
def test_indexing(data: Any) -> None:
    x = data.draw(arrays("int64", hnp.array_shapes(min_dims=0, max_dims=4, max_side=4)))
    places = hnp.arrays("int64", hnp.array_shapes(max_dims=2, max_side=2), elements=st.integers(-3, 3))
    slices = st.builds(slice, st.none() | small, st.none() | small, st.none() | st.integers(1, 3))
    part = st.one_of(small, slices, slices, st.just(None), st.just(Ellipsis), places, st.lists(small, max_size=3))
    index = data.draw(st.lists(part, min_size=1, max_size=4).map(tuple))
    if sum(i is Ellipsis for i in index) > 1:
        return
    compare(lambda lib, x, *i: x[tuple(i)], x, *index)
    masks = hnp.arrays("bool", x.shape[: data.draw(st.integers(0, x.ndim))])
    compare(lambda lib, x, m: x[m], x, data.draw(masks))


@given(st.data())
def test_index_assignment(data: Any) -> None:
    x = data.draw(arrays("float32", hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)))
    slices = st.builds(slice, st.none() | small, st.none() | small, st.none() | st.integers(1, 3))
    index = data.draw(st.lists(st.one_of(small, slices, st.just(None), st.just(Ellipsis)), min_size=1,
    max_size=3).map(tuple))
    if sum(i is Ellipsis for i in index) > 1:
        return
    value = data.draw(st.one_of(arrays("int32", hnp.array_shapes(min_dims=0, max_dims=3, max_side=3)), st.just(2.5)))

    def assign(lib: Any, x: Any, v: Any) -> Any:
        x[index] = v
        return x

    compare(assign, x, value)


@given(st.data())
def test_assignment_by_arrays_and_masks(data: Any) -> None:
    x = data.draw(arrays("float32", hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)))
    where = data.draw(st.one_of(hnp.arrays("bool", x.shape[: data.draw(st.integers(0, x.ndim))]), st.permutations(
        range(len(x))).map(list)))  # fmt: skip
    value = data.draw(st.one_of(arrays("float32", ()), arrays("float32", (1,)), arrays("int64", ()), st.sampled_from(
        [2.5, True, -1, float("nan")]), arrays("float32", x.shape)))  # fmt: skip

    def assign(lib: Any, x: Any, where: Any, value: Any) -> Any:
        x[where] = value
        return x

    compare(assign, x, where, value)


VIEWS: list[tuple[str, Any]] = [
    ("reshape", lambda lib, x: x.reshape(-1)),
    ("view", lambda lib, x: x.view(3, 8)),
    ("expand", lambda lib, x: x.expand(2, 2, 3, 4)),
    ("permute", lambda lib, x: x.permute(2, 0, 1)),
    ("transpose", lambda lib, x: x.mT),
    ("narrow", lambda lib, x: x.narrow(1, 0, 2)),
    ("select", lambda lib, x: x[0, ..., 1]),
    ("split", lambda lib, x: x.split(2, 1)[1]),
    ("chunk", lambda lib, x: lib.chunk(x, 2)[1]),
    ("unbind", lambda lib, x: x.unbind(1)[2]),
    ("detach", lambda lib, x: x.detach()),
    ("squeeze", lambda lib, x: x[None].squeeze()),
    ("flatten", lambda lib, x: x.flatten(1)),
    ("diagonal", lambda lib, x: x.diagonal(1)),
    ("contiguous", lambda lib, x: x.contiguous()),
    ("contiguous of transposed", lambda lib, x: x.mT.contiguous()),
    ("reshape of transposed", lambda lib, x: x.mT.reshape(-1)),
    ("index", lambda lib, x: x[[0]]),
    ("mask", lambda lib, x: x[x > 3]),
    ("clone", lambda lib, x: x.clone()),
    ("flip", lambda lib, x: x.flip(0)),
    ("roll", lambda lib, x: x.roll(1)),
    ("repeat", lambda lib, x: x.repeat(1, 1, 1)),
    ("to", lambda lib, x: x.to(lib.float64)),
    ("cat", lambda lib, x: lib.cat([x])),
    ("diag", lambda lib, x: x[0].diag()),
    ("index_select", lambda lib, x: x.index_select(0, lib.tensor([0]))),
]


@pytest.mark.parametrize(("name", "look"), VIEWS, ids=[name for name, _ in VIEWS])
def test_what_shares_memory(name: str, look: Any) -> None:
    """A write to the tensor is seen through its views, and through nothing else."""

    def write(lib: Any, x: Any) -> Any:
        seen = look(lib, x)
        x += 100
        return seen

    compare(write, np.arange(24.0).reshape(2, 3, 4))


@given(st.data())
def test_gather_and_scatter(data: Any) -> None:
    x = data.draw(arrays("float64", hnp.array_shapes(min_dims=2, max_dims=2, max_side=3)))
    index = data.draw(hnp.arrays("int64", hnp.array_shapes(min_dims=2, max_dims=2, max_side=3),
    elements=st.integers(0, 2)))
    dim = data.draw(st.integers(-2, 1))
    compare(lambda lib, x, i: lib.gather(x, dim, i), x, index)
    compare(lambda lib, x, i: x.scatter_add(dim, i, x), x, index)
    compare(lambda lib, x, i: lib.index_select(x, dim, i), x, index[0])


# Creation and printing ───────────────────────────────────────────────────────────────────────────────────────────────


@given(st.data())
def test_creation(data: Any) -> None:
    number = st.one_of(st.integers(-5, 5), st.sampled_from([-1.5, 0.5, 0.25, 3.0]))
    a, b, c = (data.draw(number) for _ in range(3))
    compare(lambda lib: lib.arange(a, b, c))
    compare(lambda lib: lib.arange(b))
    steps, size = data.draw(st.integers(0, 6)), data.draw(st.lists(st.integers(0, 3), max_size=3))
    compare(lambda lib: lib.linspace(a, b, steps))
    compare(lambda lib: [lib.full(size, a), lib.zeros(size), lib.ones(*size, 2), lib.eye(steps), lib.eye(steps, 2)])
    nested = data.draw(st.recursive(number | st.booleans(), lambda s: st.lists(s, min_size=1, max_size=3),
    max_leaves=6))
    compare(lambda lib: lib.tensor(nested))
    dtype = data.draw(st.sampled_from(DTYPES))
    compare(lambda lib: lib.tensor(nested, dtype=getattr(lib, dtype)))
    compare(lambda lib: lib.full(size, a, dtype=getattr(lib, dtype)))
    if dtype != "bool":
        compare(lambda lib: lib.arange(a, b, c, dtype=getattr(lib, dtype)))


@given(st.data())
def test_printing(data: Any) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=12))
    seed, magnitude = data.draw(st.integers(0, 99)), data.draw(st.integers(-6, 9))
    x = np.random.default_rng(seed).standard_normal(shape) * 10.0**magnitude
    kind = data.draw(st.sampled_from(["float32", "whole", "odd", "int64", "bool"]))
    x = np.rint(x) if kind == "whole" else np.where(np.abs(x) > 10.0**magnitude, np.inf, x) if kind == "odd" else x
    x = np.asarray(x).astype("int64" if kind == "int64" else "bool" if kind == "bool" else "float32")
    compare(lambda lib, x: repr(x).replace("torch.", "tinycnn."), x)
