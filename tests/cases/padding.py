"""Cases of tinycnn.ops.padding, and of the borders that nn.functional.pad composes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.errors import ArgumentError, DomainError, DTypeError, ShapeError
from tinycnn.nn import functional as F
from tinycnn.ops import padding as ops
from tinycnn.ops.joining import Cat

from .case import Case, normal

X = normal(2, 3, 4)
WIDTHS = ((0, 0), (1, 0), (2, 3))
NUMPYS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # what NumPy calls the modes


def _refused(*args: Any, **options: Any) -> Any:
    return lambda t: F.pad(t(X), *args, **options)


BORDERS = [
    Case(
        Cat, lambda x, mode=mode: F.pad(x, (2, 1, 0, 2), mode), (X,), note=mode, batch=(),
        oracle=lambda x, numpys=numpys: np.pad(x, ((0, 0), (0, 2), (2, 1)), mode=numpys),
    )
    for mode, numpys in NUMPYS.items()
]  # fmt: skip
CUT = [
    Case(ops.Crop, lambda x: F.pad(x, (-1, 3), "reflect"), (X,), batch=(0,), note="a mirror shows what is cut off",
         oracle=lambda x: np.pad(x, ((0, 0), (0, 0), (0, 3)), mode="reflect")[:, :, 1:]),
    Case(ops.Crop, lambda x: F.pad(x, (-1, 3), "circular"), (X,), batch=(0,), note="what is cut off does not go round",
         oracle=lambda x: np.pad(x[:, :, 1:], ((0, 0), (0, 0), (0, 3)), mode="wrap")),
]  # fmt: skip

CASES = [
    Case(ops.Pad, lambda x: ops.Pad.apply(x, widths=WIDTHS, value=-1.5), (X,),
         lambda x: np.pad(x, WIDTHS, constant_values=-1.5)),
    Case(ops.Crop, lambda x: ops.Crop.apply(x, widths=((0, 0), (1, 1), (0, 2))), (X,), lambda x: x[:, 1:2, :2]),
    Case(
        ops.Pad, lambda x: F.pad(x, (1, -2, 0, 3), value=0.5), (X,),
        lambda x: np.pad(x[:, :, :2], ((0, 0), (0, 3), (1, 0)), constant_values=0.5), note="and crop, in a layer",
        errors=(
            (ShapeError, r"pad: needs two widths for each padded dimension, at most 6 numbers, not \(1,\)",
             _refused((1,))),
            (ShapeError, r"pad: negative widths \(-2, -3\) cut away more than the shape \(2, 3, 4\) has",
             _refused((-2, -3))),
            (ArgumentError, "pad: pad must be a tuple of integers, not 1", _refused(1)),
            (ArgumentError, "pad: each of pad must be an integer, not float 1.0", _refused((1.0, 1))),
            (ArgumentError, "pad: value must be a number, not str", _refused((1, 1), value="0")),
            (DomainError, "pad: there is no mode 'mirror'; it is 'constant', 'reflect'", _refused((1, 1), "mirror")),
            (DomainError, "pad: mode 'reflect' takes no value", _refused((1, 1), "reflect", 1)),
            (ShapeError, r"pad: mode 'reflect' pads the last 1, 2 or 3 dimensions, behind N and C or behind C alone\n"
                         r"  input  = \(2, 3, 4\)\n  pad    = \(1, 1, 1, 1, 1, 1\)\n  hint ",
             _refused((1,) * 6, "reflect")),
            (ShapeError, r"pad: mode 'reflect' adds at most 3 at each side of a size of 4, not 4\n  input  = .*\n"
                         r"  pad    = .*\n  hint   such a border cannot be wider", _refused((4, 0), "reflect")),
            (ShapeError, "pad: mode 'circular' adds at most 4 at each side of a size of 4, not 5",
             _refused((0, 5), "circular")),
            (ShapeError, "pad: mode 'circular' adds at most 3 at each side of a size of 3, not 4",
             _refused((4, -1), "circular")),
            (ShapeError, r"pad: the widths \(-2, -2\) leave nothing", _refused((-2, -2), "replicate")),
            (ShapeError, "pad: mode 'replicate' needs something inside; only the batch may be empty",
             lambda t: F.pad(t(X[:, :0]), (1, 1), "replicate")),
            (DTypeError, "pad: input cannot be bool, only float16, .* and uint8",
             lambda t: F.pad(t(X) > 0, (1, 1), "replicate")),
            (DomainError, "pad: the number 300.0 cannot be converted to int8 without overflow",
             lambda t: F.pad(t(X).to("int8"), (1, 1), value=300)),
        ),
    ),
    *BORDERS,
    *CUT,
]  # fmt: skip
