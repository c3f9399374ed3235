"""Writing into a tensor's memory, with the graph told of it.

Outside the graph a write is a write. A recorded write is computed as an ordinary op, its result is copied into the
tensor's memory, and the tensor takes on the op's place in the graph. Who saved the old value notices by the version.
Where nobody else can see the memory, as after a layer, nothing is copied: the tensor takes the result's memory instead.

A view may be written to, too. The history of the memory is then the view's, and whatever else looks at it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinycnn.autograd import grad_mode
from tinycnn.autograd.node import LAST, wrap
from tinycnn.autograd.ownership import is_expanded, sole
from tinycnn.dtypes import DType, result_type
from tinycnn.errors import DTypeError, GraphError, ShapeError

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


def write(
    name: str, target: Tensor, function: Callable[..., Tensor], *args: Any,
    over: Callable[..., Tensor] | None = None, **options: Any,
) -> Tensor:  # fmt: skip
    """``target ← function(target, *args)``, in target's memory.

    `over` computes the same, and may write over the memory of what it is given first.

    Raises
    ------
    GraphError
        If the write is recorded and target is a leaf that requires grad, or a view of one.
    """
    check_writable(name, target)
    recorded = grad_mode.is_grad_enabled() and target._in_graph()
    if recorded:
        check_recordable(name, target)
    old = wrap(target.array, type(target))  # the old value, with a version of its own
    old.grad_fn, old.output_nr, old._requires_grad = target.grad_fn, target.output_nr, target._requires_grad
    written = over is not None and _only_here(target)
    result = (over if over is not None and written else function)(old, *args, **options)
    if result._requires_grad and not recorded:  # a constant becomes part of the graph
        recorded = True
        check_recordable(name, target)
    if result.array.shape != target.array.shape:
        raise ShapeError(
            f"{name}: the result has shape {tuple(result.array.shape)}, which the tensor's {tuple(target.array.shape)}"
            " cannot take; an in-place operation never changes the shape"
        )
    if result.array.dtype != target.array.dtype:
        check_castable(name, result.array.dtype, target.array.dtype)
        result = result.to(target.array.dtype)
    if recorded and (written or _only_here(target)) and result.array.strides == target.array.strides:
        target.array, target._version = result.array, result.version  # memory that nobody else sees: it need not stay
    else:
        if recorded and old._version is not None:
            old.array = target.array.copy()  # backward needs the old value, which is about to be overwritten
        if result.array is not target.array:
            target.array[...] = result.array
        target._bump_version()
    if recorded:
        adopt(target, result)
    return target


def _only_here(target: Tensor) -> bool:
    """Whether nobody but the target, and `write`'s name for its old value, holds the memory."""
    return target._view_of is None and sole(target.array, holders=2)


def adopt(target: Tensor, result: Tensor) -> None:
    """Let target stand where result stands in the graph."""
    if target.retains_grad and target.grad_fn is not None and result.grad_fn is not None:
        target.grad_fn.hooks_of(target.output_nr).pop(LAST)
        target.output_nr = result.output_nr
        target._keep_grad(result.grad_fn)
    target.grad_fn, target.output_nr, target._requires_grad = result.grad_fn, result.output_nr, result._requires_grad
    target._take_over()


def check_castable(name: str, made: DType, dtype: DType) -> None:
    """Refuse to make an integer of a floating number, or a boolean of an integer."""
    if result_type([(made, 2), (dtype, 2)]).kind != dtype.kind and not (made.kind in "iu" and dtype.kind in "iu"):
        raise DTypeError(f"{name}: result type {made} can't be cast to the tensor's {dtype} in place")


def check_writable(name: str, target: Tensor) -> None:
    """Refuse to write where one place in memory is several elements, as `expand` makes it, or to read-only memory."""
    array = target.array
    if is_expanded(array):
        raise GraphError(
            f"{name}: more than one element of the written-to tensor refers to a single memory location: it was"
            " expanded; write to a clone()"
        )
    if not getattr(array.flags, "writeable", True):
        raise GraphError(
            f"{name}: the tensor's memory is read-only, as that of the NumPy array or the expanded tensor it was taken"
            " from; write to a clone()"
        )


def check_recordable(name: str, target: Tensor) -> None:
    """Refuse a recorded write where the graph could not follow it."""
    target._check_fresh(name)
    base = target._base()
    if base._requires_grad and base.grad_fn is None:
        raise GraphError(
            f"{name}: a {'leaf' if base is target else 'view of a leaf'} Variable that requires grad is being used in"
            " an in-place operation; update parameters inside `with no_grad():`, or work on a clone()"
        )
