r"""What ran in a forward pass: the calls of modules, and the ops of the graph that each of them made.

Every node of the graph bears the number of its making, and so do the beginning and the end of each call of a module,
noted by hooks: a node belongs to the innermost call in whose span its number lies. So ops that a forward calls as
functions, a flatten or a sum, are seen as well as those of layers, and the engine knows nothing of it.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.autograd import Op, enable_grad
from tinycnn.autograd.node import is_tensor, next_serial
from tinycnn.errors import ConfigError, GraphError, explain
from tinycnn.nn import Module
from tinycnn.ops.copying import clone
from tinycnn.tables.inputs import Shape, tensors_in
from tinycnn.tables.keeping import as_it_was


@dataclass(eq=False)
class Call:
    r"""One call of a module: when it began and ended, by the clock of the graph, and what went in and came out."""

    path: str
    module: Module
    began: int
    ended: int = 0
    outer: Call | None = None
    input_shapes: list[Shape] = field(default_factory=list)
    output_shapes: list[Shape] = field(default_factory=list)
    taken: list[Op] = field(default_factory=list)  # the ops that its inputs come from

    @property
    def is_leaf(self) -> bool:
        """Whether the module has no parts that could have done the work."""
        return not any(part is not None for part in self.module._modules.values())


@dataclass
class Recording:
    r"""The calls in the order of their beginning, and the ops in the order of their making."""

    calls: list[Call]
    ops: list[Op]
    inputs: set[Op]  # the nodes of the inputs themselves; no part of the model
    severed: set[Op]  # where values go on that a forward had cut off from the graph
    outputs: list[Op]  # the ops that the results of the model come from

    @cached_property
    def data(self) -> set[Op]:
        r"""The ops that are made of more than parameters; of whole numbers nothing is recorded, then they all count."""
        data = self.inputs | self.severed
        for op in self.ops:  # old before young
            if not self.inputs or any(edge is not None and edge[0] in data for edge in op.edges):
                data.add(op)
        return data

    def caller(self, op: Op) -> Call:
        """The innermost call in which the op was made."""
        call: Call | None = self.calls[bisect(self.calls, op.serial, key=lambda call: call.began) - 1]
        while call is not None and call.ended < op.serial:
            call = call.outer
        return self.calls[0] if call is None else call


def record(model: Module, inputs: Sequence[Tensor]) -> Recording:
    r"""Run the model once in evaluation mode and record what it did; the model is left as it was.

    It costs little more memory than the forward pass: when a call ends, what its ops saved for a backward is let go.
    Only for a forward that takes gradients itself all is kept, in a second try.

    Raises
    ------
    ConfigError    forward() cannot be called with this number of inputs
    """
    _check_count(model, inputs)
    try:
        return _recorded(model, inputs, thrifty=True)
    except GraphError:
        return _recorded(model, inputs, thrifty=False)


def _check_count(model: Module, inputs: Sequence[Tensor]) -> None:
    from inspect import signature  # needed only here

    taken = signature(model.forward)
    try:
        taken.bind(*inputs)
    except TypeError as error:
        many = "1 input" if len(inputs) == 1 else f"{len(inputs)} inputs"
        raise ConfigError(explain(
            f"{type(model).__name__}: forward{taken} cannot be run on {many}: {error}", {},
            "tables take the sizes of several inputs as a list, [(1, 3, 8, 8), (1, 5)]; a diagram begins with one",
        )) from None


def _recorded(model: Module, inputs: Sequence[Tensor], thrifty: bool) -> Recording:
    calls: list[Call] = []
    running: list[tuple[Call, enable_grad]] = []
    ops: set[Op] = set()
    results: list[Op] = []
    given = [_in_graph(x) for x in inputs]
    sources = {x.grad_fn for x in given if x.grad_fn is not None}
    severed: set[Op] = set()

    def note(makers: Sequence[Op], since: int) -> None:
        for op in behind(makers, since, ops):
            if thrifty:
                op.release()

    def rejoined(x: Any) -> Any:
        if not is_tensor(x) or not x.is_floating_point() or x.requires_grad:
            return x
        joined = _in_graph(x)
        severed.update(_makers(joined))
        return joined

    def begin(path: str, module: Module, args: Any, kwargs: Any) -> tuple[Any, Any]:
        args, kwargs = tuple(map(rejoined, args)), {name: rejoined(value) for name, value in kwargs.items()}
        outer = running[-1][0] if running else None
        recording = enable_grad()  # also where the forward says no_grad: what runs there is to be counted too
        recording.__enter__()
        call = Call(path, module, next_serial(), outer=outer, input_shapes=_shapes([args, kwargs]))
        call.taken = _makers([args, kwargs])
        note(call.taken, calls[0].began if calls else call.began)
        calls.append(call)
        running.append((call, recording))
        return args, kwargs

    def end(outputs: Any) -> None:
        call, recording = running.pop()
        recording.__exit__()
        call.ended, call.output_shapes = next_serial(), _shapes(outputs)
        note(_makers(outputs), call.began)
        if not running:  # the model is done: whatever passed the hooks by leads to its outputs
            results.extend(_makers(outputs))
            ops.update(behind(results, call.began, set()))

    with as_it_was(model), enable_grad():
        for parameter in model.parameters():
            parameter._requires_grad = parameter.is_floating_point()  # frozen layers are recorded too
        handles = []
        try:
            for path, module in model.named_modules():
                handles.append(module.register_forward_pre_hook(
                    lambda module, args, kwargs, path=path: begin(path, module, args, kwargs), with_kwargs=True))
                handles.append(module.register_forward_hook(
                    lambda module, args, output: end(output), always_call=True))  # the model may survive an error
            model(*given)
        finally:
            while running:
                running.pop()[1].__exit__()
            for handle in handles:
                handle.remove()
    return Recording(calls, sorted(ops, key=lambda op: op.serial), sources, severed, results)


def _in_graph(x: Tensor) -> Tensor:
    r"""The tensor as the result of an op: what is made of it is recorded, and it may be changed in place."""
    if not x.is_floating_point():
        return x
    with enable_grad():
        return clone(x.detach().requires_grad_())


def behind(roots: Sequence[Op], since: int, known: set[Op]) -> Iterator[Op]:
    r"""The ops that led to `roots` and are younger than `since`; each is added to those that are known."""
    stack = list(roots)
    while stack:
        op = stack.pop()
        if op in known or op.serial < since:
            continue
        known.add(op)
        yield op
        stack += [edge[0] for edge in op.edges if edge is not None and isinstance(edge[0], Op)]


def _makers(data: Any) -> list[Op]:
    return [x.grad_fn for x in tensors_in(data) if x.grad_fn is not None]


def _shapes(data: Any) -> list[Shape]:
    return [tuple(x.array.shape) for x in tensors_in(data)]
