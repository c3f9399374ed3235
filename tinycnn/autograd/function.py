"""User-defined operations: PyTorch's `Function`, with forward and backward as static methods on Tensors."""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Any

from tinycnn import backend as backends
from tinycnn.autograd import grad_mode, observing
from tinycnn.autograd.contract import BrokenGradient, checked
from tinycnn.autograd.decoration import F
from tinycnn.autograd.inplace import check_recordable
from tinycnn.autograd.node import TensorBase, next_serial, wrap
from tinycnn.autograd.op import Op
from tinycnn.autograd.saved import Saved, unpacked
from tinycnn.dtypes import is_floating
from tinycnn.errors import GraphError

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class FunctionCtx:
    """What a `Function`'s forward and backward get as ``ctx``; any attribute may be set on it, to keep things."""

    def __init__(self, node: FunctionNode) -> None:
        self._node = weakref.ref(node)  # the node holds its ctx; holding it in turn would keep both alive
        self.needs_input_grad = node.needs_input_grad
        self._to_save: tuple[Any, ...] = ()
        self._non_differentiable: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._materialize_grads = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward. What is changed in place before then raises there."""
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` kept."""
        node = self._node()
        assert node is not None, "a ctx is used where its Function's node is gone"
        return tuple(unpacked(node.unreleased(), node))

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = outputs

    def mark_dirty(self, *inputs: Tensor) -> None:
        """Say which inputs forward changed in place."""
        self._dirty = inputs

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for an output that was not used."""
        self._materialize_grads = value


class FunctionNode(Op):
    """The node that a user's `Function` leaves in the graph."""

    lends = True  # its backward may return anything
    several = False  # whether forward returned a tuple

    def __init__(self, function: type[Function], inputs: tuple[Any, ...]) -> None:
        tensors = [x for x in inputs if isinstance(x, TensorBase)]
        self.backend = tensors[0].backend if tensors else backends.get("cpu")
        self.function = function
        self.saved = []
        self.needs_input_grad = tuple(isinstance(x, TensorBase) and x._requires_grad for x in inputs)
        self.ctx = FunctionCtx(self)

    def settle(self, inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        """Become a node of the graph, now that forward has run."""
        self.connect(inputs)
        self.results = tuple(f"y{number}" for number in range(len(outputs)))
        self.like = tuple(
            (y.array.shape, y.array.dtype) if isinstance(y, TensorBase) else ((), None) for y in outputs
        )
        ctx = self.ctx
        without = {id(y) for y in ctx._non_differentiable}
        constants = []
        for number, y in enumerate(outputs):
            if isinstance(y, TensorBase) and id(y) not in without and is_floating(y.array.dtype):
                y.grad_fn, y.output_nr, y._requires_grad = self, number, True
            else:
                constants.append(self.results[number])
        self.constants = tuple(constants)
        self.saved = [
            Saved(x, "result" if any(x is y for y in outputs) else "input", f"saved tensor {i}")
            if isinstance(x, TensorBase) else x
            for i, x in enumerate(ctx._to_save)
        ]
        for x in ctx._dirty:
            x._take_over()
        ctx._to_save = ctx._non_differentiable = ctx._dirty = ()  # a node must not hold its outputs, which hold it

    def vjp(self, cotangents: list[Tensor | None]) -> tuple[Tensor | None, ...]:
        """The user's backward, with its results looked at as every op's are."""
        self.unreleased()
        zeros, materialize = self.backend.xp.zeros, self.ctx._materialize_grads
        given = [
            wrap(zeros(shape, dtype=dtype)) if g is None and dtype and materialize else g
            for g, (shape, dtype) in zip(cotangents, self.like, strict=True)
        ]
        found = self.function.backward(self.ctx, *given)
        gradients = found if isinstance(found, tuple) else (found,)
        surplus = gradients[len(self.edges) :]
        if any(g is not None for g in surplus):
            raise BrokenGradient(
                f"{self.name}: backward returned {len(gradients)} gradients for {len(self.edges)} inputs of forward",
                self, None, None,
            )  # fmt: skip
        return checked(self, gradients[: len(self.edges)])

    @property
    def name(self) -> str:
        """The name of the user's class."""
        return self.function.__name__

    def __repr__(self) -> str:
        return f"<{self.name}Backward>"


class Undifferentiable(FunctionNode):
    """Stands behind a gradient that must not be differentiated again; the way to the inputs leads through it."""

    def __init__(self, node: FunctionNode) -> None:
        self.__dict__.update(node.__dict__)
        self.serial, self.hooks, self.results = next_serial(), None, ("y",)

    def hide(self, g: Any) -> Any:
        """The gradient, with this behind it; None stays None."""
        if not isinstance(g, TensorBase):
            return g
        hidden = wrap(g.array)
        hidden.grad_fn, hidden._requires_grad = self, True
        return hidden

    def vjp(self, cotangents: list[Tensor | None]) -> tuple[Tensor | None, ...]:
        """There is none."""
        raise GraphError(
            f"{self.name}: its second derivative is not offered: trying to differentiate twice a function whose"
            " backward is marked @once_differentiable"
        )


def once_differentiable(backward: F) -> F:
    """Mark a Function's backward as one that cannot itself be differentiated: who tries gets an error that names it."""

    @functools.wraps(backward)
    def once(ctx: FunctionCtx, *grad_outputs: Any) -> Any:
        with grad_mode.no_grad():
            found = backward(ctx, *grad_outputs)
        node = ctx._node()
        if node is None or not grad_mode.is_grad_enabled():
            return found
        behind = Undifferentiable(node)
        return tuple(behind.hide(g) for g in (found if isinstance(found, tuple) else (found,)))

    return once  # type: ignore[return-value]  # same signature, which the checker cannot see


class Function:
    """The base of user-defined operations.

    Examples
    --------
    >>> import tinycnn
    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x ** 3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x ** 2
    >>> x = tinycnn.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; ``ctx`` comes first, unless `setup_context` is defined."""
        raise NotImplementedError("a Function needs a static method forward(ctx, *inputs)")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save what backward needs, for a ``forward`` that takes no ``ctx``."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """A gradient for each input of forward, None where there is none."""
        raise NotImplementedError("a Function needs a static method backward(ctx, *grad_outputs)")

    @classmethod
    def apply(cls, *inputs: Any, **kwargs: Any) -> Any:
        """Run forward, and record the node."""
        node = FunctionNode(cls, inputs)
        if observing.observer is None:
            made = cls._applied(node, inputs, kwargs)
        else:
            made = observing.told(node, "forward", inputs, cls._applied, node, inputs, kwargs)
        return made if node.several else made[0]

    @classmethod
    def _applied(cls, node: FunctionNode, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        ctx = node.ctx
        record = grad_mode.is_grad_enabled() and any(node.needs_input_grad)
        for x in inputs if record else ():
            if isinstance(x, TensorBase):
                x._check_fresh(cls.__name__)
        with grad_mode.no_grad():
            if cls.setup_context is not Function.setup_context:
                made = cls.forward(*inputs, **kwargs)
                cls.setup_context(ctx, inputs, made)
            else:
                made = cls.forward(ctx, *inputs, **kwargs)
        node.several = isinstance(made, tuple)
        outputs = made if isinstance(made, tuple) else (made,)
        for x in ctx._dirty:
            if record:
                check_recordable(cls.__name__, x)
            x._bump_version()
        if record:
            dirty = {id(x) for x in ctx._dirty}
            # An input handed back untouched must not become its own result: it goes out as an alias.
            handed_back = [x for x in inputs if isinstance(x, TensorBase) and any(x is y for y in outputs)]
            renamed = {id(x): _alias(x) for x in handed_back if id(x) not in dirty}
            outputs = tuple(renamed.get(id(y), y) for y in outputs)
            node.settle(inputs, outputs)
        return outputs


def _alias(x: TensorBase) -> Tensor:
    """The same memory as a tensor of its own; a view, so that writes to either do not go unnoticed."""
    alias = wrap(x.array)
    alias._mark_view_of(x)
    return alias
