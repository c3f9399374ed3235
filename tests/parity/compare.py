"""A call of nn.functional beside PyTorch's own: values, gradients, dtypes, refusals."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import tinycnn

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

TOLERANCES = {"float64": 1e-9, "float32": 2e-4, "float16": 1e-2}
small, flag, seeds = st.integers(1, 3), st.booleans(), st.integers(0, 2**32 - 1)
dtypes = st.sampled_from(list(TOLERANCES))


class Outcome:
    """What a call gave: results and gradients, or the exception."""

    def __init__(self, library: Any, call: Callable[..., Any], arrays: Any, options: dict[str, Any], seed: int) -> None:
        self.results: list[Any] = []
        self.gradients: list[Any] = []
        self.error: Exception | None = None
        xs = [None if a is None else self.tensor(library, a) for a in arrays]
        named = {name: self.tensor(library, v) if isinstance(v, np.ndarray) else v for name, v in options.items()}
        wanted = [x.requires_grad_() for x in xs if x is not None and x.is_floating_point()]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                made = call(library.nn.functional, *xs, **named)
            except (RuntimeError, ValueError, IndexError, TypeError) as error:
                self.error = error
                return
        self.warned = any("size" in str(warning.message) for warning in caught)
        made = made if isinstance(made, tuple) else (made,)
        if made[0].requires_grad:
            (g,) = normal(seed, tuple(made[0].shape), dtype=str(made[0].dtype).split(".")[-1])
            found = library.autograd.grad(made[0], wanted, self.tensor(library, g), allow_unused=True)
            self.gradients = [None if x is None else x.numpy() for x in found]
        statistics = [v for v in named.values() if isinstance(v, (torch.Tensor, tinycnn.Tensor))]
        self.results = [y.detach().numpy() for y in (*made, *statistics)]

    def tensor(self, library: Any, a: Any) -> Any:
        return library.from_numpy(np.array(a))


def compare(call: Callable[..., Any], *arrays: Any, seed: int = 0, scale: float = 1, **options: Any) -> None:
    """`call` of both libraries' functional, with arrays as Tensors; those among the options want no gradient."""
    theirs = Outcome(torch, call, arrays, options, seed)
    ours = Outcome(tinycnn, call, arrays, options, seed)
    if theirs.error is not None or ours.error is not None:
        kinds = [k for k in (ValueError, IndexError, TypeError, RuntimeError) if isinstance(theirs.error, k)]
        assert kinds, f"only ours raised: {ours.error!r}"
        assert isinstance(ours.error, kinds[0]), f"{theirs.error!r}, but ours: {ours.error!r}"
        return
    assert ours.warned == theirs.warned
    for mine, other in zip(ours.results + ours.gradients, theirs.results + theirs.gradients, strict=True):
        assert (mine is None) == (other is None)
        if mine is not None:
            assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
            tolerance = scale * TOLERANCES.get(mine.dtype.name, 0)
            size = np.abs(other[np.isfinite(other)]).max(initial=1) if other.dtype.kind == "f" else 1
            np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance * float(size))


def normal(seed: int, *shapes: Any, dtype: str = "float64") -> list[Any]:
    """Normal numbers; a shape that is None stands for what is left out."""
    rng = np.random.default_rng(seed)
    return [None if s is None else np.asarray(rng.standard_normal(s)).astype(dtype) for s in shapes]
