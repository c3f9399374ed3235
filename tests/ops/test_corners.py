"""Corners where a plausible implementation goes wrong; the values are PyTorch's."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pytest

import tinycnn as torch


def test_a_product_with_infinity_is_infinite() -> None:
    assert torch.tensor([math.inf, 2.0, 3.0]).prod().item() == math.inf
    assert torch.zeros(0).prod().item() == 1


def test_logsumexp_of_integers_is_float32() -> None:
    for dtype in (torch.uint8, torch.int8, torch.int64):
        y = torch.tensor([0, 1, 3], dtype=dtype).logsumexp(0)
        assert y.dtype == torch.float32
        assert y.item() == pytest.approx(3.1698461)


def test_half_precision_adds_up_in_single() -> None:
    assert torch.full((4,), 300.0, dtype=torch.float16).norm().item() == 600
    assert torch.ones(5000, dtype=torch.float16).cumsum(0)[-1].item() == 5000
    assert torch.ones(5000, 2, dtype=torch.float16).sum(0).tolist() == [5000, 5000]
    assert torch.rand(200_000, dtype=torch.float16).max().item() < 1
    x = torch.linspace(-9, 0, 3000, dtype=torch.float16).requires_grad_()  # probabilities down to 4e-7
    x.log_softmax(0).sum().backward()
    wide = x.detach().float().requires_grad_()
    wide.log_softmax(0).sum().backward()
    assert x.grad.equal(wide.grad.half())


def test_a_numpy_scalar_widens_no_more_than_a_python_number() -> None:
    for dtype in (torch.bool, torch.uint8, torch.int64, torch.float32):
        assert (torch.ones(2, dtype=dtype) * np.float64(1.5)).dtype == torch.float32


def test_the_deviation_of_equals_has_no_slope() -> None:
    x = torch.tensor([2.0, 2.0], requires_grad=True)
    x.std().backward()
    assert x.grad.tolist() == [0, 0]


def test_tile_with_fewer_numbers_than_dimensions() -> None:
    assert torch.tensor([[1, 2], [3, 4]]).tile(2).tolist() == [[1, 2, 1, 2], [3, 4, 3, 4]]
    assert torch.ones(2).tile(3, 1).shape == (3, 2)


@pytest.mark.parametrize("norm", [("fro", 5.0), (0, 2.0), (math.inf, 4.0), (1, 7.0), (3, 91 ** (1 / 3))])
def test_norms(norm: tuple[object, float]) -> None:
    assert torch.tensor([3.0, 0.0, -4.0]).norm(norm[0]).item() == pytest.approx(norm[1])


def test_a_remainder_of_integers_by_zero_is_refused() -> None:
    with pytest.raises(RuntimeError, match="remainder: integer division by zero"):
        torch.tensor([1]) % 0


def test_bits_of_floating_numbers_are_refused() -> None:
    with pytest.raises(TypeError, match="bitwise_and: only integers and booleans have bits"):
        torch.ones(2) & torch.ones(2)


def test_functions_bear_the_names_they_are_called_by() -> None:
    for name in ("eq", "ne", "lt", "le", "gt", "ge", "round", "floor", "sign", "logical_and", "bitwise_xor"):
        assert getattr(torch, name).__name__ == name


def test_other_things_are_unequal_not_an_error() -> None:
    x = torch.tensor([1, 2])
    assert (x == [1, 2]) is False
    assert (x != None) is True  # noqa: E711 — the comparison itself is tested
    assert (x == "x") is False


def test_augmented_assignment_writes_in_place() -> None:
    x = torch.tensor([5, 2])
    y = x
    y //= 2
    assert x.tolist() == [2, 1]
    y %= 2
    y |= 4
    y ^= 1
    y &= 6
    assert x.tolist() == [4, 4]
    assert y is x


def test_in_place_methods_record_arguments_given_by_name() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.zeros(2)
    y.add_(other=w)
    y.sum().backward()
    assert w.grad.tolist() == [1, 1]


def test_leaving_the_graph_between_forward_and_backward_is_noticed() -> None:
    x = torch.tensor([2.0], requires_grad=True)
    y = x * x
    z = y * y
    y.detach_()
    with pytest.raises(RuntimeError, match="Mul: one of the variables needed"):
        z.sum().backward()


def test_a_functions_ctx_keeps_whatever_is_set_on_it() -> None:
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
            for name in ("shapes", "name", "saved", "xp", "backend", "edges", "results", "function", "checked"):
                setattr(ctx, name, f"my {name}")
            return x * 2

        @staticmethod
        def backward(ctx: object, g: torch.Tensor) -> torch.Tensor:
            assert [ctx.shapes, ctx.name, ctx.saved, ctx.xp] == ["my shapes", "my name", "my saved", "my xp"]
            return g * 2

    x = torch.ones(3, requires_grad=True)
    Double.apply(x).sum().backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_a_hook_returns_a_tensor_or_nothing() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: 3)
    with pytest.raises(TypeError, match="a hook must return a Tensor or None, not int"):
        y.sum().backward()


def test_a_number_written_into_booleans_is_whether_it_is_nonzero() -> None:
    x = torch.zeros(2, dtype=torch.bool)
    x[0] = 0.5
    assert x.tolist() == [True, False]


# Dtypes and numbers ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("dtype", "call", "expected"),
    [
        ("uint8", lambda x: x + 300, 45), ("uint8", lambda x: x - 2, 255), ("uint8", lambda x: -x, 255),
        ("int8", lambda x: x * 300, 44), ("int8", lambda x: (x * -128).abs(), -128), ("int8", lambda x: x * 2**8, 0),
        ("uint8", lambda x: (x * 44) == 300, True), ("uint8", lambda x: x > -1, False), ("int8", lambda x: x << 9, 0),
        ("int8", lambda x: x * -8 >> 70, -1), ("int64", lambda x: 2 ** (x * -1), 0), ("bool", lambda x: x**2, 1),
        ("int8", lambda x: (x * -1) ** (x * -3), -1), ("bool", lambda x: x << 1, 2), ("bool", lambda x: x.square(), 1),
        ("bool", lambda x: x.sign(), True), ("uint8", lambda x: x.all(), 1), ("bool", lambda x: x.prod(), 1),
        ("uint8", lambda x: x.masked_fill(x == 1, -1), 255), ("int64", lambda x: x.masked_fill(x == 1, 3.7), 3),
        ("float32", lambda x: x.sum(dtype=torch.int64), 1), ("uint8", lambda x: (x * 200).sum(dtype=torch.uint8), 200),
    ],
)  # fmt: skip
def test_integers_wrap_and_booleans_count(dtype: str, call: Any, expected: object, device: str) -> None:
    assert call(torch.ones(1, dtype=dtype, device=device)).item() == expected


@pytest.mark.parametrize(
    ("call", "dtype"),
    [
        (lambda x: x.clamp(0.5), "float32"), (lambda x: x.clamp(torch.tensor([0.5], dtype=torch.float64)), "float64"),
        (lambda x: torch.where(x > 0, 1, 2.5), "float32"), (lambda x: torch.where(x > 0, True, 2), "int64"),
        (lambda x: torch.where(x > 0, x, torch.tensor(300)), "int8"), (lambda x: x.masked_fill(x > 0, 1.5), "int8"),
        (lambda x: x.cumsum(0), "int64"), (lambda x: x.sum(dtype=float), "float64"), (lambda x: x / 2, "float32"),
        (lambda x: x.mean(dtype="float16"), "float16"), (lambda x: x.float_power(2), "float64"),
        (lambda x: x // 2.0, "float32"),
        (lambda x: x % np.int64(2), "int8"), (lambda x: x * np.float64(2), "float32"), (lambda x: x.round(), "int8"),
        (lambda x: np.array([2.0]) * x, "float64"), (lambda x: np.array([True]) + x, "int8"),
        (lambda x: x.reciprocal(), "float32"), (lambda x: x.isnan(), "bool"), (lambda x: x.argmax(), "int64"),
    ],
)  # fmt: skip
def test_the_dtype_of_results(call: Any, dtype: str) -> None:
    assert call(torch.tensor([1, 2], dtype=torch.int8)).dtype == dtype


def test_a_number_meets_half_precision_in_single() -> None:
    x = torch.tensor([1e-3], dtype=torch.float16)
    assert (x * 1e5).item() == pytest.approx(100, rel=1e-2)
    assert (x / 3e-8).item() == pytest.approx(33333, rel=1e-2)
    assert (x * 1e5).dtype == torch.float16


def test_long_sums_keep_their_digits() -> None:
    """Added up one by one, a third of these ones would be lost: 2²⁴ + 1 is no float32."""
    ones = torch.ones(1, 3).expand(2**24 + 2**23, 3)
    assert ones.sum(0).tolist() == [2**24 + 2**23] * 3
    thirds = torch.full((300_001, 2), 1 / 3)
    np.testing.assert_allclose(thirds.sum(0).numpy(), 300_001 / 3, rtol=2e-7)
    np.testing.assert_allclose(thirds.cumsum(0)[-1].numpy(), 300_001 / 3, rtol=1e-7)


def test_a_write_of_another_precision_is_rounded_and_differentiated() -> None:
    x = torch.ones(2, dtype=torch.float16, requires_grad=True)
    y = torch.full((2,), 0.5, dtype=torch.float64, requires_grad=True)
    z = (x * 1).mul_(y)
    assert z.dtype == torch.float16
    z.sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (torch.float16, torch.float64)
    assert (x.grad.tolist(), y.grad.tolist()) == ([0.5, 0.5], [1, 1])


def test_a_comparison_in_place_leaves_the_graph() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * 1).gt_(1.5)
    assert (y.tolist(), y.dtype, y.requires_grad) == ([0, 1], torch.float32, False)


# Numbers and tensors in place of each other ──────────────────────────────────────────────────────────────────────────


def test_half_precision_overflows_where_a_value_is_chosen_or_assigned(device: str) -> None:
    x = torch.ones(2, dtype=torch.float16, device=device)
    assert torch.where(x > 0, x, 1e300).tolist() == [1, 1]
    assert torch.where(x > 9, x, -1e5).tolist() == [-math.inf, -math.inf]
    x[0] = 1e300
    assert x.tolist() == [math.inf, 1]
    with pytest.raises(RuntimeError, match=r"fill_: the number 100000\.0 cannot be converted to float16 without over"):
        x.fill_(1e5)
    with pytest.raises(ValueError, match=r"index assignment: the number 1000.* cannot be converted to float16"):
        x[0] = 10**400


def test_fill_takes_one_value() -> None:
    x = torch.zeros(2)
    assert x.fill_(torch.tensor(3)).tolist() == [3, 3]
    with pytest.raises(RuntimeError, match=r"fill_: value must have no dimensions, but its shape is \(2,\); see copy_"):
        x.fill_(torch.ones(2))


def test_a_tensor_says_where_to_split(device: str) -> None:
    x = torch.arange(5, device=device)
    assert [part.tolist() for part in x.tensor_split(torch.tensor([1, 3]))] == [[0], [1, 2], [3, 4]]
    assert [part.tolist() for part in x.tensor_split(torch.tensor(2))] == [[0, 1, 2], [3, 4]]
    with pytest.raises(RuntimeError, match=r"tensor_split: a tensor of indices or sections must be of int64, not floa"):
        x.tensor_split(torch.tensor([1.0]))
    with pytest.raises(RuntimeError, match=r"tensor_split: a tensor of indices is a vector, but its shape is \(1, 1\)"):
        x.tensor_split(torch.tensor([[1]]))


def test_tensors_of_one_element_are_numbers_in_a_list() -> None:
    assert torch.tensor([torch.tensor([1.5]), torch.ones(1, 1), 2]).tolist() == [1.5, 1, 2]
    with pytest.raises(ValueError, match=r"tensor: only tensors of one element .* of shape \(2,\); stack and cat join"):
        torch.tensor([torch.ones(2), torch.ones(2)])


def test_parts_and_sums_of_a_size_are_sizes() -> None:
    size = torch.ones(2, 3, 4).shape
    assert size[1:].numel() == 12
    longer, deeper = operator.add(size, (5,)), operator.add((5,), size)
    assert (longer, deeper) == ((2, 3, 4, 5), (5, 2, 3, 4))
    for made in (size[1:], longer, deeper, size * 2, 2 * size):
        assert type(made) is torch.Size
    assert (size[0], 2 * size[:1]) == (2, (2, 2))


def test_a_power_of_0_is_flat_in_its_exponent_whatever_comes_back(device: str) -> None:
    x, y = torch.zeros(2, device=device), torch.tensor([0.7, 2.0], device=device, requires_grad=True)
    g = torch.ones(2, device=device, requires_grad=True)
    (gy,) = torch.autograd.grad(x**y, y, g, create_graph=True)
    assert gy.tolist() == [0, 0]
    assert torch.autograd.grad(gy.sum(), g)[0].tolist() == [0, 0]


@pytest.mark.parametrize("call", [lambda x: x.mean(0), lambda x: x.mean(), lambda x: x.logsumexp(0)])
def test_the_slope_of_nothing_is_flat(call: Any, device: str) -> None:
    x = torch.zeros(0, 3, requires_grad=True, device=device)
    y = call(x)
    g = torch.ones_like(y).requires_grad_()
    (gx,) = torch.autograd.grad(y, x, g, create_graph=True)
    (gg,) = torch.autograd.grad(gx.sum(), g)
    assert not bool(y.isfinite().any())
    assert gg.tolist() == torch.zeros_like(y).tolist()


@pytest.mark.parametrize(("index", "src"), [((0, 3), (0, 3)), ((2, 0), (2, 0)), ((0,), (0,))])
def test_scatter_add_of_nothing_has_gradients(index: Any, src: Any, device: str) -> None:
    x, added = (torch.ones(shape, requires_grad=True, device=device) for shape in ((2, 3), src))
    y = x.scatter_add(0, torch.zeros(index, dtype="int64", device=device), added)
    gx, g = torch.autograd.grad(y.sum(), (x, added))
    assert (y.tolist(), gx.tolist(), g.shape) == (x.tolist(), x.tolist(), added.shape)
