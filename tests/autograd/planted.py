"""Functions with backwards that are right, and with mistakes planted in them; for tinycnn and PyTorch alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Planted(NamedTuple):
    """A mistake, and which input's gradient it spoils."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]  # (torch, g, *inputs) -> gradients
    shapes: tuple[tuple[int, ...], ...]
    spoilt: int


LINEAR = ((3, 4), (2, 4), (2,))
SQUARE = ((3, 4), (4, 4), (4,))


def _linear(x: Any, w: Any, b: Any) -> Any:
    return x @ w.T + b


def _square(x: Any) -> Any:
    return x * x


def _last_entry(torch: Any, g: Any) -> Any:
    mark = torch.zeros_like(g)
    mark[-1, -1] = 1
    return mark


RIGHT = {
    "linear": Planted(_linear, lambda t, g, x, w, b: (g @ w, g.T @ x, g.sum(0)), LINEAR, -1),
    "square": Planted(_square, lambda t, g, x: 2 * g * x, ((2, 3),), -1),
    "no dimensions": Planted(_square, lambda t, g, x: 2 * g * x, ((),), -1),
}

WRONG = {
    "sign": Planted(_linear, lambda t, g, x, w, b: (g @ w, -(g.T @ x), g.sum(0)), LINEAR, 1),
    "twice": Planted(_linear, lambda t, g, x, w, b: (2 * (g @ w), g.T @ x, g.sum(0)), LINEAR, 0),
    "first example only": Planted(_linear, lambda t, g, x, w, b: (g @ w, g.T @ x, g[0]), LINEAR, 2),
    "mean over the batch": Planted(_linear, lambda t, g, x, w, b: (g @ w, g.T @ x, g.mean(0)), LINEAR, 2),
    "weight transposed": Planted(_linear, lambda t, g, x, w, b: (g @ w.T, g.T @ x, g.sum(0)), SQUARE, 0),
    "gradient transposed": Planted(
        lambda x, w: x @ w, lambda t, g, x, w: (g @ w.T, g.T @ x), ((4, 4), (4, 4)), 1
    ),
    "forgotten": Planted(_linear, lambda t, g, x, w, b: (g @ w, None, g.sum(0)), LINEAR, 1),
    "exchanged": Planted(lambda x, y: x * x * y, lambda t, g, x, y: (g * x * x, 2 * g * x * y), ((2, 3), (2, 3)), 0),
    "one entry": Planted(_square, lambda t, g, x: 2 * g * x + g * _last_entry(t, g) / 2, ((2, 3),), 0),
    "cotangent ignored": Planted(_square, lambda t, g, x: 2 * x, ((2, 3),), 0),
    "cotangent of a number ignored": Planted(lambda x: (x * x).sum(), lambda t, g, x: 2 * x, ((2, 3),), 0),
    "constant added": Planted(_square, lambda t, g, x: 2 * g * x + 1, ((2, 3),), 0),
    "random": Planted(_square, lambda t, g, x: 2 * g * x * (1 + t.rand_like(g)), ((2, 3),), 0),
    "softmax as if elementwise": Planted(
        lambda x: x.softmax(1), lambda t, g, x: g * x.softmax(1) * (1 - x.softmax(1)), ((2, 3),), 0
    ),
    "zeros": Planted(lambda x: x.softmax(1), lambda t, g, x: 0 * g, ((2, 3),), 0),
}

# PyTorch lets these pass: its engine sums and casts a gradient to the input's shape and dtype, so that they do no harm,
# and its slow mode sends back 0 and 1 only, whose squares are themselves.
PYTORCH_PASSES = {
    "not summed": Planted(_linear, lambda t, g, x, w, b: (g @ w, g.T @ x, g), LINEAR, 2),
    "other dtype": Planted(_square, lambda t, g, x: (2 * g * x).float(), ((2, 3),), 0),
    "cotangent squared": Planted(_square, lambda t, g, x: 2 * g * g * x, ((2, 3),), 0),
}


def function(torch: Any, planted: Planted) -> Callable[..., Any]:
    """The planted function of one framework's Tensors."""

    class Function(torch.autograd.Function):  # type: ignore[misc,name-defined]  # torch is whichever module was given
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            ctx.save_for_backward(*inputs)
            return planted.forward(*inputs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return planted.backward(torch, g, *ctx.saved_tensors)

    return Function.apply  # type: ignore[no-any-return]


def inputs(torch: Any, planted: Planted, device: str = "cpu") -> tuple[Any, ...]:
    """Inputs in float64 that require grad, the same numbers each time."""
    rng = np.random.default_rng(1)
    return tuple(
        torch.tensor(np.asarray(rng.standard_normal(shape)), device=device, requires_grad=True)
        for shape in planted.shapes
    )
