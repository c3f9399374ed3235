r"""The contract of every op: each row of tests/cases, on each device.

The first derivatives are compared with differences of the oracle, so nothing of tinycnn vouches for itself; the second
ones with differences of the first. With ȳ the cotangent and u a direction, both drawn at random:

    x̄ = ∂⟨ȳ, f(x)⟩/∂x          and of  φ(x, ȳ) = ⟨u, x̄⟩   ∂φ/∂x, ∂φ/∂ȳ
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tests import strict_cupy
from tests.cases import CASES, Case
from tinycnn import backend
from tinycnn.autograd import Op
from tinycnn.autograd.observing import observed_by

H = 1e-5  # the step of the central differences, in float64
DIFFERENTIABLE = [case for case in CASES if case.order]
TWICE = [case for case in CASES if case.order > 1]
FAILURES = [(case, *error) for case in CASES for error in case.errors]

of = functools.partial(pytest.mark.parametrize, "case", ids=str)
each_dtype = pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float64", 1e-7), ("float32", 1e-3)], ids=["float64", "float32"]
)


# How the rows are tried ──────────────────────────────────────────────────────────────────────────────────────────────


def as_tuple(made: Any) -> tuple[Any, ...]:
    return tuple(made) if isinstance(made, tuple) else (made,)


def leaves(case: Case, device: str, dtype: str, inputs: Any = None) -> list[Any]:
    """The case's inputs as Tensors; the floating ones of this dtype, and requiring gradients."""
    made = []
    for x in case.inputs if inputs is None else inputs:
        floating = x.dtype.kind == "f"
        t = torch.tensor(x, dtype=dtype if floating else None, device=device)
        made.append(t.requires_grad_(floating and case.order > 0))
    return made


def on_host(t: Any) -> Any:
    return None if t is None else t.detach().cpu().numpy()


def differentiated(outputs: tuple[Any, ...]) -> list[int]:
    return [i for i, y in enumerate(outputs) if y.requires_grad]


def run(case: Case, xs: list[Any], cotangents: Any) -> tuple[list[Any], list[Any]]:
    """The outputs that have a gradient, and ȳ for them."""
    outputs = [y for y in as_tuple(case.call(*xs)) if y.requires_grad]
    gs = [torch.tensor(g, dtype=y.dtype, device=y.device) for g, y in zip(cotangents, outputs, strict=bool(cotangents))]
    return outputs, gs


def vjp(xs: list[Any], outputs: list[Any], gs: list[Any], create_graph: bool = False) -> tuple[Any, ...]:
    """x̄ for the floating inputs; zeros where none came back, as the oracle has it."""
    wanted = [x for x in xs if x.requires_grad]
    return torch.autograd.grad(
        outputs, wanted, gs, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )


def differences(function: Callable[..., Any], inputs: list[Any]) -> list[Any]:
    """∂function/∂x for each floating input, by central differences, one entry at a time."""
    found = []
    for x in inputs:
        if x.dtype.kind != "f":
            continue
        slope = np.empty_like(x)
        for place in np.ndindex(x.shape):
            before = x[place]
            ends = []
            for step in (H, -H):
                x[place] = before + step
                ends.append(function(*inputs))
            x[place] = before
            slope[place] = (ends[0] - ends[1]) / (2 * H)
        found.append(slope)
    return found


@functools.cache
def cotangents(case: Case) -> tuple[Any, ...]:
    """ȳ, drawn at random, for each output that has a gradient."""
    outputs = as_tuple(case.call(*leaves(case, "cpu", "float64")))
    rng = np.random.default_rng(7)
    return tuple(rng.standard_normal(tuple(outputs[i].shape)) for i in differentiated(outputs))


@functools.cache
def directions(case: Case) -> tuple[Any, ...]:
    rng = np.random.default_rng(8)
    return tuple(rng.standard_normal(x.shape) for x in case.inputs if x.dtype.kind == "f")


@functools.cache
def first(case: Case) -> list[Any]:
    """x̄ by differences of the oracle."""
    places = differentiated(as_tuple(case.call(*leaves(case, "cpu", "float64"))))

    def pulled(*inputs: Any) -> float:
        outputs = as_tuple(case.oracle(*inputs))
        return float(sum(np.vdot(g, outputs[i]) for i, g in zip(places, cotangents(case), strict=True)))

    return differences(pulled, [x.copy() for x in case.inputs])


@functools.cache
def second(case: Case) -> list[Any]:
    """The gradient of ⟨u, x̄⟩ by differences of x̄, which the test of first derivatives has found right."""
    count = len(case.inputs)

    def pulled(*arrays: Any) -> float:
        xs = leaves(case, "cpu", "float64", arrays[:count])
        found = vjp(xs, *run(case, xs, arrays[count:]))
        return float(sum(np.vdot(u, on_host(g)) for u, g in zip(directions(case), found, strict=True)))

    return differences(pulled, [x.copy() for x in (*case.inputs, *cotangents(case))])


def assert_near(found: Any, expected: Any, tolerance: float, least: float = 1e-3) -> None:
    """Within a tolerance relative to the largest entry, or to `least`: differences of zeros are only that exact."""
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    finite = np.abs(expected[np.isfinite(expected)]) if expected.dtype.kind == "f" else np.ones(1)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * max(least, finite.max(initial=0)))


# The contract ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@of(CASES)
def test_values_are_the_oracles_in_the_inputs_dtype(case: Case, device: str, dtype: str) -> None:
    if dtype == "float16" and case.half is None:
        return  # the row's numbers are beyond half precision
    tolerances = {"float64": 1e-12, "float32": 1e-5, "float16": case.half or 0}
    xs = leaves(case, device, dtype)
    floats = [x for x in case.inputs if x.dtype.kind == "f"]
    exact = case.oracle(*(on_host(x).astype("float64") if x.requires_grad else on_host(x) for x in xs))
    for y, expected in zip(as_tuple(case.call(*xs)), as_tuple(exact), strict=True):
        tolerance = max(tolerances[dtype], tolerances.get(y.dtype.name, 0))
        assert_near(on_host(y).astype("float64"), np.asarray(expected, "float64"), tolerance, 0)
        if floats and case.keeps and y.is_floating_point():
            assert y.dtype == dtype
        if np.asarray(expected).dtype.kind in "biu" and not y.is_floating_point():
            assert y.dtype == np.asarray(expected).dtype


@each_dtype
@of(DIFFERENTIABLE)
def test_first_derivatives_are_differences_of_the_oracle(case: Case, device: str, dtype: str, tolerance: float) -> None:
    xs = leaves(case, device, dtype)
    found = vjp(xs, *run(case, xs, cotangents(case)))
    for x, g, expected in zip([x for x in xs if x.requires_grad], found, first(case), strict=True):
        assert (g.dtype, g.device) == (x.dtype, x.device)
        assert_near(on_host(g), expected, tolerance)


@each_dtype
@of(TWICE)
def test_second_derivatives_are_differences_of_the_first(case: Case, device: str, dtype: str, tolerance: float) -> None:
    xs = leaves(case, device, dtype)
    outputs, gs = run(case, xs, cotangents(case))
    found = vjp(xs, outputs, [g.requires_grad_() for g in gs], create_graph=True)
    phi = sum((g * torch.tensor(u).to(g)).sum() for g, u in zip(found, directions(case), strict=True))
    for g, expected in zip(vjp([*xs, *gs], [phi], [torch.ones_like(phi)]), second(case), strict=True):
        assert_near(on_host(g), expected, tolerance)


class Used:
    """An observer that notes the ops."""

    def __init__(self) -> None:
        self.ops: set[type[Op]] = set()

    def began(self, node: Op, way: str, given: tuple[Any, ...]) -> None: self.ops.add(type(node))
    def ended(self, node: Op, way: str, made: tuple[Any, ...]) -> None: pass


@of(CASES)
def test_the_row_uses_its_op_and_leaves_its_inputs_alone(case: Case, device: str) -> None:
    xs = leaves(case, device, "float32")
    before = [on_host(x).copy() for x in xs]
    with observed_by(Used()) as used:
        outputs, gs = run(case, xs, cotangents(case) if case.order else ())
    assert case.op in used.ops
    if case.order:
        torch.autograd.backward(outputs, gs)
    for g, expected in zip(gs, cotangents(case) if case.order else (), strict=True):
        np.testing.assert_array_equal(on_host(g), expected.astype(g.dtype))
    for x, expected in zip(xs, before, strict=True):
        np.testing.assert_array_equal(on_host(x), expected)
        assert x.grad is None or all(x.grad.array is not y.array for y in (*xs, *outputs, *gs))


@of(CASES)
def test_the_host_never_waits_for_the_device(case: Case) -> None:
    """On the double, which counts: a GPU runs ahead of Python, and one look at a value stops it."""
    strict_cupy.reset()
    backend.install("cuda", strict_cupy.backend())
    try:
        xs = leaves(case, "cuda", "float32")
        with strict_cupy.count_syncs() as forward:
            outputs, gs = run(case, xs, ())[0], []
        if case.order:
            gs = run(case, xs, cotangents(case))[1]
        with strict_cupy.count_syncs() as back:
            if case.order > 1:
                found = vjp(xs, outputs, [g.requires_grad_() for g in gs], create_graph=True)
                phi = sum((g * g).sum() for g in found)
                vjp([*xs, *gs], [phi], [torch.ones_like(phi)])
            elif case.order:
                vjp(xs, outputs, gs)
    finally:
        backend.install("cuda", None)
    assert (int(forward), int(back)) <= case.looks, (forward, back)
    assert int(back) <= case.looks[1], back


def transposed(x: Any, **options: Any) -> Any:
    """The same tensor, its memory in the other order."""
    return torch.tensor(x.T.copy(), **options).permute(*range(x.ndim)[::-1])


def sliced(x: Any, **options: Any) -> Any:
    """The same tensor, every second number of its memory."""
    return torch.tensor(np.repeat(x, 2, axis=-1), **options)[..., ::2]


def channels_last(x: Any, **options: Any) -> Any:
    """The same tensor, an image's memory as N H W C."""
    if x.ndim != 4:
        return torch.tensor(x, **options)
    return torch.tensor(np.moveaxis(x, 1, -1).copy(), **options).permute(0, 3, 1, 2)


@of(CASES)
def test_memory_layout_changes_nothing(case: Case, device: str) -> None:
    images = any(x.ndim == 4 for x in case.inputs)
    for layout in (transposed, sliced, *([channels_last] if images else [])):
        check_layout(case, device, layout)


def check_layout(case: Case, device: str, layout: Callable[..., Any]) -> None:
    plain = leaves(case, device, "float64")
    strided = [
        layout(x, device=device).requires_grad_(t.requires_grad) if x.ndim else t
        for x, t in zip(case.inputs, plain, strict=True)
    ]
    for y, z in zip(as_tuple(case.call(*strided)), as_tuple(case.call(*plain)), strict=True):
        assert_near(on_host(y), on_host(z), 1e-12)
    if case.order:
        outputs, gs = run(case, strided, cotangents(case))
        gs = [layout(on_host(g), device=g.device) if g.ndim else g for g in gs]
        for g, h in zip(vjp(strided, outputs, gs), vjp(plain, *run(case, plain, cotangents(case))), strict=True):
            assert_near(on_host(g), on_host(h), 1e-10)


@of([case for case in CASES if case.batch])
def test_an_empty_batch_comes_back_empty(case: Case, device: str) -> None:
    inputs = [x[:0] if i in case.batch and x.ndim else x for i, x in enumerate(case.inputs)]
    if all(x.size for x in inputs):
        return  # without dimensions there is no batch
    xs = leaves(case, device, "float64", inputs)
    outputs = as_tuple(case.call(*xs))
    for y, expected in zip(outputs, as_tuple(case.oracle(*inputs)), strict=True):
        np.testing.assert_array_equal(on_host(y), np.asarray(expected))
    if case.order:
        outputs = [y for y in outputs if y.requires_grad]
        asked = [x for x in xs if x.requires_grad]
        for x, g in zip(asked, vjp(asked, outputs, [torch.ones_like(y) for y in outputs]), strict=True):
            assert g.shape == x.shape
            assert bool(g.isfinite().all())


@pytest.mark.parametrize(("case", "error", "pattern", "act"), FAILURES, ids=[f"{f[0]}: {f[2][:40]}" for f in FAILURES])
def test_errors_teach(case: Case, error: type[Exception], pattern: str, act: Any, device: str) -> None:
    with pytest.raises(error, match=pattern):
        act(lambda data: torch.tensor(data, device=device))
