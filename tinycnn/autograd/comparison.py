r"""Backward against finite differences: the comparisons behind `gradcheck`.

Slow mode compares the whole Jacobian J, entry by entry: column i by moving input entry i, row o by sending back the
cotangent that is 1 at output entry o and 0 elsewhere. Fast mode compares one number, vᵀ·J·u for random v and u: moving
the input along u gives J·u, sending back v gives vᵀ·J. It costs two evaluations and one backward, whatever the sizes; a
wrong entry hides only where it happens to be weighted with next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinycnn.autograd import engine
from tinycnn.autograd.node import wrap
from tinycnn.autograd.numeric import Host, central_difference, jacobian_in, on_host, outputs_of
from tinycnn.errors import GraphError, TinycnnError, explain


class GradcheckError(TinycnnError, RuntimeError):
    """Backward and finite differences disagree, or backward breaks a rule of its own."""


class Check(NamedTuple):
    """A function at a point, and how closely to look."""

    name: str
    func: Callable[..., Any]
    inputs: tuple[Any, ...]
    eps: float
    atol: float
    rtol: float
    nondet_tol: float
    input_names: Sequence[str] = ()
    output_names: Sequence[str] = ()

    def input(self, i: int) -> str:
        return self.input_names[i] if self.input_names else f"input {i}"

    def output(self, o: int) -> str:
        return self.output_names[o] if self.output_names else f"output {o}"


Point = dict[int, Any]  # Tensors or arrays by their position among the function's inputs or outputs


# What is looked at ────────────────────────────────────────────────────────────────────────────────────────────────────


def check_constant(check: Check, inputs: Point) -> None:
    """No output has a gradient: then none may change with the inputs."""
    for i, x in inputs.items():
        for o, jacobian in enumerate(jacobian_in(check.func, check.inputs, x, check.eps)):
            if jacobian.any():
                raise GradcheckError(
                    f"{check.name}: Numerical gradient for function expected to be zero, as no output requires grad,"
                    f" but {check.output(o)} changes with {check.input(i)}; did its computation leave the graph by"
                    " detach(), .data, numpy() or no_grad()?"
                )


def check_zero(check: Check, inputs: Point, outputs: Point) -> None:
    """Backward of 0 is 0."""
    zeros = {o: np.zeros(y.array.shape) for o, y in outputs.items()}
    for i, g in _backward(check, inputs, outputs, zeros).items():
        if (g != 0).any():
            index = _largest(abs(g))
            raise GradcheckError(
                f"{check.name}: backward not multiplied by grad_output: for cotangents of 0 the gradient of"
                f" {check.input(i)} must be 0, but is {g[index]:g} at {list(index)}"
            )


def check_entries(check: Check, inputs: Point, outputs: Point) -> None:
    """Slow mode: each entry of each Jacobian; and then, that backward is linear in the cotangents."""
    numeric = {i: jacobian_in(check.func, check.inputs, x, check.eps) for i, x in inputs.items()}
    analytic = {o: _backward_jacobians(check, inputs, o, y) for o, y in outputs.items()}
    for o in outputs:
        for i in inputs:
            _compare(check, o, i, analytic[o][i], numeric[i][o])
    cotangents = _drawn(outputs, np.random.default_rng(0))
    for i, g in _backward(check, inputs, outputs, cotangents).items():
        rows = [(v, analytic[o][i]) for o, v in cotangents.items()]
        expected: Host = sum(np.tensordot(v, j, v.ndim) for v, j in rows)
        tolerance: Host = sum(np.tensordot(abs(v), check.atol + check.rtol * abs(j), v.ndim) for v, j in rows)
        apart = abs(g - expected)
        if (apart > tolerance).any():
            index = _largest(apart)
            raise GradcheckError(
                f"{check.name}: backward is not linear in grad_output: for random cotangents the gradient of"
                f" {check.input(i)} is {g[index]:g} at {list(index)}, but they weight the rows of its Jacobian to"
                f" {expected[index]:g}"
            )


def check_along(check: Check, inputs: Point, outputs: Point) -> None:
    """Fast mode: one number for each pair of output and input."""
    rng = np.random.default_rng(0)
    cotangents = _drawn(outputs, rng)
    for i, u in _drawn(inputs, rng).items():
        x, u = inputs[i], u / max(np.linalg.norm(u), 1e-300)
        slopes = central_difference(check.func, check.inputs, x, x.backend.asarray(check.eps * u), check.eps)
        for o, v in cotangents.items():
            (g,) = _backward(check, {i: x}, {o: outputs[o]}, {o: v}).values()
            analytic, numeric = float((g * u).sum()), float((v * slopes[o]).sum())
            # What each entry may be off by, atol, adds up to as much along u and v:
            tolerance = check.atol * abs(u).sum() * abs(v).sum() + check.rtol * abs(numeric)
            if not abs(analytic - numeric) <= tolerance:
                check_entries(check, inputs, outputs)  # slow mode finds the entry, and raises
                raise GradcheckError(
                    f"{check.name}: Jacobian mismatch for {check.output(o)} with respect to {check.input(i)}: along"
                    f" random vectors backward gives {analytic:g}, finite differences {numeric:g}; entry by entry, in"
                    " slow mode, they agree"
                )


def _drawn(tensors: Point, rng: np.random.Generator) -> Point:
    """Random numbers of both signs: with one sign, what J's entries share adds up, and an error is small beside it."""
    return {n: np.asarray(rng.standard_normal(x.array.shape)) for n, x in tensors.items()}


# One backward, one comparison ─────────────────────────────────────────────────────────────────────────────────────────


def backward_of(outputs: Any, inputs: Any, cotangents: Any, **options: Any) -> tuple[Any, ...]:
    """The gradients, zeros for inputs that were not used; what the engine finds wrong is a GradcheckError."""
    try:
        return engine.grad(outputs, inputs, cotangents, materialize_grads=True, **options)
    except GraphError as error:
        raise GradcheckError(f"backward failed: {error}") from error


def _backward(check: Check, inputs: Point, outputs: Point, cotangents: Point) -> Point:
    """The gradients of the inputs, on the host, after a look whether they come out alike twice."""
    seeds = [wrap(y.backend.asarray(cotangents[o].astype(y.array.dtype))) for o, y in outputs.items()]
    first, second = (
        [on_host(g) for g in backward_of(list(outputs.values()), list(inputs.values()), seeds, retain_graph=True)]
        for _ in range(2)
    )
    for i, g, again in zip(inputs, first, second, strict=True):
        apart = abs(g - again)
        if (apart > check.nondet_tol).any():
            index = _largest(apart)
            raise GradcheckError(
                f"{check.name}: Backward is not reentrant: run twice with the same cotangents, it gave"
                f" {g[index]:g} and {again[index]:g} for {check.input(i)} at {list(index)};"
                " is it random, or does it change what it saved?"
            )
    return dict(zip(inputs, first, strict=True))


def _backward_jacobians(check: Check, inputs: Point, o: int, y: Any) -> Point:
    """The Jacobian of output o in each input, row by row: one entry of the cotangent is 1."""
    jacobians = {i: np.zeros((*y.array.shape, *x.array.shape)) for i, x in inputs.items()}
    for index in np.ndindex(y.array.shape):
        unit = np.zeros(y.array.shape)
        unit[index] = 1
        for i, g in _backward(check, inputs, {o: y}, {o: unit}).items():
            jacobians[i][index] = g
    return jacobians


def _compare(check: Check, o: int, i: int, analytic: Host, numeric: Host) -> None:
    apart = abs(analytic - numeric)
    tolerance = check.atol + check.rtol * abs(numeric)
    agree = (apart <= tolerance) | (analytic == numeric)  # the latter for infinities; NaN never agrees
    if agree.all():
        return
    worst = _largest(np.where(agree, 0, apart))
    rank = numeric.ndim - check.inputs[i].array.ndim
    y, x = check.output(o), check.input(i)
    raise GradcheckError(
        explain(
            f"{check.name}: Jacobian mismatch for {y} with respect to {x}",
            {
                "worst entry": f"∂ {y} {list(worst[:rank])} / ∂ {x} {list(worst[rank:])}",
                "numerical": f"{numeric[worst]:.9g}",
                "analytical": f"{analytic[worst]:.9g}",
                "tolerance": f"{tolerance[worst]:.2g}",
                "wrong entries": f"{agree.size - np.count_nonzero(agree)} of {agree.size}",
            },
            _likely_cause(check, analytic, numeric),
        )
    )


def _likely_cause(check: Check, analytic: Host, numeric: Host) -> str | None:
    values, again = ([on_host(y) for y in outputs_of(check.func, check.inputs)] for _ in range(2))
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(values, again, strict=True)):
        return "the function gives other values when called again with the same inputs: is it random, as dropout is?"
    if numeric.size > 1 and np.isfinite(analytic).all() and np.isfinite(numeric).all() and numeric.any():
        ratio = float((analytic * numeric).sum() / (numeric * numeric).sum())
        if not analytic.any():
            return "backward gives 0 everywhere: did it return None, or leave the graph?"
        if np.allclose(analytic, ratio * numeric, check.rtol, check.atol):
            return f"every analytical entry is {ratio:.4g} times the numerical one: a sign or a factor in backward?"
    return None


def _largest(values: Host) -> tuple[int, ...]:
    """Where the largest value stands; NaN counts as larger than all."""
    place = int(np.argmax(np.where(np.isnan(values), np.inf, values)))
    return tuple(int(n) for n in np.unravel_index(place, values.shape))
