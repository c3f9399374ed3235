"""The engine: how results remember what made them, and how gradients find their way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.engine import backward, grad
from tinycnn.autograd.function import Function
from tinycnn.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from tinycnn.autograd.op import Op

if TYPE_CHECKING:
    from tinycnn.autograd.agreement import gradcheck, gradgradcheck
    from tinycnn.autograd.comparison import GradcheckError

__all__ = [
    "Function", "GradcheckError", "Op", "backward", "enable_grad", "grad", "gradcheck", "gradgradcheck",
    "inference_mode", "is_grad_enabled", "is_inference_mode_enabled", "no_grad", "set_grad_enabled",
]


def __getattr__(name: str) -> Any:
    """Load the checks against finite differences when they are first asked for: training does without."""
    if name in ("gradcheck", "gradgradcheck", "GradcheckError"):
        from tinycnn.autograd import agreement

        return getattr(agreement, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
