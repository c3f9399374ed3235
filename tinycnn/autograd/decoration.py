"""A ``with`` block as a decorator, of functions and of generators."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def decorated(function: F, switch: Callable[[], Any]) -> F:
    """`function`, run inside a block that `switch` makes anew for each call, or for each step of a generator."""
    if inspect.isgeneratorfunction(function):  # switch around each step

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
