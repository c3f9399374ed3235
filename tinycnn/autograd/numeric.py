r"""Derivatives by finite differences: an oracle for backward that knows nothing of it.

The central difference of a function f of one number, with step h, is

    (f(x + h) − f(x − h)) / 2h  =  f′(x) + h²/6·f‴(x) + …   ± ε·|f(x)|/h

The first error is the truncation of the Taylor series and falls with h. The second is rounding: f(x ± h) are known to
ε = 2⁻⁵³ ≈ 1e-16 of their size in float64, and their difference is divided by a small number; it grows as h falls. The
sum is least where the two meet, near h = ∛(3ε) ≈ 7e-6 if f and f‴ are about 1. The default h = 1e-6 lies a little
below: the error is still about 1e-10, far under any tolerance here, and kinks (a ReLU's 0, a maximum that changes
hands) are stepped over less often. In float32 ε ≈ 6e-8, and at this step rounding leaves not two digits of the
derivative: check in float64.

A function with many outputs has a derivative for each pair of output and input, its Jacobian J. To sum the outputs and
differentiate the sum would test next to nothing: the outputs of softmax always sum to 1 and those of a normalisation to
0, so that gradient is 0, and a backward that returned zeros would pass. Hence every output is differentiated by itself,
or weighted with random cotangents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.dtypes import float64, is_floating
from tinycnn.errors import ShapeError, explain

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

Host = Any  # a numpy.ndarray of float64, whatever the device


def numeric_jacobian(func: Callable[..., Any], inputs: Any, eps: float = 1e-6) -> tuple[tuple[Host, ...], ...]:
    r"""∂outputs[o] / ∂inputs[i] at ``[o][i]``, an array of shape (\*output.shape, \*input.shape) on the host.

    Parameters
    ----------
    func : takes Tensors, returns a Tensor or several
    inputs : Tensor or a sequence; those of floating type are moved while it runs, in their own memory, and put back.
        Where an input is no floating Tensor, None stands for its Jacobian
    eps : the step h

    Examples
    --------
    >>> import tinycnn
    >>> x = tinycnn.tensor([1.0, 2.0, 3.0], dtype=tinycnn.float64)
    >>> ((jacobian,),) = numeric_jacobian(lambda x: x.cumsum(0) ** 2, x)
    >>> jacobian.round(6)
    array([[ 2.,  0.,  0.],
           [ 6.,  6.,  0.],
           [12., 12., 12.]])
    """
    arguments = as_tuple(inputs)
    columns = [jacobian_in(func, arguments, x, eps) if _is_movable(x) else None for x in arguments]
    count = len(_values(func, arguments))
    return tuple(tuple(None if made is None else made[o] for made in columns) for o in range(count))


def numeric_vjp(func: Callable[..., Any], inputs: Any, cotangents: Any, eps: float = 1e-6) -> tuple[Any, ...]:
    r"""The gradient of Σₒ ⟨cotangentsₒ, outputsₒ⟩ in each input: what ``grad(func(*inputs), inputs, cotangents)`` owes.

    Parameters
    ----------
    func, inputs, eps : as for `numeric_jacobian`
    cotangents : Tensor or a sequence, one for each output; None for an output that does not count

    Returns
    -------
    A Tensor for each input, of its shape, dtype and device; None where the input is no floating Tensor.

    Examples
    --------
    >>> import tinycnn
    >>> x = tinycnn.tensor([0.0, 1.0], dtype=tinycnn.float64)
    >>> numeric_vjp(tinycnn.exp, x, tinycnn.ones_like(x))
    (tensor([1.0000, 2.7183], dtype=tinycnn.float64),)
    """
    arguments = as_tuple(inputs)
    jacobians = numeric_jacobian(func, arguments, eps)
    weighted = [
        (on_host(v), row) for v, row in zip(as_tuple(cotangents), jacobians, strict=True) if v is not None
    ]

    def gradient(i: int, x: Any) -> Any:
        if not _is_movable(x):
            return None
        g = sum((np.tensordot(v, row[i], v.ndim) for v, row in weighted), np.zeros(x.array.shape))
        return wrap(x.backend.asarray(g.astype(x.array.dtype)))

    return tuple(gradient(i, x) for i, x in enumerate(arguments))


def jacobian_in(func: Callable[..., Any], arguments: Sequence[Any], x: Tensor, eps: float) -> list[Host]:
    """The Jacobian of each output in x, column by column: one entry of x moves at a time."""
    jacobians = [np.zeros((*y.shape, *x.array.shape)) for y in _values(func, arguments)]
    for index in np.ndindex(x.array.shape):
        column = central_difference(func, arguments, x, eps, eps, index)
        for jacobian, slope in zip(jacobians, column, strict=True):
            jacobian[..., *index] = slope
    return jacobians


def central_difference(
    func: Callable[..., Any], arguments: Sequence[Any], x: Tensor, step: Any, eps: float, where: Any = ...
) -> list[Host]:
    """(f(x + step) − f(x − step)) / 2·eps for each output, x being moved in its own memory, at [where].

    So whatever else looks at that memory moves along: func may reach x by another way than its arguments.
    """
    array = x.array
    centre = array[where].copy()
    try:
        array[where] = centre + step
        above = _values(func, arguments)
        array[where] = centre - step
        below = _values(func, arguments)
    finally:
        array[where] = centre
    shapes = [[y.shape for y in values] for values in (above, below)]
    if shapes[0] != shapes[1]:
        raise ShapeError(
            explain(
                "finite differences: the function's outputs changed their shape when an input was moved a little",
                {"after a step up": shapes[0], "after a step down": shapes[1], "step": eps},
                "where the shape depends on values, as in x[x > 0], there is no derivative",
            )
        )
    with np.errstate(invalid="ignore"):
        return [(a - b) / (2 * eps) for a, b in zip(above, below, strict=True)]


def on_host(x: Any) -> Host:
    """The elements in float64, in memory of their own: an output may be a view of the input that is being moved."""
    return np.array(x.backend.asnumpy(x.array), dtype=float64)


def as_tuple(x: Any) -> tuple[Any, ...]:
    """One thing or several, as a tuple."""
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def outputs_of(func: Callable[..., Any], arguments: Sequence[Any]) -> tuple[Tensor, ...]:
    """What func returns, as a tuple of Tensors."""
    outputs = as_tuple(func(*arguments))
    for y in outputs:
        if not is_tensor(y):
            raise TypeError(f"the function must return a Tensor or a tuple of Tensors, but gave {type(y).__name__}")
    return outputs


def overlaps(array: Any) -> bool:
    """Whether elements share memory: some stride does not step over what the smaller strides reach."""
    reach = 0
    for stride, size in sorted((abs(s), n) for s, n in zip(array.strides, array.shape, strict=True) if n > 1):
        if stride <= reach:
            return True
        reach += stride * (size - 1)
    return False


def _values(func: Callable[..., Any], arguments: Sequence[Any]) -> list[Host]:
    return [on_host(y) for y in outputs_of(func, arguments)]


def _is_movable(x: Any) -> bool:
    return is_tensor(x) and is_floating(x.array.dtype)
