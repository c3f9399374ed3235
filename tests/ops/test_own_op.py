"""What a student sees who writes an Op of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn.autograd import Op


def test_an_op_is_a_formula_written_twice() -> None:
    class Exp(Op):
        def forward(ctx, x: Any) -> Any: return ctx.xp.exp(x)
        def backward(ctx, g: Any, y: Any) -> Any: return g * y

    x = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
    y = Exp.apply(x)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert np.allclose([y.tolist(), g.tolist(), h.tolist()], [[1, np.e]] * 3)


def test_a_kind_of_an_op_may_have_more_constants() -> None:
    class Parted(Op):
        results = ("whole", "rest")
        def forward(ctx, x: Any) -> Any: return ctx.xp.floor(x), x - ctx.xp.floor(x)
        def backward(ctx, g: Any, h: Any) -> Any: return h

    class Whole(Parted):
        constants = ("whole",)

    x = torch.tensor([1.5], requires_grad=True)
    assert [y.requires_grad for y in Parted.apply_all(x)] == [True, True]
    assert [y.requires_grad for y in Whole.apply_all(x)] == [False, True]


def test_a_name_that_backward_cannot_have_is_named() -> None:
    with pytest.raises(TypeError, match=r"Sine.backward: 'z' is no input of forward \(x\) and no result \(y\)"):

        class Sine(Op):
            def forward(ctx, x: Any) -> Any: return ctx.xp.sin(x)
            def backward(ctx, g: Any, z: Any) -> Any: return g * z


def test_a_device_or_dtype_that_is_none_is_named() -> None:
    with pytest.raises(TypeError, match=r"to: 'gpu' is neither a device \('cpu', 'cuda'\) nor a dtype"):
        torch.ones(2).to("gpu")
    assert torch.ones(2).to("float64").dtype == torch.float64


def test_a_file_that_cannot_be_written_is_named_as_the_user_named_it(tmp_path: Any) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        torch.save({"w": torch.ones(2)}, tmp_path / "no" / "such.safetensors")
    assert caught.value.filename.endswith("such.safetensors")
