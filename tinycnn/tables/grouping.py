r"""Which ops of a recording are one layer: those of a module without parts, or those of one function.

A module without parts is one layer, however many ops it takes, unless several of them are convolutions, poolings or
products: then it is a model written with functions, and each of these is a layer. So is each of a whole model that has
no parts. What a function does in several ops is one layer, too: a convolution and its bias, a sum and the division that
makes it a mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tinycnn.autograd import Op
from tinycnn.geometry import Window
from tinycnn.nn import Module
from tinycnn.nn.backward_hooks import Gate
from tinycnn.ops.arithmetic import Add, Div
from tinycnn.ops.convolution import Conv2d, Conv2dInput, Conv2dWeight
from tinycnn.ops.copying import Clone
from tinycnn.ops.expansion import Expand
from tinycnn.ops.linalg import Linear, MatMul
from tinycnn.ops.pooling import MaxPool2d, SumPool2d
from tinycnn.ops.promotion import Cast
from tinycnn.ops.reduction import Sum
from tinycnn.ops.shaping import Reshape
from tinycnn.shapes import product
from tinycnn.tables.recording import Call, Recording

INPUT = -1  # among the sources of a layer: the input of the model


class Group(NamedTuple):
    r"""The ops of one layer.

    Attributes
    ----------
    call : Call                 in which they were made, the innermost one
    module : Module or None     that of the call, if it is the layer; None if the layer is a function that it called
    ops : tuple of Op           oldest first; none of a module that did nothing, such as a dropout in evaluation mode
    sources : tuple of int      which groups its inputs come from, as places in their list; `INPUT` is the model's input
    """

    call: Call
    module: Module | None
    ops: tuple[Op, ...]
    sources: tuple[int, ...]


def grouped(recording: Recording) -> list[Group]:
    r"""The layers that ran, in the order in which they began."""
    ran: dict[Call, list[Op]] = {call: [] for call in recording.calls}
    for op in recording.ops:
        if op in recording.data:
            ran[recording.caller(op)].append(op)
    silent: set[Op] = set()
    found: list[tuple[int, Call, Module | None, list[Op]]] = []
    for call, ops in ran.items():
        if _is_one_layer(call, ops):
            found.append((call.began, call, call.module, ops))
        else:
            silent.update(filter(_is_silent, ops))
            found += [(some[0].serial, call, None, some) for some in _functions(ops, silent, recording.data)]
    found.sort(key=lambda group: group[0])
    home = {op: place for place, (*_, ops) in enumerate(found) for op in ops} | dict.fromkeys(recording.inputs, INPUT)
    groups = []
    for place, (_, call, module, ops) in enumerate(found):
        makers = _beyond(_parents(*ops) if ops else call.taken, silent, recording.data)
        sources = dict.fromkeys(home[maker] for maker in makers)  # each once, in the order of the inputs
        groups.append(Group(call, module, tuple(ops), tuple(source for source in sources if source != place)))
    return groups


def window_of(op: Op) -> Window | None:
    r"""How a convolution or a pooling slides; None for any other op."""
    return op.options["window"] if isinstance(op, Conv2d | Conv2dInput | MaxPool2d | SumPool2d) else None


def mult_adds(op: Op) -> int:
    r"""The products that an op sums: 0 unless it is a convolution, a linear map or a product of matrices.

        ⟨G, X ⋆ W⟩ has one for each entry of G and each of the C/groups·kH·kW weights that it meets;
        in a convolution G is the output, in a transposed one the input
    """
    if isinstance(op, Conv2d):
        return product(op.like[0][0]) * product(op.shapes[1][1:])
    if isinstance(op, Conv2dInput):
        return product(op.shapes[0]) * product(op.shapes[1][1:])
    if isinstance(op, Conv2dWeight):
        return product(op.shapes[1]) * product(op.like[0][0][1:])
    if isinstance(op, Linear | MatMul):
        return product(op.like[0][0]) * int(op.shapes[0][-1])
    return 0


def _is_one_layer(call: Call, ops: list[Op]) -> bool:
    if not call.is_leaf or type(call.module).__module__.startswith("tinycnn.nn."):
        return call.is_leaf
    works = sum(window_of(op) is not None or mult_adds(op) > 0 for op in ops)
    return call.outer is not None and works <= 1


def _functions(ops: list[Op], silent: set[Op], data: set[Op]) -> list[list[Op]]:
    r"""The ops that one forward made, those of one function together."""
    found: list[list[Op]] = []
    of: dict[Op, list[Op]] = {}
    for op in ops:
        if op in silent:
            continue
        makers = list(_beyond(_parents(op), silent, data))
        function = of.get(makers[0]) if len(makers) == 1 else None
        if function is None or function[-1] is not makers[0] or not _continues(op, function):
            function = []
            found.append(function)
        function.append(op)
        of[op] = function
    return found


def _continues(op: Op, function: list[Op]) -> bool:
    r"""Whether an op completes what the ops before it have begun."""
    before = function[-1]
    if isinstance(op, Add):                       # a bias
        return isinstance(before, Conv2d | Conv2dInput | MatMul) and op.shapes[1] is not None
    if isinstance(op, Div):                       # a mean
        return op.shapes[1] is None and any(isinstance(part, Sum | SumPool2d) for part in function)
    if isinstance(op, Linear):                    # of N × … × C, which it takes as rows of C
        return isinstance(before, Reshape) and before.shapes[0][-1:] == before.like[0][0][-1:]
    if isinstance(op, Reshape):                   # its rows back to N × … × K, or an axis that was summed kept as 1
        return isinstance(before, Sum) or (isinstance(before, Linear) and op.shapes[0][-1:] == op.like[0][0][-1:])
    return False


def _is_silent(op: Op) -> bool:
    r"""Whether it only fits an operand to an op, or is a gate for backward hooks, and so is no layer of its own."""
    return isinstance(op, Expand | Cast | Clone) or getattr(op, "function", None) is Gate


def _parents(*ops: Op) -> list[Any]:
    return [edge[0] for op in ops for edge in op.edges if edge is not None]


def _beyond(ops: Sequence[Op], silent: set[Op], data: set[Op]) -> Iterator[Op]:
    r"""The ops themselves, or the ones behind those that are silent; what is made of parameters alone is left out."""
    stack = [*reversed(ops)]
    while stack:
        op = stack.pop()
        if op in silent:
            stack += reversed(_parents(op))
        elif op in data:
            yield op
