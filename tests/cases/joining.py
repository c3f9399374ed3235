"""Cases of tinycnn.ops.joining."""

from __future__ import annotations

import numpy as np

import tinycnn as torch
from tinycnn.errors import ArgumentError, IndexRangeError, ShapeError
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
            (ArgumentError, "cat: takes a tuple or a list of Tensors, not Tensor", lambda t: torch.cat(t(A))),
            (ArgumentError, "cat: takes Tensors alone, but number 1 is float", lambda t: torch.cat([t(A), 1.0])),
            (IndexError, "cat: Dimension out of range: dim is 2, but 2 dimensions take -2 to 1",
             lambda t: torch.cat([t(A)], 2)),
        ),
    ),
    Case(ops.Cat, lambda a: torch.cat([a, a[:, :1], a], -1), (A,), lambda a: np.concatenate([a, a[:, :1], a], 1),
         note="one tensor twice"),
    Case(ops.Cat, lambda a, v: torch.cat([v, a, v], 1), (A, np.zeros(0)), lambda a, v: a, note="empty vectors",
         batch=()),
    Case(ops.Cat, lambda a, v: torch.vstack([a, v]) * torch.hstack([a, a])[:, :3].sum(0), (A, normal(3)), batch=(),
         note="vstack, hstack",
         oracle=lambda a, v: np.vstack([a, v]) * a.sum(0)),
    Case(ops.Split, lambda a: a.split([2, 0, 3], 1), (normal(2, 5),), lambda a: (a[:, :2], a[:, 2:2], a[:, 2:])),
    Case(ops.Split, lambda a: a.chunk(2)[1], (normal(3, 2),), lambda a: a[2:], note="one part of several"),
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
            (ShapeError, "split: a tensor without dimensions cannot be taken apart", lambda t: t(1.0).split(1)),
            (ShapeError, r"split: the sizes \[1, 3\] must sum to 2, the size of dimension 0",
             lambda t: t(A).split([1, 3])),
        ),
    ),
    Case(
        ops.Cat, lambda a: torch.cat([c * i for i, c in enumerate(a.chunk(3, 1))], 1), (normal(2, 5),),
        lambda a: a * [0, 0, 1, 1, 2], note="of chunk",
        errors=((ShapeError, "chunk: chunks must be positive, not 0", lambda t: t(A).chunk(0)),),
    ),
    Case(
        ops.Cat, lambda a: torch.cat(torch.tensor_split(a, 3, 1)[::-1], 1), (normal(2, 5),),
        lambda a: a[:, [4, 2, 3, 0, 1]],
        note="of tensor_split",
        errors=((ShapeError, "tensor_split: the number of sections must be positive, not 0",
                 lambda t: t(A).tensor_split(0)),),
    ),
    Case(ops.Stack, lambda a: torch.stack([row * row for row in a.unbind(1)]), (A,), lambda a: (a * a).T,
         note="of unbind",
         errors=((IndexRangeError, "unbind: dim is 0, but the tensor has no dimensions", lambda t: t(1.0).unbind()),)),
]  # fmt: skip
