r"""Gradient clipping: keep one steep place of the loss from throwing the weights far away.

References
----------
Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks", algorithm 1.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from types import GeneratorType
from typing import SupportsFloat

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.conversion import tensor
from tinycnn.errors import ArgumentError, DomainError, described, explain
from tinycnn.ops.joining import stack

Tensors = Tensor | Iterable[Tensor]


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    r"""The norm of all tensors, as if they were one vector: ‖x‖ = (Σᵢ ‖xᵢ‖ᵖ)^(1/p), outside the graph.

    Parameters
    ----------
    tensors : Tensor or iterable of Tensor
    norm_type : float
        p; ``inf`` is the largest magnitude.
    error_if_nonfinite : bool
        Whether to raise if it is infinite or NaN.
    foreach : bool or None
        How PyTorch is to do it; without meaning here.

    Raises
    ------
    DomainError
        Naming the first tensor that is not finite, if asked to.

    Examples
    --------
    >>> import tinycnn
    >>> get_total_norm([tinycnn.tensor([3.0]), tinycnn.tensor([0.0, 4.0])])
    tensor(5.)
    """
    parts = tensors_in("get_total_norm", tensors)
    if not parts:
        return tensor(0.0)
    with no_grad():
        norms = [part.norm(float(norm_type)).to(parts[0].device) for part in parts]
        total = stack(norms).norm(float(norm_type))
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise DomainError(_no_number(total, norms, parts, norm_type))
    return total


def _no_number(total: Tensor, norms: list[Tensor], parts: list[Tensor], norm_type: float) -> str:
    found = next((i for i, norm in enumerate(norms) if not math.isfinite(norm.item())), None)
    where = "none, but together they overflow"
    if found is not None:
        where = f"number {found} of {len(parts)}, shape {tuple(parts[found].shape)}"
    return explain(
        f"the norm of order {norm_type} of all tensors is {total.item()}, but a finite one was asked for",
        {"first that is not finite": where},
        "is the loss finite? error_if_nonfinite=False lets it pass",
    )


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    r"""Scale all gradients, in place, by min(1, max_norm / (total_norm + 10⁻⁶)).

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
    max_norm : float
    total_norm : Tensor, ()
        As `get_total_norm` computes it.
    foreach : bool or None
        How PyTorch is to do it; without meaning here.
    """
    _expect_length("clip_grads_with_norm_", "max_norm", max_norm)
    with no_grad():
        factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        for grad in _gradients("clip_grads_with_norm_", parameters):
            grad.mul_(factor.to(grad.device))


def clip_grad_norm_(
    parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    r"""Shorten the gradient of all parameters together, in place, to `max_norm` if it is longer; its direction stays.

        g ← g · min(1, max_norm / (‖g‖ + 10⁻⁶))

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        ``model.parameters()``; those without a gradient are passed over.
    max_norm : float
        The greatest length allowed.
    norm_type : float
        The p of the norm; ``inf`` is the largest magnitude.
    error_if_nonfinite : bool
        Whether to raise if the norm is infinite or NaN, before anything is changed.
    foreach : bool or None
        How PyTorch is to do it; without meaning here.

    Returns
    -------
    Tensor, ()
        ‖g‖ as it was.

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, algorithm 1.

    Examples
    --------
    >>> import tinycnn
    >>> w = tinycnn.zeros(2, requires_grad=True)
    >>> (w * tinycnn.tensor([3.0, 4.0])).sum().backward()
    >>> clip_grad_norm_([w], max_norm=1.0), w.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    _expect_length("clip_grad_norm_", "max_norm", max_norm)
    named = tensors_in("clip_grad_norm_", parameters)
    if not named and isinstance(parameters, GeneratorType):
        warnings.warn("clip_grad_norm_: nothing to clip, for the generator was empty; was it run through before?",
                      stacklevel=2)
    total = get_total_norm(_gradients("clip_grad_norm_", named), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(named, max_norm, total, foreach)
    return total


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    r"""Clamp every element of every gradient, in place, to [−clip_value, clip_value].

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        ``model.parameters()``; those without a gradient are passed over.
    clip_value : float
    foreach : bool or None
        How PyTorch is to do it; without meaning here.

    Examples
    --------
    >>> import tinycnn
    >>> w = tinycnn.zeros(2, requires_grad=True)
    >>> (w * tinycnn.tensor([3.0, -0.5])).sum().backward()
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad
    tensor([ 1.0000, -0.5000])
    """
    _expect_length("clip_grad_value_", "clip_value", clip_value)
    bound = float(clip_value)
    with no_grad():
        for grad in _gradients("clip_grad_value_", parameters):
            grad.clamp_(-bound, bound)


def tensors_in(op: str, tensors: Tensors) -> list[Tensor]:
    r"""One tensor or several as a list; an ArgumentError says what else it was."""
    if isinstance(tensors, Tensor):
        return [tensors]
    parts = list(tensors) if isinstance(tensors, Iterable) else None
    if parts is None or not all(isinstance(part, Tensor) for part in parts):
        given = tensors if parts is None else next(part for part in parts if not isinstance(part, Tensor))
        wrong = hasattr(tensors, "parameters") or isinstance(given, tuple)  # a model; its named_parameters()
        hint = "; of a model, give model.parameters()" if wrong else ""
        raise ArgumentError(f"{op}: takes a Tensor or several, but got {described(given)}{hint}")
    return parts


def _gradients(op: str, parameters: Tensors) -> list[Tensor]:
    return [parameter.grad for parameter in tensors_in(op, parameters) if parameter.grad is not None]


def _expect_length(op: str, name: str, value: float) -> None:
    if not isinstance(value, SupportsFloat):
        raise ArgumentError(f"{op}: {name} must be a number, not {described(value)}")
    if float(value) < 0:
        raise DomainError(f"{op}: {name} must not be negative, but it is {value}; it would turn the gradient round")
