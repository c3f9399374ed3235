"""Whether backward agrees with finite differences: `gradcheck`, and `gradgradcheck` for second derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinycnn.autograd.comparison import (
    Check,
    GradcheckError,
    Point,
    backward_of,
    check_along,
    check_constant,
    check_entries,
    check_zero,
)
from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.autograd.numeric import as_tuple, outputs_of, overlaps
from tinycnn.dtypes import float64
from tinycnn.errors import ConfigError, ShapeError

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck", "random_cotangents", "vjp_of"]


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    r"""Whether backward gives the derivatives of `func` that finite differences show.

    Each entry a of backward's Jacobian is compared with n, its central difference (see `tinycnn.autograd.numeric`):
    they agree if |a − n| ≤ atol + rtol·|n|. Besides, backward is asked twice and must answer alike, must give 0 for
    cotangents of 0, and must be linear in them.

    Parameters
    ----------
    func : takes Tensors, returns a Tensor or a tuple of them; outputs without a gradient are left out. It must be
        smooth around the inputs, and give the same values each time it is called
    inputs : Tensor or a tuple of them, in float64; those that require grad are checked. They are moved in their own
        memory while the check runs, and put back, so func may also reach them otherwise (as a module its parameters)
    eps, atol, rtol : the step, and the tolerances
    raise_exception : raise GradcheckError if they disagree, or return False
    nondet_tol : how far two runs of the same backward may be apart
    check_undefined_grad, check_grad_dtypes : both are always checked, so they change nothing. Outputs are
        differentiated one at a time, the others' cotangents missing; and the engine looks at the shape and dtype of
        every gradient
    fast_mode : compare vᵀ·J·u only, for one random u a checked input and one random v an output
    check_batched_grad, check_batched_forward_grad, check_forward_ad, check_backward_ad, masked
        Forward mode, batched gradients and sparse tensors are not offered: leave these as they are

    Raises
    ------
    GradcheckError
        If backward is wrong, naming the input, the worst entry and both values.
    ValueError
        If no input requires grad.

    Examples
    --------
    >>> import tinycnn
    >>> x = tinycnn.randn(3, 4, dtype=tinycnn.float64, requires_grad=True)
    >>> gradcheck(tinycnn.tanh, x)
    True
    """
    _refuse(
        "gradcheck",
        check_batched_grad=check_batched_grad,
        check_batched_forward_grad=check_batched_forward_grad,
        check_forward_ad=check_forward_ad,
        check_backward_ad=not check_backward_ad,
        masked=masked,
    )
    check = Check("gradcheck", func, as_tuple(inputs), eps, atol, rtol, nondet_tol)
    return _verdict(check, fast_mode, raise_exception)


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    r"""Whether the second derivatives of `func` are right: `gradcheck` of (inputs, g) ↦ gradients of ⟨g, func(inputs)⟩.

    Parameters
    ----------
    grad_outputs : the cotangents g, one for each output that has a gradient; random if left out
    gen_non_contig_grad_outputs : draw them with gaps between their elements in memory
    check_batched_grad, check_fwd_over_rev, check_rev_over_rev, masked
        Not offered, as in `gradcheck`: leave these as they are

    The others are those of `gradcheck`. In its messages the outputs are the gradients of the inputs that require grad,
    and the cotangents are inputs that follow func's own.

    Examples
    --------
    >>> import tinycnn
    >>> x = tinycnn.randn(3, 4, dtype=tinycnn.float64, requires_grad=True)
    >>> gradgradcheck(tinycnn.tanh, x)
    True
    """
    _refuse(
        "gradgradcheck",
        check_batched_grad=check_batched_grad,
        check_fwd_over_rev=check_fwd_over_rev,
        check_rev_over_rev=not check_rev_over_rev,
        masked=masked,
    )
    arguments = as_tuple(inputs)
    if grad_outputs is None:
        outputs = [y for y in outputs_of(func, arguments) if y._requires_grad]
        grad_outputs = random_cotangents(outputs, np.random.default_rng(0), gen_non_contig_grad_outputs)
    every = (*arguments, *as_tuple(grad_outputs))
    check = Check("gradgradcheck", vjp_of(func, len(arguments)), every, eps, atol, rtol, nondet_tol)
    names = [f"input {i}" if i < len(arguments) else f"grad_outputs[{i - len(arguments)}]" for i in range(len(every))]
    gradients = [f"the gradient of input {i}" for i, x in enumerate(arguments) if _is_checked(x)]
    return _verdict(check._replace(input_names=names, output_names=gradients), fast_mode, raise_exception)


def vjp_of(func: Callable[..., Any], count: int) -> Callable[..., tuple[Any, ...]]:
    r"""The function (\*inputs, \*cotangents) ↦ the gradients of func's `count` inputs, itself differentiable.

    Only outputs that require grad take a cotangent, only inputs that require it get a gradient: zeros if unused.
    """

    def vjp(*arguments: Any) -> tuple[Any, ...]:
        inputs, cotangents = arguments[:count], arguments[count:]
        outputs = [y for y in outputs_of(func, inputs) if y._requires_grad]
        return backward_of(outputs, [x for x in inputs if _is_checked(x)], cotangents, create_graph=True)

    return vjp


def random_cotangents(outputs: Sequence[Any], rng: np.random.Generator, gaps: bool = False) -> tuple[Any, ...]:
    """A cotangent that requires grad for each output: odd multiples of 2⁻¹¹ in (−1, 1), never 0, exact in any dtype."""
    drawn = []
    for y in outputs:
        host = (2 * rng.integers(-1024, 1024, (*y.array.shape, 2)) + 1) / 2048
        array = y.backend.asarray(host.astype(y.array.dtype))[..., 0]
        drawn.append(wrap(array if gaps else array.copy()).requires_grad_())
    return tuple(drawn)


def _is_checked(x: Any) -> bool:
    return is_tensor(x) and x._requires_grad


def _refuse(name: str, **options: Any) -> None:
    for option, asked in options.items():
        if asked:
            raise NotImplementedError(
                f"{name}: {option} cannot be changed: tinycnn differentiates in reverse mode, one cotangent at a time,"
                " and has no sparse tensors"
            )


def _verdict(check: Check, fast: bool, raise_exception: bool) -> bool:
    inputs = _checked_inputs(check)
    try:
        outputs = {o: y for o, y in enumerate(outputs_of(check.func, check.inputs)) if y._requires_grad}
        with np.errstate(invalid="ignore"):  # infinite values may be subtracted
            if not outputs:
                check_constant(check, inputs)
            else:
                check_zero(check, inputs, outputs)
                (check_along if fast else check_entries)(check, inputs, outputs)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _checked_inputs(check: Check) -> Point:
    inputs = {i: x for i, x in enumerate(check.inputs) if _is_checked(x)}
    if not inputs:
        raise ConfigError(
            f"{check.name} expects at least one input tensor to require gradient, but none of them has"
            " requires_grad=True; make it with tensor(…, dtype=float64, requires_grad=True)"
        )
    for i, x in inputs.items():
        if x.array.dtype != float64:
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point, but {x.array.dtype}."
                " This check will likely fail: rounding drowns so small a step; use x.double()",
                stacklevel=4,
            )
        if x.array.size and overlaps(x.array):
            raise ShapeError(
                f"{check.name}: input {i} has elements that share memory (a stride of 0, as expand makes it), so that"
                " one cannot be moved without the other; make a copy with .contiguous() first"
            )
    return inputs
