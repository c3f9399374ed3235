"""PyTorch's promotion of dtypes, recorded from PyTorch 2.13: rows the type of one operand, columns of the other."""

from __future__ import annotations

import pytest

import tinycnn as torch
from tinycnn.errors import DTypeError

CODES = {"b": "bool", "u1": "uint8", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
         "f2": "float16", "f4": "float32", "f8": "float64"}  # fmt: skip
PROMOTED = {
    "two tensors": """
        b   b  u1 i1 i2 i4 i8 f2 f4 f8
        u1  u1 u1 i2 i2 i4 i8 f2 f4 f8
        i1  i1 i2 i1 i2 i4 i8 f2 f4 f8
        i2  i2 i2 i2 i2 i4 i8 f2 f4 f8
        i4  i4 i4 i4 i4 i4 i8 f2 f4 f8
        i8  i8 i8 i8 i8 i8 i8 f2 f4 f8
        f2  f2 f2 f2 f2 f2 f2 f2 f4 f8
        f4  f4 f4 f4 f4 f4 f4 f4 f4 f8
        f8  f8 f8 f8 f8 f8 f8 f8 f8 f8""",
    "a tensor and one of no dimensions": """
        b   b  u1 i1 i2 i4 i8 f2 f4 f8
        u1  u1 u1 u1 u1 u1 u1 f2 f4 f8
        i1  i1 i1 i1 i1 i1 i1 f2 f4 f8
        i2  i2 i2 i2 i2 i2 i2 f2 f4 f8
        i4  i4 i4 i4 i4 i4 i4 f2 f4 f8
        i8  i8 i8 i8 i8 i8 i8 f2 f4 f8
        f2  f2 f2 f2 f2 f2 f2 f2 f2 f2
        f4  f4 f4 f4 f4 f4 f4 f4 f4 f4
        f8  f8 f8 f8 f8 f8 f8 f8 f8 f8""",
}
WITH_NUMBERS = """
    b   b  i8 f4
    u1  u1 u1 f4
    i1  i1 i1 f4
    i2  i2 i2 f4
    i4  i4 i4 f4
    i8  i8 i8 f4
    f2  f2 f2 f2
    f4  f4 f4 f4
    f8  f8 f8 f8"""


@pytest.mark.parametrize("kind", PROMOTED)
def test_promotion_of_tensors(kind: str, device: str) -> None:
    for line in PROMOTED[kind].split("\n")[1:]:
        one, *results = line.split()
        for two, expected in zip(CODES, results, strict=True):
            x = torch.ones(1, dtype=CODES[one], device=device)
            y = torch.ones(() if "no dimensions" in kind else 1, dtype=CODES[two], device=device)
            assert [(x + y).dtype, (y + x).dtype, (x * y).dtype] == [CODES[expected]] * 3, (one, two)
            assert torch.where(x == x, x, y).dtype == CODES[expected]
            assert (x / y).dtype == (CODES[expected] if expected[0] == "f" else "float32")
            assert (x < y).dtype == "bool"


@pytest.mark.parametrize("shape", [(1,), ()])
def test_promotion_with_python_numbers(shape: tuple[int, ...], device: str) -> None:
    for line in WITH_NUMBERS.split("\n")[1:]:
        one, *results = line.split()
        for number, expected in zip((True, 1, 1.0), results, strict=True):
            x = torch.ones(shape, dtype=CODES[one], device=device)
            assert [(x + number).dtype, (number + x).dtype, (x * number).dtype] == [CODES[expected]] * 3, (one, number)


def test_the_default_dtype_is_what_numbers_become() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.tensor([1.0]).dtype == torch.zeros(1).dtype == (torch.tensor([1]) / 2).dtype == torch.float64
        assert repr(torch.tensor([1.0])) == "tensor([1.])"
    finally:
        torch.set_default_dtype(torch.float32)
    with pytest.raises(DTypeError, match="only floating types can be the default, not int64"):
        torch.set_default_dtype(torch.int64)
