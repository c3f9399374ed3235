"""The steps of optimizers in tiles equal the formulas on whole arrays, bit by bit, whatever the shape and the order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycnn.backend import steps
from tinycnn.backend.cpu import steps as tiled

SHAPES = st.sampled_from([(), (1,), (7,), (5, 3), (6, 2, 3, 3), (0, 4), (1, 50), (40, 1)])
DTYPES = st.sampled_from(["float64", "float32", "float16"])
FLAGS = st.tuples(*[st.booleans()] * 3, st.sets(st.integers(0, 4)))
RATES = st.sampled_from([0.0, 0.25, 0.9])


def arrays(shape: tuple[int, ...], dtype: str, count: int, flipped: Any) -> list[Any]:
    """Of several orders in memory: those at the places of `flipped` lie in Fortran's."""
    rng = np.random.default_rng(len(shape))
    made = [np.abs(rng.standard_normal(shape)).astype(dtype) for _ in range(count)]
    return [np.array(a, order="F" if i in flipped else "C") for i, a in enumerate(made)]


@pytest.fixture(params=[1, 12])
def tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled, "_WHOLE", 1)
    monkeypatch.setattr(tiled, "_TILE", request.param)


def assert_equal(ours: list[Any], theirs: list[Any]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@given(shape=SHAPES, dtype=DTYPES, momentum=RATES, dampening=RATES, decay=RATES, flags=FLAGS)
def test_sgd(tiles: None, shape: Any, dtype: str, momentum: float, dampening: float, decay: float, flags: Any) -> None:
    nesterov, maximize, begun, flipped = flags
    options = {"lr": 0.1, "momentum": momentum, "dampening": dampening, "weight_decay": decay, "nesterov": nesterov,
               "maximize": maximize}  # fmt: skip
    found = []
    for step in (tiled.sgd_step, steps.sgd_step):
        p, g, v = arrays(shape, dtype, 3, flipped)
        before = g.copy()
        velocity: Any = v if begun else None
        for _ in range(2):
            velocity = step(np, p, g, velocity, **options)
        np.testing.assert_array_equal(g, before)
        found.append([p, velocity])
    assert_equal(*found)


@given(shape=SHAPES, dtype=DTYPES, decay=RATES, flags=FLAGS)
def test_adam(tiles: None, shape: tuple[int, ...], dtype: str, decay: float, flags: Any) -> None:
    decoupled, maximize, amsgrad, flipped = flags
    options = {"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-4, "weight_decay": decay, "decoupled": decoupled,
               "maximize": maximize}  # fmt: skip
    found = []
    for step in (tiled.adam_step, steps.adam_step):
        p, g, m, v, v_max = arrays(shape, dtype, 5, flipped)
        for t in (1, 2):
            step(np, p, g, m, v, v_max if amsgrad else None, t, **options)
        found.append([p, g, m, v, v_max])
    assert_equal(*found)


def test_what_diverges_does_so_quietly_in_every_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled, "_WHOLE", 1)
    monkeypatch.setattr(tiled, "_TILE", 1)
    p = np.full((64, 2), 3e38, "float32")
    with np.errstate(all="ignore"):
        tiled.sgd_step(np, p, np.full_like(p, -3e38), None, lr=10.0, momentum=0.9)
    assert np.isinf(p).all()
