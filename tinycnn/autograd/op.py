"""One differentiable operation: `Op`, whose instances are the nodes of the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tinycnn.autograd import grad_mode
from tinycnn.autograd.node import TensorBase, next_serial, wrap
from tinycnn.autograd.saved import Saved
from tinycnn.backend import Array, Backend
from tinycnn.dtypes import DType
from tinycnn.errors import DeviceError, GraphError, explain

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
    results : names of what ``forward`` returns
    constants : those of `results` that have no gradient, such as indices
    serves : of what ``backward`` names, that which the gradient of one input alone is made with: in a product
        ``(("x", "y"), ("y", "x"))``, as ȳ = z̄·x. It is not kept where that gradient is not asked for; then it is None
    view : whether the result may share the input's memory
    """

    results: tuple[str, ...] = ("y",)
    constants: tuple[str, ...] = ()
    serves: ClassVar[tuple[tuple[str, str], ...]] = ()
    view: ClassVar[bool] = False

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    composed: ClassVar[Callable[..., Any] | None] = None

    # What backward names: (what it is, its position, its name, the one input whose gradient needs it or None)
    _keeps: ClassVar[tuple[tuple[str, int, str, int | None], ...]] = ()
    _options: ClassVar[tuple[str, ...]] = ()

    # A node's own:
    backend: Backend
    needs_input_grad: tuple[bool, ...] = ()
    serial: int = 0
    edges: tuple[Edge, ...]
    shapes: tuple[Any, ...]  # of the inputs; None for what is no tensor
    dtypes: tuple[Any, ...]
    hooks: dict[int, dict[int, Any]]
    saved: list[Any] | None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "forward" not in cls.__dict__:
            return
        inputs, _ = _parameters(cls.__dict__["forward"])
        if cls.composed is not None:
            cls.backward = _differentiate_composed
            needed, cls._options = inputs, _parameters(cls.composed)[1]
        elif "backward" in cls.__dict__:
            names, cls._options = _parameters(cls.__dict__["backward"])
            needed = names[len(cls.results) - len(cls.constants) :]
        else:
            needed = ()
        for name in needed:
            if name not in inputs + cls.results:
                raise TypeError(
                    f"{cls.__name__}.backward: {name!r} is no input of forward ({', '.join(inputs)}) and no result"
                    f" ({', '.join(cls.results)}); after the cotangents, backward names what it needs of these"
                )
        alone = {name: inputs.index(served) for name, served in cls.serves}
        cls._keeps = tuple(
            ("input", inputs.index(name), name, alone.get(name)) if name in inputs
            else ("result", cls.results.index(name), name, alone.get(name))
            for name in needed
        )

    @property
    def xp(self) -> Any:
        """The array module to compute with."""
        return self.backend.xp

    @property
    def kernels(self) -> Any:
        """The kernels of this backend."""
        return self.backend.kernels

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Tensor:
        """The result of `inputs`; the node is recorded if a gradient may be asked for."""
        return cls.apply_all(*inputs, **options)[0]

    @classmethod
    def apply_all(cls, *inputs: Any, **options: Any) -> tuple[Tensor, ...]:
        """All results, for an op that has several."""
        ctx = cls()
        ctx.backend = _common_backend(cls, inputs)
        arrays = [x.array if isinstance(x, TensorBase) else x for x in inputs]
        record = grad_mode._state.enabled and len(cls.constants) < len(cls.results)
        if record:
            ctx.needs_input_grad = tuple(isinstance(x, TensorBase) and x._requires_grad for x in inputs)
            record = any(ctx.needs_input_grad)
            for x in inputs:
                if isinstance(x, TensorBase) and x._view_of is not None:
                    x._check_fresh(cls.__name__)
        with np.errstate(all="ignore"):  # log(0) is -inf and 0/0 is nan, quietly, as in PyTorch
            made = ctx.forward(*arrays, **options)
        results = made if isinstance(made, tuple) else (made,)
        outputs = tuple(wrap(np.asarray(y) if isinstance(y, np.generic) else y) for y in results)  # scalars: 0-d arrays
        if cls.view and ctx.xp.may_share_memory(outputs[0].array, arrays[0]):
            outputs[0]._mark_view_of(inputs[0])
        if record:
            ctx._record(inputs, outputs, options)
        return outputs

    def _record(self, inputs: tuple[Any, ...], outputs: tuple[Tensor, ...], options: dict[str, Any]) -> None:
        """Become a node: remember where cotangents go, and what backward named."""
        self.connect(inputs)
        for number, (name, output) in enumerate(zip(self.results, outputs, strict=True)):
            if name not in self.constants:
                output.grad_fn, output.output_nr, output._requires_grad = self, number, True
        self.like = tuple((output.array.shape, output.array.dtype) for output in outputs)
        self.options = {name: options[name] for name in self._options}
        self.saved = [
            Saved(inputs[position] if what == "input" else outputs[position], what, name)
            if served is None or self.needs_input_grad[served] else Saved(None, what, name)
            for what, position, name, served in self._keeps
        ]

    def connect(self, inputs: tuple[Any, ...]) -> None:
        """Draw the edges to what made the inputs."""
        self.serial = next_serial()
        self.hooks = {}
        edges: list[Edge] = []
        for x, needed in zip(inputs, self.needs_input_grad, strict=True):
            if not needed:
                edges.append(None)
                continue
            edges.append((x, 0) if x.grad_fn is None else (x.grad_fn, x.output_nr))
        self.edges = tuple(edges)
        self.shapes = tuple(x.array.shape if isinstance(x, TensorBase) else None for x in inputs)
        self.dtypes = tuple(x.array.dtype if isinstance(x, TensorBase) else None for x in inputs)

    # The way back ────────────────────────────────────────────────────────────────────────────────────────────────────

    def vjp(self, cotangents: list[Tensor | None]) -> tuple[Tensor | None, ...]:
        """The gradients of the inputs, given those of the results: the vector-Jacobian product."""
        kept = [saved.unpack(self) for saved in self.unreleased()]
        gradients = self.backward(*self.filled(cotangents), *kept, **self.options)
        return self.checked(gradients)

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
        if self.saved:
            self.saved = None

    def filled(self, cotangents: list[Tensor | None]) -> list[Tensor]:
        """The cotangents of the differentiable results, zeros where nothing came back."""
        if len(cotangents) == 1 and cotangents[0] is not None:
            return [cotangents[0]]
        xp = self.backend.xp
        return [
            wrap(xp.zeros(shape, dtype=dtype)) if g is None else g
            for g, name, (shape, dtype) in zip(cotangents, self.results, self.like, strict=True)
            if name not in self.constants
        ]

    def checked(self, gradients: Any) -> tuple[Tensor | None, ...]:
        """The gradients as a tuple, after a look at each: its shape, dtype and device must be the input's.

        Raises
        ------
        GraphError
            Naming the op whose backward broke the contract.
        """
        found = gradients if isinstance(gradients, tuple) else (gradients,)
        if len(found) != len(self.edges):
            raise GraphError(
                f"{self.name}: backward returned {len(found)} gradients for {len(self.edges)} inputs;"
                " it owes one for each, None where there is none"
            )
        for position, (g, edge) in enumerate(zip(found, self.edges, strict=True)):
            if g is None or edge is None:
                continue
            if not isinstance(g, TensorBase):
                raise GraphError(f"{self.name}: backward returned a {type(g).__name__} for input {position}, no Tensor")
            array, shape, dtype = g.array, self.shapes[position], self.dtypes[position]
            if array.shape != shape or array.dtype != dtype or type(array) is not self.backend.ndarray:
                raise GraphError(_broken_contract(self, position, array, shape, dtype))
        return found

    def lends(self, g: Tensor, cotangents: Sequence[Tensor | None], gradients: Sequence[Tensor | None]) -> bool:
        """Whether others hold a gradient's memory too: a cotangent handed on, a view, or one given to two inputs."""
        return g._view_of is not None or any(g is c for c in cotangents) or sum(g is other for other in gradients) > 1

    @property
    def name(self) -> str:
        """The op's name, as errors and `grad_fn` show it."""
        return type(self).__name__

    def __repr__(self) -> str:
        return f"<{self.name}Backward0>"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The ops and leaves that cotangents go to next, as in PyTorch."""
        return tuple((None, 0) if edge is None else edge for edge in self.edges)


def _parameters(function: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The positional and the keyword-only parameters of a function, ctx left out."""
    code = getattr(function, "__func__", function).__code__
    first = 1 if code.co_varnames[:1] == ("ctx",) else 0
    positional = code.co_varnames[first : code.co_argcount]
    return positional, code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]


def _common_backend(op: type[Op], inputs: tuple[Any, ...]) -> Backend:
    backend: Backend | None = None
    for x in inputs:
        if isinstance(x, TensorBase):
            if backend is None:
                backend = x.backend
            elif type(x.array) is not backend.ndarray and x.backend is not backend:
                raise DeviceError(
                    explain(
                        f"{op.__name__}: expected all tensors to be on the same device",
                        {f"input {i}": f"{t.backend.name}, shape {t.array.shape}" for i, t in enumerate(inputs)
                         if isinstance(t, TensorBase)},
                        "move one with x.to(device); a model and its data must be on one device",
                    )
                )
    if backend is None:
        raise TypeError(f"{op.__name__}: expected a Tensor among its inputs, got {[type(x).__name__ for x in inputs]}")
    return backend


def _broken_contract(op: Op, position: int, array: Array, shape: tuple[int, ...], dtype: DType) -> str:
    return explain(
        f"{op.name}: backward returned a gradient for input {position} that does not match the input",
        {
            "input": f"{shape}, {dtype}, {op.backend.name}",
            "gradient": f"{tuple(array.shape)}, {array.dtype}, {type(array).__module__.partition('.')[0]}",
        },
        "an input that was broadcast gets its gradient summed over the broadcast dimensions"
        if tuple(array.shape) != tuple(shape)
        else "a gradient has the dtype and the device of its input",
    )


def _differentiate_composed(ctx: Op, *values: Any, **options: Any) -> Any:
    """The backward of an op that is given as a composition of others: differentiate the composition."""
    from tinycnn.autograd import engine

    count = len(ctx.results) - len(ctx.constants)
    cotangents, inputs = values[:count], values[count:]
    create_graph = grad_mode.is_grad_enabled()
    with grad_mode.enable_grad():
        # Aliases stand between the composition and the inputs' own history, which must not be walked here.
        aliases = tuple(Alias.apply(x) if n else x for x, n in zip(inputs, ctx.needs_input_grad, strict=True))
        assert ctx.composed is not None
        made = ctx.composed(*aliases, **options)
    outputs = made if isinstance(made, tuple) else (made,)
    asked = [alias for alias, needed in zip(aliases, ctx.needs_input_grad, strict=True) if needed]
    found = iter(engine.grad(outputs[:count], asked, cotangents, create_graph=create_graph, allow_unused=True))
    return tuple(next(found) if needed else None for needed in ctx.needs_input_grad)


class Alias(Op):
    """y = x,   x̄ = ȳ"""

    def forward(ctx, x: Array) -> Array:
        return x

    def backward(ctx, g: Tensor) -> Tensor:
        return g
