"""New tensors like a given one, and values and random numbers written into one.

Functions whose first parameter is the tensor; `Tensor` takes them as its methods. What makes Tensors can only be
imported when there are some.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.node import is_tensor
from tinycnn.errors import ShapeError
from tinycnn.ops.indexing import setitem
from tinycnn.ops.promotion import fitted, operand
from tinycnn.shapes import spread

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


def _like(self: Tensor, options: dict[str, Any]) -> dict[str, Any]:
    """The options, with the tensor's dtype and device where none is given."""
    given = {name: value for name, value in options.items() if value is not None}
    return {"dtype": self.array.dtype, "device": self.backend.device, **given}


def new_tensor(self: Tensor, data: Any, **options: Any) -> Tensor:
    """A tensor of `data`, of this one's dtype and device."""
    from tinycnn import conversion

    return conversion.tensor(data, **_like(self, options))


def new_full(self: Tensor, size: Sequence[int], fill_value: Any, **options: Any) -> Tensor:
    """A tensor full of one value, of this one's dtype and device."""
    from tinycnn import creation

    return creation.full(size, fill_value, **_like(self, options))


def _new(name: str) -> Callable[..., Tensor]:
    def method(self: Tensor, size: Sequence[int], **options: Any) -> Tensor:
        from tinycnn import creation

        return getattr(creation, name)(size, **_like(self, options))  # type: ignore[no-any-return]  # zeros, ones, empty

    method.__name__, method.__doc__ = f"new_{name}", f"`{name}` of this tensor's dtype and device."
    return spread(method, 1)


new_zeros, new_ones, new_empty = map(_new, ("zeros", "ones", "empty"))


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write src's elements, broadcast and converted, into this tensor."""
    setitem(self, ..., src, "copy_")
    return self


def fill_(self: Tensor, value: Any) -> Tensor:
    """Make every element `value`, a number or a Tensor without dimensions."""
    filling = operand("fill_", value)
    if is_tensor(filling) and filling.array.ndim:
        raise ShapeError(f"fill_: value must have no dimensions, but its shape is {filling.array.shape}; see copy_")
    setitem(self, ..., filling if is_tensor(filling) else fitted("fill_", filling, self.array.dtype), "fill_")
    return self


def zero_(self: Tensor) -> Tensor:
    """Make every element 0."""
    setitem(self, ..., 0, "zero_")
    return self


def _drawn(self: Tensor, how: str, *parameters: float, generator: Any) -> Tensor:
    from tinycnn import random

    return self.copy_(random.drawn(self, how, *parameters, generator=generator))


def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Any = None) -> Tensor:
    """Overwrite it with numbers from the normal distribution."""
    return _drawn(self, "normal", mean, std, generator=generator)


def uniform_(self: Tensor, a: float = 0, to: float = 1, *, generator: Any = None) -> Tensor:
    """Overwrite it with numbers from the uniform distribution on [a, to)."""
    return _drawn(self, "uniform", a, to, generator=generator)


def bernoulli_(self: Tensor, p: float = 0.5, *, generator: Any = None) -> Tensor:
    """Overwrite it with 1s, each with probability p, and 0s."""
    return _drawn(self, "binomial", 1, p, generator=generator)
