"""Whether operations are recorded: a switch for each thread, and the context managers that turn it."""

from __future__ import annotations

import threading
from typing import Any

from tinycnn.autograd.decoration import F, decorated


class _State(threading.local):
    enabled = True
    inference = False


state = _State()


def is_grad_enabled() -> bool:
    """Whether operations in this thread are recorded for backward."""
    return state.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode`."""
    return state.inference


class _Mode:
    """A state of this thread for a ``with`` block or a decorated function; what was before comes back afterwards."""

    def __new__(cls, *args: Any) -> Any:
        if args and callable(args[0]):  # @no_grad without parentheses
            mode: Any = cls
            return mode()(args[0])
        return super().__new__(cls)

    def __init__(self, enabled: bool, inference: bool | None = None) -> None:
        self.enabled, self.inference = enabled, inference
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._before.append((state.enabled, state.inference))
        state.enabled = self.enabled
        state.inference = state.inference if self.inference is None else self.inference

    def __exit__(self, *exc: object) -> None:
        state.enabled, state.inference = self._before.pop()

    def __call__(self, function: F) -> F:
        return decorated(function, lambda: _Mode(self.enabled, self.inference))


class no_grad(_Mode):
    """Record nothing: ``with no_grad():`` or ``@no_grad()``. What it computes needs no gradient."""

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_Mode):
    """Record again, inside a `no_grad`."""

    def __init__(self) -> None:
        super().__init__(True)


class inference_mode(_Mode):
    """`no_grad` for code that never trains. Here the two do the same; the name lets PyTorch code run."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__(not mode, mode)


class set_grad_enabled(_Mode):
    """Turn recording on or off: at once when called, until its end as ``with set_grad_enabled(flag):`` or decorator."""

    def __init__(self, mode: bool) -> None:
        super().__init__(bool(mode))
        super().__enter__()

    def __enter__(self) -> None:
        state.enabled = self.enabled

    def __call__(self, function: F) -> F:
        self.__exit__()  # as a decorator it acts inside the function only
        return super().__call__(function)
