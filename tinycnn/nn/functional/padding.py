"""Borders around tensors."""

from __future__ import annotations

from collections.abc import Sequence

from tinycnn._tensor import Tensor
from tinycnn.errors import ShapeError
from tinycnn.nn.functional.arguments import expect_tensors
from tinycnn.ops.padding import Crop, Pad


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """A border of `value` (0 if left out), given from the last dimension backwards: (left, right, top, bottom, …).

    Negative widths cut off instead.
    """
    if mode != "constant":
        raise NotImplementedError(f"pad: mode {mode!r} is not offered; only 'constant' is")
    expect_tensors("pad", input=input)
    rank = input.array.ndim
    if len(pad) % 2 or len(pad) > 2 * rank:
        raise ShapeError(
            f"pad: needs two widths for each padded dimension, at most {2 * rank} numbers, not {tuple(pad)}"
        )
    widths = [(0, 0)] * (rank - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    cut = tuple((max(-before, 0), max(-after, 0)) for before, after in widths)
    grow = tuple((max(before, 0), max(after, 0)) for before, after in widths)
    if any(n < before + after for n, (before, after) in zip(input.array.shape, cut, strict=True)):
        raise ShapeError(f"pad: negative widths {tuple(pad)} cut away more than the shape {input.array.shape} has")
    y = Crop.apply(input, widths=cut) if any(map(any, cut)) else input
    return Pad.apply(y, widths=grow, value=0 if value is None else value)
