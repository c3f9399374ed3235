"""The Tensor: an array that remembers what made it. Every method is on this page; the maths is in `tinycnn.ops`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinycnn import _description as description
from tinycnn import _interchange as interchange
from tinycnn import _making as making
from tinycnn import dtypes, shapes
from tinycnn._interchange import Conversions
from tinycnn._repr import tensor_repr
from tinycnn.autograd import engine, inplace
from tinycnn.autograd.node import TensorBase, is_tensor, use_tensor
from tinycnn.errors import ArgumentError, GraphError
from tinycnn.ops import (
    activations,
    arithmetic,
    choice,
    comparison,
    copying,
    diagonals,
    elementwise,
    expansion,
    extremes,
    indexing,
    joining,
    linalg,
    logits,
    magnitude,
    ordering,
    reduction,
    scattering,
    shaping,
    verdicts,
)
from tinycnn.shapes import Size

_OVER: Any = {arithmetic.add: arithmetic.add_over, activations.relu: activations.relu_over}  # see `inplace.write`
_OPERANDS = (TensorBase, bool, int, float, np.ndarray, np.generic)  # what == compares with; it differs from all else


def _sized(method: Any) -> Callable[..., Tensor]:
    """The method that takes sizes one by one, too: x.reshape(2, 3)."""
    return shapes.spread(method, 1)


def _in_place(function: Any) -> Callable[..., Any]:
    """The method that writes what `function` computes into the tensor itself."""
    name, over = f"{function.__name__}_", _OVER.get(function)

    def method(self: Tensor, *args: Any, **options: Any) -> Tensor:
        return inplace.write(name, self, function, *args, over=over, **options)

    method.__name__, method.__doc__ = name, f"`{name[:-1]}` in the tensor's own memory."
    return method


def _reflected(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The operator for a tensor on the right: ``2 - x`` calls ``x.__rsub__(2)``."""
    return lambda self, other: function(other, self)


class Tensor(Conversions):
    """An n-dimensional array on a device, with its place in the graph of operations.

    Examples
    --------
    >>> import tinycnn
    >>> x = tinycnn.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x ** 2).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __array_priority__ = 1000  # NumPy's operators give way to ours
    __array_wrap__ = interchange.wrapped

    def __init__(self, *data: Any) -> None:
        """Of Python's data, in the default dtype, or of a size, as zeros: ``Tensor([1, 2])``, ``Tensor(2, 3)``."""
        if data and all(type(size) is int for size in data):
            self.array = np.zeros(data, dtype=dtypes.get_default_dtype())
            return
        given = data[0] if len(data) == 1 else ()
        if len(data) > 1 or isinstance(given, float):
            raise ArgumentError("Tensor: takes a list or an array, or the sizes of its dimensions; see tinycnn.tensor")
        self.array = given.array if is_tensor(given) else np.array(given, dtype=dtypes.get_default_dtype())

    # What it is ──────────────────────────────────────────────────────────────────────────────────────────────────────

    shape = property(lambda self: Size(self.array.shape), doc="The sizes of its dimensions.")
    ndim = property(lambda self: self.array.ndim, doc="How many dimensions it has.")
    dtype = property(lambda self: self.array.dtype, doc="The type of its elements, a numpy.dtype.")
    device = property(lambda self: self.backend.device, doc="Where it lives.")
    is_cuda = property(lambda self: self.backend.name == "cuda", doc="Whether it lives on a GPU.")
    itemsize = property(lambda self: self.array.itemsize, doc="Bytes of one element.")
    nbytes = property(lambda self: self.array.nbytes, doc="Bytes of all elements.")
    T = property(lambda self: shaping.permute(self, tuple(range(self.array.ndim))[::-1]), doc="Dimensions reversed.")
    mT = property(shaping.mT, doc="The last two dimensions exchanged.")

    size, stride, dim, numel = description.size, description.stride, description.dim, description.numel
    ndimension, nelement, element_size = dim, numel, description.element_size
    is_contiguous, is_floating_point = description.is_contiguous, description.is_floating_point

    # In the graph ────────────────────────────────────────────────────────────────────────────────────────────────────

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
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
        self.grad_fn, self.output_nr, self._requires_grad = None, 0, False
        self._bump_version()  # who saved it, saved its place in the graph too
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad`."""
        if self.is_leaf or not requires_grad:
            self.requires_grad = requires_grad
        return self

    @property
    def data(self) -> Tensor:
        """The same memory as a tensor the graph does not watch: writing to it goes unnoticed. May be set anew."""
        return Tensor.wrap(self.array)

    @data.setter
    def data(self, other: Tensor) -> None:
        self.array = other.array
        self._bump_version()

    # Out of tinycnn, and between devices and types; float(), long() and their like are in Conversions ────────────────

    numpy, item, tolist, __array__ = interchange.numpy, interchange.item, interchange.tolist, interchange.as_array
    to, cpu, cuda = interchange.to, interchange.cpu, interchange.cuda
    type, type_as = interchange.type_, interchange.type_as
    __bool__, __float__, __int__, __index__ = (
        interchange.truth, interchange.as_float, interchange.as_int, interchange.as_index,
    )
    __len__, __iter__, __contains__ = interchange.length, interchange.iterate, interchange.contains
    __repr__, __format__ = tensor_repr, interchange.formatted
    __deepcopy__, __reduce__ = interchange.deepcopy, interchange.reduce
    __dlpack__, __dlpack_device__ = interchange.dlpack, interchange.dlpack_device

    # Arithmetic, comparison, logic ───────────────────────────────────────────────────────────────────────────────────

    add, sub, mul, div, neg = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div, arithmetic.neg
    pow, square, reciprocal, positive = arithmetic.pow, elementwise.square, elementwise.reciprocal, elementwise.positive
    floor_divide, remainder, fmod = arithmetic.floor_divide, arithmetic.remainder, arithmetic.fmod
    float_power = arithmetic.float_power
    subtract, multiply, divide, true_divide, negative = sub, mul, div, div, neg
    __add__, __sub__, __mul__, __truediv__, __pow__, __neg__, __pos__ = add, sub, mul, div, pow, neg, positive
    __radd__, __rmul__, __rsub__, __rtruediv__ = add, mul, _reflected(sub), _reflected(div)
    __floordiv__, __mod__, __rpow__ = floor_divide, remainder, _reflected(pow)
    __rfloordiv__, __rmod__ = _reflected(floor_divide), _reflected(remainder)

    eq, ne, lt, le = comparison.eq, comparison.ne, comparison.lt, comparison.le
    gt, ge, isnan, isinf = comparison.gt, comparison.ge, comparison.isnan, comparison.isinf
    isfinite, isposinf, isneginf = comparison.isfinite, comparison.isposinf, comparison.isneginf
    greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne
    __lt__, __le__, __gt__, __ge__ = lt, le, gt, ge
    __hash__ = TensorBase.__hash__

    def __eq__(self, other: object) -> Any:
        return comparison.eq(self, other) if isinstance(other, _OPERANDS) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return comparison.ne(self, other) if isinstance(other, _OPERANDS) else NotImplemented

    logical_and, logical_or, logical_xor = comparison.logical_and, comparison.logical_or, comparison.logical_xor
    logical_not, bitwise_not, bitwise_and = comparison.logical_not, comparison.bitwise_not, comparison.bitwise_and
    bitwise_or, bitwise_xor = comparison.bitwise_or, comparison.bitwise_xor
    bitwise_left_shift, bitwise_right_shift = comparison.bitwise_left_shift, comparison.bitwise_right_shift
    __and__, __or__, __xor__, __invert__ = bitwise_and, bitwise_or, bitwise_xor, bitwise_not
    __rand__, __ror__, __rxor__ = bitwise_and, bitwise_or, bitwise_xor
    __lshift__, __rshift__ = bitwise_left_shift, bitwise_right_shift
    __rlshift__, __rrshift__ = _reflected(bitwise_left_shift), _reflected(bitwise_right_shift)

    maximum, minimum, clamp, clip = choice.maximum, choice.minimum, choice.clamp, choice.clamp
    clamp_min, clamp_max, masked_fill = choice.clamp_min, choice.clamp_max, choice.masked_fill

    def where(self, condition: Tensor, other: Any) -> Tensor:
        """This tensor where the condition holds, else `other`."""
        return choice.where(condition, self, other)

    # Functions of each element ───────────────────────────────────────────────────────────────────────────────────────

    exp, exp2, expm1, log, log2 = (
        elementwise.exp, elementwise.exp2, elementwise.expm1, elementwise.log, elementwise.log2,
    )
    log10, log1p, sqrt, rsqrt = elementwise.log10, elementwise.log1p, elementwise.sqrt, elementwise.rsqrt
    sin, cos, tanh, erf, sign = elementwise.sin, elementwise.cos, elementwise.tanh, elementwise.erf, elementwise.sign
    floor, ceil, round, trunc = elementwise.floor, elementwise.ceil, elementwise.round, elementwise.trunc
    abs, frac, relu, sigmoid = elementwise.abs, elementwise.frac, activations.relu, activations.sigmoid
    absolute, fix, __abs__ = abs, trunc, abs
    softmax, log_softmax = logits.softmax, logits.log_softmax

    # Reductions ──────────────────────────────────────────────────────────────────────────────────────────────────────

    sum, mean, var, std, prod = reduction.sum, reduction.mean, reduction.var, reduction.std, reduction.prod
    nansum, cumsum, logsumexp, norm = reduction.nansum, reduction.cumsum, reduction.logsumexp, magnitude.norm
    max, min, amax, amin, aminmax = extremes.max, extremes.min, extremes.amax, extremes.amin, extremes.aminmax
    argmax, argmin, argsort, sort = ordering.argmax, ordering.argmin, ordering.argsort, ordering.sort
    topk, kthvalue, msort = ordering.topk, ordering.kthvalue, ordering.msort
    all, any, count_nonzero = verdicts.all, verdicts.any, verdicts.count_nonzero
    allclose, isclose, equal = verdicts.allclose, verdicts.isclose, verdicts.equal

    # Products ────────────────────────────────────────────────────────────────────────────────────────────────────────

    matmul, mm, bmm, mv, dot = linalg.matmul, linalg.mm, linalg.bmm, linalg.mv, linalg.dot
    outer, addmm = linalg.outer, linalg.addmm
    __matmul__, __rmatmul__ = matmul, _reflected(matmul)

    # Shape ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    reshape, view, permute, flip = map(_sized, (shaping.reshape, shaping.view, shaping.permute, shaping.flip))
    expand, broadcast_to, repeat, tile, sum_to_size = map(_sized, (
        expansion.expand, expansion.broadcast_to, expansion.repeat, expansion.tile, expansion.sum_to_size,
    ))
    transpose = swapdims = shaping.transpose
    swapaxes, t, movedim, moveaxis = shaping.swapaxes, shaping.t, shaping.movedim, shaping.movedim
    squeeze, unsqueeze, flatten, unflatten = shaping.squeeze, shaping.unsqueeze, shaping.flatten, shaping.unflatten
    expand_as, view_as, reshape_as = expansion.expand_as, shaping.reshape_as, shaping.reshape_as
    ravel, roll, fliplr, flipud = shaping.ravel, shaping.roll, shaping.fliplr, shaping.flipud
    split_with_sizes, tensor_split, chunk, unbind = (
        joining.split_with_sizes, joining.tensor_split, joining.chunk, joining.unbind,
    )
    contiguous, clone = copying.contiguous, copying.clone

    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Parts of the given size, the last maybe smaller, or of the given sizes."""
        return joining.split(self, split_size, dim)

    # Elements ────────────────────────────────────────────────────────────────────────────────────────────────────────

    __getitem__, __setitem__ = indexing.getitem, indexing.setitem
    select, narrow, masked_select, nonzero = indexing.select, indexing.narrow, indexing.masked_select, indexing.nonzero
    gather, scatter, scatter_add, take_along_dim = (
        scattering.gather, scattering.scatter, scattering.scatter_add, scattering.take_along_dim,
    )
    index_select, index_add, take, repeat_interleave = (
        scattering.index_select, scattering.index_add, scattering.take, scattering.repeat_interleave,
    )
    diagonal, diag, trace, tril, triu = (
        diagonals.diagonal, diagonals.diag, diagonals.trace, diagonals.tril, diagonals.triu,
    )

    # In place ────────────────────────────────────────────────────────────────────────────────────────────────────────

    add_, sub_, mul_, div_, pow_, neg_ = map(_in_place, (add, sub, mul, div, pow, neg))
    floor_divide_, remainder_, fmod_ = map(_in_place, (floor_divide, remainder, fmod))
    square_, reciprocal_, abs_, sign_ = map(_in_place, (square, reciprocal, abs, sign))
    subtract_, multiply_, divide_, true_divide_, negative_, absolute_ = sub_, mul_, div_, div_, neg_, abs_
    eq_, ne_, lt_, le_, gt_, ge_ = map(_in_place, (eq, ne, lt, le, gt, ge))
    logical_and_, logical_or_ = map(_in_place, (logical_and, logical_or))
    logical_xor_, logical_not_ = map(_in_place, (logical_xor, logical_not))
    bitwise_and_, bitwise_or_, bitwise_xor_ = map(_in_place, (bitwise_and, bitwise_or, bitwise_xor))
    bitwise_left_shift_, bitwise_right_shift_ = map(_in_place, (bitwise_left_shift, bitwise_right_shift))
    bitwise_not_ = _in_place(bitwise_not)
    __iadd__, __isub__, __imul__, __itruediv__, __ipow__ = add_, sub_, mul_, div_, pow_
    __ifloordiv__, __imod__, __ilshift__, __irshift__ = (
        floor_divide_, remainder_, bitwise_left_shift_, bitwise_right_shift_,
    )
    __iand__, __ior__, __ixor__ = bitwise_and_, bitwise_or_, bitwise_xor_
    exp_, exp2_, expm1_, log_, log2_, log10_ = map(_in_place, (exp, exp2, expm1, log, log2, log10))
    log1p_, sqrt_, rsqrt_, sin_, cos_, erf_ = map(_in_place, (log1p, sqrt, rsqrt, sin, cos, erf))
    relu_, sigmoid_, tanh_ = map(_in_place, (relu, sigmoid, tanh))
    floor_, ceil_, round_, trunc_, frac_ = map(_in_place, (floor, ceil, round, trunc, frac))
    clamp_, clamp_min_, clamp_max_ = map(_in_place, (clamp, clamp_min, clamp_max))
    clip_, fix_ = clamp_, trunc_
    masked_fill_, cumsum_ = map(_in_place, (masked_fill, cumsum))
    scatter_, scatter_add_, index_add_ = map(_in_place, (scatter, scatter_add, index_add))

    copy_, fill_, zero_ = making.copy_, making.fill_, making.zero_
    normal_, uniform_, bernoulli_ = making.normal_, making.uniform_, making.bernoulli_

    # New tensors on the same device ──────────────────────────────────────────────────────────────────────────────────

    new_tensor, new_full, new_zeros = making.new_tensor, making.new_full, making.new_zeros
    new_ones, new_empty = making.new_ones, making.new_empty


use_tensor(Tensor)
