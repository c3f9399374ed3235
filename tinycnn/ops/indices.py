"""What an index means: its parts brought into the backend's form, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.backend import Backend
from tinycnn.errors import ArgumentError, DomainError, IndexRangeError, ShapeError
from tinycnn.shapes import broadcast

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


def steps_of(index: Any, backend: Backend, shape: tuple[int, ...]) -> tuple[tuple[Any, ...], ...]:
    """An index as the backend takes it, in the steps that PyTorch takes: x[first][second].

    Beside arrays, NumPy counts an integer as one more array, and moves the result's dimensions accordingly. PyTorch
    takes the integers first, together with all that makes views, and then the arrays.
    """
    ready = _prepared(index, backend, shape)
    singles = any(isinstance(part, int) for part in ready)  # integers, or True and False
    if not singles or not any(is_array(part) or isinstance(part, bool) for part in ready):
        return (ready,)
    views: list[Any] = []
    arrays: list[Any] = []
    for part in ready:
        if isinstance(part, bool):  # a new dimension, of which one entry is picked or none
            views.append(None)
            arrays.append(backend.xp.zeros(int(part), dtype="int64"))
            continue
        views += [slice(None)] * _consumed(part) if is_array(part) else [part]
        if is_array(part) or part is Ellipsis:
            arrays.append(part)
        elif not isinstance(part, int):
            arrays.append(slice(None))
    return tuple(views), tuple(arrays)


def is_array(part: Any) -> bool:
    """Whether this part of an index picks elements one by one, which makes a copy."""
    return hasattr(part, "dtype")


def _prepared(index: Any, backend: Backend, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """A tuple of integers, slices, None, Ellipsis and arrays of the backend's own, in range."""
    parts = index if isinstance(index, tuple) or _lists_parts(index) else (index,)
    ready = [_part(part, backend) for part in parts]
    named = sum(map(_consumed, ready))
    if named > len(shape):
        raise IndexRangeError(
            f"index: too many indices for a tensor of dimension {len(shape)}"
            + ("; item() is its one number" if not shape else "")
        )
    _check_range(ready, backend, shape)
    if named == len(shape):  # no dimension is left to the Ellipsis, yet NumPy would take it to part two arrays
        ready = [part for part in ready if part is not Ellipsis]
    if not any(part is Ellipsis for part in ready):
        ready.append(Ellipsis)  # NumPy would make a copy of a single element
    return tuple(ready)


def _lists_parts(index: Any) -> bool:
    """Whether a list means a tuple of indices, as PyTorch still reads one that holds more than numbers."""
    return isinstance(index, list) and any(
        part is None or part is Ellipsis or is_tensor(part) or isinstance(part, slice | list | tuple | np.ndarray)
        for part in index
    )


def _part(part: Any, backend: Backend) -> Any:
    if part is None or part is Ellipsis or isinstance(part, bool | int):
        return part
    if isinstance(part, slice):
        return _slice(part)
    if isinstance(part, list | range | tuple):
        part = np.asarray([p.item() if is_tensor(p) else p for p in part])
        part = part.astype("int64") if part.size == 0 else part
    if is_tensor(part):
        part = part.array
        if part.dtype in ("int8", "int16"):
            raise IndexRangeError(f"index: tensors used as indices are int64, int32, uint8 or bool, not {part.dtype}")
    if not is_array(part):
        if isinstance(part, str):
            raise ArgumentError("index: text is no index")
        return _integer(part)
    if part.dtype.kind not in "iub":
        raise IndexRangeError(
            f"index: arrays used as indices must be integers or booleans, not {part.dtype}; .long() makes integers"
        )
    if isinstance(part, np.generic):
        return part.item()
    if part.dtype == "uint8":  # what PyTorch's masks were, before it had booleans
        part = part != 0
    if not part.ndim:
        return part.item()
    return backend.asarray(part).astype("bool" if part.dtype.kind == "b" else "int64")  # a copy, for backward to keep


def _slice(part: slice) -> slice:
    try:
        bounds = [None if i is None else _integer(i) for i in (part.start, part.stop, part.step)]
    except IndexRangeError:
        raise ArgumentError(f"index: the bounds of a slice must be integers or None, but got {part}") from None
    if bounds[2] is not None and bounds[2] <= 0:
        raise DomainError("index: the step of a slice must be positive; reverse with flip()")
    return slice(*bounds)


def _consumed(part: Any) -> int:
    """How many dimensions of the tensor this part of an index speaks of."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return int(part.ndim) if is_array(part) and part.dtype.kind == "b" else 1


def _integer(i: Any) -> int:
    try:
        return int(i.__index__())
    except (AttributeError, TypeError):
        raise IndexRangeError(
            "index: only integers, slices (:), ellipsis (...), None and integer or boolean tensors are indices,"
            f" not {type(i).__name__}"
        ) from None


def _check_range(index: list[Any], backend: Backend, shape: tuple[int, ...]) -> None:
    """Refuse what lies outside, and arrays that do not go together; of all this CuPy says nothing, or other words."""
    picks = {part.shape for part in index if is_array(part) and part.dtype.kind in "iu"}
    if len(picks) > 1:
        try:
            broadcast("index", *picks)
        except ShapeError:
            shapes = " and ".join(map(str, sorted(picks)))
            raise IndexRangeError(f"index: shape mismatch: arrays of {shapes} do not broadcast together") from None
    dim = 0
    for place, part in enumerate(index):
        if part is Ellipsis:
            dim = len(shape) - sum(map(_consumed, index[place + 1 :]))
            continue
        if isinstance(part, int) and not isinstance(part, bool) and not -shape[dim] <= part < shape[dim]:
            raise IndexRangeError(f"index: index {part} is out of bounds for dimension {dim} with size {shape[dim]}")
        if is_array(part) and part.dtype.kind in "iu" and backend.name != "cpu":  # NumPy checks by itself
            check_index("index", wrap(part), dim, shape[dim])
        dim += _consumed(part)


def check_index(op: str, index: Tensor, dim: int, size: int, lowest: int | None = None) -> None:
    """Raise IndexRangeError unless every index lies in [−size, size), or in [lowest, size)."""
    array = index.array
    if not array.size:
        return
    least = -size if lowest is None else lowest
    bad = (array < least) | (array >= size)
    if bool(bad.any()):
        worst = int(array[bad].ravel()[0])
        raise IndexRangeError(f"{op}: index {worst} is out of bounds for dimension {dim} with size {size}")
