"""Windows and images drawn at random, for the tests of the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinycnn.errors import ShapeError
from tinycnn.geometry import Window, window


@st.composite
def windows(draw: Any, pooling: bool = False) -> Window:
    """Any stride, dilation and padding, on sizes that the stride mostly does not divide."""
    two = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel, stride, dilation = draw(two), draw(two), draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    if pooling:
        padding = tuple((p, p) for p in (draw(st.integers(0, k // 2)) for k in kernel))
    else:
        padding = tuple(draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) for _ in kernel)
    size = []
    for k, d, p in zip(kernel, dilation, padding, strict=True):
        least = max(1, d * (k - 1) + 1 - sum(p))
        size.append(draw(st.integers(least, least + 4)))
    try:
        return window("test", tuple(size), kernel, stride, padding, dilation, pooling and draw(st.booleans()))
    except ShapeError:
        return window("test", (4, 5), kernel=(2, 2))


def normal(*shape: int, dtype: Any = "float64", seed: int = 0) -> Any:
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(dtype)
