r"""One step of a network that ran: what kind of layer it is, its sizes, and how it is called in a picture."""

from __future__ import annotations

from typing import Any, NamedTuple

from tinycnn import nn
from tinycnn.autograd import Op
from tinycnn.geometry import Pair, Window
from tinycnn.ops.activations import ELU, GELU, Hardtanh, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, TanhGELU
from tinycnn.ops.arithmetic import Add, Div, Mul, Sub
from tinycnn.ops.choice import Clamp
from tinycnn.ops.convolution import Conv2d, Conv2dInput
from tinycnn.ops.elementwise import Tanh
from tinycnn.ops.indexing import GetItem
from tinycnn.ops.joining import Cat, Split
from tinycnn.ops.linalg import Linear, MatMul
from tinycnn.ops.logits import LogSoftmax, Softmax
from tinycnn.ops.normalization import Normalize
from tinycnn.ops.padding import Crop, Pad
from tinycnn.ops.pooling import MaxPool2d, SumPool2d
from tinycnn.ops.reduction import Sum
from tinycnn.ops.shaping import Flip, Permute, Reshape, Roll
from tinycnn.tables.grouping import window_of

KINDS: dict[str, tuple[type[Op], ...]] = {  # what one of these ops makes of a layer; of several the first
    "conv": (Conv2d, Conv2dInput), "dense": (Linear, MatMul), "norm": (Normalize,), "softmax": (Softmax, LogSoftmax),
    "pool": (MaxPool2d, SumPool2d),
    "activation": (ReLU, GELU, TanhGELU, SiLU, Sigmoid, Tanh, Hardtanh, LeakyReLU, ELU, Softplus, Clamp),
}
MERGES: dict[type[Op], str] = {Add: "+", Mul: "⊙", Sub: "−", Cat: "concat", MatMul: "matmul", Linear: "matmul"}
SHAPING = (Reshape, Permute, GetItem, Split, Pad, Crop, Flip, Roll)


class Step(NamedTuple):
    r"""A layer, or a functional call, in the order of the run.

    path : of the module that ran; of the one around it, for a functional call
    module : the module, None for a functional call
    within : the innermost module that was running
    ops : the recorded ops it consists of
    inputs : the places of the steps whose results it takes
    serial : of its last op
    """

    path: str
    module: nn.Module | None
    within: nn.Module | None
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    serial: int
    title: str = ""  # instead of the one made from the layer
    parts: tuple[Step, ...] = ()  # what a step consists of that stands for a whole block
    followers: tuple[Step, ...] = ()  # the norms and activations that a picture joined to this step
    channels_last: bool = False  # whether its result is N H W C

    # What it is ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def kind(self) -> str:
        r"""input, conv, dense, pool, norm, activation, softmax, shape, merge, block or other: the colours' names."""
        if self.parts:
            return "block"
        if not self.inputs:
            return "input"
        kind = next((kind for kind, known in KINDS.items() if any(isinstance(op, known) for op in self.ops)), "other")
        if "Norm" in type(self.module).__name__ and kind not in ("conv", "dense"):
            return "norm"  # users write norms with sums and products; only the name tells
        if kind == "dense" and len(self.inputs) > 1:  # of two results, as in attention: no weights of a layer
            return "merge" if self.module is None else "other"
        if self.is_mean:
            return "pool"
        if self.module is None and type(self.ops[0]) in MERGES and kind == "other":
            return "merge" if len(self.inputs) > 1 or not self._operand() else "scale"
        if type(self.module).__module__ == nn.ReLU.__module__ and kind == "other":
            return "activation"
        return "shape" if all(isinstance(op, SHAPING) for op in self.ops) else kind

    @property
    def is_mean(self) -> bool:
        r"""Whether it is the mean over all positions."""
        first = self.ops[0]
        return isinstance(first, Sum) and len(first.shapes[0]) == 4 and set(_axes(first)) == {2, 3}

    @property
    def is_idle_pooling(self) -> bool:
        r"""Whether it is a pooling that changes nothing, as AlexNet's to 6 × 6 where there are 6 × 6 already."""
        window = self.window
        one = window is not None and window.kernel == window.stride == (1, 1)
        return self.kind == "pool" and one and self.in_shape == self.shape

    @property
    def main(self) -> Op:
        r"""The op that says what the layer does."""
        working = (*KINDS["conv"], *KINDS["dense"], *KINDS["pool"])
        return next((op for op in self.ops if isinstance(op, working)), self.ops[0])

    @property
    def depth(self) -> int:
        r"""How many layers with weights to learn it counts for."""
        return sum(part.depth for part in self.parts) if self.parts else int(self.kind in ("conv", "dense"))

    # Its sizes ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def shape(self) -> tuple[int, ...]:
        r"""Of its result, with the batch."""
        shape: tuple[int, ...] = self.ops[-1].like[0][0]
        return shape

    @property
    def in_shape(self) -> tuple[int, ...]:
        r"""Of what it takes first."""
        shape: tuple[int, ...] = self.ops[0].shapes[0]
        return shape

    @property
    def volume(self) -> tuple[int, int, int]:
        r"""Channels, height and width of its result; a vector is of 1 × 1."""
        c, h, w = volume(self.shape)
        return (w, c, h) if self.channels_last and len(self.shape) == 4 else (c, h, w)

    @property
    def size(self) -> str:
        r"""Its result as pictures show it, without the batch: ``56×56×64``, height, width and channels; ``4096``."""
        c, h, w = self.volume
        return f"{h}×{w}×{c}" if len(self.shape) == 4 else dims(self.shape[1:]) or "1"

    @property
    def window(self) -> Window | None:
        r"""Kernel, stride and padding of a convolution or a pooling."""
        return window_of(self.main)

    @property
    def groups(self) -> int:
        r"""Of a convolution; 1 for all else."""
        return int(options(self.main).get("groups", 1))

    @property
    def channels(self) -> tuple[int, int]:
        r"""Channels in and out of a convolution or a dense layer, as its weight has them."""
        axis = 1 if self.kind == "conv" else -1
        return self.main.shapes[0][axis], self.main.like[0][0][axis]

    @property
    def is_depthwise(self) -> bool:
        r"""Whether each channel is convolved by itself."""
        return self.kind == "conv" and 1 < self.groups == self.channels[0]

    # Its name ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def label(self) -> str:
        r"""A line for a box: ``3×3 conv, 64, /2``."""
        if self.title:
            return self.title
        kind = self.kind
        if kind == "input":
            return "input"
        if (slides := self.slides()) is not None:
            kernel, name, more = slides
            return ", ".join([f"{kernel} {name}", *([str(self.channels[1])] if kind == "conv" else []), *more])
        if kind == "pool":
            whole = self.volume[1:] == (1, 1)
            return f"global {self._pooling}" if whole else f"{self._pooling} to {times(self.volume[1:], True)}"
        if kind == "dense":
            return f"1×1 linear, {self.channels[1]}" if len(self.shape) > 2 else f"fc {self.channels[1]}"
        if kind in ("merge", "scale"):
            return f"{MERGES[type(self.ops[0])]} {self._operand() if kind == 'scale' else ''}".strip()
        if self.module is not None:
            return str(self.module._get_name())
        first, last = self.ops[0], self.ops[-1]
        if isinstance(first, Reshape) and len(self.shape) == 2 < len(self.in_shape):
            return "flatten"
        return "mean" if isinstance(first, Sum) and isinstance(last, Div) else str(first.name)

    def slides(self) -> tuple[str, str, list[str]] | None:
        r"""Kernel, name, stride and the like: ``3×3``, ``depthwise conv``, ``/2``.

        None of what is no convolution, nor a pooling with one window for all positions.
        """
        window, kind = self.window, self.kind
        if window is None or kind not in ("conv", "pool"):
            return None
        kernel, strides = times(window.kernel, True), [] if window.stride == (1, 1) else [f"/{times(window.stride)}"]
        if kind == "pool":
            adaptive = isinstance(self.module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d)
            whole = self.volume[1:] == (1, 1) and window.kernel == window.size
            return None if adaptive or whole else (kernel, self._pooling, strides)
        name = f"{'depthwise ' * self.is_depthwise}{'transposed ' * isinstance(self.main, Conv2dInput)}conv"
        many = [f"{self.groups} groups"] if self.groups > 1 and not self.is_depthwise else []
        spread = [] if window.dilation == (1, 1) else [f"dilation {times(window.dilation)}"]
        return kernel, name, [*strides, *many, *spread]

    @property
    def _pooling(self) -> str:
        largest = isinstance(self.main, MaxPool2d) or isinstance(self.module, nn.AdaptiveMaxPool2d)
        return "max pool" if largest else "avg pool"

    def _operand(self) -> str:
        r"""What is added or multiplied if it is no other step's result: the parameter's name, if that is certain."""
        own = [] if self.within is None else [name for name, p in self.within._parameters.items() if p is not None]
        other = self.ops[-1].shapes[1:]
        return own[0] if len(own) == 1 else "constant" if other == (None,) else ""

    def facts(self) -> str:
        r"""For the tip that shows when the pointer rests on a box: path, module and shapes, of the followers too."""
        what = repr(self.module) if self.module is not None else self.label()
        shapes = f"{dims(self.in_shape)} → {dims(self.shape)}" if self.inputs else dims(self.shape)
        own = f"{self.path + ': ' if self.path else ''}{what}\n{shapes}"
        return "\n".join([own, *(step.facts() for step in self.followers)])


def options(op: Op) -> dict[str, Any]:
    r"""What an op was told besides its inputs; a user's `Function` keeps that to itself."""
    return getattr(op, "options", {})


def volume(shape: tuple[int, ...]) -> tuple[int, int, int]:
    r"""(N, C, H, W) or (N, K) as C, H, W."""
    rest = shape[1:] if len(shape) > 1 else shape
    if len(rest) >= 3:
        return rest[0], rest[1], rest[-1]
    return (rest[0] if rest else 1), *((rest[1], 1) if len(rest) == 2 else (1, 1))


def _axes(op: Op) -> tuple[int, ...]:
    axes: Any = options(op).get("axes", ())
    return tuple(axes) if isinstance(axes, tuple | list) else ()


def times(pair: Pair, both: bool = False) -> str:
    r"""``3×3``; a number alone where the two are one and need not both be said."""
    return str(pair[0]) if pair[0] == pair[1] and not both else f"{pair[0]}×{pair[1]}"


def dims(shape: tuple[int, ...]) -> str:
    r"""``1×64×56×56``."""
    return "×".join(map(str, shape)) if shape else "scalar"

