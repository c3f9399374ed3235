"""Cases of tinycnn.ops.joining."""

from __future__ import annotations

import numpy as np

import tinycnn as torch
from tinycnn.errors import ShapeError
from tinycnn.ops import joining as ops

from .case import Case, normal

A, B = normal(2, 3), normal(2, 2, seed=1)

CASES = [
    Case(
        ops.Cat, lambda a, b: torch.cat([a, b], 1), (A, B), lambda a, b: np.concatenate([a, b], 1), batch=(0, 1),
        errors=(
            (ShapeError, "cat: expected a non-empty list of Tensors", lambda t: torch.cat([])),
            (ShapeError, r"cat: sizes of tensors must match except in dimension 0\n  tensor 0  = \(2, 3\)\n"
                         r"  tensor 1  = \(2, 2\)", lambda t: torch.cat([t(A), t(B)])),
            (ShapeError, "cat: tensors without dimensions cannot be concatenated; use stack",
             lambda t: torch.cat([t(1.0), t(2.0)])),
            (IndexError, "cat: Dimension out of range: dim is 2, but 2 dimensions take -2 to 1",
             lambda t: torch.cat([t(A)], 2)),
        ),
    ),
    Case(ops.Cat, lambda a: torch.cat([a, a[:, :1], a], -1), (A,), lambda a: np.concatenate([a, a[:, :1], a], 1),
         note="one tensor twice"),
    Case(
        ops.Stack, lambda a, b: torch.stack([a, b], 2), (A, A + 1), lambda a, b: np.stack([a, b], 2), batch=(0, 1),
        note="stack",
        errors=(
            (ShapeError, "stack: expected a non-empty list of Tensors", lambda t: torch.stack([])),
            (ShapeError, r"stack: expects each tensor to be equal size\n  tensor 0  = \(2, 3\)\n  tensor 1",
             lambda t: torch.stack([t(A), t(B)])),
        ),
    ),
    Case(
        ops.Cat, lambda a: torch.cat(torch.split(a, 2, 1)[::-1], 1), (normal(2, 5),), lambda a: a[:, [4, 2, 3, 0, 1]],
        note="of split",
        errors=(
            (ShapeError, "split: split_size must be positive, not 0", lambda t: t(A).split(0)),
            (ShapeError, r"split: the sizes \[1, 3\] must sum to 2, the size of dimension 0",
             lambda t: t(A).split([1, 3])),
        ),
    ),
    Case(
        ops.Cat, lambda a: torch.cat([c * i for i, c in enumerate(a.chunk(3, 1))], 1), (normal(2, 5),),
        lambda a: a * [0, 0, 1, 1, 2], note="of chunk",
        errors=((ShapeError, "chunk: chunks must be positive, not 0", lambda t: t(A).chunk(0)),),
    ),
    Case(ops.Stack, lambda a: torch.stack([row * row for row in a.unbind(1)]), (A,), lambda a: (a * a).T,
         note="of unbind"),
]  # fmt: skip
