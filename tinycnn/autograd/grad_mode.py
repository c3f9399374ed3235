"""Whether operations are recorded: a switch for each thread, and the context managers that turn it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class _State(threading.local):
    enabled = True
    inference = False


_state = _State()


def is_grad_enabled() -> bool:
    """Whether operations in this thread are recorded for backward."""
    return _state.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode`."""
    return _state.inference


class set_grad_enabled:
    """Turn recording on or off: at once when called, until its end as ``with set_grad_enabled(flag):`` or decorator."""

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self._before = [_state.enabled]
        _state.enabled = self.mode

    def __enter__(self) -> None:
        _state.enabled = self.mode

    def __exit__(self, *exc: object) -> None:
        _state.enabled = self._before[-1]

    def __call__(self, function: F) -> F:
        _state.enabled = self._before[-1]  # as a decorator it acts inside the function only
        return _decorated(function, lambda: _Switch(self.mode))


class _Switch:
    """Set recording to `mode` inside a ``with`` block, then put back what was; the base of no_grad and its kin."""

    mode = True

    def __new__(cls, function: Any = None) -> Any:
        if callable(function):  # @no_grad without parentheses
            return cls()(function)
        return super().__new__(cls)

    def __init__(self, mode: Any = None) -> None:
        if isinstance(mode, bool):
            self.mode = mode
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(_state.enabled)
        _state.enabled = self.mode

    def __exit__(self, *exc: object) -> None:
        _state.enabled = self._before.pop()

    def __call__(self, function: F) -> F:
        return _decorated(function, type(self))


class no_grad(_Switch):
    """Record nothing: ``with no_grad():`` or ``@no_grad()``. What it computes needs no gradient."""

    mode = False


class enable_grad(_Switch):
    """Record again, inside a `no_grad`."""

    mode = True


class inference_mode:
    """`no_grad` for code that never trains. Here the two do the same; the name lets PyTorch code run."""

    def __new__(cls, mode: Any = True) -> Any:
        if callable(mode):
            return cls()(mode)
        return super().__new__(cls)

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._before.append((_state.enabled, _state.inference))
        _state.enabled, _state.inference = (False, True) if self.mode else (True, False)

    def __exit__(self, *exc: object) -> None:
        _state.enabled, _state.inference = self._before.pop()

    def __call__(self, function: F) -> F:
        return _decorated(function, lambda: inference_mode(self.mode))


def _decorated(function: F, switch: Callable[[], Any]) -> F:
    if hasattr(function, "__code__") and function.__code__.co_flags & 0x20:  # a generator: switch around each step

        @functools.wraps(function)
        def steps(*args: Any, **kwargs: Any) -> Any:
            iterator = function(*args, **kwargs)
            step = functools.partial(next, iterator)
            while True:
                try:
                    with switch():
                        value = step()
                except StopIteration as stop:
                    return stop.value
                try:
                    step = functools.partial(iterator.send, (yield value))
                except GeneratorExit:
                    with switch():
                        iterator.close()
                    raise
                except BaseException as error:  # thrown in by the caller, for the generator to handle
                    step = functools.partial(iterator.throw, error)

        return steps  # type: ignore[return-value]  # same signature, which the checker cannot see

    @functools.wraps(function)
    def whole(*args: Any, **kwargs: Any) -> Any:
        with switch():
            return function(*args, **kwargs)

    return whole  # type: ignore[return-value]  # same signature, which the checker cannot see
