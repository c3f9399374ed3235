"""The geometry of a window that slides over an image: sizes in and out, of convolution, its transpose and pooling."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from operator import index
from typing import NamedTuple

from tinycnn.errors import ArgumentError, ShapeError, described, explain
from tinycnn.shapes import whole

Pair = tuple[int, int]
Sizes = int | Sequence[int]  # one number for both directions, or two


def pair(op: str, name: str, value: Sizes, single: bool = True) -> Pair:
    """One number for both directions, or two: (height, width). A tuple of one is one number if `single`."""
    if type(value) is int:
        return value, value
    if type(value) is tuple and len(value) == 2 and type(value[0]) is type(value[1]) is int:
        return value
    numbers = tuple(value) if isinstance(value, tuple | list) else (value, value)
    numbers = numbers * 2 if single and len(numbers) == 1 else numbers
    rule = f"{op}: {name} must be one integer or two (height, width), not {described(value)}{whole(*numbers)}"
    if len(numbers) != 2:
        raise ShapeError(rule)
    try:
        height, width = map(index, numbers)
    except TypeError:
        raise ArgumentError(rule) from None
    if any(isinstance(number, bool) for number in numbers):
        raise ArgumentError(rule)
    return height, width


class Window(NamedTuple):
    r"""How a window slides over an H × W image: what convolution and pooling have in common.

    Along each direction the window of k entries, d apart, starts at every s-th place of the padded image:

        o = ⌊(h + p₀ + p₁ − d·(k − 1) − 1) / s⌋ + 1

    The input size belongs to the geometry, because o alone does not tell h when s > 1: the floor forgets a remainder.

    References
    ----------
    Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning", relationships 6 and 15.
    """

    size: Pair  # H W of the input
    kernel: Pair  # kH kW
    stride: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))  # (top, bottom), (left, right)
    dilation: Pair = (1, 1)
    out: Pair = (0, 0)  # oH oW; whoever makes a Window fills it in

    @property
    def padded(self) -> Pair:
        """H and W with the padding on, stretched where the last window reaches past it (ceil_mode)."""
        reach = [
            (o - 1) * s + d * (k - 1) + 1
            for o, s, d, k in zip(self.out, self.stride, self.dilation, self.kernel, strict=True)
        ]
        whole = [n + sum(p) for n, p in zip(self.size, self.padding, strict=True)]
        return max(whole[0], reach[0]), max(whole[1], reach[1])


@functools.lru_cache(1024)  # layers ask for the same ones at every step
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
        If the image has no pixels, or the kernel, spread by its dilation, is larger than the padded input.
    """
    both = _checked(op, kernel, stride, padding, dilation)
    if 0 in size:
        raise ShapeError(
            explain(f"{op}: expected H and W to be non-zero; only the batch may be empty", {"input H W": tuple(size)})
        )
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
    return Window(size, kernel, stride, both, dilation, (out[0], out[1]))


def transposed_window(
    op: str, out: Pair, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, more: Pair = (0, 0)
) -> Window:
    r"""The window whose `out` is given and whose input is sought: that of a transposed convolution.

        h = s·(o − 1) − 2p + d·(k − 1) + 1 + more          (Dumoulin and Visin 2016, relationship 14)

    With a stride several sizes h have the same o. `more` chooses among them: how far h is above the smallest.

    Raises
    ------
    ShapeError
        If `more` is not smaller than the stride or the dilation, or nothing is left of h.
    """
    both = _checked(op, kernel, stride, padding, dilation)
    if any(not 0 <= m < max(s, d) for m, s, d in zip(more, stride, dilation, strict=True)):
        raise ShapeError(
            explain(
                f"{op}: output_padding must be smaller than either stride or dilation, and not negative",
                {"output_padding": more, "stride": stride, "dilation": dilation},
            )
        )
    h, w = (
        s * (o - 1) - sum(p) + d * (k - 1) + 1 + m
        for o, k, s, p, d, m in zip(out, kernel, stride, both, dilation, more, strict=True)
    )
    if min(h, w, *out) < 1:
        raise ShapeError(
            explain(
                f"{op}: input and output must have pixels, but the output would be {h} × {w}",
                {"input H W": out, "kernel_size": kernel, "stride": stride, "padding": both, "dilation": dilation},
                "padding cuts pixels off here, as it adds them in the convolution this one transposes",
            )
        )
    return Window((h, w), kernel, stride, both, dilation, out)


def _checked(
    op: str, kernel: Pair, stride: Pair, padding: Pair | tuple[Pair, Pair], dilation: Pair
) -> tuple[Pair, Pair]:
    """The padding of both sides, after a look at the numbers."""
    top, left = ((p, p) if isinstance(p, int) else p for p in padding)
    for name, numbers, least in (
        ("kernel_size", kernel, 1),
        ("stride", stride, 1),
        ("dilation", dilation, 1),
        ("padding", (min(top), min(left)), 0),
    ):
        if min(numbers) < least:
            raise ShapeError(f"{op}: {name} must be at least {least}, but it is {tuple(numbers)}")
    return top, left
