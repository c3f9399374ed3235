r"""The steps of a network that ran, from the recording that the tables are counted from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.autograd import Op
from tinycnn.errors import ArgumentError, ConfigError, ShapeError, TinycnnError, described, explain
from tinycnn.plot.diagram.steps import Step, options
from tinycnn.tables.grouping import INPUT, grouped
from tinycnn.tables.inputs import drawn, listed
from tinycnn.tables.recording import Call, Recording, behind, record


class Trace(NamedTuple):
    r"""What ran: the steps in the order in which they did, the first being the input, the last the output."""

    steps: list[Step]
    recording: Recording

    @property
    def model(self) -> nn.Module:
        r"""The network itself."""
        return self.recording.calls[0].module

    @property
    def calls(self) -> list[Call]:
        r"""The uses of modules that have parts, outermost first: stages and blocks."""
        return [call for call in self.recording.calls if not call.is_leaf]

    def inside(self, call: Call) -> list[int]:
        r"""Which steps ran within a call."""
        return [i for i, step in enumerate(self.steps) if call.began < step.serial < call.ended]


def trace(model: nn.Module, input_size: Sequence[int] | Tensor) -> Trace:
    r"""The steps of `model` on an input of `input_size`, in evaluation mode; the model is left as it was.

    Parameters
    ----------
    model : Module
    input_size : sequence of int, or Tensor      N C H W; or the very input to run on

    Raises
    ------
    ArgumentError    no module, or no size
    ConfigError      a model of several inputs; an output that does not depend on the input, so that there is nothing to
                     follow; an image without batch
    """
    if not isinstance(model, nn.Module):
        raise ArgumentError(explain(
            f"diagram: a model is a Module, not {described(model)}", {},
            "models are made before they are drawn: resnet50(), not resnet50" if callable(model) else None,
        ))
    inputs = [input_size] if isinstance(input_size, Tensor) else drawn(model, listed(input_size, "diagram"))
    if len(inputs) > 1:
        raise ConfigError(explain(
            f"diagram: there are {len(inputs)} inputs, but a diagram begins with one", {"input_size": input_size},
            "draw a Module whose forward(x) makes the others itself",
        ))
    shape = tuple(inputs[0].shape)
    try:
        recording = record(model, inputs)
    except ShapeError as error:
        if len(shape) == 3 and _runs(model, inputs[0].unsqueeze(0)):
            raise _without_batch(shape) from error
        raise
    steps = _steps(recording) if recording.inputs else []
    if len(steps) < 2:
        raise ConfigError(explain(
            "diagram: the output of the model does not depend on its input by any operation that was recorded",
            {"model": type(model).__name__, "input": f"{shape}, {inputs[0].dtype}"},
            "does forward() return its input, or nothing, or leave the graph by detach(), numpy() or no_grad()?",
        ))
    if len(shape) < 2 or any(step.kind in ("conv", "pool") and len(step.in_shape) == 3 for step in steps):
        raise _without_batch(shape)
    return Trace(steps, recording)


def _runs(model: nn.Module, x: Tensor) -> bool:
    try:
        record(model, [x])
    except TinycnnError:
        return False
    return True


def _without_batch(shape: tuple[int, ...]) -> ConfigError:
    return ConfigError(explain(
        "diagram: the input has no batch, so that channels cannot be told from examples or rows",
        {"input": shape}, f"one example: {(1, *shape)}",
    ))


def names_for(function: str, models: Sequence[nn.Module], names: Sequence[str] | None) -> Sequence[str | None]:
    r"""A name for each model; None where there is none.

    Raises
    ------
    ArgumentError    there are no models, or not as many names
    """
    if not models:
        raise ArgumentError(f"{function}: there is no model to draw")
    if names is not None and len(names) != len(models):
        raise ArgumentError(f"{function}: {len(models)} models have {len(names)} names")
    return [None] * len(models) if names is None else names


def _steps(recording: Recording) -> list[Step]:
    r"""The input, and every layer on a way from it to an output."""
    (source,) = recording.inputs
    steps = [Step("", None, None, (source,), (), source.serial)]
    leading = set(behind(recording.outputs, source.serial, set()))
    places: dict[int, tuple[int, ...]] = {INPUT: (0,)}
    for n, group in enumerate(grouped(recording)):
        inputs = tuple(dict.fromkeys(place for layer in group.sources for place in places[layer]))
        if not inputs or leading.isdisjoint(group.ops):  # made of constants, or nobody took it, or it did nothing
            places[n] = inputs
            continue
        places[n] = (len(steps),)
        steps.append(Step(
            group.call.path, group.module, group.call.module, group.ops, inputs, group.ops[-1].serial,
            channels_last=_turned(group.ops, any(steps[i].channels_last for i in inputs)),
        ))
    return steps


def _turned(ops: Sequence[Op], last: bool) -> bool:
    r"""Whether the channels are the last axis behind these ops, given whether they were before."""
    for op in ops:
        last = {(0, 2, 3, 1): True, (0, 3, 1, 2): False}.get(options(op).get("dims", ()), last)
    return last
