r"""The layers of a recording: calls of modules without parts, and ops that a forward called as functions.

A module without parts is one layer, however many ops it takes, unless several of them are convolutions, poolings or
products: then it is a model written with functions, and each of them is a layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tinycnn.autograd import Op
from tinycnn.geometry import Window
from tinycnn.nn import Module
from tinycnn.nn.backward_hooks import Gate
from tinycnn.nn.parts import Parameter
from tinycnn.ops.convolution import Conv2d, Conv2dInput
from tinycnn.ops.copying import Clone
from tinycnn.ops.expansion import Expand
from tinycnn.ops.linalg import Linear, MatMul
from tinycnn.ops.pooling import MaxPool2d, SumPool2d
from tinycnn.ops.promotion import Cast
from tinycnn.ops.shaping import Reshape
from tinycnn.shapes import product
from tinycnn.tables.inputs import Shape
from tinycnn.tables.recording import Call, Recording

FLOAT32 = 4  # bytes

_NAMES: dict[type[Op], str] = {
    Conv2d: "conv2d", Conv2dInput: "conv_transpose2d", MaxPool2d: "max_pool2d", SumPool2d: "avg_pool2d",
}


@dataclass(frozen=True, eq=False)
class LayerRecord:
    r"""One layer that ran: a call of a module without parts, or an op that a forward called as a function.

    Attributes
    ----------
    path : str                      of the module; of an op, that of the module whose forward called it, and the kind
    kind : str                      the module's class, such as "Conv2d"; of a function its name: "flatten", "add"
    module : Module or None         None for a function
    input_shape, output_shape       of the first input and of the first output, with the batch
    parameters : int                all of it, biases too; one that a layer above has used already is not counted again
    weights : int                   the entries of what the input is multiplied by, without biases, counted likewise
    mult_adds : int                 of convolutions, linear layers and products of matrices; 0 for everything else
    window : Window or None         the kernel and how it slides, of a convolution or a pooling
    groups : int                    of a convolution
    filters : int or None           of a convolution or a linear layer: how many outputs a position has
    sources : tuple of int          which records its inputs come from, as indices into `Measure.layers`
    """

    path: str
    kind: str
    module: Module | None = field(repr=False)
    input_shape: Shape
    output_shape: Shape
    parameters: int = 0
    weights: int = 0
    mult_adds: int = 0
    window: Window | None = field(default=None, repr=False)
    groups: int = 1
    filters: int | None = None
    sources: tuple[int, ...] = ()

    @property
    def flops(self) -> int:
        """Floating-point operations: a multiply-add is two, a multiplication and an addition."""
        return 2 * self.mult_adds

    @property
    def output_bytes(self) -> int:
        """What the output takes in float32."""
        return FLOAT32 * product(self.output_shape)


def layers_of(recording: Recording) -> tuple[LayerRecord, ...]:
    r"""The layers that ran, in the order in which they began."""
    return tuple(_Gathering(recording).found)


class _Gathering:
    r"""Ops and calls on their way to layers."""

    def __init__(self, recording: Recording) -> None:
        self.found: list[LayerRecord] = []
        self.home: dict[Op, int] = {}          # which layer an op is part of
        self.counted: set[tuple[str, int]] = set()  # parameters that a layer has used
        self.data = _made_of_inputs(recording)
        ran: dict[Call, list[Op]] = {call: [] for call in recording.calls}
        for op in recording.ops:
            ran[recording.caller(op)].append(op)
        pieces: list[tuple[int, Call, list[Op], bool]] = []
        for call, ops in ran.items():
            if call.is_leaf and sum(map(_works, ops)) <= 1:
                pieces.append((call.began, call, ops, True))
            else:  # a forward that calls functions
                pieces += [(op.serial, call, [op], False) for op in ops if op in self.data and not _is_silent(op)]
        for _, call, ops, whole in sorted(pieces, key=lambda piece: piece[0]):
            self.home.update(dict.fromkeys(ops, len(self.found)))
            self.found.append(self._of_call(call, ops) if whole else self._of_function(call, ops[0]))

    def _of_call(self, call: Call, ops: list[Op]) -> LayerRecord:
        parameters = [p for p in call.module._parameters.values() if p is not None]
        return self._layer(
            ops, call.taken, parameters, path=call.path, kind=type(call.module).__name__, module=call.module,
            input_shape=(call.input_shapes or [()])[0], output_shape=(call.output_shapes or [()])[0],
        )

    def _of_function(self, call: Call, op: Op) -> LayerRecord:
        kind = _name(op)
        taken = [position for position, edge in enumerate(op.edges) if edge is not None and edge[0] in self.data]
        return self._layer(
            [op], [], list(self._operands(op)), path=f"{call.path}.{kind}".lstrip("."), kind=kind, module=None,
            input_shape=op.shapes[taken[0] if taken else 0], output_shape=op.like[0][0],
        )

    def _layer(self, ops: list[Op], taken: list[Op], parameters: list[Parameter], **what: Any) -> LayerRecord:
        weights = [edge for op in ops for edge in self._weights(op)]
        slides = next((op for op in ops if _window(op) is not None), None)
        linear = next((op for op in ops if isinstance(op, Linear)), None)
        if isinstance(slides, Conv2d | Conv2dInput):
            what |= {"filters": slides.like[0][0][1], "groups": slides.options["groups"]}
        elif linear is not None:
            what["filters"] = linear.like[0][0][1]
        return LayerRecord(
            **what,
            parameters=self._uncounted("parameter", ((id(p), p.array.size) for p in parameters)),
            weights=self._uncounted("weight", weights),
            mult_adds=sum(map(mult_adds, ops)),
            window=None if slides is None else _window(slides),
            sources=self._sources(ops, taken),
        )

    def _uncounted(self, what: str, entries: Iterable[tuple[int, int]]) -> int:
        total = 0
        for key, size in entries:
            if (what, key) not in self.counted:
                self.counted.add((what, key))
                total += size
        return total

    def _weights(self, op: Op) -> Iterator[tuple[int, int]]:
        r"""What the op multiplies its input by and is not made of the input: an identity for it, and its size."""
        if isinstance(op, Conv2d | Conv2dInput | Linear | MatMul):
            for edge, shape in zip(op.edges[:2], op.shapes, strict=False):
                if edge is not None and edge[0] not in self.data:
                    yield id(edge[0]), product(shape)

    def _operands(self, op: Op) -> Iterator[Parameter]:
        r"""The parameters that the op works with, also by way of ops on parameters alone."""
        for edge in op.edges:
            if edge is None or edge[0] in self.data:
                continue
            if isinstance(edge[0], Op):
                yield from self._operands(edge[0])
            elif isinstance(edge[0], Parameter):
                yield edge[0]

    def _sources(self, ops: list[Op], taken: list[Op]) -> tuple[int, ...]:
        r"""The layers before: of the ops, or of what was taken if there are no ops (a dropout that drops nothing)."""
        own, found = set(ops), set()
        stack = [edge[0] for op in ops for edge in op.edges if edge is not None] or list(taken)
        while stack:
            op = stack.pop()
            if op in own or op not in self.data:
                continue
            if op in self.home:
                found.add(self.home[op])
            else:
                stack += [edge[0] for edge in op.edges if edge is not None]
        return tuple(sorted(found))


def _made_of_inputs(recording: Recording) -> set[Any]:
    r"""The ops that are made of more than parameters; of whole numbers nothing is recorded, then they all count."""
    data: set[Any] = set(recording.inputs)
    for op in recording.ops:  # old before young
        if not recording.inputs or any(edge is not None and edge[0] in data for edge in op.edges):
            data.add(op)
    return data


def _window(op: Op) -> Window | None:
    r"""How a convolution or a pooling slides; None for any other op."""
    return op.options["window"] if isinstance(op, Conv2d | Conv2dInput | MaxPool2d | SumPool2d) else None


def _works(op: Op) -> bool:
    r"""Whether it is what layers are made for: a window that slides, or a product with weights."""
    return _window(op) is not None or mult_adds(op) > 0


def _is_silent(op: Op) -> bool:
    r"""Whether it only fits an operand to an op, or is a gate for backward hooks, and so is no layer of its own."""
    return isinstance(op, Expand | Cast | Clone) or getattr(op, "function", None) is Gate


def _name(op: Op) -> str:
    r"""What the function is called that made the op."""
    if isinstance(op, Reshape):
        old, new = op.shapes[0], op.like[0][0]
        return "flatten" if len(new) == 2 < len(old) and new[0] == old[0] else "reshape"
    name: str = _NAMES.get(type(op), op.name.lower())
    return name


def mult_adds(op: Op) -> int:
    r"""The products that an op sums: 0 unless it is a convolution, a linear map or a product of matrices.

        ⟨G, X ⋆ W⟩ has one for each entry of G and each of the C/groups·kH·kW weights that it meets;
        in a convolution G is the output, in a transposed one the input
    """
    if isinstance(op, Conv2d):
        return product(op.like[0][0]) * product(op.shapes[1][1:])
    if isinstance(op, Conv2dInput):
        return product(op.shapes[0]) * product(op.shapes[1][1:])
    if isinstance(op, Linear | MatMul):
        return product(op.like[0][0]) * int(op.shapes[0][-1])
    return 0
