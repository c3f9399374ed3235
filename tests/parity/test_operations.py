"""The same calls to PyTorch, where it is installed: results, their dtypes, and which calls are refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinycnn

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
REFUSALS = (RuntimeError, IndexError, TypeError, ValueError, ZeroDivisionError, NotImplementedError)
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def arrays(dtype: Any, shape: Any) -> Any:
    """Small integers and halves: exact in every dtype, and equal to each other now and then."""

    def made(numbers: list[int], size: Any) -> Any:
        values = np.resize(np.array(numbers), size) if np.prod(size) else np.zeros(size)
        return np.asarray((values / (2 if np.dtype(dtype).kind == "f" else 1)).astype(dtype))

    low = 0 if np.dtype(dtype).kind in "bu" else -6
    return st.builds(made, st.lists(st.integers(low, 6), min_size=1, max_size=24), shape if isinstance(
        shape, st.SearchStrategy) else st.just(shape))  # fmt: skip


def plain(result: Any) -> Any:
    """(dtype, values) of tensors, also in tuples."""
    if isinstance(result, (tuple, list)) and not isinstance(result, (tinycnn.Size, torch.Size)):
        return [plain(r) for r in result]
    if isinstance(result, (torch.Tensor, tinycnn.Tensor)):
        return str(result.dtype).removeprefix("torch."), np.asarray(result.detach().numpy())
    return tuple(result) if isinstance(result, tuple) else result


def assert_same(ours: Any, theirs: Any, tolerance: float) -> None:
    if isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b, tolerance)
    elif isinstance(theirs, tuple) and len(theirs) == 2 and isinstance(theirs[0], str):
        assert (ours[0], ours[1].shape) == (theirs[0], theirs[1].shape)
        rtol = max(tolerance, 2e-3 if ours[0] == "float16" else 2e-6 if ours[0] == "float32" else 1e-12)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=rtol, atol=rtol)
    else:
        assert ours == theirs


def compare(call: Any, *args: Any, tolerance: float = 0) -> None:
    """``call(library, *tensors)`` gives the same in both, or is refused by both."""

    def tensor(library: Any, a: Any) -> Any:
        return library.from_numpy(np.array(a)) if isinstance(a, np.ndarray) else a

    try:
        theirs = call(torch, *(tensor(torch, a) for a in args))
    except REFUSALS as refusal:
        if "not implemented for" in str(refusal):
            return  # a kernel that PyTorch lacks
        with pytest.raises(REFUSALS):
            call(tinycnn, *(tensor(tinycnn, a) for a in args))
        return
    assert_same(plain(call(tinycnn, *(tensor(tinycnn, a) for a in args))), plain(theirs), tolerance)


# Two operands ────────────────────────────────────────────────────────────────────────────────────────────────────────

BINARY = ["add", "sub", "mul", "div", "floor_divide", "remainder", "pow", "maximum", "minimum", "eq", "ne", "lt", "le",
          "gt", "ge", "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or",
          "bitwise_xor"]  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
@given(data=st.data())
def test_binary_operations(name: str, data: Any) -> None:
    one, two = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES)), one))
    y = data.draw(st.one_of(
        arrays(data.draw(st.sampled_from(DTYPES)), two), st.booleans(), st.integers(0, 5),
        st.sampled_from([-1.5, 0.5, 2.0]),
    ))  # fmt: skip
    if name in ("remainder", "floor_divide") and np.asarray(y).dtype.kind != "f" and not np.asarray(y).all():
        return  # integers divided by zero: PyTorch's answer depends on the kernel
    if name in ("maximum", "minimum", "logical_and", "logical_or", "logical_xor") and not isinstance(y, np.ndarray):
        return  # PyTorch takes only tensors
    if name == "pow" and x.dtype.kind in "iu" and np.min(y, initial=0) < 0:
        return  # integers to negative powers: 0 in PyTorch, refused here
    with np.errstate(all="ignore"):
        compare(lambda lib, x, y: getattr(lib, name)(x, y), x, y)


OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "<", ">=", "==", "!="]


@pytest.mark.parametrize("symbol", OPERATORS)
@given(x=st.sampled_from(DTYPES).flatmap(lambda d: arrays(d, (3,))), number=st.sampled_from([True, 1, 2, 3, 0.5, 2.0]))
def test_operators_with_numbers_on_either_side(symbol: str, x: Any, number: Any) -> None:
    if symbol not in ("/", "//", "%", "**") or (x > 0).all():
        compare(eval(f"lambda lib, x, n: n {symbol} x"), x, number)
    compare(eval(f"lambda lib, x, n: x {symbol} n"), x, number)


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES), st.data())
def test_where(one: str, two: str, data: Any) -> None:
    a, b, c = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)).input_shapes
    x, y = (data.draw(st.one_of(arrays(d, s), st.sampled_from([1, 0.5]))) for d, s in ((one, a), (two, b)))
    compare(lambda lib, c, x, y: lib.where(c, x, y), data.draw(arrays("bool", c)), x, y)


# One operand ─────────────────────────────────────────────────────────────────────────────────────────────────────────

UNARY = ["exp", "log", "log1p", "log2", "sqrt", "rsqrt", "square", "abs", "neg", "sin", "cos", "tanh", "sigmoid",
    "relu",
         "erf", "sign", "floor", "ceil", "round", "trunc", "isnan", "isinf", "isfinite", "logical_not", "bitwise_not",
         "nonzero", "clone", "t"]  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
@given(x=st.sampled_from(DTYPES).flatmap(lambda d: arrays(d, shapes)))
def test_unary_operations(name: str, x: Any) -> None:
    if name in ("square", "relu") and x.dtype == "bool":
        return  # 1 and 0 in int64, and refused, in PyTorch
    compare(lambda lib, x: getattr(lib, name)(x), x)


REDUCTIONS = ["sum", "mean", "var", "std", "amax", "amin", "all", "any", "logsumexp", "norm"]
ALONG = ["max", "min", "argmax", "argmin", "prod", "cumsum"]


@pytest.mark.parametrize("name", [*REDUCTIONS, *ALONG])
@given(data=st.data())
def test_reductions(name: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES)), shapes))
    one = st.integers(-4, 3)
    several = st.lists(one, min_size=1 if name in ("all", "any", "logsumexp") else 0, max_size=2).map(tuple)
    dim = data.draw(st.one_of(one, several) if name in REDUCTIONS else one)
    keep = {} if name == "cumsum" else {"keepdim": data.draw(st.booleans())}
    if name in ("max", "min"):  # where values tie, PyTorch promises no index
        distinct = np.random.default_rng(0).permutation(x.size).reshape(x.shape)
        x = distinct.astype(x.dtype if x.dtype != "bool" else "int8")
    if name in ("var", "std") and x.size and x.dtype.kind == "f" and x.dtype.itemsize < 4:
        return  # PyTorch's half-precision variance is coarser
    if x.dtype.kind != "f" and name in ("logsumexp", "norm"):
        return  # PyTorch's need floating numbers, ours promote them
    if (name in ("all", "any") and x.dtype == "uint8") or (name.startswith("arg") and x.dtype == "bool"):
        return  # uint8 is PyTorch's old bool, and its booleans have no order
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degrees of freedom ≤ 0
        compare(lambda lib, x: getattr(lib, name)(x, dim=dim, **keep), x)
        if name not in ("cumsum", "logsumexp"):
            compare(lambda lib, x: getattr(lib, name)(x), x)


@given(st.data())
def test_sorting(data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES[1:])), shapes))
    dim, descending = data.draw(st.integers(-3, 2)), data.draw(st.booleans())
    compare(lambda lib, x: tuple(lib.sort(x, dim=dim, descending=descending, stable=True)), x)
    compare(lambda lib, x: lib.topk(x, 2, dim=dim, largest=descending)[0], x)


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


@given(st.data())
def test_matmul(data: Any) -> None:
    shaped = hnp.mutually_broadcastable_shapes(signature="(i?,j),(j,k?)->(i?,k?)", max_side=3, max_dims=2)
    one, two = data.draw(shaped).input_shapes
    x, y = data.draw(arrays("float64", one)), data.draw(arrays("float64", two))
    compare(lambda lib, x, y: x @ y, x, y)
    compare(lambda lib, x, y: y @ x, x, y)


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


@given(st.data())
def test_printing(data: Any) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=12))
    seed, magnitude = data.draw(st.integers(0, 99)), data.draw(st.integers(-6, 9))
    x = np.random.default_rng(seed).standard_normal(shape) * 10.0**magnitude
    kind = data.draw(st.sampled_from(["float32", "whole", "odd", "int64", "bool"]))
    x = np.rint(x) if kind == "whole" else np.where(np.abs(x) > 10.0**magnitude, np.inf, x) if kind == "odd" else x
    x = np.asarray(x).astype("int64" if kind == "int64" else "bool" if kind == "bool" else "float32")
    compare(lambda lib, x: repr(x).replace("torch.", "tinycnn."), x)
