"""What a recorded call is, and how its numbers are drawn."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

INF, NAN = float("inf"), float("nan")


@dataclass(frozen=True)
class Call:
    """A call of PyTorch's surface.

    `name` is ``F.conv2d``, ``torch.cat`` or ``Tensor.view``, the last being a method of the first argument. NumPy
    arrays become tensors, also inside lists, tuples and indices; the positional floating ones want gradients.
    A ``np.dtype`` stands for the library's dtype. float64 numbers are tried as `dtypes`, derivatives up to `order`;
    with order 0 no gradient is wanted.
    """

    name: str
    args: list[Any]
    options: dict[str, Any] = field(default_factory=dict)
    dtypes: tuple[str, ...] = ("float64", "float32")
    order: int = 2

    def fingerprint(self) -> int:
        """A number that changes with the call: the recorded answer belongs to this one."""

        def spelled(value: Any) -> Any:
            return (value.dtype.name, value.shape, value.tolist()) if isinstance(value, np.ndarray) else value

        return zlib.crc32(repr(mapped([self.name, self.args, self.options], spelled)).encode())


def mapped(value: Any, act: Callable[[Any], Any]) -> Any:
    """The same structure of lists, tuples and dictionaries, `act` done to what they hold."""
    if isinstance(value, dict):
        return {key: mapped(v, act) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([mapped(v, act) for v in value])
    return act(value)


class Draw:
    """Random numbers that are the same for ever, with two decimals: the series of RandomState is frozen."""

    def __init__(self, seed: str) -> None:
        self._rng = np.random.RandomState(zlib.crc32(seed.encode()))

    def n(self, *shape: int) -> Any:
        """Normal numbers."""
        return np.asarray(np.round(self._rng.standard_normal(shape), 2))

    def u(self, *shape: int) -> Any:
        """Numbers from 0.1 to 0.9."""
        return np.asarray(np.round(self._rng.uniform(0.1, 0.9, shape), 2))

    def i(self, *shape: int, high: int = 3) -> Any:
        """Labels below `high`, int64."""
        return np.asarray(self._rng.randint(0, high, shape, dtype="int64"))


def f(*values: Any) -> Any:
    """These numbers, in float64."""
    return np.array(values, dtype="float64")
