"""nn.functional beside PyTorch's own, over arguments that Hypothesis draws: values, gradients, dtypes, refusals."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.parity.compare import compare, dtypes, flag, normal, seeds, small
from tinycnn.nn import functional as F

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

reductions = st.sampled_from(["mean", "sum", "none"])


@given(
    n=st.integers(0, 4), c=small, more=st.lists(small, max_size=3), training=flag, tracked=flag, weight=flag, bias=flag,
    momentum=st.sampled_from([0.0, 0.1, 1.0]), eps=st.sampled_from([1e-5, 0.1]), wide=flag, dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_batch_norm(n, c, more, training, tracked, weight, bias, momentum, eps, wide, dtype, seed):
    (x,) = normal(seed, (n, c, *more), dtype=dtype)
    own = "float32" if wide and dtype == "float16" else dtype  # mixed precision
    gamma, beta, mean, var = normal(seed + 1, (c,) if weight else None, (c,) if bias else None, (c,), (c,), dtype=own)
    assume(n != 0 or training)  # PyTorch gives γ no gradient then, and has no reason
    statistics = {"mean": mean, "var": abs(var) + 0.5} if tracked else {}

    def call(f, x, gamma, beta, mean=None, var=None):
        return f.batch_norm(2 * x + 3, mean, var, gamma, beta, training, momentum, eps)

    compare(call, x, gamma, beta, **statistics, scale=100 if n * np.prod(more) < 4 else 5)


@given(
    shape=st.lists(st.integers(0, 4), min_size=1, max_size=3), dims=small, weight=flag, bias=flag, dtype=dtypes,
    seed=seeds,
)  # fmt: skip
def test_layer_norm(shape, dims, weight, bias, dtype, seed):
    features = shape[-dims:]
    assume(0 not in features)
    arrays = normal(seed, shape, features if weight else None, features if bias else None, dtype=dtype)
    compare(lambda f, x, w, b: f.layer_norm(2 * x + 3, features, w, b, 0.01), *arrays, scale=10)


special = st.sampled_from([0.0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4, 88.0, -88.0, 20.0, 1e-6])
numbers = st.lists(st.one_of(special, st.floats(-30, 30)), max_size=6)


@given(
    name=st.sampled_from(["relu", "sigmoid", "tanh", "gelu", "silu", "softplus", "logsigmoid"]), values=numbers,
    inplace=flag, dtype=dtypes,
)  # fmt: skip
def test_activations(name, values, inplace, dtype):
    values = [v for v in values if name != "relu" or v == v]  # at NaN PyTorch lets the gradient through
    x = np.array(values, dtype=dtype)
    if inplace and name in ("relu", "silu"):
        compare(lambda f, x: getattr(f, name)(x * 1, inplace=True), x)
    else:
        compare(lambda f, x: getattr(f, name)(x), x)


@given(values=st.lists(st.floats(-200, 200), max_size=6), beta=st.sampled_from([0.5, 1, 3, -1]),
       threshold=st.sampled_from([1, 20]), dtype=dtypes)  # fmt: skip
def test_activations_with_options(values, beta, threshold, dtype):
    x = np.array(values, dtype=dtype)
    compare(lambda f, x: f.softplus(x, beta, threshold), x)
    compare(lambda f, x: f.gelu(x, approximate="tanh"), x)


@given(
    name=st.sampled_from(["softmax", "log_softmax"]), shape=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    dim=st.integers(-5, 4), rows=st.lists(special, max_size=4), dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_softmax(name, shape, dim, rows, dtype, seed):
    (x,) = normal(seed, shape, dtype=dtype)
    if x.size:
        x.flat[: len(rows)] = rows[: x.size]
    compare(lambda f, x: getattr(f, name)(x, dim), x)


@given(
    name=st.sampled_from(["nll_loss", "cross_entropy"]), n=st.integers(0, 4), c=st.integers(1, 4),
    more=st.lists(small, max_size=2), batched=flag, weighted=flag, reduction=reductions,
    ignore=st.sampled_from([-100, -1, 1, 255]), smoothing=st.sampled_from([0.0, 0.1, 1.0]), wrong=st.integers(0, 40),
    dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_losses_of_labels(name, n, c, more, batched, weighted, reduction, ignore, smoothing, wrong, dtype, seed):
    rng = np.random.default_rng(seed)
    shape, labels = ((n, c, *more), (n, *more)) if batched else ((c,), ())
    (x,) = normal(seed, shape, dtype=dtype)
    target = np.where(rng.random(labels) < 0.3, ignore, rng.integers(0, c, labels))
    if wrong == 0:
        target = target + c
    options = {"weight": rng.random(c).astype(dtype)} if weighted else {}
    more_options = {"label_smoothing": smoothing} if name == "cross_entropy" else {}

    def call(f, x, t, weight=None):
        return getattr(f, name)(x, t, weight, ignore_index=ignore, reduction=reduction, **more_options)

    compare(call, x, np.asarray(target), **options, scale=3)


@given(n=st.integers(1, 4), c=st.integers(1, 4), more=st.lists(small, max_size=2), batched=flag, weighted=flag,
       reduction=reductions, smoothing=st.sampled_from([0.0, 0.3]), dtype=dtypes, seed=seeds)  # fmt: skip
def test_cross_entropy_of_distributions(n, c, more, batched, weighted, reduction, smoothing, dtype, seed):
    shape = (n, c, *more) if batched else (c,)
    x, p, w = normal(seed, shape, shape, (c,), dtype=dtype)

    def call(f, x, p, weight=None):
        return f.cross_entropy(x, p, weight, reduction=reduction, label_smoothing=smoothing)

    compare(call, x, abs(p), **({"weight": abs(w)} if weighted else {}), scale=3)


wrong = st.sampled_from([1.5, -0.5, np.nan])
probabilities = st.one_of(st.sampled_from([0.0, 1.0, 0.5, 1e-30]), st.floats(0, 1), wrong)


@given(values=st.lists(st.tuples(probabilities, probabilities, st.floats(0, 2)), min_size=1, max_size=4), weighted=flag,
       reduction=reductions, dtype=st.sampled_from(["float64", "float32"]))  # fmt: skip
def test_binary_cross_entropy(values, weighted, reduction, dtype):
    x, t, w = (np.array(column, dtype=dtype) for column in zip(*values, strict=True))

    def call(f, x, target=None, weight=None):
        return f.binary_cross_entropy(x, target, weight, reduction=reduction)

    compare(call, x, target=t, **({"weight": w} if weighted else {}), scale=10)  # its 1e-12 is a float32


logits = st.one_of(st.sampled_from([0.0, -0.0, 1e4, -1e4]), st.floats(-100, 100))


@given(values=st.lists(st.tuples(logits, st.floats(0, 1), st.floats(0, 2), st.floats(0, 3)), min_size=1, max_size=4),
       weighted=flag, positive=flag, reduction=reductions, dtype=dtypes)  # fmt: skip
def test_binary_cross_entropy_with_logits(values, weighted, positive, reduction, dtype):
    x, t, w, p = (np.array(column, dtype=dtype) for column in zip(*values, strict=True))

    def call(f, x, t, weight=None, pos_weight=None):
        return f.binary_cross_entropy_with_logits(x, t, weight, reduction=reduction, pos_weight=pos_weight)

    compare(call, x, t, **({"weight": w} if weighted else {}), **({"pos_weight": p} if positive else {}))


@given(name=st.sampled_from(["mse_loss", "l1_loss"]), shape=st.lists(st.integers(0, 3), max_size=3),
       other=st.sampled_from(["same", "row", "column", "wrong"]), reduction=reductions, weighted=flag, dtype=dtypes,
       seed=seeds)  # fmt: skip
def test_losses_of_numbers(name, shape, other, reduction, weighted, dtype, seed):
    target = {"row": shape[1:], "column": [*shape, 1], "wrong": [s + 2 for s in shape]}.get(other, shape)
    x, t, w = normal(seed, shape, target, shape, dtype=dtype)
    weight = {"weight": abs(w)} if weighted and other in ("same", "row") else {}
    compare(lambda f, x, t, **o: getattr(f, name)(x, t, reduction=reduction, **o), x, t, **weight)


@given(name=st.sampled_from(["nll_loss", "cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits",
                             "mse_loss", "l1_loss"]),
       size_average=st.sampled_from([None, True, False]), reduce=st.sampled_from([None, True, False]))  # fmt: skip
def test_the_old_way_to_say_reduction(name, size_average, reduce):
    x = np.array([[0.1, 0.7], [0.5, 0.2]])
    target = np.array([1, 0]) if name in ("nll_loss", "cross_entropy") else x[::-1]

    def call(f, x, target=None):
        return getattr(f, name)(x, target, size_average=size_average, reduce=reduce)

    compare(call, x, target=target)


@given(lead=st.lists(st.integers(0, 3), max_size=3), inner=small, out=small, bias=flag, off=st.integers(0, 9),
       dtype=dtypes, seed=seeds)  # fmt: skip
def test_linear(lead, inner, out, bias, off, dtype, seed):
    arrays = normal(seed, (*lead, inner), (out, inner + (off == 0)), (out,) if bias else None, dtype=dtype)
    compare(lambda f, x, w, b: f.linear(x, w, b), *arrays)


@given(labels=st.lists(st.integers(-1, 4), max_size=4), classes=st.integers(-1, 5))
def test_one_hot(labels, classes):
    assume(labels or classes)  # PyTorch refuses no labels of no classes
    compare(lambda f, t: f.one_hot(t, classes), np.array(labels, dtype="int64"))


@pytest.mark.parametrize("name", F.__all__)
def test_arguments_names_order_and_defaults(name):
    """As PyTorch's, which keeps some of them in C++, where no signature can be read."""
    try:
        theirs = inspect.signature(getattr(torch.nn.functional, name))
    except ValueError:
        theirs = None
    if theirs is None or "args" in theirs.parameters:
        names = {  # from its documentation
            "avg_pool2d": "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
            "max_pool2d": "input kernel_size stride padding dilation ceil_mode return_indices",
            "conv2d": "input weight bias stride padding dilation groups", "linear": "input weight bias",
            "gelu": "input approximate", "logsigmoid": "input", "softplus": "input beta threshold",
            "one_hot": "tensor num_classes", "pad": "input pad mode value",
        }
        assert list(inspect.signature(getattr(F, name)).parameters) == names[name].split()
        return
    ours = inspect.signature(getattr(F, name))
    assert [(p.name, p.default) for p in ours.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values()
    ]
