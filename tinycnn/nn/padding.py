r"""Layers that put a border around what they are given: of one value, or continuing what is inside. No weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tinycnn._tensor import Tensor
from tinycnn.nn import functional as F
from tinycnn.nn.module import Module

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
    "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]


class _Padding(Module):
    """A border around the last `dims` dimensions, of one width or of two each: (left, right, top, bottom, …)."""

    mode: ClassVar[str]
    dims: ClassVar[int]
    value: float = 0

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        widths = padding if isinstance(padding, Sequence) else (padding,) * 2 * self.dims
        self.padding: tuple[int, ...] = tuple(widths)

    def forward(self, input: Tensor) -> Tensor:
        """The input and its border; negative widths cut off."""
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        """The widths."""
        return str(self.padding)


class _ConstantPad(_Padding):
    mode = "constant"

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        """The widths and the value."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A border of `value`: one width, or (left, right)."""

    dims = 1


class ConstantPad2d(_ConstantPad):
    """A border of `value`: one width, or (left, right, top, bottom)."""

    dims = 2


class ConstantPad3d(_ConstantPad):
    """A border of `value`: one width, or (left, right, top, bottom, front, back)."""

    dims = 3


class ZeroPad1d(_Padding):
    """A border of zeros: one width, or (left, right)."""

    mode, dims = "constant", 1


class ZeroPad2d(_Padding):
    """A border of zeros: one width, or (left, right, top, bottom)."""

    mode, dims = "constant", 2


class ZeroPad3d(_Padding):
    """A border of zeros: one width, or (left, right, top, bottom, front, back)."""

    mode, dims = "constant", 3


class ReflectionPad1d(_Padding):
    """A border that mirrors what is inside the edge: one width, or (left, right)."""

    mode, dims = "reflect", 1


class ReflectionPad2d(_Padding):
    """A border that mirrors what is inside the edge: one width, or (left, right, top, bottom)."""

    mode, dims = "reflect", 2


class ReflectionPad3d(_Padding):
    """A border that mirrors what is inside the edge: one width, or (left, right, top, bottom, front, back)."""

    mode, dims = "reflect", 3


class ReplicationPad1d(_Padding):
    """A border that repeats the edge: one width, or (left, right)."""

    mode, dims = "replicate", 1


class ReplicationPad2d(_Padding):
    """A border that repeats the edge: one width, or (left, right, top, bottom)."""

    mode, dims = "replicate", 2


class ReplicationPad3d(_Padding):
    """A border that repeats the edge: one width, or (left, right, top, bottom, front, back)."""

    mode, dims = "replicate", 3


class CircularPad1d(_Padding):
    """A border that goes on at the other end: one width, or (left, right)."""

    mode, dims = "circular", 1


class CircularPad2d(_Padding):
    """A border that goes on at the other end: one width, or (left, right, top, bottom)."""

    mode, dims = "circular", 2


class CircularPad3d(_Padding):
    """A border that goes on at the other end: one width, or (left, right, top, bottom, front, back)."""

    mode, dims = "circular", 3
