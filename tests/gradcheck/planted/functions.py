"""The same pairs as an `autograd.Function` on Tensors, and as a layer to put into a network."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import tinycnn
from tests.gradcheck.planted.planted import Planted
from tinycnn import nn
from tinycnn.autograd import Function


def function_of(planted: Planted) -> type[Function]:
    """A Function with the forward and the wrong backward."""
    forward = functools.partial(planted.forward, **planted.options)
    backward = functools.partial(planted.backward, **planted.options)

    class Wrapped(Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            ctx.arrays = [x.detach().numpy() if tinycnn.is_tensor(x) else x for x in inputs]
            return tinycnn.tensor(np.array(forward(*ctx.arrays)))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            found = backward(g.numpy(), *ctx.arrays)
            found = iter(found if isinstance(found, tuple) else (found,))
            floating = [np.issubdtype(np.asarray(x).dtype, np.floating) for x in ctx.arrays]
            return tuple(tinycnn.tensor(np.array(next(found))) if is_float else None for is_float in floating)

    return Wrapped


class Inserted(nn.Module):
    """A layer without parameters, made of a forward and a backward of Tensors."""

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        super().__init__()

        class Wrapped(Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ctx.save_for_backward(x)
                return forward(x)

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                (x,) = ctx.saved_tensors
                return backward(g, x)

        self.function = Wrapped

    def forward(self, x: Any) -> Any:
        return self.function.apply(x)


class Weighted(nn.Module):
    """A layer of a weight and a bias whose Function is given."""

    def __init__(self, function: type[Function], weight: Any, bias: Any) -> None:
        super().__init__()
        self.weight, self.bias, self.function = nn.Parameter(weight), nn.Parameter(bias), function

    def forward(self, x: Any) -> Any:
        return self.function.apply(x, self.weight, self.bias)
