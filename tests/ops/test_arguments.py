"""What functions take: the names of their arguments, NumPy's beside PyTorch's, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn as torch


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "amax", "var", "std", "argmin", "max", "all", "logsumexp"])
def test_numpys_names_are_taken(name: str) -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 5.0]])
    function, method = getattr(torch, name), getattr(x, name)
    results = [function(x, 1, keepdim=True), method(axis=1, keepdims=True), function(input=x, dim=-1, keepdim=True),
               function(a=x, axis=1, keepdim=True)]  # fmt: skip
    plain = [r[0].tolist() if isinstance(r, tuple) else r.tolist() for r in results]
    assert plain == plain[:1] * 4
    with pytest.raises(TypeError, match="axis"):
        function(x, dim=1, axis=1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.sum(0, 1), "sum: keepdim must be a bool, not int"),
        (lambda x: x.sum(True), "sum: dim must be an integer, not bool True"),
        (lambda x: x.sum(keepdim=True), "sum: keepdim=True needs a dim"),
        (lambda x: x.prod(None), "prod: dim must be an integer, not NoneType"),
        (lambda x: x.max(None), "max: dim must be an integer, not None"),
        (lambda x: x.argmax(0.0), "argmax: dim must be an integer, not float 0.0"),
        (lambda x: x.cumsum((0,)), r"cumsum: dim must be an integer, not \(0,\)"),
        (lambda x: torch.sum([1.0]), "sum: input must be a Tensor, not list; tinycnn.tensor makes one"),
        (lambda x: torch.maximum(x, 1), "maximum: other must be a Tensor, not int; tinycnn.tensor makes one"),
        (lambda x: torch.maximum(x, None), "maximum: other must be a Tensor, not NoneType; does the forward .* return"),
        (lambda x: torch.maximum(x, "a"), "maximum: other must be a Tensor, not str$"),
        (lambda x: torch.maximum(x, (x, x)), "maximum: other must be a Tensor, not tuple; pick one .* join them with"),
        (lambda x: torch.zeros(1, 4 / 2), "zeros: each of size must be an integer, not float 2.0; divide with //"),
        (lambda x: torch.eq(1, x), "eq: input must be a Tensor, not int"),
        (lambda x: x.clamp("a"), "clamp: min must be a Tensor or a number or None, not str"),
        (lambda x: x.masked_fill(True, 1), "masked_fill: mask must be a Tensor, not bool"),
        (lambda x: x.topk(1.0), "topk: k must be an integer, not float 1.0"),
        (lambda x: x.div(2, rounding_mode=1), "div: rounding_mode must be None or a string, not int"),
        (lambda x: torch.isclose(x, 1.0), "isclose: other must be a Tensor, not float"),
        (lambda x: x.sum(out=x), "unexpected keyword argument 'out'"),
    ],
)
def test_what_a_function_does_not_take(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call(torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: (x > 0) - (x > 1), RuntimeError, "sub: subtraction of booleans"),
        (lambda x: x - np.array([True]), RuntimeError, "sub: subtraction of booleans"),
        (lambda x: x.long() ** -1, RuntimeError, "pow: integers to negative integer powers"),
        (lambda x: (x > 0) ** (x > 0), RuntimeError, "pow: booleans have no powers"),
        (lambda x: x.long() // 0, RuntimeError, "floor_divide: integer division by zero"),
        (lambda x: x.long().fmod(x.long() * 0), RuntimeError, "fmod: integer division by zero"),
        (lambda x: (x > 0).argmax(), RuntimeError, "argmax: booleans have no order"),
        (lambda x: (x > 0).topk(1), RuntimeError, "topk: booleans have no order"),
        (lambda x: torch.full((2,), -1.0, dtype=torch.uint8), RuntimeError, "full: the number -1.0 cannot"),
        (lambda x: torch.full((2,), x), TypeError, "full: fill_value must be a number, not Tensor"),
        (lambda x: x.half().clamp(max=1e6), RuntimeError, "clamp: the number 1000000.0 cannot be converted to float16"),
        (lambda x: x.masked_fill(x > 0, 1e300), RuntimeError, r"masked_fill: the number 1e\+300 cannot be converted"),
        (lambda x: torch.isclose(x, x.double()), RuntimeError, "isclose: the dtypes must be equal"),
        (lambda x: torch.isclose(x, x, rtol=-1), RuntimeError, "isclose: rtol and atol must not be negative"),
        (lambda x: x[:0].argmin(), IndexError, "argmin: expected reduction dim 0 to have elements"),
        (lambda x: x[:0].max(), RuntimeError, "max: there is no maximum of nothing"),
        (lambda x: x[:0].max(0), IndexError, "max: expected reduction dim 0 to have elements"),
        (lambda x: x[:0].amin(0), IndexError, "amin: there is no minimum of nothing"),
        (lambda x: x[:0].norm(-1), RuntimeError, "norm: there is no -1.0 norm of nothing"),
        (lambda x: x.long().norm(), RuntimeError, "norm: the input must be floating"),
        (lambda x: x.norm("nuc"), RuntimeError, 'norm: p must be a number or "fro"'),
        (lambda x: x.long().frac(), RuntimeError, "frac: only floating numbers have a fraction"),
        (lambda x: x.requires_grad_().sum(dtype=torch.int64), RuntimeError, "sum: the input requires a gradient, and"),
        (lambda x: x.long().add_(0.5), RuntimeError, "add_: result type float32"),
        (lambda x: x.kthvalue(3), RuntimeError, "kthvalue: selected number k = 3 out of range"),
    ],
)
def test_what_is_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call(torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sigmoid", "gelu", "logsumexp"])
def test_what_is_no_tensor_is_named(name: str) -> None:
    function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
    with pytest.raises(TypeError, match=f"{name}: input must be a Tensor, not list; tinycnn.tensor makes one"):
        function([1.0], *([0] if name == "logsumexp" else []))


def test_a_dim_that_is_no_integer_is_named_before_all_else() -> None:
    for x in (torch.tensor(1.0), torch.ones(2)):
        with pytest.raises(TypeError, match=r"unbind: dim must be an integer, not \(0,\)"):
            x.unbind((0,))
