r"""What the random transforms draw, from the generator that `tinycnn.manual_seed` sets."""

from __future__ import annotations

import numpy as np

from tinycnn import random


def uniform(low: float = 0.0, high: float = 1.0) -> float:
    r"""A number from the uniform distribution on [low, high), in single precision as ``tinycnn.rand(1)``."""
    return low + (high - low) * float(random.host().random(dtype=np.float32))


def below(count: int) -> int:
    r"""One of the integers 0 … count − 1."""
    return int(random.host().integers(count))
