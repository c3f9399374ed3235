"""Borders around tensors: of one value, or continuing what is inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.dtypes import NUMBERS
from tinycnn.errors import ArgumentError, DomainError, ShapeError, explain
from tinycnn.ops.arguments import checked, expect_one_dtype
from tinycnn.ops.copying import clone
from tinycnn.ops.expansion import expand
from tinycnn.ops.indexing import narrow
from tinycnn.ops.joining import cat
from tinycnn.ops.padding import Crop, Pad
from tinycnn.ops.promotion import fitted, scalar
from tinycnn.ops.shaping import flip
from tinycnn.shapes import integer

Width = tuple[int, int]  # before and after


@checked
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: Any = None) -> Tensor:
    """A border, its widths given from the last dimension backwards: (left, right, top, bottom, …).

    Negative widths cut off instead.

    Parameters
    ----------
    input : Tensor
        Of any shape for "constant". Other modes pad the last one, two or three dimensions, behind N and C or behind C.
    pad : two widths for each dimension that is padded
    mode : with ``1 2 3`` inside and a width of 2, "constant" is ``v v 1 2 3 v v``, "reflect" mirrors at the edge pixel,
        ``3 2 1 2 3 2 1``, "replicate" repeats that pixel, ``1 1 1 2 3 3 3``, "circular" goes on at the other end,
        ``2 3 1 2 3 1 2``
    value : of the constant border; 0 if left out

    Examples
    --------
    >>> import tinycnn
    >>> pad(tinycnn.tensor([[1.0, 2.0, 3.0]]), (2, 1), "reflect")
    tensor([[3., 2., 1., 2., 3., 2.]])
    """
    if not isinstance(pad, tuple | list):
        raise ArgumentError(f"pad: pad must be a tuple of integers, not {pad!r}")
    numbers = tuple(integer("pad", "each of pad", width) for width in pad)
    value = 0.0 if value is None else float(scalar("pad", "value", value))
    rank, padded = input.array.ndim, len(numbers) // 2
    if len(numbers) % 2 or padded > rank:
        raise ShapeError(
            f"pad: needs two widths for each padded dimension, at most {2 * rank} numbers, not {numbers}"
        )
    widths = [(0, 0)] * (rank - padded) + [(numbers[i], numbers[i + 1]) for i in range(2 * padded - 2, -1, -2)]
    grow, cut = _split(widths)
    if mode == "constant":
        fill = fitted("pad", value, input.array.dtype) if any(map(any, grow)) else 0
        return Pad.apply(_cropped(input, cut, numbers), widths=grow, value=fill)
    if mode not in _MODES:
        raise DomainError(f"pad: there is no mode {mode!r}; it is 'constant', 'reflect', 'replicate' or 'circular'")
    if value:
        raise DomainError(f"pad: mode {mode!r} takes no value; what is inside says what is outside")
    if padded not in (1, 2, 3) or rank - padded not in (1, 2):
        raise ShapeError(
            explain(
                f"pad: mode {mode!r} pads the last 1, 2 or 3 dimensions, behind N and C or behind C alone",
                {"input": input.array.shape, "pad": numbers},
                "pad takes two widths a dimension, those of the last dimension first",
            )
        )
    if mode == "circular":
        return _continued(_cropped(input, cut, numbers), grow, mode)  # what is cut off goes round no longer
    _check_mirrored(input, mode, rank - padded - 1)
    y = _cropped(_continued(input, grow, mode), cut, numbers)  # but a mirror shows it still
    if not any(y.array.shape[-padded:]):
        raise ShapeError(f"pad: the widths {numbers} leave nothing of the shape {input.array.shape}")
    return y


def _split(widths: Sequence[Width]) -> tuple[tuple[Width, ...], tuple[Width, ...]]:
    """What is added, and what the negative widths cut off."""
    grow = tuple((max(before, 0), max(after, 0)) for before, after in widths)
    cut = tuple((max(-before, 0), max(-after, 0)) for before, after in widths)
    return grow, cut


def _cropped(x: Tensor, cut: tuple[Width, ...], given: tuple[int, ...]) -> Tensor:
    if any(n < sum(c) for n, c in zip(x.array.shape, cut, strict=True)):
        raise ShapeError(f"pad: negative widths {given} cut away more than the shape {x.array.shape} has")
    return Crop.apply(x, widths=cut) if any(map(any, cut)) else x


# Borders that continue what is inside, one dimension after the other: corners come out right by themselves ───────────


def _reflected(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    n = x.array.shape[axis]
    return flip(narrow(x, axis, 1, before), (axis,)), flip(narrow(x, axis, n - 1 - after, after), (axis,))


def _replicated(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    n, shape = x.array.shape[axis], x.array.shape
    return (
        expand(narrow(x, axis, 0, 1), (*shape[:axis], before, *shape[axis + 1 :])),
        expand(narrow(x, axis, n - 1, 1), (*shape[:axis], after, *shape[axis + 1 :])),
    )


def _wrapped(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    return narrow(x, axis, x.array.shape[axis] - before, before), narrow(x, axis, 0, after)


_MODES = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}


def _continued(x: Tensor, grow: Sequence[Width], mode: str) -> Tensor:
    y = x
    for axis, (before, after) in enumerate(grow):
        if not before and not after:
            continue
        n = x.array.shape[axis]
        most = {"reflect": n - 1, "circular": n}.get(mode, before + after)
        if max(before, after) > most:
            raise ShapeError(
                explain(
                    f"pad: mode {mode!r} adds at most {most} at each side of a size of {n}, not {max(before, after)}",
                    {"input": x.array.shape, "pad": tuple(grow)},
                    "such a border cannot be wider than what it continues",
                )
            )
        left, right = _MODES[mode](y, axis, before, after)
        y = cat([left, y, right], axis)
    return clone(x) if y is x else y


def _check_mirrored(x: Tensor, mode: str, channel: int) -> None:
    expect_one_dtype("pad", NUMBERS, input=x)
    if 0 in x.array.shape[channel:]:
        raise ShapeError(f"pad: mode {mode!r} needs something inside; only the batch may be empty: {x.array.shape}")
