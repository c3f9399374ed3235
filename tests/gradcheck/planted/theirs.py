"""The same pairs, as a `torch.autograd.Function`, for PyTorch's gradcheck."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tests.gradcheck.planted.planted import Planted


def caught(planted: Planted, seed: int, fast: bool) -> bool:
    """Whether PyTorch's gradcheck, with its default steps and tolerances, refuses the wrong backward."""
    return bool(message(planted, seed, fast))


def message(planted: Planted, seed: int, fast: bool) -> str:
    """What it says; empty if it is content."""
    import torch

    forward = functools.partial(planted.forward, **planted.options)
    backward = functools.partial(planted.backward, **planted.options)

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            ctx.arrays = [x.detach().numpy() for x in inputs]
            return torch.tensor(np.array(forward(*ctx.arrays), dtype=float))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            found = backward(g.numpy(), *ctx.arrays)
            found = iter(found if isinstance(found, tuple) else (found,))
            return tuple(
                torch.tensor(np.array(next(found), dtype=float)) if np.issubdtype(x.dtype, np.floating) else None
                for x in ctx.arrays
            )

    tensors = [torch.tensor(x) for x in planted.draw(seed)]
    for x in tensors:
        x.requires_grad_(x.is_floating_point())
    torch.manual_seed(seed)
    try:
        torch.autograd.gradcheck(Wrapped.apply, tensors, fast_mode=fast)
    except RuntimeError as error:  # a GradcheckError is one
        return str(error)
    return ""
