"""User-defined operations: PyTorch's `Function`, with forward and backward as static methods on Tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn.autograd import grad_mode
from tinycnn.autograd.inplace import check_recordable
from tinycnn.autograd.node import TensorBase, wrap
from tinycnn.autograd.op import Op, Saved
from tinycnn.dtypes import is_floating
from tinycnn.errors import GraphError

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class FunctionCtx(Op):
    """What ``forward`` and ``backward`` of a `Function` get as ``ctx``: the node, and a place to keep things."""

    function: type[Function]
    materialize_grads = True

    def __init__(self) -> None:
        self.to_save: tuple[Any, ...] = ()
        self.non_differentiable: tuple[Any, ...] = ()
        self.dirty: tuple[Any, ...] = ()
        self.saved = []

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward. What is changed in place before then raises there."""
        self.to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` kept."""
        return tuple(saved.unpack(self) for saved in self.unreleased())

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = outputs

    def mark_dirty(self, *inputs: Tensor) -> None:
        """Say which inputs forward changed in place."""
        self.dirty = inputs

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for an output that was not used."""
        self.materialize_grads = value

    def settle(self, inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        """Become a node of the graph, now that forward has run."""
        self.connect(inputs)
        self.results = tuple(f"y{number}" for number in range(len(outputs)))
        self.like = tuple(
            (y.array.shape, y.array.dtype) if isinstance(y, TensorBase) else ((), None) for y in outputs
        )
        without = {id(y) for y in self.non_differentiable}
        constants = []
        for number, y in enumerate(outputs):
            if isinstance(y, TensorBase) and id(y) not in without and is_floating(y.array.dtype):
                y.grad_fn, y.output_nr, y._requires_grad = self, number, True
            else:
                constants.append(self.results[number])
        self.constants = tuple(constants)
        self.saved = [
            Saved(x, "result" if any(x is y for y in outputs) else "input", f"saved tensor {i}")
            for i, x in enumerate(self.to_save)
        ]
        self.to_save = self.non_differentiable = ()  # the node must not hold its outputs, which hold the node

    def vjp(self, cotangents: list[Tensor | None]) -> tuple[Tensor | None, ...]:
        """The user's backward, with its results looked at as every op's are."""
        self.unreleased()
        given = [
            wrap(self.backend.xp.zeros(shape, dtype=dtype)) if g is None and self.materialize_grads and dtype else g
            for g, (shape, dtype) in zip(cotangents, self.like, strict=True)
        ]
        found = self.function.backward(self, *given)
        gradients = found if isinstance(found, tuple) else (found,)
        surplus = gradients[len(self.edges) :]
        if any(g is not None for g in surplus):
            raise GraphError(
                f"{self.name}: backward returned {len(gradients)} gradients for {len(self.edges)} inputs of forward"
            )
        return self.checked(gradients[: len(self.edges)])

    def lends(self, g: Tensor, cotangents: Sequence[Any], gradients: Sequence[Any]) -> bool:
        """A user may return anything, a saved tensor too."""
        return True

    @property
    def name(self) -> str:
        """The name of the user's class."""
        return self.function.__name__

    def __repr__(self) -> str:
        return f"<{self.name}Backward>"


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
        ctx = FunctionCtx()
        ctx.function = cls
        tensors = [x for x in inputs if isinstance(x, TensorBase)]
        if tensors:
            ctx.backend = tensors[0].backend
        ctx.needs_input_grad = tuple(isinstance(x, TensorBase) and x._requires_grad for x in inputs)
        if grad_mode.is_grad_enabled():
            for x in tensors:
                x._check_fresh(cls.__name__)
        record = grad_mode.is_grad_enabled() and any(ctx.needs_input_grad)
        with grad_mode.no_grad():
            if cls.setup_context is not Function.setup_context:
                made = cls.forward(*inputs, **kwargs)
                cls.setup_context(ctx, inputs, made)
            else:
                made = cls.forward(ctx, *inputs, **kwargs)
        outputs = made if isinstance(made, tuple) else (made,)
        for x in ctx.dirty:
            if record:
                check_recordable(cls.__name__, x)
            x._bump_version()
        if record:
            dirty = {id(x) for x in ctx.dirty}
            # An input handed back untouched must not become its own result: it goes out as an alias.
            renamed = {id(x): _alias(x) for x in tensors if id(x) not in dirty and any(x is y for y in outputs)}
            outputs = tuple(renamed.get(id(y), y) for y in outputs)
            ctx.settle(inputs, outputs)
            for x in ctx.dirty:
                x.version.recorded = ctx.serial
            ctx.dirty = ()
        return outputs if isinstance(made, tuple) else outputs[0]


def _alias(x: TensorBase) -> Tensor:
    """The same memory as a tensor of its own; a view, so that writes to either do not go unnoticed."""
    alias = wrap(x.array)
    alias._mark_view_of(x)
    return alias
