r"""The layers that a model ran, and what each of them costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tinycnn.autograd import Op
from tinycnn.geometry import Window
from tinycnn.nn import Module
from tinycnn.nn.parts import Parameter
from tinycnn.ops.arithmetic import Div
from tinycnn.ops.convolution import Conv2d, Conv2dInput
from tinycnn.ops.linalg import Linear, MatMul
from tinycnn.ops.pooling import MaxPool2d, SumPool2d
from tinycnn.ops.reduction import Sum
from tinycnn.ops.shaping import Reshape
from tinycnn.shapes import product
from tinycnn.tables.grouping import INPUT, Group, grouped, mult_adds, window_of
from tinycnn.tables.inputs import Shape
from tinycnn.tables.recording import Recording

FLOAT32 = 4  # bytes

_NAMES: dict[type[Op], str] = {
    Conv2d: "conv2d", Conv2dInput: "conv_transpose2d", MaxPool2d: "max_pool2d", SumPool2d: "avg_pool2d",
    Linear: "linear",
}


@dataclass(frozen=True, eq=False)
class LayerRecord:
    r"""One layer that ran: a call of a module without parts, or a function that a forward called.

    Attributes
    ----------
    path : str                      of the module; of a function, that of the module that called it, and the kind
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
    counting = _Counting(recording)
    return tuple(map(counting.record, grouped(recording)))


class _Counting:
    r"""Groups of ops on their way to records; a parameter is counted where it is used first."""

    def __init__(self, recording: Recording) -> None:
        self.data = recording.data
        self.counted: set[tuple[str, int]] = set()

    def record(self, group: Group) -> LayerRecord:
        r"""What one layer did, and what of it no layer above has counted."""
        ops, call, module = group.ops, group.call, group.module
        slides = next((op for op in ops if window_of(op) is not None), None)
        weighs = next((op for op in ops if isinstance(op, Conv2d | Conv2dInput | Linear)), None)
        own = list(self._operands(*ops)) if module is None else [*module._parameters.values()]
        kind = _name(ops) if module is None else type(module).__name__
        return LayerRecord(
            path=f"{call.path}.{kind}".lstrip(".") if module is None else call.path,
            kind=kind,
            module=module,
            input_shape=self._taken(ops[0]) if module is None else (call.input_shapes or [()])[0],
            output_shape=ops[-1].like[0][0] if module is None else (call.output_shapes or [()])[0],
            parameters=self._uncounted("parameter", ((id(p), p.array.size) for p in own if p is not None)),
            weights=self._uncounted("weight", (weight for op in ops for weight in self._weights(op))),
            mult_adds=sum(map(mult_adds, ops)),
            window=None if slides is None else window_of(slides),
            groups=1 if slides is None else slides.options.get("groups", 1),
            filters=None if weighs is None else weighs.like[0][0][1],
            sources=tuple(sorted(source for source in group.sources if source != INPUT)),
        )

    def _taken(self, op: Op) -> Shape:
        r"""The size of the first input that is made of the model's."""
        places = [place for place, edge in enumerate(op.edges) if edge is not None and edge[0] in self.data]
        shape: Shape = op.shapes[places[0] if places else 0]
        return shape

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

    def _operands(self, *ops: Op) -> Iterator[Parameter]:
        r"""The parameters that ops work with, also by way of ops on parameters alone."""
        for edge in (edge for op in ops for edge in op.edges if edge is not None and edge[0] not in self.data):
            if isinstance(edge[0], Op):
                yield from self._operands(edge[0])
            elif isinstance(edge[0], Parameter):
                yield edge[0]


def _name(ops: tuple[Op, ...]) -> str:
    r"""What the function is called that made the ops."""
    for op in ops:
        if type(op) in _NAMES:
            return _NAMES[type(op)]
    first, last = ops[0], ops[-1]
    if isinstance(first, Sum) and isinstance(last, Div):
        return "mean"
    if isinstance(first, Reshape):
        old, new = first.shapes[0], first.like[0][0]
        return "flatten" if len(new) == 2 < len(old) and new[0] == old[0] else "reshape"
    name: str = first.name.lower()
    return name
