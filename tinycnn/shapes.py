"""Arithmetic of shapes: broadcasting, axes, and the geometry of a sliding window. No arrays here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from operator import index
from typing import Any, NamedTuple, SupportsIndex, TypeVar

from tinycnn.errors import ArgumentError, IndexRangeError, ShapeError, explain

Pair = tuple[int, int]
Result = TypeVar("Result")


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple that prints as PyTorch's."""

    __slots__ = ()

    def numel(self) -> int:
        """How many elements a tensor of this shape has."""
        return product(self)

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


def broadcast(op: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all of these broadcast to.

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
                    dict(zip(("input", "other", "third"), map(tuple, shapes), strict=False)),
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
    raise ArgumentError(f"{op}: {name} must be an integer, not {_described(value)}")


def _described(value: Any) -> str:
    return f"{type(value).__name__} {value}" if isinstance(value, bool | float | str) else type(value).__name__


def axis_in(op: str, dim: SupportsIndex, rank: int, name: str = "dim") -> int:
    """The dimension `dim`, counted from the front; IndexError if a tensor of this rank has none such."""
    axis = integer(op, name, dim)
    limit = max(rank, 1)  # a tensor of no dimensions takes 0 and -1, as in PyTorch
    if not -limit <= axis < limit:
        raise IndexRangeError(
            f"{op}: Dimension out of range: {name} is {axis}, but {rank} dimensions take {-limit} to {limit - 1}"
        )
    return axis % limit


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
        raise ArgumentError(f"{op}: {name} must be a tuple of integers, not {_described(sizes)}")
    return tuple(integer(op, f"each of {name}", size) for size in sizes)


def spread(function: Callable[..., Result], position: int = 0) -> Callable[..., Result]:
    """The function that takes the sizes at this position one by one as well: ``f(2, 3)`` for ``f((2, 3))``."""

    @wraps(function)
    def spreading(*args: Any, **options: Any) -> Result:
        first, sizes = args[:position], args[position:]
        if sizes and not (len(sizes) == 1 and isinstance(sizes[0], tuple | list)):
            sizes = (sizes,)
        return function(*first, *sizes, **options)

    return spreading


def pair(op: str, name: str, value: int | Sequence[int]) -> Pair:
    """One number for both directions, or two: (height, width)."""
    numbers = tuple(value) if isinstance(value, tuple | list) else (value, value)
    numbers = numbers * 2 if len(numbers) == 1 else numbers
    if len(numbers) != 2 or not all(hasattr(number, "__index__") for number in numbers):
        raise TypeError(f"{op}: {name} must be one integer or two (height, width), not {value!r}")
    return index(numbers[0]), index(numbers[1])


class Window(NamedTuple):
    r"""How a window slides over an H × W image: what convolution and pooling have in common.

    Along each direction the window of k entries, d apart, starts at every s-th place of the padded image:

        o = ⌊(h + p₀ + p₁ − d·(k − 1) − 1) / s⌋ + 1

    The input size belongs to the geometry, because o alone does not tell h when s > 1: the floor forgets a remainder.

    References
    ----------
    Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning", relationships 6 and 13.
    """

    size: Pair  # H W of the input
    kernel: Pair  # kH kW
    stride: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))  # (top, bottom), (left, right)
    dilation: Pair = (1, 1)
    out: Pair = (0, 0)  # oH oW; always filled in by `window`

    @property
    def padded(self) -> Pair:
        """H and W with the padding on, stretched where the last window reaches past it (ceil_mode)."""
        reach = [
            (o - 1) * s + d * (k - 1) + 1
            for o, s, d, k in zip(self.out, self.stride, self.dilation, self.kernel, strict=True)
        ]
        whole = [n + sum(p) for n, p in zip(self.size, self.padding, strict=True)]
        return max(whole[0], reach[0]), max(whole[1], reach[1])


def window(
    op: str,
    size: Pair,
    kernel: Pair,
    stride: Pair = (1, 1),
    padding: Pair | tuple[Pair, Pair] = (0, 0),
    dilation: Pair = (1, 1),
    ceil_mode: bool = False,
) -> Window:
    """The checked `Window`, its output size worked out.

    Raises
    ------
    ShapeError
        If the kernel, spread by its dilation, is larger than the padded input.
    """
    both = tuple((p, p) if isinstance(p, int) else p for p in padding)
    for name, numbers, least in (
        ("kernel_size", kernel, 1),
        ("stride", stride, 1),
        ("dilation", dilation, 1),
        ("padding", [min(p) for p in both], 0),
    ):
        if min(numbers) < least:
            raise ShapeError(f"{op}: {name} must be at least {least}, but it is {tuple(numbers)}")
    out = []
    for axis, (n, k, s, p, d) in enumerate(zip(size, kernel, stride, both, dilation, strict=True)):
        reach = d * (k - 1) + 1
        room = n + sum(p) - reach
        o = -(-room // s) + 1 if ceil_mode else room // s + 1
        if ceil_mode and (o - 1) * s >= n + p[0]:
            o -= 1  # a window must start inside the input or its left padding, not in the right one
        if o < 1:
            raise ShapeError(
                explain(
                    f"{op}: the kernel is larger than the padded input: {reach} > {n + sum(p)} along {'HW'[axis]}",
                    {"input H W": size, "kernel_size": kernel, "padding": both, "dilation": dilation},
                    "too many poolings or strides for so small an image?",
                )
            )
        out.append(o)
    return Window(size, kernel, stride, (both[0], both[1]), dilation, (out[0], out[1]))
