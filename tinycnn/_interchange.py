"""Between tensors and the rest of the world: Python's numbers, NumPy's arrays, dtypes, devices, copies, pickles.

Functions whose first parameter is the tensor; `Tensor` takes them as its methods.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn import backend as backends
from tinycnn import dtypes
from tinycnn.autograd import grad_mode
from tinycnn.autograd.node import TensorBase, wrap
from tinycnn.errors import ArgumentError, DomainError, DTypeError, GraphError, ShapeError
from tinycnn.ops import copying, joining
from tinycnn.ops.promotion import cast

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


# Out to NumPy and Python ─────────────────────────────────────────────────────────────────────────────────────────────


def numpy(self: Tensor, *, force: bool = False) -> Any:
    """The elements as a NumPy array that shares memory; `force` detaches and copies from a GPU first."""
    if force:
        return self.backend.asnumpy(self.array)
    if self.requires_grad and grad_mode.is_grad_enabled():
        raise GraphError("numpy: can't call numpy() on Tensor that requires grad; use tensor.detach().numpy() instead")
    if self.is_cuda:
        raise ArgumentError("numpy: can't convert a cuda tensor to NumPy; use Tensor.cpu() to copy it first")
    return self.array


def as_array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    """What ``numpy.asarray(tensor)`` gets."""
    return np.array(numpy(self), dtype=dtype, copy=copy)


def wrapped(self: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
    """What a function of NumPy's, such as ``numpy.exp(tensor)``, makes of its result: a Tensor without history."""
    return wrap(np.asarray(array))


def item(self: Tensor) -> Any:
    """The one element, as a Python number."""
    if self.array.size != 1:
        raise ShapeError(f"item: a Tensor with {self.array.size} elements cannot be converted to a Scalar")
    return self.array.item()


def tolist(self: Tensor) -> Any:
    """The elements as nested lists of Python numbers."""
    return self.backend.asnumpy(self.array).tolist()


def truth(self: Tensor) -> bool:
    """What ``if tensor:`` asks."""
    if self.array.size != 1:
        raise ShapeError(
            f"Boolean value of Tensor with {'no' if not self.array.size else 'more than one'} value is ambiguous;"
            " ask for .any() or .all()"
        )
    return bool(item(self))


def as_float(self: Tensor) -> float:
    """What ``float(tensor)`` gives."""
    return float(item(self))


def as_int(self: Tensor) -> int:
    """What ``int(tensor)`` gives."""
    return int(item(self))


def as_index(self: Tensor) -> int:
    """What a tensor stands for as an index or a size."""
    if self.array.dtype.kind == "f" or self.array.size != 1:
        raise ArgumentError("index: only integer tensors of a single element can be converted to an index")
    return int(item(self))


def length(self: Tensor) -> int:
    """The size of the first dimension."""
    if not self.array.ndim:
        raise ArgumentError("len: len() of a 0-d tensor")
    return int(self.array.shape[0])


def iterate(self: Tensor) -> Iterator[Tensor]:
    """The slices along the first dimension."""
    if not self.array.ndim:
        raise ArgumentError("iter: iteration over a 0-d tensor")
    return iter(joining.unbind(self))


def contains(self: Tensor, element: Any) -> bool:
    """Whether any element equals this one."""
    if not isinstance(element, TensorBase | bool | int | float | np.ndarray | np.generic):
        raise DomainError(f"in: asks for a number or a Tensor, not for {type(element).__name__}")
    return bool((self == element).any())


def formatted(self: Tensor, spec: str) -> str:
    """The text of ``f"{tensor:spec}"``; of one number, the number's."""
    if self.array.ndim and spec:
        raise ArgumentError(f"format: {spec!r} formats one number, and this tensor has shape {tuple(self.array.shape)}")
    return str(self) if self.array.ndim else format(item(self), spec)


# Other dtypes and devices ────────────────────────────────────────────────────────────────────────────────────────────


def to(
    self: Tensor, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False
) -> Tensor:
    """This tensor in another dtype, on another device, or as another tensor is: ``to(float64)``, ``to("cuda")``."""
    if isinstance(args[:1] and args[0], TensorBase):
        dtype, device = args[0].array.dtype, args[0].backend.device
        args = args[1:]
    flags = [arg for arg in args if isinstance(arg, bool)]  # non_blocking, copy
    for arg in args:
        if isinstance(arg, str) and not _is_device(arg) and arg not in dtypes.NAMES:
            raise DTypeError(f"to: {arg!r} is neither a device ('cpu', 'cuda') nor a dtype ({', '.join(dtypes.NAMES)})")
        if isinstance(arg, backends.device) or _is_device(arg):
            device = arg
        elif arg is not None and not isinstance(arg, bool):
            dtype = arg
    copy = copy or flags[1:2] == [True]
    made = self if dtype is None else cast(self, dtype)
    made = made if device is None else copying.transfer(made, backends.get(device))
    return copying.clone(made) if copy and made is self else made


def _is_device(arg: Any) -> bool:
    return isinstance(arg, str) and arg.partition(":")[0] in ("cpu", "cuda")


def cpu(self: Tensor) -> Tensor:
    """This tensor on the CPU."""
    return to(self, "cpu")


def cuda(self: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """This tensor on the GPU."""
    return to(self, backends.device("cuda", device) if isinstance(device, int) else device or "cuda")


def type_(self: Tensor, dtype: Any = None) -> Any:
    """This tensor as `dtype`; without one, the name of its type."""
    return f"tinycnn.{self.array.dtype}" if dtype is None else cast(self, dtype)


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor in other's dtype, on other's device."""
    return to(self, other)


def _as(dtype: str) -> Callable[[Any], Tensor]:
    def method(self: Tensor) -> Tensor:
        return cast(self, dtype)

    method.__doc__ = f"This tensor as {dtype}."
    return method


class Conversions(TensorBase):
    """The methods named after types; apart, lest `float` and `bool` mean these methods all over Tensor's page."""

    half, float, double = _as("float16"), _as("float32"), _as("float64")
    byte, char, short, int, long = _as("uint8"), _as("int8"), _as("int16"), _as("int32"), _as("int64")
    bool = _as("bool")


# DLPack, by which libraries lend each other memory ───────────────────────────────────────────────────────────────────


def dlpack(self: Tensor, **options: Any) -> Any:
    """The memory in a capsule that other libraries' from_dlpack opens; ``options`` are those of the protocol."""
    if self.requires_grad:
        raise BufferError("__dlpack__: can't export a Tensor that requires grad; use tensor.detach()")  # the protocol's
    return self.array.__dlpack__(**options)


def dlpack_device(self: Tensor) -> tuple[int, int]:
    """(1, 0) on the CPU, (2, 0) on CUDA, as the protocol numbers them."""
    return (2 if self.is_cuda else 1), 0


# Copies and pickles ──────────────────────────────────────────────────────────────────────────────────────────────────

_IN_THE_GRAPH = frozenset((*TensorBase.__annotations__, "output_nr", "retains_grad", "_born"))


def _attributes(self: Tensor) -> dict[str, Any]:
    """What users have set on the tensor, beside what it is to the graph."""
    return {name: value for name, value in vars(self).items() if name not in _IN_THE_GRAPH}


def deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    """A copy with memory of its own, as ``copy.deepcopy`` makes it."""
    if id(self) in memo:
        return memo[id(self)]  # type: ignore[no-any-return]  # what stands under a tensor's id is its copy
    if self.grad_fn is not None:
        raise GraphError("deepcopy: only tensors created by the user (leaves) can be copied deeply; use clone()")
    made = memo[id(self)] = type(self).wrap(self.array.copy(order="K"))
    made._requires_grad = self._requires_grad
    made.grad = None if self.grad is None else self.grad.detach().clone()
    vars(made).update(copy.deepcopy(_attributes(self), memo))
    return made


def reduce(self: Tensor) -> Any:
    """What pickle writes: the array, the device's name, whether it requires grad, and what users set on the tensor.

    The graph stays behind, and so does ``.grad``. ``copy.copy`` comes this way too: its copy shares the memory.
    """
    host = self.backend.asnumpy(self.array)
    return _rebuilt, (type(self), host, self.backend.name, self._requires_grad), _attributes(self) or None


def _rebuilt(kind: type[Tensor], host: Any, device: str, requires_grad: bool) -> Tensor:
    tensor = kind.wrap(backends.get(device).asarray(host))
    tensor._requires_grad = requires_grad
    return tensor
