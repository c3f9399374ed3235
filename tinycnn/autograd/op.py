"""One differentiable operation: `Op`, whose instances are the nodes of the graph."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tinycnn.autograd import grad_mode, observing, winners
from tinycnn.autograd.contract import checked, common_backend
from tinycnn.autograd.declaration import Kept, declared
from tinycnn.autograd.node import TensorBase, next_serial, wrap
from tinycnn.autograd.saved import Saved, unpacked
from tinycnn.backend import Backend, of
from tinycnn.backend.quiet import quietly
from tinycnn.errors import ArgumentError, GraphError

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

Edge = tuple[Any, int] | None  # (the op or leaf a cotangent goes to, which of the op's results it belongs to)


class Op:
    """A differentiable operation. A subclass is the formula; an instance is one use of it, a node of the graph.

    A subclass defines ``forward(ctx, *arrays, **options)`` and ``backward(ctx, *cotangents, *needed, **options)``:

    - Arrays go forward, Tensors come back. A backward made of ops is itself differentiable.
    - ``backward`` names what it needs. After a cotangent for each differentiable result come names of ``forward``'s
      inputs or of `results`; these are kept, nothing else is. Options it wants again are keyword-only.
    - ``backward`` returns a gradient for each input, or None where there is none.
    - Inputs may be Tensors, Python numbers or None. Broadcasting and promotion happened before, by ops of their own, so
      shapes and dtypes already agree.

    >>> class Square(Op):                                             # y = x²,  x̄ = 2·ȳ·x
    ...     def forward(ctx, x): return x * x
    ...     def backward(ctx, g, x): return 2 * g * x

    Instead of ``backward`` an op may give ``composed``, a static method: the same function written with other ops on
    Tensors. It is differentiated when the op is, and serves the tests as the oracle of ``forward``.

    Attributes
    ----------
    results : names of what ``forward`` returns; None stands for one that was not asked for, which the node then lacks.
        It may set others on ctx, where their number depends on the options
    constants : those of `results` that have no gradient, such as indices
    serves : of what ``backward`` names, that which the gradient of one input alone is made with: in a product
        ``(("x", "y"), ("y", "x"))``, as ȳ = z̄·x. It is not kept where that gradient is not asked for; then it is None
    view : whether the results may share the first input's memory
    lends : whether others may hold the memory of its gradients, unseen by `tinycnn.autograd.ownership`
    winners : of a function made of pieces, ``winners(ctx, made, *arrays, **options)`` tells on which piece each entry
        lies, from what ``forward`` got and made; see `tinycnn.autograd.winners`
    """

    results: tuple[str, ...] = ("y",)
    constants: tuple[str, ...] = ()
    serves: ClassVar[tuple[tuple[str, str], ...]] = ()
    view: ClassVar[bool] = False
    lends: ClassVar[bool] = False

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    composed: ClassVar[Callable[..., Any] | None] = None
    winners: ClassVar[Callable[..., Any] | None] = None

    _keeps: ClassVar[tuple[Kept, ...]] = ()  # what backward names
    _options: ClassVar[tuple[str, ...]] = ()
    _differentiable: ClassVar[bool] = True  # whether some result is no constant

    # A node's own:
    backend: Backend
    needs_input_grad: tuple[bool, ...] = ()
    may_overwrite: bool = False  # on the way back: whether nobody else sees the first cotangent's memory
    serial: int = 0
    edges: tuple[Edge, ...]
    shapes: tuple[Any, ...]  # of the inputs; None for what is no tensor
    dtypes: tuple[Any, ...]
    hooks: dict[int, dict[int, Any]] | None
    like: tuple[Any, ...]  # shape and dtype of each result
    options: dict[str, Any]  # those that backward asks for
    saved: list[Any] | None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "forward" in cls.__dict__:
            if cls.composed is not None:
                cls.backward = _backward_of_composed
            cls._keeps, cls._options = declared(cls)
            cls._differentiable = len(cls.constants) < len(cls.results)

    xp = property(lambda self: self.backend.xp, doc="The array module to compute with.")
    kernels = property(lambda self: self.backend.kernels, doc="The kernels of this backend.")
    name = property(lambda self: type(self).__name__, doc="The op's name, as errors and `grad_fn` show it.")

    # The way forward ─────────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Tensor:
        """The result of `inputs`; the node is recorded if a gradient may be asked for."""
        node = cls()
        return (node._applied if observing.observer is None else node._observed)(inputs, options)[0]

    @classmethod
    def apply_all(cls, *inputs: Any, **options: Any) -> tuple[Tensor, ...]:
        """All results, for an op that has several."""
        node = cls()
        return (node._applied if observing.observer is None else node._observed)(inputs, options)

    @classmethod
    def apply_asked(cls, *inputs: Any, asked: tuple[bool, ...], **options: Any) -> tuple[Tensor | None, ...]:
        """All results of an op that makes those that are `asked` for; None stands for the others.

        Where they are to be differentiated again, `composed` makes them: each depends on no more than it is made of.
        """
        if True not in asked:
            return (None,) * len(asked)
        together = cls.apply_all if cls.composed is None or not grad_mode.is_grad_enabled() else cls.composed
        made = [y for y in together(*inputs, asked=asked, **options) if y is not None]
        if len(made) != sum(asked):
            raise ValueError(f"{cls.__name__}: made {len(made)} results, but asked for are {sum(asked)}")
        each = iter(made)
        return tuple([next(each) if one else None for one in asked])

    def _observed(self, inputs: tuple[Any, ...], options: dict[str, Any]) -> tuple[Tensor, ...]:
        self.backend = common_backend(type(self), inputs)  # whom the observer may wait for
        outputs: tuple[Tensor, ...] = observing.told(self, "forward", inputs, self._applied, inputs, options)
        return outputs

    def _applied(self, inputs: tuple[Any, ...], options: dict[str, Any]) -> tuple[Tensor, ...]:
        """Look at each input once, compute, wrap the results; record all that if a gradient may be asked for."""
        recording = self._differentiable and grad_mode.is_grad_enabled()
        backend, arrays, asked = None, [], []
        for x in inputs:
            if not isinstance(x, TensorBase):
                arrays.append(x)
                asked.append(False)
                continue
            array = x.array
            if backend is None:
                backend = of(array)
            elif type(array) is not backend.ndarray:
                common_backend(type(self), inputs)  # refuses what lies elsewhere, not a subclass
            if recording and x._view_of is not None:
                x._check_fresh(self.name)
            arrays.append(array)
            asked.append(x._requires_grad)
        self.backend = backend = backend or common_backend(type(self), inputs)
        if recording:
            self.needs_input_grad = tuple(asked)
        made = quietly(self.forward, *arrays, **options)
        if winners.watch is not None and self.winners is not None:
            winners.watch.note(self.name, quietly(self.winners, made, *arrays, **options))
        outputs: tuple[Tensor, ...]
        if type(made) is backend.ndarray:
            outputs = (wrap(made),)
        else:
            results = self._those_made(made) if isinstance(made, tuple) else (made,)
            outputs = tuple([wrap(self._array_of(y)) for y in results])
        if self.view:
            for y in outputs:
                if self.xp.may_share_memory(y.array, arrays[0]):
                    y._mark_view_of(inputs[0])
        if recording and True in asked:
            self._record(inputs, outputs, options)
        return outputs

    def _those_made(self, made: tuple[Any, ...]) -> tuple[Any, ...]:
        """What forward made, without those of the results that it was not asked for."""
        there = [y is not None for y in made]
        if False not in there:
            return made
        self.results = tuple(compress(self.results, there))
        return tuple(compress(made, there))

    def _array_of(self, y: Any) -> Any:
        """What forward returned: an array, of a NumPy number a 0-d one."""
        if isinstance(y, np.generic):
            return np.asarray(y)
        if not hasattr(y, "dtype"):  # of any device: there is an op that takes arrays to another
            what = "None; does it lack its return?" if y is None else f"{type(y).__name__}, not an array"
            raise ArgumentError(f"{self.name}: forward returned {what}")
        return y

    def _record(self, inputs: tuple[Any, ...], outputs: tuple[Tensor, ...], options: dict[str, Any]) -> None:
        """Become a node: remember where cotangents go, and what backward named."""
        if len(outputs) != len(self.results):
            raise ValueError(f"{self.name}: forward returned {len(outputs)} results, but named are {self.results}")
        self.connect(inputs)
        like = []
        constants, names = self.constants, self._options
        for number, y in enumerate(outputs):
            if not constants or self.results[number] not in constants:
                y.grad_fn, y.output_nr, y._requires_grad = self, number, True
            like.append((y.array.shape, y.array.dtype))
        self.like = tuple(like)
        self.options = {name: options[name] for name in names} if names else {}
        self.saved = saved = []
        for what, position, name, served in self._keeps:
            asked = served is None or self.needs_input_grad[served]
            value = None if not asked else inputs[position] if what == "input" else outputs[position]
            saved.append(Saved(value, what, name) if isinstance(value, TensorBase) else value)

    def connect(self, inputs: tuple[Any, ...]) -> None:
        """Draw the edges to what made the inputs."""
        self.serial, self.hooks = next_serial(), None
        edges: list[Edge] = []
        shapes, dtypes = [], []
        for place, x in enumerate(inputs):
            edge = shape = dtype = None
            if isinstance(x, TensorBase):
                shape, dtype = x.array.shape, x.array.dtype
                if self.needs_input_grad[place]:
                    edge = x if x.grad_fn is None else x.grad_fn, x.output_nr
            edges.append(edge)
            shapes.append(shape)
            dtypes.append(dtype)
        self.edges, self.shapes, self.dtypes = tuple(edges), tuple(shapes), tuple(dtypes)

    def hooks_of(self, number: int) -> dict[int, Any]:
        """The hooks on the gradient of a result, for more to be added."""
        self.hooks = self.hooks or {}
        return self.hooks.setdefault(number, {})

    # The way back ────────────────────────────────────────────────────────────────────────────────────────────────────

    def vjp(self, cotangents: list[Tensor | None]) -> tuple[Tensor | None, ...]:
        """The gradients of the inputs, given those of the results: the vector-Jacobian product."""
        given = cotangents if len(cotangents) == 1 else self._filled(cotangents)
        return checked(self, self.backward(*given, *unpacked(self.unreleased(), self), **self.options))

    def unreleased(self) -> list[Any]:
        """What was saved, unless an earlier backward let it go."""
        if self.saved is None:
            raise GraphError(
                f"{self.name}: trying to backward through the graph a second time, but the values it saved were freed"
                " by the first; say backward(retain_graph=True) there if you need it twice"
            )
        return self.saved

    def release(self) -> None:
        """Let go of what was saved."""
        if self.saved:  # a node that saved nothing may go back twice, as in PyTorch
            self.saved = None

    def _filled(self, cotangents: list[Tensor | None]) -> list[Tensor]:
        """The cotangents of the differentiable results, zeros where nothing came back."""
        return [
            wrap(self.backend.xp.zeros(shape, dtype=dtype)) if g is None else g
            for g, name, (shape, dtype) in zip(cotangents, self.results, self.like, strict=True)
            if name not in self.constants
        ]

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The ops and leaves that cotangents go to next, as in PyTorch."""
        return tuple((None, 0) if edge is None else edge for edge in self.edges)

    def __repr__(self) -> str:
        return f"<{self.name}Backward0>"


def _backward_of_composed(ctx: Op, *values: Any, **options: Any) -> Any:
    from tinycnn.autograd.composition import differentiate  # it runs the engine, which knows ops

    count = len(ctx.results) - len(ctx.constants)
    return differentiate(ctx, values[:count], values[count:], options)
