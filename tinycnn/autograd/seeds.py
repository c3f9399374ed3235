"""Where a backward starts: the tensors to differentiate, each with the cotangent that was given for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.errors import ArgumentError, GraphError, ShapeError

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


def as_tuple(op: str, tensors: Any, what: str = "Tensors", or_none: bool = False) -> tuple[Any, ...]:
    """One tensor, or several, as a tuple; ArgumentError names what is no tensor, nor None where that is allowed."""
    several = hasattr(tensors, "__iter__") and not is_tensor(tensors)
    found = tuple(tensors) if several else (tensors,)
    for x in found:
        if not is_tensor(x) and not (or_none and x is None):
            raise ArgumentError(f"{op}: takes {what}, not {type(x).__name__}")
    return found


def seeds(
    op: str, tensors: Tensor | Sequence[Tensor], cotangents: Tensor | Sequence[Tensor | None] | None
) -> list[tuple[Tensor, Tensor]]:
    """The tensors, each with its cotangent; 1 for a tensor of one element.

    Raises
    ------
    GraphError, ShapeError
        If a tensor has no history, or its cotangent does not fit it.
    """
    roots = as_tuple(op, tensors)
    given: tuple[Any, ...] = (None,) * len(roots)
    if cotangents is not None:
        given = as_tuple(op, cotangents, "Tensors or None as gradients", or_none=True)
    if len(given) != len(roots):
        raise GraphError(f"{op}: got {len(roots)} tensors and {len(given)} gradients for them")
    return [(root, _cotangent(op, root, g)) for root, g in zip(roots, given, strict=True)]


def _cotangent(op: str, root: Tensor, g: Tensor | None) -> Tensor:
    if not root._requires_grad:
        raise GraphError(
            f"{op}: element of the tensors does not require grad and does not have a grad_fn; was it made from"
            " parameters, outside of no_grad() and without detach()?"
        )
    root._check_fresh(op)
    shape = tuple(root.array.shape)
    if g is None:
        if root.array.size != 1:
            raise GraphError(
                f"{op}: grad can be implicitly created only for scalar outputs, but the shape is {shape};"
                " reduce it with sum() or mean(), or pass its gradient"
            )
        return wrap(root.backend.xp.ones_like(root.array))
    if g.array.shape != shape:
        raise ShapeError(f"{op}: the gradient has shape {tuple(g.array.shape)}, but the tensor {shape}")
    if g.backend is not root.backend:
        raise GraphError(f"{op}: the gradient is on {g.backend.name}, but the tensor on {root.backend.name}")
    return g.to(root.array.dtype)
