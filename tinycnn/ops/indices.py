"""What an index means: its parts brought into the backend's form, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.backend import Backend

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


def steps_of(index: Any, backend: Backend, shape: tuple[int, ...]) -> tuple[tuple[Any, ...], ...]:
    """An index as the backend takes it, in the steps that PyTorch takes: x[first][second].

    Beside arrays, NumPy counts an integer as one more array, and moves the result's dimensions accordingly. PyTorch
    takes the integers first, together with all that makes views, and then the arrays.
    """
    ready = _prepared(index, backend, shape)
    if not any(isinstance(part, int) for part in ready) or not any(map(_is_array, ready)):
        return (ready,)
    views: list[Any] = []
    arrays: list[Any] = []
    for part in ready:
        views += [slice(None)] * _consumed(part) if _is_array(part) else [part]
        if _is_array(part) or part is Ellipsis:
            arrays.append(part)
        elif not isinstance(part, int):
            arrays.append(slice(None))
    return tuple(views), tuple(arrays)


def _is_array(part: Any) -> bool:
    return hasattr(part, "dtype")


def _prepared(index: Any, backend: Backend, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """A tuple of integers, slices, None, Ellipsis and arrays of the backend's own, in range."""
    parts = index if isinstance(index, tuple) else (index,)
    ready: list[Any] = []
    for part in parts:
        if is_tensor(part):
            part = part.array
        if isinstance(part, list | range | tuple):
            part = np.asarray([p.item() if is_tensor(p) else p for p in part])
            part = part.astype("int64") if part.size == 0 else part
        if isinstance(part, slice):
            part = slice(*(_integer(i) for i in (part.start, part.stop, part.step)))
            if part.step is not None and part.step <= 0:
                raise ValueError("slice step must be positive; reverse with flip()")
        elif _is_array(part):
            if part.dtype.kind == "f":
                raise IndexError("tensors used as indices must be integers or booleans, not floating point numbers")
            if part.ndim == 0 and part.dtype.kind in "iu":
                ready.append(int(part))
                continue
            part = part if isinstance(part, np.generic) else backend.asarray(part)
            part = part.astype("int64" if part.dtype == "uint8" else part.dtype)  # a copy, which backward may rely on
        elif part is not None and part is not Ellipsis and not isinstance(part, bool):
            part = _integer(part)
        ready.append(part)
    if sum(map(_consumed, ready)) > len(shape):
        raise IndexError(f"too many indices for a tensor of dimension {len(shape)}")
    _check_range(ready, backend, shape)
    if not any(part is Ellipsis for part in ready):
        ready.append(Ellipsis)  # NumPy would make a copy of a single element
    return tuple(ready)


def _consumed(part: Any) -> int:
    """How many dimensions of the tensor this part of an index speaks of."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return int(part.ndim) if _is_array(part) and part.dtype.kind == "b" else 1


def _integer(i: Any) -> int | None:
    if i is None:
        return None
    if is_tensor(i):
        i = i.item()
    if not hasattr(i, "__index__"):
        raise IndexError(
            "only integers, slices (:), ellipsis (...), None and integer or boolean tensors are indices,"
            f" not {type(i).__name__}"
        )
    return int(i.__index__())


def _check_range(index: list[Any], backend: Backend, shape: tuple[int, ...]) -> None:
    """CuPy lets indices out of range wrap round in silence; NumPy checks by itself."""
    if backend.name == "cpu":
        return
    dim = 0
    for place, part in enumerate(index):
        if part is Ellipsis:
            dim = len(shape) - sum(map(_consumed, index[place + 1 :]))
            continue
        if _is_array(part) and part.dtype.kind in "iu":
            check_index("index", wrap(part), shape[dim])
        dim += _consumed(part)


def check_index(op: str, index: Tensor, size: int, lowest: int | None = None) -> None:
    """Raise IndexError unless every index lies in [−size, size), or in [lowest, size)."""
    array = index.array
    if not array.size:
        return
    least = -size if lowest is None else lowest
    bad = (array < least) | (array >= size)
    if bool(bad.any()):
        worst = int(array[bad].ravel()[0])
        raise IndexError(f"{op}: index {worst} is out of bounds for dimension of size {size}")
