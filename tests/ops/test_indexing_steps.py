"""Integers beside arrays in an index: PyTorch takes them first, NumPy would count them as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn as torch

X = np.arange(120.0).reshape(2, 3, 4, 5)
ALL = slice(None)

# index, the same in NumPy in two steps, the shape recorded from PyTorch
CASES: list[tuple[Any, Any, Any, tuple[int, ...]]] = [
    ((0, ALL, [0, 1]), 0, (ALL, [0, 1]), (3, 2, 5)),
    ((0, ..., [0, 1]), 0, (..., [0, 1]), (3, 4, 2)),
    ((None, [0, 1], ALL, 0), (None, ALL, ALL, 0), (ALL, [0, 1]), (1, 2, 3, 5)),
    ((ALL, 0, ALL, [0, 1]), (ALL, 0), (ALL, ALL, [0, 1]), (2, 4, 2)),
    (([0, 1], 0, ALL, [1, 2]), (ALL, 0), ([0, 1], ALL, [1, 2]), (2, 4)),
    ((0, [0, 1], 1, [1, 2]), (0, ALL, 1), ([0, 1], [1, 2]), (2,)),
    ((..., [0, 1], 0), (..., 0), (..., [0, 1]), (2, 3, 2)),
    ((1, np.array([True, False, True])), 1, np.array([True, False, True]), (2, 4, 5)),
]


@pytest.mark.parametrize(("index", "first", "second", "shape"), CASES, ids=[str(case[0]) for case in CASES])
def test_reading_writing_and_their_gradients(device: str, index: Any, first: Any, second: Any, shape: Any) -> None:
    x = torch.tensor(X, device=device, requires_grad=True)
    assert np.array_equal(x[index].detach().cpu().numpy(), X[first][second])
    assert x[index].shape == shape
    (x[index] * 2).sum().backward()
    marked = np.zeros_like(X)
    marked[first][second] = 2
    assert np.array_equal(x.grad.cpu().numpy(), marked)

    value = torch.tensor(np.random.default_rng(0).normal(size=shape), device=device, requires_grad=True)
    y = torch.tensor(X, device=device, requires_grad=True)
    z = y * 1
    z[index] = value
    expected = X.copy()
    expected[first][second] = value.detach().cpu().numpy()
    assert np.array_equal(z.detach().cpu().numpy(), expected)
    (z * z).sum().backward()
    assert np.allclose(value.grad.cpu().numpy(), 2 * value.detach().cpu().numpy())
    assert np.array_equal(y.grad.cpu().numpy(), np.where(marked == 2, 0, 2 * X))


def test_a_tensor_without_dimensions_is_an_integer() -> None:
    x = torch.arange(6).reshape(2, 3)
    row = x[torch.tensor(1)]
    row[0] = 9  # a view, as in PyTorch
    assert x.tolist() == [[0, 1, 2], [9, 4, 5]]


def test_one_value_may_be_written_where_a_place_is_named_twice(device: str) -> None:
    w = torch.ones(3, 2, device=device, requires_grad=True)
    places = torch.tensor([[0, 2], [0, 0]], device=device)
    for write in (lambda y: y.__setitem__(places, 5), lambda y: y.__setitem__(places, w[1, 1] + 4),
                  lambda y: y.scatter_(0, places, 5.0)):  # fmt: skip
        y = w * 1
        write(y)
        assert y[0].tolist() == [5, 5]
        y.sum().backward()
    assert w.grad.tolist() == [[0, 0], [3, 3 + 8], [1, 0]]


def test_shapes_of_indices_that_do_not_go_together_are_named(device: str) -> None:
    pattern = r"index: shape mismatch: arrays of \(2,\) and \(3,\) do not broadcast together"
    with pytest.raises(IndexError, match=pattern):
        torch.ones(4, 4, device=device)[[0, 1], [0, 1, 2]]


@pytest.mark.parametrize(("index", "shape"), [
    ((slice(None), [0, 1], ..., [0, 2]), (2, 2)), ((None, [[0, 1]], ..., [2], 1), (1, 1, 2)),
    (([0, 1], ..., 0, 0), (2,)), ((slice(None), [0, 1], None, ..., [0, 2]), (2, 2, 1)),
])  # fmt: skip
def test_an_ellipsis_that_stands_for_nothing_does_not_part_arrays(index: Any, shape: Any, device: str) -> None:
    x = torch.arange(2.0 * 3 * 4, device=device).reshape(2, 3, 4).requires_grad_()
    assert x[index].shape == shape
    y = x * 1
    y[index] = 0
    assert y[index].tolist() == torch.zeros(shape).tolist()
    x[index].sum().backward()
    assert x.grad.sum().item() == x[index].numel()


def test_tensors_of_one_shape_are_broadcast_as_they_are() -> None:
    x, y = torch.ones(2), torch.zeros(2)
    assert all(a is b for a, b in zip(torch.broadcast_tensors(x, y), (x, y), strict=True))
