r"""A whole model with its loss as something to check, and its parts, each at the input that it sees in the whole."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.autograd.grad_mode import no_grad
from tinycnn.autograd.node import is_tensor
from tinycnn.dtypes import float64, is_floating
from tinycnn.errors import ConfigError, explain
from tinycnn.gradcheck.tensors import Function, Layer
from tinycnn.nn.functional.classification import cross_entropy
from tinycnn.nn.functional.regression import mse_loss
from tinycnn.nn.module import Module


class Network(Layer):
    r"""The loss of a model as a function of its parameters alone; without a loss, all that the model gives."""

    def __init__(self, model: Module, inputs: Sequence[Any], target: Any, loss: Callable[..., Any] | None) -> None:
        kind = type(model).__name__
        super().__init__(kind, model, inputs, [f"input {i}" for i in range(len(inputs))], {})
        self.count = len(inputs)
        self.point = {i: x for i, x in self.point.items() if i >= self.count}
        if not self.point:
            raise ConfigError(
                explain(
                    f"check_model: {kind} has no parameter that requires grad, so there is no gradient to check",
                    hint="model.requires_grad_() thaws a frozen model; check(model, inputs) looks at the inputs'"
                    " gradients",
                )
            )
        self.usual = loss is None  # then labels that are floats would be taken for values
        self.loss = copy.deepcopy(loss).double() if isinstance(loss, Module) else loss
        self.target = target
        if target is not None:
            self.loss = self.loss or (cross_entropy if not is_floating(target.array.dtype) else mse_loss)
            self.target = target.to(float64) if is_floating(target.array.dtype) else target

    def call(self, leaves: Mapping[int, Tensor]) -> tuple[Tensor, ...]:
        """The loss, or the outputs."""
        outputs = super().call(leaves)
        if self.loss is None:
            return outputs
        given = outputs[0] if len(outputs) == 1 else outputs
        if self.usual and self.loss is mse_loss and tuple(outputs[0].shape) != tuple(self.target.shape):
            raise ConfigError(
                explain(
                    "check_model: a target of floating type is compared by the mean square, and needs the shape of the"
                    " output",
                    {"output": tuple(outputs[0].shape), "target": tuple(self.target.shape)},
                    "labels are integers: target.long(), or target.astype(int) of an array",
                )
            )
        made = self.loss(given) if self.target is None else self.loss(given, self.target)
        return made if isinstance(made, tuple) else (made,)


def parts_of(model: Module, inputs: Sequence[Any]) -> dict[str, tuple[Module, tuple[Any, ...], dict[str, Any]]]:
    """Every module inside a model by its path, with what it was called with the first time; in the order of calls."""
    watched = copy.deepcopy(model).double()
    seen: dict[str, tuple[Module, tuple[Any, ...], dict[str, Any]]] = {}

    def note(path: str) -> Callable[..., None]:
        def hook(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if path not in seen:
                seen[path] = originals[path], tuple(map(_kept, args)), {k: _kept(v) for k, v in kwargs.items()}
        return hook

    originals = dict(model.named_modules())
    for path, part in watched.named_modules():
        part.register_forward_pre_hook(note(path), with_kwargs=True)
    with no_grad():
        watched(*[x.to(float64) if is_tensor(x) and is_floating(x.array.dtype) else x for x in inputs])
    return seen


def part(path: str, model: Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Function:
    """One of those as something to check."""
    names = ["input"] if len(args) == 1 else [f"input {i}" for i in range(len(args))]
    return Layer(path or type(model).__name__, model, args, names, kwargs)


def _kept(x: Any) -> Any:
    return x.detach().clone() if is_tensor(x) else x
