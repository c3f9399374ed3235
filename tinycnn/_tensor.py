"""The Tensor: an array that remembers what made it. Every method is on this page; the maths is in `tinycnn.ops`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinycnn import backend as backends
from tinycnn import dtypes, shapes
from tinycnn._repr import tensor_repr
from tinycnn.autograd import engine, inplace
from tinycnn.autograd.node import TensorBase, use_tensor
from tinycnn.errors import GraphError, ShapeError
from tinycnn.ops import (
    arithmetic,
    copying,
    elementwise,
    indexing,
    joining,
    linalg,
    logits,
    reduction,
    shaping,
)
from tinycnn.ops.promotion import cast
from tinycnn.shapes import Size


def _in_place(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The method that writes what `function` computes into the tensor itself."""

    def method(self: Tensor, *args: Any, **options: Any) -> Tensor:
        return inplace.write(name, self, function, *args, **options)

    method.__name__, method.__doc__ = name, f"`{name[:-1]}` in the tensor's own memory."
    return method


def _as(dtype: str) -> Callable[[Any], Tensor]:
    def method(self: Tensor) -> Tensor:
        return cast(self, dtype)

    method.__doc__ = f"This tensor as {dtype}."
    return method


def _reflected(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The operator for a tensor on the right: ``2 - x`` calls ``x.__rsub__(2)``."""
    return lambda self, other: function(other, self)


class _Converted(TensorBase):
    """The conversions named after types; apart, lest `float` and `bool` mean these methods all over Tensor's page."""

    half, float, double = _as("float16"), _as("float32"), _as("float64")
    byte, short, int, long, bool = _as("uint8"), _as("int16"), _as("int32"), _as("int64"), _as("bool")


class Tensor(_Converted):
    """An n-dimensional array on a device, with its place in the graph of operations.

    Examples
    --------
    >>> import tinycnn
    >>> x = tinycnn.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x ** 2).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __array_ufunc__ = None  # NumPy's operators give way to ours

    def __init__(self, data: Any = ()) -> None:
        self.array = data.array if isinstance(data, TensorBase) else np.asarray(data, dtype=dtypes.get_default_dtype())

    # What it is ──────────────────────────────────────────────────────────────────────────────────────────────────────

    shape = property(lambda self: Size(self.array.shape), doc="The sizes of its dimensions.")
    ndim = property(lambda self: self.array.ndim, doc="How many dimensions it has.")
    dtype = property(lambda self: self.array.dtype, doc="The type of its elements, a numpy.dtype.")
    device = property(lambda self: self.backend.device, doc="Where it lives.")
    is_cuda = property(lambda self: self.backend.name == "cuda", doc="Whether it lives on a GPU.")
    itemsize = property(lambda self: self.array.itemsize, doc="Bytes of one element.")
    nbytes = property(lambda self: self.array.nbytes, doc="Bytes of all elements.")
    T = property(lambda self: shaping.permute(self, tuple(range(self.array.ndim))[::-1]), doc="Dimensions reversed.")
    mT = property(lambda self: shaping.transpose(self, -1, -2), doc="The last two dimensions exchanged.")

    def size(self, dim: int | None = None) -> Any:
        """The shape, or one size of it."""
        return self.shape if dim is None else self.array.shape[dim]

    def dim(self) -> int:
        """How many dimensions it has."""
        return int(self.array.ndim)

    def numel(self) -> int:
        """How many elements it has."""
        return int(self.array.size)

    def element_size(self) -> int:
        """Bytes of one element."""
        return int(self.array.itemsize)

    def stride(self) -> tuple[int, ...]:
        """Elements from one entry to the next along each dimension."""
        return tuple(s // self.array.itemsize for s in self.array.strides)

    def is_contiguous(self) -> bool:
        """Whether memory is in row-major order without gaps."""
        return bool(self.array.flags.c_contiguous)

    def is_floating_point(self) -> bool:
        """Whether its elements are floating-point numbers."""
        return dtypes.is_floating(self.array.dtype)

    # In the graph ────────────────────────────────────────────────────────────────────────────────────────────────────

    def backward(
        self, gradient: Tensor | None = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this tensor to ``.grad`` of the leaves it was made from."""
        engine.backward(self, gradient, retain_graph, create_graph, inputs)

    def detach(self) -> Tensor:
        """The same memory, outside the graph."""
        tensor = Tensor.wrap(self.array)
        tensor._version = self.version
        return tensor

    def detach_(self) -> Tensor:
        """Leave the graph."""
        if self._view_of is not None:
            raise GraphError("detach_: a view cannot leave the graph by itself; use detach()")
        self.grad_fn, self._requires_grad = None, False
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad`."""
        self.requires_grad = requires_grad
        return self

    @property
    def data(self) -> Tensor:
        """The same memory as a tensor the graph does not watch; writing to it goes unnoticed."""
        return Tensor.wrap(self.array)

    @data.setter
    def data(self, other: Tensor) -> None:
        self.array = other.array
        self._bump_version()

    # Out of tinycnn and between devices and types ────────────────────────────────────────────────────────────────────

    def numpy(self, *, force: bool = False) -> Any:
        """The elements as a NumPy array that shares memory; `force` detaches and copies from a GPU first."""
        if force:
            return self.backend.asnumpy(self.array)
        if self._requires_grad:
            raise GraphError("numpy: can't call numpy() on Tensor that requires grad; use tensor.detach().numpy() instead")
        if self.is_cuda:
            raise TypeError("numpy: can't convert a cuda tensor to NumPy; use Tensor.cpu() to copy it to the host first")
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def item(self) -> Any:
        """The one element, as a Python number."""
        if self.array.size != 1:
            raise ShapeError(f"item: a Tensor with {self.array.size} elements cannot be converted to a Scalar")
        return self.array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.backend.asnumpy(self.array).tolist()

    def to(self, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False) -> Tensor:
        """This tensor in another dtype, on another device, or as another tensor is: ``to(float64)``, ``to("cuda")``."""
        for arg in args:
            if isinstance(arg, TensorBase):
                dtype, device = arg.array.dtype, arg.backend.device
            elif isinstance(arg, backends.device) or (isinstance(arg, str) and arg.partition(":")[0] in ("cpu", "cuda")):
                device = arg
            elif not isinstance(arg, bool):
                dtype = arg
        made = self if dtype is None else cast(self, dtype)
        made = made if device is None else copying.transfer(made, backends.get(device))
        return made.clone() if copy and made is self else made

    def cpu(self) -> Tensor:
        """This tensor on the CPU."""
        return self.to("cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Tensor:
        """This tensor on the GPU."""
        return self.to("cuda" if device is None else backends.device("cuda", device if isinstance(device, int) else 0))

    def type(self, dtype: Any = None) -> Any:
        """This tensor as `dtype`; without one, the name of its type."""
        return f"tinycnn.{self.array.dtype}" if dtype is None else cast(self, dtype)

    def type_as(self, other: Tensor) -> Tensor:
        """This tensor in other's dtype, on other's device."""
        return self.to(other)

    # Arithmetic, comparison, logic ───────────────────────────────────────────────────────────────────────────────────

    add, sub, mul, div, pow = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div, arithmetic.pow
    neg, floor_divide, remainder = arithmetic.neg, arithmetic.floor_divide, arithmetic.remainder
    subtract, multiply, divide, true_divide, negative = sub, mul, div, div, neg
    maximum, minimum, clamp, clip = arithmetic.maximum, arithmetic.minimum, arithmetic.clamp, arithmetic.clamp
    __add__, __sub__, __mul__, __truediv__, __pow__, __neg__ = add, sub, mul, div, pow, neg
    __radd__, __rmul__, __rsub__, __rtruediv__ = add, mul, _reflected(sub), _reflected(div)
    __floordiv__, __mod__, __rpow__ = floor_divide, remainder, _reflected(pow)
    __rfloordiv__, __rmod__ = _reflected(floor_divide), _reflected(remainder)

    eq, ne, lt, le, gt, ge = (
        arithmetic.eq, arithmetic.ne, arithmetic.lt, arithmetic.le, arithmetic.gt, arithmetic.ge,
    )  # fmt: skip
    __lt__, __le__, __gt__, __ge__ = lt, le, gt, ge
    __hash__ = TensorBase.__hash__

    def __eq__(self, other: object) -> Any:
        return False if other is None or isinstance(other, str) else arithmetic.eq(self, other)

    def __ne__(self, other: object) -> Any:
        return True if other is None or isinstance(other, str) else arithmetic.ne(self, other)

    __and__ = __rand__ = bitwise_and = arithmetic.bitwise_and
    __or__ = __ror__ = bitwise_or = arithmetic.bitwise_or
    __xor__ = __rxor__ = bitwise_xor = arithmetic.bitwise_xor
    __invert__ = bitwise_not = arithmetic.bitwise_not
    logical_and, logical_or, logical_xor = arithmetic.logical_and, arithmetic.logical_or, arithmetic.logical_xor
    logical_not, masked_fill = arithmetic.logical_not, arithmetic.masked_fill

    def where(self, condition: Tensor, other: Any) -> Tensor:
        """This tensor where the condition holds, else `other`."""
        return arithmetic.where(condition, self, other)  # type: ignore[no-any-return]  # three arguments: a Tensor

    # Functions of each element ───────────────────────────────────────────────────────────────────────────────────────

    exp, log, log1p, log2, sqrt = (
        elementwise.exp, elementwise.log, elementwise.log1p, elementwise.log2, elementwise.sqrt,
    )  # fmt: skip
    rsqrt, square, sin, cos, tanh = (
        elementwise.rsqrt, elementwise.square, elementwise.sin, elementwise.cos, elementwise.tanh,
    )  # fmt: skip
    abs = absolute = __abs__ = elementwise.abs
    relu, sigmoid, erf, softmax, log_softmax = (
        elementwise.relu, elementwise.sigmoid, elementwise.erf, logits.softmax, logits.log_softmax,
    )  # fmt: skip
    sign, floor, ceil, round, trunc = (
        elementwise.sign, elementwise.floor, elementwise.ceil, elementwise.round, elementwise.trunc,
    )  # fmt: skip
    isnan, isinf, isfinite = elementwise.isnan, elementwise.isinf, elementwise.isfinite

    # Reductions ──────────────────────────────────────────────────────────────────────────────────────────────────────

    sum, mean, var, std, prod = reduction.sum, reduction.mean, reduction.var, reduction.std, reduction.prod
    max, min, amax, amin = reduction.max, reduction.min, reduction.amax, reduction.amin
    argmax, argmin, argsort = reduction.argmax, reduction.argmin, reduction.argsort
    sort, topk, cumsum, norm = reduction.sort, reduction.topk, reduction.cumsum, reduction.norm
    logsumexp, all, any, count_nonzero = reduction.logsumexp, reduction.all, reduction.any, reduction.count_nonzero
    allclose, isclose, equal = reduction.allclose, reduction.isclose, reduction.equal

    # Products ────────────────────────────────────────────────────────────────────────────────────────────────────────

    matmul, mm, bmm, dot = linalg.matmul, linalg.mm, linalg.bmm, linalg.dot
    __matmul__, __rmatmul__ = matmul, _reflected(matmul)

    # Shape ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    reshape = view = shaping.reshape
    permute, transpose, swapaxes, t, movedim = (
        shaping.permute, shaping.transpose, shaping.transpose, shaping.t, shaping.movedim,
    )  # fmt: skip
    expand, expand_as, broadcast_to, sum_to_size = (
        shaping.expand, shaping.expand_as, shaping.broadcast_to, shaping.sum_to_shape,
    )  # fmt: skip
    squeeze, unsqueeze, flatten, unflatten = shaping.squeeze, shaping.unsqueeze, shaping.flatten, shaping.unflatten
    repeat, tile, flip, roll = shaping.repeat, shaping.repeat, shaping.flip, shaping.roll
    split, chunk, unbind = joining.split, joining.chunk, joining.unbind
    contiguous, clone = copying.contiguous, copying.clone

    def view_as(self, other: Tensor) -> Tensor:
        """This tensor in other's shape."""
        return shaping.reshape(self, other.array.shape)

    reshape_as = view_as

    # Elements ────────────────────────────────────────────────────────────────────────────────────────────────────────

    __getitem__, __setitem__ = indexing.getitem, indexing.setitem
    select, narrow, index_select = indexing.select, indexing.narrow, indexing.index_select
    gather, scatter_add, nonzero = indexing.gather, indexing.scatter_add, indexing.nonzero

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where the mask holds, as a vector."""
        return indexing.getitem(self, mask)

    # In place ────────────────────────────────────────────────────────────────────────────────────────────────────────

    add_, sub_, mul_, div_, pow_, neg_ = (
        _in_place("add_", add), _in_place("sub_", sub), _in_place("mul_", mul),
        _in_place("div_", div), _in_place("pow_", pow), _in_place("neg_", neg),
    )  # fmt: skip
    __iadd__, __isub__, __imul__, __itruediv__, __ipow__ = add_, sub_, mul_, div_, pow_
    exp_, sqrt_, abs_ = _in_place("exp_", exp), _in_place("sqrt_", sqrt), _in_place("abs_", abs)
    relu_, sigmoid_, tanh_ = _in_place("relu_", relu), _in_place("sigmoid_", sigmoid), _in_place("tanh_", tanh)
    clamp_, masked_fill_ = _in_place("clamp_", clamp), _in_place("masked_fill_", masked_fill)
    floor_, round_, scatter_add_ = (
        _in_place("floor_", floor), _in_place("round_", round), _in_place("scatter_add_", scatter_add),
    )  # fmt: skip

    def copy_(self, src: Any, non_blocking: bool = False) -> Tensor:
        """Write src's elements, broadcast and converted, into this tensor."""
        indexing.setitem(self, ..., src)
        return self

    def fill_(self, value: Any) -> Tensor:
        """Make every element `value`."""
        return self.copy_(value)

    def zero_(self) -> Tensor:
        """Make every element 0."""
        return self.copy_(0)

    # As Python sees it ───────────────────────────────────────────────────────────────────────────────────────────────

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise ShapeError(
                f"Boolean value of Tensor with {'no' if not self.array.size else 'more than one'} value is ambiguous;"
                " ask for .any() or .all()"
            )
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.array.dtype.kind == "f" or self.array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self) -> int:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return int(self.array.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(joining.unbind(self))

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __repr__(self) -> str:
        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.array.ndim == 0 else format(str(self), spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self.grad_fn is not None:
            raise GraphError("deepcopy: only tensors created by the user (leaves) can be copied deeply; use clone()")
        made = memo[id(self)] = type(self).wrap(self.array.copy())
        made._requires_grad = self._requires_grad
        made.grad = None if self.grad is None else self.grad.detach().clone()
        return made

    def __reduce__(self) -> Any:
        if self.grad_fn is not None:
            raise GraphError("pickle: only tensors created by the user (leaves) can be pickled; use detach()")
        return _rebuilt, (type(self), self.backend.asnumpy(self.array), self.backend.name, self._requires_grad)

    # New tensors on the same device ──────────────────────────────────────────────────────────────────────────────────

    def new_full(self, size: Sequence[int], fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        """A tensor full of one value, of this one's dtype and device."""
        made = Tensor.wrap(self.backend.xp.full(tuple(size), fill_value, dtype=dtype or self.array.dtype))
        return made.requires_grad_(requires_grad)

    def new_zeros(self, *size: Any, **options: Any) -> Tensor:
        """Zeros of this tensor's dtype and device."""
        return self.new_full(shapes.as_shape(size), 0, **options)

    def new_ones(self, *size: Any, **options: Any) -> Tensor:
        """Ones of this tensor's dtype and device."""
        return self.new_full(shapes.as_shape(size), 1, **options)


def _rebuilt(kind: type[Tensor], host: Any, device: str, requires_grad: bool) -> Tensor:
    tensor = kind.wrap(backends.get(device).asarray(host))
    tensor._requires_grad = requires_grad
    return tensor


use_tensor(Tensor)
