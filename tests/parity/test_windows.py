"""Convolution, pooling and padding beside PyTorch's own, over arguments that Hypothesis draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.parity.compare import compare_functional, dtypes, flag, normal, seeds, small

pair = st.one_of(small, st.tuples(small, small))
padding = st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2)))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")  # PyTorch's, about its speed
@given(
    n=st.integers(0, 2), c=small, o=small, h=st.integers(1, 7), w=st.integers(1, 7), kernel=st.tuples(small, small),
    groups=small, stride=pair, pad=st.one_of(padding, st.sampled_from(["same", "valid", "full"])), dilation=pair,
    bias=flag, batched=flag, dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_conv2d(n, c, o, h, w, kernel, groups, stride, pad, dilation, bias, batched, dtype, seed):
    shape = (n, c * groups, h, w) if batched else (c * groups, h, w)
    arrays = normal(seed, shape, (o * groups, c, *kernel), (o * groups,) if bias else None, dtype=dtype)
    compare_functional(lambda f, x, k, b: f.conv2d(x, k, b, stride, pad, dilation, groups), *arrays, scale=3)


@given(
    n=st.integers(0, 2), c=small, o=small, size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    kernel=st.tuples(small, small), groups=small, stride=pair, pad=padding, more=st.integers(-1, 2), dilation=pair,
    bias=flag, batched=flag, dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_conv_transpose2d(n, c, o, size, kernel, groups, stride, pad, more, dilation, bias, batched, dtype, seed):
    both = [v if isinstance(v, tuple) else (v, v) for v in (stride, pad, dilation)]
    reach = (s * (m - 1) - 2 * p + d * (k - 1) for m, k, s, p, d in zip(size, kernel, *both, strict=True))
    assume(min(reach) + more >= 0)  # else PyTorch refuses in some dtypes and not in others
    assume(n or not batched or 0 <= more < min(map(max, both[0], both[2])))  # nor does it look at empty batches
    shape = (n, c * groups, *size) if batched else (c * groups, *size)
    arrays = normal(seed, shape, (c * groups, o, *kernel), (o * groups,) if bias else None, dtype=dtype)
    options = stride, pad, more, groups, dilation
    compare_functional(lambda f, x, k, b: f.conv_transpose2d(x, k, b, *options), *arrays, scale=3)


@given(
    name=st.sampled_from(["conv2d", "conv_transpose2d"]), dilation=st.integers(1, 2),
    dtype=st.sampled_from(["int64", "int32", "int16", "int8", "uint8", "bool"]), seed=seeds,
)  # fmt: skip
def test_convolution_of_integers(name, dilation, dtype, seed):
    rng = np.random.default_rng(seed)
    x, w, b = (rng.integers(0, 100, shape).astype(dtype) for shape in ((2, 2, 4, 5), (2, 2, 2, 3), (2,)))
    compare_functional(lambda f, x, w, b: getattr(f, name)(x, w, b, padding=1, dilation=dilation), x, w, b)


images = st.tuples(st.integers(0, 2), small, st.integers(1, 6), st.integers(1, 6))


@given(shape=images, batched=flag, kernel=pair, dilation=pair, pad=padding, stride=pair,
       dtype=st.one_of(dtypes, st.sampled_from(["bool", "int64"])), seed=seeds)  # fmt: skip
def test_unfold(shape, batched, kernel, dilation, pad, stride, dtype, seed):
    x = normal(seed, shape if batched else shape[1:])[0].astype(dtype)
    compare_functional(lambda f, x: f.unfold(x, kernel, dilation, pad, stride), x)


@given(size=st.tuples(st.integers(1, 6), st.integers(1, 6)), n=st.one_of(st.none(), st.integers(0, 2)), c=small,
       kernel=st.tuples(small, small), dilation=small, pad=st.integers(0, 1), stride=small, off=st.integers(0, 12),
       dtype=dtypes, seed=seeds)  # fmt: skip
def test_fold(size, n, c, kernel, dilation, pad, stride, off, dtype, seed):
    windows = [max(0, (s + 2 * pad - dilation * (k - 1) - 1) // stride + 1) for s, k in zip(size, kernel, strict=True)]
    columns = c * kernel[0] * kernel[1] + (off == 1), windows[0] * windows[1] + (off == 0)
    (y,) = normal(seed, columns if n is None else (n, *columns), dtype=dtype)
    compare_functional(lambda f, y: f.fold(y, size, kernel, dilation, pad, stride), y)


@st.composite
def pools(draw, dilated):
    """Sizes and options of which every window sees a pixel: PyTorch writes past its memory where one does not."""
    size, kernel = draw(st.tuples(st.integers(1, 8), st.integers(1, 8))), draw(pair)
    stride, pad = draw(st.one_of(st.none(), pair)), draw(st.one_of(st.integers(0, 1), st.just((1, 0))))
    dilation = draw(pair) if dilated else 1
    both = [v if isinstance(v, tuple) else (v, v) for v in (kernel, pad, dilation)]
    assume(all(n >= d * (k - 1) + 1 - 2 * p and n > d for n, k, p, d in zip(size, *both, strict=True)))
    return size, kernel, stride, pad, dilation, draw(flag)


@given(
    drawn=pools(True), n=st.integers(0, 2), kind=st.sampled_from(["normal", "ties", "nan", "-inf", "int"]),
    indices=flag, batched=flag, dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_max_pool2d(drawn, n, kind, indices, batched, dtype, seed):
    size, *options = drawn
    (x,) = normal(seed, (n, 2, *size) if batched else (2, *size), dtype=dtype)
    rng = np.random.default_rng(seed)
    if kind in ("nan", "-inf"):
        x[rng.random(x.shape) < 0.4] = float(kind)
    elif kind == "ties":
        x = np.round(x)
    elif kind == "int":
        x = np.round(3 * x).astype({"float64": "int64", "float32": "int8", "float16": "int32"}[dtype])
    compare_functional(lambda f, x: f.max_pool2d(x, *options, return_indices=indices), x)


@given(
    drawn=pools(False), n=st.integers(0, 2), count=flag, divisor=st.sampled_from([None, 3, -2, 0]), batched=flag,
    dtype=st.one_of(dtypes, st.sampled_from(["int64", "int32"])), seed=seeds,
)  # fmt: skip
def test_avg_pool2d(drawn, n, count, divisor, batched, dtype, seed):
    size, kernel, stride, pad, _, ceil = drawn
    (x,) = normal(seed, (n, 2, *size) if batched else (2, *size))
    x = (9 * x).astype(dtype) if dtype.startswith("int") else x.astype(dtype)
    compare_functional(lambda f, x: f.avg_pool2d(x, kernel, stride, pad, ceil, count, divisor), x)


side = st.integers(1, 9)


outs = st.one_of(side, st.tuples(st.one_of(st.none(), side), side), st.sampled_from([-1, (2,), (1, 2, 3), 2.5, None]))
kinds = st.sampled_from(["normal", "ties", "nan", "inf", "-inf"])


@given(name=st.sampled_from(["adaptive_avg_pool2d", "adaptive_max_pool2d"]), size=st.tuples(side, side), out=outs,
       batched=flag, kind=kinds, dtype=st.one_of(dtypes, st.just("int64")), seed=seeds)  # fmt: skip
def test_adaptive_pooling(name, size, out, batched, kind, dtype, seed):
    (x,) = normal(seed, (2, 2, *size) if batched else (2, *size))
    x = (np.round(x) if kind == "ties" else x).astype(dtype)
    if kind in ("nan", "inf", "-inf") and dtype != "int64":
        x[np.random.default_rng(seed).random(x.shape) < 0.2] = float(kind)
    more = {"return_indices": True} if name == "adaptive_max_pool2d" else {}
    compare_functional(lambda f, x: getattr(f, name)(x, out, **more), x)


@given(shape=st.lists(small, min_size=1, max_size=3), widths=st.lists(st.integers(-2, 3), max_size=7),
       value=st.sampled_from([None, 0, 1.5, -np.inf]), dtype=dtypes, seed=seeds)  # fmt: skip
def test_pad(shape, widths, value, dtype, seed):
    compare_functional(lambda f, x: f.pad(x, widths, value=value), *normal(seed, shape, dtype=dtype))


@given(mode=st.sampled_from(["reflect", "replicate", "circular"]), shape=st.lists(small, min_size=1, max_size=5),
       dims=st.integers(0, 4), widths=st.lists(st.integers(0, 3), min_size=8, max_size=8), cut=st.integers(-1, 0),
       dtype=st.one_of(dtypes, st.sampled_from(["int64", "uint8", "bool"])), seed=seeds)  # fmt: skip
def test_pad_with_what_is_inside(mode, shape, dims, widths, cut, dtype, seed):
    widths = widths[: 2 * dims]
    if dims and shape[-1] > 1 and (mode != "circular" or widths[1] < shape[-1]):
        widths[0] = cut or widths[0]
    compare_functional(lambda f, x: f.pad(x, widths, mode), normal(seed, shape)[0].astype(dtype))


@given(dtype=st.sampled_from(["int64", "uint8", "int8", "bool", "float16", "float32"]),
       value=st.sampled_from([None, 0, 1, -1, 1.5, -0.5, 200, 1e10, 1e300, np.inf, np.nan, True]))  # fmt: skip
def test_values_of_a_border(dtype, value):
    compare_functional(lambda f, x: f.pad(x, (1, 0), "constant", value), np.ones((2, 2), dtype=dtype))
