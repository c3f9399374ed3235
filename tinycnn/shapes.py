"""Arithmetic of shapes: broadcasting, axes, sizes. No arrays here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from operator import index
from typing import Any, SupportsIndex, TypeVar

from tinycnn.errors import ArgumentError, IndexRangeError, ShapeError, described, explain

Result = TypeVar("Result")


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple that prints as PyTorch's, and whose slices and sums are shapes again."""

    __slots__ = ()

    def numel(self) -> int:
        """How many elements a tensor of this shape has."""
        return product(self)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Size(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Any:
        return Size((*self, *other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Size:
        return Size(super().__mul__(times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"tinycnn.Size({list(self)})"

    def __str__(self) -> str:
        return repr(self)


def product(sizes: Sequence[int]) -> int:
    """The product of sizes; 1 for none."""
    result = 1
    for size in sizes:
        result *= size
    return result


def broadcast(
    op: str, *shapes: tuple[int, ...], names: Sequence[str] = ("input", "other", "third")
) -> tuple[int, ...]:
    """The shape that all of these broadcast to; `names` are what an error calls them.

    Examples
    --------
    >>> broadcast("add", (3, 1), (4,))
    (3, 4)
    """
    rank = max(map(len, shapes))
    result = []
    for axis in range(-rank, 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(sizes) > 1:
            raise ShapeError(
                explain(
                    f"{op}: shapes do not broadcast: {' and '.join(map(str, sorted(sizes)))} meet at dimension {axis}",
                    dict(zip(names, map(tuple, shapes), strict=False)),
                    "aligned at the last dimension, sizes must be equal or 1",
                )
            )
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def integer(op: str, name: str, value: Any) -> int:
    """`value` as an int: from an integer of Python, NumPy or a tensor, not from a number that only happens to be whole.

    Raises
    ------
    ArgumentError
        If it is a bool, a float or no number at all.
    """
    try:
        if not isinstance(value, bool):
            return index(value)
    except TypeError:
        pass
    raise ArgumentError(f"{op}: {name} must be an integer, not {described(value)}{whole(value)}")


def whole(*values: Any) -> str:
    """The hint for numbers that should be integers: most often they come from a division."""
    return "; divide with //, which leaves integers integers" if any(isinstance(v, float) for v in values) else ""


def count(op: str, name: str, value: Any) -> int:
    """`integer`, of which there must not be fewer than none: channels, features."""
    number = integer(op, name, value)
    if number < 0:
        raise ShapeError(f"{op}: {name} must not be negative, but it is {number}")
    return number


def axis_in(op: str, dim: SupportsIndex, rank: int, name: str = "dim") -> int:
    """The dimension `dim`, counted from the front; IndexError if a tensor of this rank has none such."""
    axis = integer(op, name, dim)
    limit = max(rank, 1)  # a tensor of no dimensions takes 0 and -1, as in PyTorch
    if not -limit <= axis < limit:
        raise IndexRangeError(
            f"{op}: Dimension out of range: {name} is {axis}, but {rank} dimensions take {-limit} to {limit - 1}"
        )
    return axis % limit


def existing_axis(op: str, dim: SupportsIndex, rank: int) -> int:
    """`axis_in`, but a tensor of no dimensions has none to speak of."""
    if not rank:
        raise IndexRangeError(f"{op}: dim is {integer(op, 'dim', dim)}, but the tensor has no dimensions")
    return axis_in(op, dim, rank)


def axes_in(op: str, dim: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """The dimensions `dim`, counted from the front and each once; None and () mean all of them."""
    if dim is None or (isinstance(dim, tuple | list) and not dim):
        return tuple(range(rank))
    axes = tuple(axis_in(op, d, rank) for d in (dim if isinstance(dim, tuple | list) else (dim,)))
    if len(set(axes)) < len(axes):
        raise ShapeError(f"{op}: dim {tuple(dim) if isinstance(dim, tuple | list) else dim} names a dimension twice")
    return axes if rank else ()


def as_shape(op: str, sizes: Any, name: str = "size") -> tuple[int, ...]:
    """A sequence of integers as a tuple; ArgumentError names what is none."""
    if not isinstance(sizes, tuple | list):
        raise ArgumentError(f"{op}: {name} must be a tuple of integers, not {described(sizes)}{whole(sizes)}")
    if {*map(type, sizes)} <= {int}:  # as nearly always
        return tuple(sizes)
    return tuple(integer(op, f"each of {name}", size) for size in sizes)


def new_shape(op: str, size: Any) -> tuple[int, ...]:
    """`as_shape` of a tensor to be made, whose sizes must not be negative."""
    shape = as_shape(op, size)
    if min(shape, default=0) < 0:
        raise ShapeError(f"{op}: trying to create a tensor with a negative dimension: {shape}")
    return shape


def spread(function: Callable[..., Result], position: int = 0) -> Callable[..., Result]:
    """The function that takes the sizes at this position one by one as well: ``f(2, 3)`` for ``f((2, 3))``."""

    @wraps(function)
    def spreading(*args: Any, **options: Any) -> Result:
        first, sizes = args[:position], args[position:]
        if sizes and (hasattr(sizes[0], "__index__") or isinstance(sizes[0], float)):  # a float is refused by name
            sizes = (sizes,)
        return function(*first, *sizes, **options)

    return spreading
