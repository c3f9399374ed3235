"""nn.functional beside PyTorch's own: linear, one_hot, and what all its functions' arguments are called."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.parity.compare import compare_functional, dtypes, normal, seeds, small
from tinycnn.nn import functional as F

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")


@given(lead=st.lists(st.integers(0, 3), max_size=3), inner=small, out=small, off=st.integers(0, 9), dtype=dtypes,
       bias=st.sampled_from(["none", "one each", "one for all", "a number", "a row", "too many"]),
       seed=seeds)  # fmt: skip
def test_linear(lead, inner, out, off, dtype, bias, seed):
    shapes = {"one each": (out,), "one for all": (1,), "a number": (), "a row": (1, out), "too many": (out + 1,)}
    assume(lead or bias != "a row")  # PyTorch takes a row for a single example, but not of length 1
    arrays = normal(seed, (*lead, inner), (out, inner + (off == 0)), shapes.get(bias), dtype=dtype)
    compare_functional(lambda f, x, w, b: f.linear(x, w, b), *arrays)


@given(labels=st.lists(st.integers(-1, 4), max_size=4), classes=st.integers(-1, 5))
def test_one_hot(labels, classes):
    assume(labels or classes)  # PyTorch refuses no labels of no classes
    compare_functional(lambda f, t: f.one_hot(t, classes), np.array(labels, dtype="int64"))


@pytest.mark.parametrize("name", sorted(set(F.__all__) - {"global_response_norm", "stochastic_depth"}))  # not PyTorch
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
            "conv2d": "input weight bias stride padding dilation groups",
            "conv_transpose2d": "input weight bias stride padding output_padding groups dilation",
            "adaptive_max_pool2d": "input output_size return_indices", "linear": "input weight bias",
            "gelu": "input approximate", "logsigmoid": "input", "softplus": "input beta threshold",
            "one_hot": "tensor num_classes", "pad": "input pad mode value",
        }
        assert list(inspect.signature(getattr(F, name)).parameters) == names[name].split()
        return
    ours = inspect.signature(getattr(F, name))
    assert [(p.name, p.default) for p in ours.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values()
    ]
