r"""A function of Tensors as something to check, and a Module with its parameters."""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import numpy as np

from tinycnn import backend as backends
from tinycnn._tensor import Tensor
from tinycnn.autograd import engine
from tinycnn.autograd.contract import BrokenGradient
from tinycnn.autograd.grad_mode import enable_grad
from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.autograd.numeric import on_host, outputs_of
from tinycnn.autograd.winners import enter, leave, watching
from tinycnn.dtypes import float64, is_floating
from tinycnn.errors import ConfigError, DTypeError, GraphError, explain
from tinycnn.gradcheck.evidence import Diagnosis
from tinycnn.gradcheck.subject import (
    Gradients,
    Host,
    Point,
    Subject,
    Values,
    double,
    misshapen,
    mutated,
    no_floating,
    refuse_overlap,
)
from tinycnn.nn.module import Module

Run = tuple[dict[int, Tensor], tuple[Tensor, ...]]  # the leaves that were differentiated, and the outputs that count


class Function(Subject):
    r"""A function of Tensors at float64 copies of its inputs, on their device."""

    def __init__(
        self, name: str, function: Callable[..., Any], inputs: Sequence[Any], names: Sequence[str],
        options: Mapping[str, Any], others: bool = False,
    ) -> None:  # fmt: skip
        tensors = [as_tensor(x) for x in inputs]
        floating = [i for i, x in enumerate(tensors) if is_tensor(x) and is_floating(x.array.dtype)]
        chosen = [i for i in floating if tensors[i]._requires_grad] or floating
        if not chosen and not others:
            arrays = not any(map(is_tensor, inputs))
            raise no_floating(name, [_kind(x) for x in tensors], "x.astype(float)" if arrays else "x.double()")
        self.name, self.names, self.options, self.function = name, list(names), options, function
        self.backends = {i: tensors[i].backend for i in chosen}
        self.point: dict[int, Host] = {}
        for i in chosen:
            array = tensors[i].backend.asnumpy(tensors[i].array)
            refuse_overlap(self.names[i], tensors[i].array)
            self.point[i] = double(array)
        self.constants = [_constant(x) for x in tensors]
        self.arguments: tuple[Any, ...] = tuple(
            self.point[i] if i in self.point else on_device.backend.asnumpy(on_device.array) if is_tensor(on_device)
            else on_device for i, on_device in enumerate(self.constants)
        )  # fmt: skip
        self._counted: tuple[int, ...] | None = None  # the outputs that count, as the first run had them
        self._dtypes: tuple[Any, ...] = ()

    # What a Subject offers ───────────────────────────────────────────────────────────────────────────────────────────

    def forward(self, point: Point) -> Values:
        with watching() as notes:
            _, outputs = self.run(point)
        return Values(tuple(on_host(y) for y in outputs), notes)

    def vjp(self, point: Point, cotangents: Sequence[Host]) -> Gradients:
        broken: dict[int, Diagnosis] = {}
        while True:
            leaves, outputs = self.run(point, frozen=broken)
            wanted = [i for i in leaves if i not in broken]
            try:
                found = self._gradients(leaves, outputs, self._seeds(outputs, cotangents), wanted)
                break
            except BrokenGradient as error:
                guilty = _behind(error, leaves)
                new = [i for i in guilty if i not in broken] or [i for i in leaves if i not in broken][:1]
                for i in new:
                    broken[i] = self._flaw(i, error)
                if error.gradient is None:  # their number is wrong, so that none can be assigned
                    return Gradients({}, frozenset(), broken)
        missing = frozenset(i for i, g in found.items() if g is None)
        arrays = {i: np.zeros_like(point[i]) if g is None else on_host(g) for i, g in found.items()}
        return Gradients(arrays, missing, broken)

    def touched(self, cotangents: Sequence[Host]) -> Mapping[int | None, Diagnosis]:
        found: dict[int | None, Diagnosis] = {}
        leaves, outputs = self.run(self.point)
        self._look(leaves, "forward", found)
        seeds = self._seeds(outputs, cotangents)
        try:
            self._gradients(leaves, outputs, seeds, list(leaves))
        except BrokenGradient:
            return found  # it is told of elsewhere
        self._look(leaves, "backward", found)
        if not all(np.array_equal(on_host(g), v) for g, v in zip(seeds.values(), cotangents, strict=False)):
            found[None] = mutated("the cotangent g that it was given", "backward")
        return found

    def dtypes(self) -> tuple[Any, ...]:
        return self._dtypes

    # How it comes about ──────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, point: Point, frozen: Container[int] = ()) -> Run:
        """Call the function, with graph. What is `frozen` wants no gradient, so that the others can be looked at."""
        with enable_grad():
            leaves = {i: self._leaf(i, point[i]).requires_grad_(i not in frozen) for i in self.point}
            return leaves, self._outputs(self.call(leaves))

    def call(self, leaves: Mapping[int, Tensor]) -> tuple[Tensor, ...]:
        """The function's outputs. It gets clones of the leaves, which it may write to as in place functions do."""
        self.given = {i: leaves[i].clone() for i in leaves if i < len(self.constants)}
        arguments = [self.given[i] if i in leaves else _copied(x) for i, x in enumerate(self.constants)]
        try:
            return outputs_of(lambda *xs: self.function(*xs, **self.options), arguments)
        except DTypeError as error:
            error.add_note(
                "check: the inputs are float64 here, whatever they were. A Module that is passed itself is copied in"
                " float64, too; one that a function uses is not: say model.double()"
            )
            raise
        except GraphError as error:
            if "can't call numpy()" in str(error):
                raise self._uses_arrays() from None
            raise
        except Exception as error:
            error.add_note(f"check: raised by the forward of {self.name}")
            raise

    def _uses_arrays(self) -> ConfigError:
        """The error for a function that makes arrays of its Tensors."""
        return ConfigError(explain(
            f"check: {self.name} computes with NumPy, so that there is no graph of Tensors to differentiate",
            hint="to check a pair of NumPy functions pass backward=..., and on the command line name both,"
            " file.py:forward,backward; a function of Tensors computes with the operations of tinycnn alone",
        ))  # fmt: skip

    def _leaf(self, i: int, array: Host) -> Tensor:
        return wrap(self.backends[i].asarray(array.copy(order="K")))

    def _outputs(self, outputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Those outputs that have a gradient; if none has, all that are floating."""
        if self._counted is None:
            floating = [o for o, y in enumerate(outputs) if is_floating(y.array.dtype)]
            self._counted = tuple([o for o in floating if outputs[o]._requires_grad] or floating)
            self._dtypes = tuple(outputs[o].array.dtype for o in self._counted)
        return tuple(outputs[o] for o in self._counted if o < len(outputs))

    def _seeds(self, outputs: Sequence[Tensor], cotangents: Sequence[Host]) -> dict[int, Tensor]:
        return {
            o: wrap(y.backend.asarray(v.astype(y.array.dtype)))
            for o, (y, v) in enumerate(zip(outputs, cotangents, strict=True))
        }

    def _gradients(
        self, leaves: Mapping[int, Tensor], outputs: Sequence[Tensor], seeds: Mapping[int, Tensor],
        wanted: Sequence[int], create_graph: bool = False,
    ) -> dict[int, Any]:  # fmt: skip
        live = [o for o, y in enumerate(outputs) if y._requires_grad]
        if not live or not wanted:
            return dict.fromkeys(wanted)
        try:
            found = engine.grad(
                [outputs[o] for o in live], [leaves[i] for i in wanted], [seeds[o] for o in live],
                create_graph=create_graph, allow_unused=True,
            )  # fmt: skip
        except BrokenGradient:
            raise
        except Exception as error:
            error.add_note(f"check: raised by the backward of {self.name}")
            raise
        return dict(zip(wanted, found, strict=True))

    def _look(self, leaves: Mapping[int, Tensor], by: str, found: dict[int | None, Diagnosis]) -> None:
        """Note the arguments that were written to; a write that the graph recorded is no secret, and no fault."""
        for i, leaf in leaves.items():
            x = self.given.get(i, leaf)
            kept = x.version.recorded or np.array_equal(on_host(x), self.point[i], equal_nan=True)
            if i not in found and not kept:
                found[i] = mutated(self.names[i], by)

    def _flaw(self, i: int, error: BrokenGradient) -> Diagnosis:
        gradient = error.gradient
        array = on_host(gradient).astype(gradient.array.dtype) if is_tensor(gradient) else gradient
        flaw = None if array is None else misshapen(self.names[i], self.point[i].shape, np.dtype(float64), array)
        return flaw or Diagnosis(
            "wrong-shape",
            str(error).partition("\n")[0] + ".",
            "Return one gradient, a Tensor, for each input of forward, in their order, and None for options.",
        )


class Layer(Function):
    r"""A Module at a float64 copy of itself: its parameters follow the inputs, its buffers are put back every time."""

    def __init__(
        self, name: str, module: Module, inputs: Sequence[Any], names: Sequence[str], options: Mapping[str, Any]
    ) -> None:
        self.module = copy.deepcopy(module).double()
        parameters = list(self.module.named_parameters())
        trained = [(n, p) for n, (_, p) in enumerate(parameters, len(inputs)) if p.requires_grad]
        super().__init__(name, self.module, inputs, [*names, *[path for path, _ in parameters]], options, bool(trained))
        self.parameters = dict(trained)
        for i, p in self.parameters.items():
            self.backends[i], self.point[i] = p.backend, double(p.backend.asnumpy(p.array))
        held = [self.point.get(i, p) for i, (_, p) in enumerate(parameters, len(inputs))]
        self.arguments = (*self.arguments, *[p.backend.asnumpy(p.array) if is_tensor(p) else p for p in held])
        self.held = {i: p.array for i, p in trained}  # so that what is not moved need not be copied each time
        self.buffers = [(b, b.array.copy()) for b in self.module.buffers()]
        for path, part in self.module.named_modules():
            part.register_forward_pre_hook(lambda *_, path=path: enter(path))
            part.register_forward_hook(lambda *_: leave(), always_call=True)

    def call(self, leaves: Mapping[int, Tensor]) -> tuple[Tensor, ...]:
        """Its outputs, from the state it was given in."""
        for buffer, array in self.buffers:
            buffer.array = array.copy()
        return super().call(leaves)

    def _leaf(self, i: int, array: Host) -> Tensor:
        if i not in self.parameters:
            return super()._leaf(i, array)
        p = self.parameters[i]
        p.array = self.held[i] if array is self.point[i] else self.backends[i].asarray(array)
        return p


def as_tensor(x: Any) -> Any:
    """An array as a Tensor; all else as it is."""
    if isinstance(x, np.ndarray | np.generic) and x.dtype.kind in "fiub":
        return wrap(backends.get("cpu").asarray(np.asarray(x)))
    return x


def _constant(x: Any) -> Any:
    """An input that is not differentiated: in double precision as those that are, and without a gradient."""
    if not is_tensor(x):
        return x
    return wrap(x.array.astype(float64)) if is_floating(x.array.dtype) else wrap(x.array)


def _copied(x: Any) -> Any:
    return wrap(x.array.copy()) if is_tensor(x) else x


def _behind(error: BrokenGradient, leaves: Mapping[int, Tensor]) -> list[int]:
    """The arguments that the broken gradient was on its way to."""
    if error.position is None or error.position >= len(error.node.edges):
        return []
    numbers = {id(leaf): i for i, leaf in leaves.items()}
    stack, found = [error.node.edges[error.position]], []
    while stack:
        edge = stack.pop()
        if edge is None:
            continue
        if id(edge[0]) in numbers:
            found.append(numbers[id(edge[0])])
        else:
            stack += getattr(edge[0], "edges", ())
    return list(dict.fromkeys(found))


def _kind(x: Any) -> str:
    return f"{x.array.dtype}, shape {tuple(x.array.shape)}" if is_tensor(x) else type(x).__name__
