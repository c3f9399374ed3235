"""Corners where a plausible implementation goes wrong; the values are PyTorch's."""

from __future__ import annotations

import math

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


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sigmoid", "gelu", "logsumexp"])
def test_what_is_no_tensor_is_named(name: str) -> None:
    function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
    with pytest.raises(TypeError, match=f"{name}: input must be a Tensor, not list; tinycnn.tensor makes one"):
        function([1.0], *([0] if name == "logsumexp" else []))


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
