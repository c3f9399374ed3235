"""What a tensor says of itself: its sizes, its strides, its bytes.

Functions whose first parameter is the tensor; `Tensor` takes them as its methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn import dtypes
from tinycnn.ops.arguments import checked
from tinycnn.shapes import existing_axis

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or one size of it."""
    return self.shape if dim is None else self.shape[existing_axis("size", dim, self.array.ndim)]


def stride(self: Tensor, dim: int | None = None) -> Any:
    """Elements from one entry to the next along each dimension, or along one."""
    steps = tuple(step // self.array.itemsize for step in self.array.strides)
    return steps if dim is None else steps[existing_axis("stride", dim, self.array.ndim)]


def dim(self: Tensor) -> int:
    """How many dimensions it has."""
    return int(self.array.ndim)


@checked
def numel(input: Tensor) -> int:
    """How many elements it has."""
    return int(input.array.size)


def element_size(self: Tensor) -> int:
    """Bytes of one element."""
    return int(self.array.itemsize)


def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Whether memory is in row-major order without gaps."""
    return bool(self.array.flags.c_contiguous)


@checked
def is_floating_point(input: Tensor) -> bool:
    """Whether its elements are floating-point numbers."""
    return dtypes.is_floating(input.array.dtype)
