r"""Running a model once, to see which layers ran, on what, and what they were connected with.

Hooks note the serial number of the graph when a module is entered and when it is left, so that every recorded op
belongs to the innermost module that made it; the edges of the recorded graph say what followed what. The ops of one
layer become one `Step`. So functional calls are seen as well as modules, and nothing is taken from a list of names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tinycnn import creation, nn, random
from tinycnn._tensor import Tensor
from tinycnn.autograd import Op, enable_grad
from tinycnn.autograd.node import next_serial
from tinycnn.errors import ArgumentError, ConfigError, described, explain
from tinycnn.plot.diagram.steps import Step, options

QUIET = ("Expand", "Cast")  # what an op needs done first: never a layer
SUMS = ("Sum", "SumPool2d")
WEIGHTED = ("Conv2d", "Conv2dInput", "Linear", "MatMul", "MaxPool2d", "SumPool2d")


class Call(NamedTuple):
    r"""One use of a module: everything with a serial number between `start` and `stop` happened inside."""

    path: str
    module: nn.Module
    start: int
    stop: int


class Trace(NamedTuple):
    r"""What ran: the steps in the order in which they did, the first being the input, the last the output.

    calls : the uses of modules that have parts, outermost first: stages and blocks
    """

    steps: list[Step]
    calls: list[Call]
    model: nn.Module

    def inside(self, call: Call) -> list[int]:
        r"""Which steps ran within a call."""
        return [i for i, step in enumerate(self.steps) if call.start < step.serial < call.stop]


def trace(model: nn.Module, input_size: Sequence[int] | Tensor) -> Trace:
    r"""The steps of `model` on zeros of `input_size`, in evaluation mode; the model is left as it was.

    Parameters
    ----------
    model : Module
    input_size : sequence of int, or Tensor      N C H W; or the very input to run on

    Raises
    ------
    ArgumentError    no module, or no size
    ConfigError      the output does not depend on the input, so there is nothing to follow; an image without batch
    """
    if not isinstance(model, nn.Module):
        raise ArgumentError(explain(
            f"diagram: a model is a Module, not {described(model)}", {},
            "models are made before they are drawn: resnet50(), not resnet50" if callable(model) else None,
        ))
    given = input_size if isinstance(input_size, Tensor) else creation.zeros(*_sizes(input_size), **_like(model))
    with _watched(model) as calls, enable_grad():
        x = given.detach().requires_grad_().clone()  # a clone may be written to in place, as a leaf may not
        source = x.grad_fn
        assert source is not None
        output = model(x)
    nodes = _behind(output, source)
    if len(nodes) < 2:
        raise ConfigError(explain(
            "diagram: the output of the model does not depend on its input by any operation that was recorded",
            {"model": type(model).__name__, "input": tuple(given.shape), "output": described(output)},
            "does forward() return its input, or leave the graph by detach(), numpy() or no_grad()?",
        ))
    steps = _steps(nodes, calls)
    if any(step.kind in ("conv", "pool") and len(step.in_shape) == 3 for step in steps):
        raise ConfigError(explain(
            "diagram: the input has no batch, so that height cannot be told from channels",
            {"input": tuple(given.shape)}, f"N C H W: {(1, *given.shape)}",
        ))
    return Trace(steps, [c for c in calls if c.module._modules], model)


def _sizes(input_size: Any) -> tuple[int, ...]:
    sizes = tuple(input_size) if isinstance(input_size, Sequence) and not isinstance(input_size, str) else (None,)
    if not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in sizes) or not sizes:
        raise ArgumentError(
            f"diagram: input_size must be positive integers such as (1, 3, 224, 224), N C H W, or a Tensor, not"
            f" {described(input_size)}"
        )
    return sizes


def _like(model: nn.Module) -> dict[str, Any]:
    first = next((p for p in model.parameters() if p.is_floating_point()), None)
    return {} if first is None else {"dtype": first.dtype, "device": first.device}


@contextlib.contextmanager
def _watched(model: nn.Module) -> Iterator[list[Call]]:
    r"""Let every module of the model note when it is called; mode, hooks, statistics and random numbers are kept."""
    calls: list[Call] = []
    begun: list[tuple[int, int]] = []
    handles, modes, state = [], [(m, m.training) for m in model.modules()], random.get_rng_state()
    buffers = [(b, b.array.copy(), b.version.changes) for b in model.buffers()]

    def enter(module: nn.Module, args: Any) -> None:
        begun.append((len(calls), next_serial()))
        calls.append(Call("", module, 0, 0))

    def leave(path: str) -> Any:
        def left(module: nn.Module, args: Any, result: Any) -> None:
            place, start = begun.pop()
            calls[place] = Call(path, module, start, next_serial())
        return left

    try:
        for path, module in model.named_modules():
            handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave(path))]
        for module, _ in modes:
            module.training = False
        yield calls
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
        for buffer, array, changes in buffers:
            if buffer.version.changes != changes:
                buffer.array[...] = array
        random.set_rng_state(state)


def _behind(output: Any, source: Op) -> list[Op]:
    r"""The ops between the input and the output, oldest first; what depends on parameters alone is left out."""
    found: dict[int, Op] = {}
    todo = [t.grad_fn for t in _tensors(output)]
    while todo:
        node = todo.pop()
        if isinstance(node, Op) and node.serial not in found and node.serial >= source.serial:
            found[node.serial] = node
            todo += [edge[0] for edge in node.edges if edge is not None]
    reached: dict[int, Op] = {}
    for serial in sorted(found):  # every op is younger than its inputs
        node = found[serial]
        if node is source or any(parent.serial in reached for parent in parents(node)):
            reached[serial] = node
    return list(reached.values())


def _tensors(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, dict | list | tuple):
        for part in output.values() if isinstance(output, dict) else output:
            yield from _tensors(part)


def parents(node: Op) -> list[Op]:
    r"""The ops whose results a node took, in the order of its inputs."""
    return [edge[0] for edge in node.edges if edge is not None and isinstance(edge[0], Op)]


# Ops to steps ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _steps(nodes: list[Op], calls: list[Call]) -> list[Step]:
    units = _units(nodes, calls)
    groups: dict[int, list[Op]] = {}  # key: a call's start, or the serial of the op that began a group of its own
    home: dict[int, int] = {}
    for node in nodes:
        unit = next((call for call in units if call.start < node.serial < call.stop), None)
        key = node.serial if unit is None else unit.start
        if unit is None and (joined := _joins(node, home, groups)) is not None:
            key = joined
        home[node.serial] = key
        groups.setdefault(key, []).append(node)
    owner = {call.start: call for call in units}
    place: dict[int, int] = {}
    steps: list[Step] = []
    for key, ops in groups.items():
        place[key] = len(steps)
        before = [home[p.serial] for op in ops for p in parents(op) if p.serial in home and home[p.serial] != key]
        call = owner.get(key)
        inner = [c for c in calls if c.start < ops[0].serial < c.stop]
        inputs = tuple(dict.fromkeys(place[k] for k in before))
        steps.append(Step(
            path=call.path if call else inner[-1].path if inner else "",
            module=call.module if call else None, within=inner[-1].module if inner else None,
            ops=tuple(ops), inputs=inputs, serial=ops[-1].serial,
            channels_last=_turned(ops, any(steps[i].channels_last for i in inputs)),
        ))
    return _dissolved(steps)


def _turned(ops: list[Op], last: bool) -> bool:
    r"""Whether the channels are the last axis behind these ops, given whether they were before."""
    for op in ops:
        last = {(0, 2, 3, 1): True, (0, 3, 1, 2): False}.get(options(op).get("dims", ()), last)
    return last


def _units(nodes: list[Op], calls: list[Call]) -> list[Call]:
    r"""The calls that are one step each: of modules without parts, unless one computes with several layers itself."""
    units: list[Call] = []
    for call in calls:
        if units and units[-1].stop > call.start:
            continue  # inside one
        if call.module._modules or _composite(nodes, call):
            continue
        units.append(call)
    return units


def _composite(nodes: list[Op], call: Call) -> bool:
    if type(call.module).__module__.startswith("tinycnn.nn."):
        return False
    inside = [node for node in nodes if call.start < node.serial < call.stop]
    return not call.path or sum(node.name in WEIGHTED for node in inside) > 1


def _joins(node: Op, home: dict[int, int], groups: dict[int, list[Op]]) -> int | None:
    r"""The functional call that an op continues: a bias behind its convolution, a division behind a sum."""
    before = [p for p in parents(node) if p.serial in home]
    if len(before) != 1:
        return None
    key = home[before[0].serial]
    group = groups[key]
    if key != group[0].serial:
        return None  # that is a module's
    last = group[-1]
    if last is not before[0]:
        return None
    folded = node.name == "Reshape" and node.shapes[0][-1:] == node.like[0][0][-1:]  # all axes but the last made one
    joins = (
        (node.name in QUIET and node.like[0][0] == node.shapes[0])
        or (node.name == "Add" and last.name in ("Conv2d", "Conv2dInput", "MatMul"))
        or (node.name == "Reshape" and last.name == "Sum") or (folded and last.name == "Linear")
        or (node.name == "Div" and node.shapes[1:] == (None,) and any(op.name in SUMS for op in group))
        or (node.name == "Linear" and last.name == "Reshape" and last.shapes[0][-1:] == last.like[0][0][-1:])
    )
    return key if joins else None


def _dissolved(steps: list[Step]) -> list[Step]:
    r"""Without the steps that only stretch or convert: whoever asked for the result takes their input for its own."""
    kept: list[Step] = []
    place: dict[int, tuple[int, ...]] = {}
    for i, step in enumerate(steps):
        inputs = tuple(dict.fromkeys(k for j in step.inputs for k in place[j]))
        if all(op.name in QUIET for op in step.ops) and i != len(steps) - 1:
            place[i] = inputs
        else:
            place[i] = (len(kept),)
            kept.append(step._replace(inputs=inputs))
    return kept
