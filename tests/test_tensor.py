"""The Tensor against what was recorded from PyTorch 2.13: values, dtypes, refusals; and its ways in and out."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn.errors import ArgumentError, DomainError, DTypeError, GraphError, ShapeError

RECORDED = """
# creation
torch.tensor([1, 2.5, True]) -> float32 [1.0, 2.5, 1.0]
torch.tensor([True, 2]) -> int64 [1, 2]
torch.tensor(np.array([1.0, 2.0])) -> float64 [1.0, 2.0]
torch.tensor(np.float32(3)) -> float32 3.0
torch.tensor([np.float64(1), np.float64(2)]) -> float64 [1.0, 2.0]
torch.tensor([np.array([1.0, 2.0])]) -> float64 [[1.0, 2.0]]
torch.tensor([torch.tensor(1), torch.tensor(2)]) -> int64 [1, 2]
torch.tensor([torch.tensor(1.0), torch.tensor(2.0)]) -> float32 [1.0, 2.0]
torch.tensor(range(3)) -> int64 [0, 1, 2]
torch.tensor((1, 2), dtype=torch.float16) -> float16 [1.0, 2.0]
torch.tensor([]) -> float32 []
torch.tensor([[], []]) -> float32 [[], []]
torch.full((2,), 3) -> int64 [3, 3]
torch.full((2,), True) -> bool [True, True]
torch.full((2, 1), 1.5) -> float32 [[1.5], [1.5]]
torch.full((2,), 1, dtype=torch.float64) -> float64 [1.0, 1.0]
torch.full((), 3.0) -> float32 3.0
torch.zeros(2, 1) -> float32 [[0.0], [0.0]]
torch.ones((1, 2), dtype=torch.bool) -> bool [[True, True]]
torch.empty(0, 3) -> float32 []
torch.arange(0, 1, 0.25) -> float32 [0.0, 0.25, 0.5, 0.75]
torch.arange(5, 0, -2) -> int64 [5, 3, 1]
torch.arange(3.0) -> float32 [0.0, 1.0, 2.0]
torch.arange(3, dtype=torch.int16) -> int16 [0, 1, 2]
torch.linspace(0, 1, 5) -> float32 [0.0, 0.25, 0.5, 0.75, 1.0]
torch.linspace(3, 9, 1) -> float32 [3.0]
torch.linspace(0, 10, 5, dtype=torch.int64) -> int64 [0, 2, 5, 7, 10]
torch.eye(2, 3) -> float32 [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
torch.zeros_like(torch.tensor([1])) -> int64 [0]
torch.ones_like(torch.tensor([1]), dtype=torch.float32) -> float32 [1.0]
torch.full_like(torch.tensor([1, 2]), 7) -> int64 [7, 7]
torch.tensor([1.0], dtype=torch.float64).new_zeros(2, 1) -> float64 [[0.0], [0.0]]
torch.tensor([1]).new_full((2,), 3) -> int64 [3, 3]
torch.tensor([1]).new_ones((2,)) -> int64 [1, 1]
torch.from_numpy(np.arange(3, dtype="int16")) -> int16 [0, 1, 2]
torch.as_tensor([1, 2.0]) -> float32 [1.0, 2.0]

# arithmetic
1 < torch.tensor([0, 2]) -> bool [False, True]
torch.tensor([True, False]) & True -> bool [True, False]
torch.tensor([1, 2]) | 4 -> int64 [5, 6]
~torch.tensor([True, False]) -> bool [False, True]
~torch.tensor([1]) -> int64 [-2]
+torch.tensor([1]) -> int64 [1]
abs(torch.tensor([-1])) -> int64 [1]
torch.tensor([-7, 7]) % torch.tensor([3, -3]) -> int64 [2, -2]
torch.tensor([-7.0, 7.0]) // 2 -> float32 [-4.0, 3.0]
torch.div(torch.tensor([-7, 7]), 2, rounding_mode="trunc") -> int64 [-3, 3]
2 ** torch.tensor([1.0, 2.0]) -> float32 [2.0, 4.0]
torch.tensor([7]) / 2 -> float32 [3.5]
7 // torch.tensor([2, -2]) -> int64 [3, -4]
torch.tensor([True]) + torch.tensor([True]) -> bool [True]
torch.tensor([True]) * torch.tensor([False]) -> bool [False]
torch.tensor([True, True]).sum() -> int64 2
torch.tensor([200], dtype=torch.uint8) + 100 -> uint8 [44]
torch.tensor([1], dtype=torch.uint8) - 2 -> uint8 [255]
torch.tensor([1.0], dtype=torch.float16) + 1e-4 -> float16 [1.0]
torch.ones(2) + np.ones(2) -> float64 [2.0, 2.0]
torch.ones(2) + np.float64(1) -> float32 [2.0, 2.0]
np.float64(2) - torch.ones(2) -> float32 [1.0, 1.0]
np.float32(2) * torch.ones(2) -> float32 [2.0, 2.0]
torch.ones(2, dtype=torch.int32) + np.int64(1) -> int32 [2, 2]
torch.where(torch.tensor([True, False]), 1, 2.5) -> float32 [1.0, 2.5]
torch.where(torch.tensor([True, False]), 1, 2) -> int64 [1, 2]
torch.tensor([1, 5]).clamp(max=2.5) -> float32 [1.0, 2.5]
torch.tensor([1, 2]).masked_fill(torch.tensor([True, False]), 9) -> int64 [9, 2]
torch.tensor([0.5, 1.5, -0.5]).round() -> float32 [0.0, 2.0, -0.0]

# reductions
torch.tensor([1.5], dtype=torch.float16).sum(dtype=torch.float64) -> float64 1.5
torch.tensor([[1, 3], [4, 2]]).max(1).values -> int64 [3, 4]
torch.tensor([[1, 3], [4, 2]]).max(1).indices -> int64 [1, 0]
torch.max(torch.tensor([1, 5]), torch.tensor([3, 2])) -> int64 [3, 5]
torch.tensor([[1, 3], [4, 2]]).argmax() -> int64 2
torch.tensor([1.0, float("nan"), 3.0]).argmax() -> int64 1
torch.tensor([2.0, float("inf"), 1.0]).sort()[1] -> int64 [2, 0, 1]
torch.tensor([1.0, 2.0]).var(unbiased=False) -> float32 0.25
torch.var(torch.tensor([1.0, 3.0]), False) -> float32 1.0
torch.tensor([]).prod() -> float32 1.0
torch.tensor([]).all() -> bool True
torch.tensor([True, True]).cumsum(0) -> int64 [1, 2]
torch.tensor([3, 1, 2]).topk(2).values -> int64 [3, 2]

# indexing
torch.arange(6).reshape(2, 3)[1] -> int64 [3, 4, 5]
torch.arange(6).reshape(2, 3)[-1, ::2] -> int64 [3, 5]
torch.arange(6).reshape(2, 3)[..., 1] -> int64 [1, 4]
torch.arange(6).reshape(2, 3)[:, None, 1:] -> int64 [[[1, 2]], [[4, 5]]]
torch.arange(6).reshape(2, 3)[[1, 0, 1]] -> int64 [[3, 4, 5], [0, 1, 2], [3, 4, 5]]
torch.arange(6).reshape(2, 3)[[0, 1], [2, 0]] -> int64 [2, 3]
torch.arange(6).reshape(2, 3)[torch.tensor([[0, 1]]), 1] -> int64 [[1, 4]]
torch.arange(6).reshape(2, 3)[:, torch.tensor([2, 0])] -> int64 [[2, 0], [5, 3]]
torch.arange(6).reshape(2, 3)[torch.arange(6).reshape(2, 3) > 2] -> int64 [3, 4, 5]
torch.arange(6).reshape(2, 3)[torch.tensor([True, False])] -> int64 [[0, 1, 2]]
torch.arange(6).reshape(2, 3)[torch.tensor(1)] -> int64 [3, 4, 5]
torch.arange(6).reshape(2, 3)[torch.tensor([1], dtype=torch.uint8).long()] -> int64 [[3, 4, 5]]
torch.arange(6).reshape(2, 3)[True] -> int64 [[[0, 1, 2], [3, 4, 5]]]
torch.arange(6).reshape(2, 3)[False] -> int64 []
torch.arange(6).reshape(2, 3)[np.array([1]), :2] -> int64 [[3, 4]]
torch.arange(6).reshape(2, 3)[np.int64(1)] -> int64 [3, 4, 5]
torch.arange(24).reshape(2, 3, 4)[[0, 1], :, [1, 2]] -> int64 [[1, 5, 9], [14, 18, 22]]
torch.arange(24).reshape(2, 3, 4)[:, [0, 1], [1, 2]] -> int64 [[1, 6], [13, 18]]
torch.arange(3)[[]] -> int64 []
torch.tensor(5)[None] -> int64 [5]
torch.tensor(5)[...] -> int64 5
torch.arange(5)[2:1] -> int64 []
torch.arange(5)[-2:100] -> int64 [3, 4]
torch.tensor([[0, 1], [2, 0]]).nonzero() -> int64 [[0, 1], [1, 0]]
torch.tensor(7).nonzero() -> int64 [[]]

# conversion
torch.tensor([1.9, -1.9]).long() -> int64 [1, -1]
torch.tensor([0, 3]).bool() -> bool [False, True]
torch.tensor([1, 2]).float() -> float32 [1.0, 2.0]
torch.tensor([1.5]).to(torch.tensor(1)) -> int64 [1]
torch.tensor([1.5]).to(dtype=torch.float64) -> float64 [1.5]
torch.tensor([[1, 2], [3, 4]]).T -> int64 [[1, 3], [2, 4]]
torch.tensor([float("nan"), float("inf")]) == torch.tensor([float("nan"), float("inf")]) -> bool [False, True]
"""


def rows(text: str) -> list[tuple[str, str]]:
    return [(left, right) for line in text.splitlines() if " -> " in line for left, right in [line.split(" -> ")]]


@pytest.mark.parametrize(("expression", "expected"), rows(RECORDED))
def test_what_pytorch_gives(expression: str, expected: str) -> None:
    made = eval(expression, {"torch": torch, "np": np})
    assert f"{made.dtype} {made.tolist()}" == expected


# Refusals ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("act", "error", "pattern"),
    [
        (lambda: torch.tensor([[1], [1, 2]]), ShapeError, "ragged: every row must have the same length"),
        (lambda: torch.tensor([[1, 2], 3]), ArgumentError, "tensor: a number and a list stand side by side"),
        (lambda: torch.tensor([300], dtype=torch.uint8), DomainError, "cannot be converted to uint8 without overflow"),
        (lambda: torch.tensor(2**70), DomainError, "tensor: a number does not fit into 64 bits"),
        (lambda: torch.full((2,), float("nan"), dtype=torch.int32), DomainError, "full: the number nan"),
        (lambda: torch.full(2, 1.0), ArgumentError, "full: size must be a tuple of integers, not int"),
        (lambda: torch.eye(2.0), ArgumentError, "eye: each of size must be an integer, not float 2.0"),
        (lambda: torch.linspace(0, 1, -1), DomainError, "linspace: the number of steps must not be negative"),
        (lambda: torch.arange(2, dtype=torch.bool), DTypeError, "arange: there are no steps from False to True"),
        (lambda: torch.arange("a"), ArgumentError, "arange: end must be a number, not str"),
        (lambda: torch.zeros_like([1.0]), ArgumentError, "zeros_like: input must be a Tensor, not list"),
        (lambda: torch.tensor("a"), DTypeError, "cannot make numbers of"),
        (lambda: torch.tensor(None), DTypeError, "cannot make numbers of object data"),
        (lambda: torch.from_numpy([1]), TypeError, "expected a numpy.ndarray, got list"),
        (lambda: torch.from_numpy(np.array(["a"])), DTypeError, "is not supported"),
        (lambda: torch.zeros(-1), ShapeError, r"negative dimension: \(-1,\)"),
        (lambda: torch.arange(0, 5, -1), DomainError, "step -1 never leads from 0 to 5"),
        (lambda: torch.arange(0, 5, 0), DomainError, "arange: step must not be 0"),
        (lambda: torch.ones(2).item(), ShapeError, "a Tensor with 2 elements cannot be converted to a Scalar"),
        (lambda: bool(torch.ones(2)), ShapeError, r"more than one value is ambiguous; ask for \.any\(\) or \.all\(\)"),
        (lambda: bool(torch.ones(0)), ShapeError, "with no value is ambiguous"),
        (lambda: int(torch.ones(2)), ShapeError, "cannot be converted to a Scalar"),
        (lambda: [1, 2][torch.tensor(1.0)], TypeError, "only integer tensors of a single element"),
        (lambda: len(torch.tensor(1)), TypeError, "len\\(\\) of a 0-d tensor"),
        (lambda: list(torch.tensor(1)), TypeError, "iteration over a 0-d tensor"),
        (lambda: torch.ones(2, 3).size(5), IndexError,
         "size: Dimension out of range: dim is 5, but 2 dimensions take -2 to 1"),
        (lambda: torch.ones(2, requires_grad=True).numpy(), GraphError, r"use tensor\.detach\(\)\.numpy\(\) instead"),
        (lambda: f"{torch.ones(2):.2f}", TypeError, r"'\.2f' formats one number, and this tensor has shape \(2,\)"),
        (lambda: torch.ones(2) @ [1.0, 1.0], TypeError, "matmul: other must be a Tensor, not list"),
        (lambda: copy.deepcopy(torch.ones(1, requires_grad=True) * 2), GraphError, "only tensors created by the user"),
        (lambda: torch.tensor([]).mean().max(0).values.max(3), IndexError, "Dimension out of range"),
    ],
)
def test_refusals_teach(act: Any, error: type[Exception], pattern: str) -> None:
    with pytest.raises(error, match=pattern):
        act()


# As Python and NumPy see it ──────────────────────────────────────────────────────────────────────────────────────────


def test_numbers_out_of_tensors(device: str) -> None:
    assert (torch.tensor([[5]], device=device).item(), float(torch.tensor(2, device=device))) == (5, 2.0)
    assert (int(torch.tensor(2.7)), [1, 2, 3][torch.tensor(1, device=device)]) == (2, 2)
    assert (bool(torch.tensor([0.0], device=device)), 2 in torch.tensor([1, 2], device=device)) == (False, True)
    assert [row.tolist() for row in torch.ones(2, 2, device=device)] == [[1, 1], [1, 1]]
    assert [type(v) for v in (torch.tensor(1.0).item(), torch.tensor(1).item(), torch.tensor(True).item())] == [float,
    int, bool]
    assert torch.tensor([[1.5], [2.5]], device=device).tolist() == [[1.5], [2.5]]


def test_formatting() -> None:
    pi = torch.tensor(3.14159, requires_grad=True)
    assert [f"{pi:.2f}", f"{torch.tensor(5)}", f"{torch.tensor(3.5):>6}"] == ["3.14", "5", "   3.5"]
    assert f"{torch.tensor([1.0, 2.0])}" == str(torch.tensor([1.0, 2.0])) == "tensor([1., 2.])"


def test_comparisons_with_what_is_no_number() -> None:
    x = torch.ones(2)
    assert [x == None, x != None, x == "a", x != "a"] == [False, True, False, True]  # noqa: E711  # the operators are tested
    assert len({x, x, torch.ones(2)}) == 2  # hashed by identity


def test_numpy_shares_memory() -> None:
    a = np.zeros(3, "float32")
    t = torch.from_numpy(a)
    t += 1
    assert a.tolist() == [1, 1, 1]
    t.numpy()[0] = 7
    assert t.tolist() == [7, 1, 1]
    assert (np.asarray(t) is t.array) or np.shares_memory(np.asarray(t), a)
    assert np.array(t, dtype="int32").tolist() == [7, 1, 1]
    assert torch.ones(1, requires_grad=True).numpy(force=True).tolist() == [1]
    assert type(np.ones(2) + torch.ones(2)) is type(np.float64(2) * torch.ones(2)) is torch.Tensor


def test_a_tensor_is_a_copy_and_as_tensor_is_not() -> None:
    a = np.zeros(2)
    copied, shared = torch.tensor(a), torch.as_tensor(a)
    a[0] = 1
    assert (copied.tolist(), shared.tolist()) == ([0, 0], [1, 0])
    t = torch.ones(2)
    assert torch.as_tensor(t) is t
    assert torch.tensor(t).array is not t.array


def test_to_returns_itself_where_nothing_changes(device: str) -> None:
    x = torch.ones(2, device=device)
    assert x.to(torch.float32) is x.to(device) is x.float() is x
    assert x.to(torch.float32, copy=True) is not x
    assert x.cpu().device == torch.device("cpu")
    assert x.to("cpu", torch.float64).dtype == torch.float64
    assert x.type() == "tinycnn.float32"


def test_shapes_are_tuples() -> None:
    x = torch.ones(2, 3)
    assert x.shape == (2, 3) == x.size()
    assert (x.shape.numel(), x.size(-1), x.shape[1:], x.shape + (4,)) == (6, 3, (3,), (2, 3, 4))  # noqa: RUF005
    assert repr(x.shape) == "tinycnn.Size([2, 3])"
    assert (x.t().stride(), x.t().is_contiguous(), x.nbytes, x.element_size(), x.dim()) == ((1, 3), False, 24, 4, 2)


@pytest.mark.parametrize(
    "act",
    [
        lambda x: x.view(4 / 2, 4), lambda x: x.reshape(4 / 2, 4), lambda x: x.repeat(4 / 2, 1),
        lambda x: torch.zeros(8 / 2), lambda x: torch.zeros(8 / 2, 2), lambda x: torch.zeros(2, 8 / 2),
        lambda x: torch.rand(4 / 2, 2),
    ],
)  # fmt: skip
def test_a_size_that_is_a_fraction_is_named_wherever_it_stands(act: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^\w+: .* float \d\.0; divide with //"):
        act(torch.ones(2, 4))


def test_a_view_is_of_a_size_or_of_a_dtype() -> None:
    with pytest.raises(ArgumentError, match="view: takes a size or a dtype, one of the two"):
        torch.ones(2).view("a", "b")
