"""The batch norm of docs/gradient-checking.md, whose backward forgets the variance, and what is said of it.

    python -m tests.gradcheck.planted.transcript    PyTorch's gradcheck, then ours
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.gradcheck.planted import theirs
from tests.gradcheck.planted.planted import Planted
from tinycnn.gradcheck import check

Array = Any


def batch_norm(x: Array, weight: Array, bias: Array) -> Array:
    z = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
    return z * weight + bias


def batch_norm_backward(g: Array, x: Array, weight: Array, bias: Array) -> Array:
    sigma = np.sqrt(x.var(0) + 1e-5)
    z = (x - x.mean(0)) / sigma
    gz = g * weight
    gx = (gz - gz.mean(0)) / sigma              # and where is the variance?
    return gx, (g * z).sum(0), g.sum(0)


def draw(seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(4, 2)), rng.normal(size=2), rng.normal(size=2)]


FORGOTTEN = Planted("batch norm", "no variance", batch_norm, batch_norm_backward, draw, {}, ("x",), ("missing-term",))


def main() -> None:
    print(theirs.message(FORGOTTEN, 0, fast=False))
    print(check(batch_norm, draw(0), backward=batch_norm_backward))


if __name__ == "__main__":
    main()
