"""Hooks on the way back through a module: gradients are made to pass two gates, at its outputs and at its inputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinycnn.autograd import Function, is_grad_enabled
from tinycnn.autograd.node import is_tensor
from tinycnn.errors import GraphError

if TYPE_CHECKING:
    from tinycnn.nn.calling import Called

Gradients = tuple[Any, ...]  # None where there is none


class Gate(Function):
    """y₁ = x₁, y₂ = x₂, …; on the way back all gradients go through one function, together."""

    @staticmethod
    def forward(ctx: Any, through: Callable[[Gradients], Gradients], *xs: Any) -> Any:
        """The tensors as they are."""
        ctx.through = through
        ctx.set_materialize_grads(False)
        return xs

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """What the function makes of the gradients."""
        return None, *ctx.through(grads)


class Passage:
    """One call of a module that has backward hooks: the gates around it, and what passed the outer one."""

    def __init__(self, module: Called) -> None:
        self.module = module
        self.inputs = 0  # how many there are
        self.gated = False  # whether any of them has a gradient
        self.grad_output: Gradients | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs, behind their gate."""
        self.inputs = len(args)
        self.gated = is_grad_enabled() and any(is_tensor(x) and x.requires_grad for x in args)
        return _gated(self._at_inputs, args)

    def leave(self, result: Any) -> Any:
        """The output, or the tuple of them, behind its gate."""
        if is_tensor(result):
            return _gated(self._at_outputs, (result,))[0]
        if isinstance(result, tuple):
            return _gated(self._at_outputs, result)
        warnings.warn(
            "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received"
            f" {type(result)}",
            stacklevel=5,
        )
        return result

    def _at_outputs(self, grads: Gradients) -> Gradients:
        for hook in list(self.module._backward_pre_hooks.values()):
            grads = _replaced(hook(self.module, grads), grads, "grad_output")
        self.grad_output = grads
        if not self.gated:
            self._at_inputs((None,) * self.inputs)
        return grads

    def _at_inputs(self, grads: Gradients) -> Gradients:
        if self.grad_output is None:
            return grads  # they came around the outputs, from a second derivative
        for hook in list(self.module._backward_hooks.values()):
            grads = _replaced(hook(self.module, grads, self.grad_output), grads, "grad_input")
        self.grad_output = None
        return grads


def _gated(through: Callable[[Gradients], Gradients], values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values, those with a gradient behind a gate; `through` sees a gradient, or None, for every one of them."""
    places = [i for i, x in enumerate(values) if is_tensor(x) and x.requires_grad]
    if not places or not is_grad_enabled():
        return values

    def spread(grads: Gradients) -> Gradients:
        found = dict(zip(places, grads, strict=True))
        passed = through(tuple(found.get(i) for i in range(len(values))))
        return tuple(passed[i] for i in places)

    gated = dict(zip(places, Gate.apply(spread, *(values[i] for i in places)), strict=True))
    return tuple(gated.get(i, x) for i, x in enumerate(values))


def _replaced(made: Any, grads: Gradients, name: str) -> Gradients:
    """What a hook returned in place of the gradients, if it did."""
    if made is None:
        return grads
    found: Gradients = made if isinstance(made, tuple) else (made,)
    if len(found) != len(grads):
        raise GraphError(f"a backward hook returned an invalid number of {name}, {len(found)} for {len(grads)}")
    return found
