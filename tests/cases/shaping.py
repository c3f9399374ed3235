"""Cases of tinycnn.ops.shaping."""

from __future__ import annotations

import numpy as np

import tinycnn as torch
from tinycnn.errors import DTypeError, ShapeError
from tinycnn.ops import shaping as ops

from .case import Case, normal

X = normal(2, 3, 4)

VIEWS = [
    Case(
        ops.Reshape, lambda x: x.reshape(-1, 6), (X,), lambda x: x.reshape(-1, 6),
        errors=(
            (ShapeError, r"reshape: shape \[5, -1\] is invalid for input of size 24\n  input  = \(2, 3, 4\)\n"
                         r"  shape  = \(5, -1\)\n  hint ", lambda t: t(X).reshape(5, -1)),
            (ShapeError, r"view: shape \[-1, -1\] is invalid", lambda t: t(X).view(-1, -1)),
        ),
    ),
    Case(
        ops.Reshape, lambda x: x.flatten(1), (X,), lambda x: x.reshape(len(x), 12), note="flatten",
        errors=((ShapeError, "flatten: start_dim 2 comes after end_dim 1", lambda t: t(X).flatten(2, 1)),),
    ),
    Case(
        ops.Reshape, lambda x: x.unflatten(2, (2, -1)), (X,), lambda x: x.reshape(len(x), 3, 2, 2), note="unflatten",
        errors=((ShapeError, r"unflatten: sizes \(3, 2\) do not multiply up to the size of dim 2, 4",
                 lambda t: t(X).unflatten(2, (3, 2))),),
    ),
    Case(
        ops.Reshape, lambda x: x.unsqueeze(-1).unsqueeze(0).squeeze(-1), (X,), lambda x: x[None], note="squeeze",
        errors=((IndexError, "unsqueeze: Dimension out of range: dim is 5, but 4 dimensions take -4 to 3",
                 lambda t: t(X).unsqueeze(5)),),
    ),
    Case(ops.Reshape, lambda x: x.permute(2, 0, 1).reshape(4, -1), (X,), lambda x: x.transpose(2, 0, 1).reshape(4, -1),
         note="that must copy", batch=()),
    Case(
        ops.Permute, lambda x: x.permute(2, 0, -2), (X,), lambda x: x.transpose(2, 0, 1),
        errors=((ShapeError, r"permute: dims \(0, 1, 1\) name one of the 3 dimensions of \(2, 3, 4\) twice",
                 lambda t: t(X).permute(0, 1, 1)),),
    ),
    Case(
        ops.Permute, lambda x: x.transpose(0, -1) + x.movedim(0, 2).transpose(0, 1), (X,),
        lambda x: x.transpose(2, 1, 0) + x.transpose(2, 1, 0),
        note="transpose, movedim", batch=(),
        errors=(
            (IndexError, "transpose: Dimension out of range: dim1 is 3", lambda t: t(X).transpose(0, 3)),
            (ShapeError, "t: expects a tensor of at most 2 dimensions, not 3", lambda t: t(X).t()),
        ),
    ),
    Case(
        ops.Reinterpret, lambda x: x.view(x.dtype), (X,), lambda x: x, order=0,
        errors=(
            (DTypeError, "view: 8 bytes an element cannot be read as float32, which has 4\n",
             lambda t: t(X).mT.view("float32")),
            (DTypeError, r"\n  shape  = \(\)\n", lambda t: t(np.array(1.0)).view("float32")),
        ),
    ),
]  # fmt: skip

MOVES = [
    Case(ops.Flip, lambda x: x.flip(0, 2), (X,), lambda x: x[::-1, :, ::-1]),
    Case(
        ops.Roll, lambda x: x.roll((1, -3), (1, 2)), (X,), lambda x: np.roll(x, (1, -3), (1, 2)),
        errors=((ShapeError, r"roll: shifts and dims must be as many: \(1, 2\) and \(0,\)",
                 lambda t: t(X).roll((1, 2), (0,))),),
    ),
    Case(ops.Roll, lambda x: torch.roll(x, 5), (X,), lambda x: np.roll(x, 5), note="as if flat"),
]  # fmt: skip

CASES = VIEWS + MOVES
