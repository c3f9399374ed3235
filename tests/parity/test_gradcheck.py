"""gradcheck's verdicts are PyTorch's, on functions with and without mistakes in their backwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tinycnn
from tests.autograd.planted import PYTORCH_PASSES, RIGHT, WRONG, function, inputs

torch = pytest.importorskip("torch")
PLANTED = RIGHT | WRONG
modes = pytest.mark.parametrize("fast", [False, True], ids=["slow", "fast"])


@modes
@pytest.mark.parametrize("name", PLANTED)
def test_verdicts_agree(name: str, fast: bool) -> None:
    ours, theirs = (
        framework.autograd.gradcheck(
            function(framework, PLANTED[name]),
            inputs(framework, PLANTED[name]),
            fast_mode=fast,
            raise_exception=False,
        )
        for framework in (tinycnn, torch)
    )
    assert ours == theirs == (name in RIGHT)


@pytest.mark.parametrize("name", PYTORCH_PASSES)
def test_where_ours_looks_closer(name: str) -> None:
    planted = PYTORCH_PASSES[name]
    assert torch.autograd.gradcheck(function(torch, planted), inputs(torch, planted))
    assert not tinycnn.autograd.gradcheck(
        function(tinycnn, planted), inputs(tinycnn, planted), raise_exception=False
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tanh": lambda t, x, y: x.tanh(),
    "product": lambda t, x, y: x @ y.T,
    "cubes": lambda t, x, y: (x**3 * y, (x + y).exp()),
    "largest": lambda t, x, y: (x * y).max(1),
    "detached": lambda t, x, y: x.detach() * y.detach(),
    "flat": lambda t, x, y: x.floor(),
    "random": lambda t, x, y: x * t.rand(3, 4, dtype=t.float64),
}


# PyTorch's gradgradcheck cannot take a function without a gradient.
CHECKS = [
    (check, name)
    for check in ("gradcheck", "gradgradcheck")
    for name in FUNCTIONS
    if (check, name) != ("gradgradcheck", "detached")
]


@modes
@pytest.mark.parametrize(("check", "name"), CHECKS)
def test_verdicts_agree_on_functions_of_tensors(check: str, name: str, fast: bool) -> None:
    verdicts = []
    for framework in (tinycnn, torch):
        t: Any = framework

        def func(x: Any, y: Any, t: Any = t) -> Any:
            return FUNCTIONS[name](t, x, y)

        arguments = inputs(t, RIGHT["linear"]._replace(shapes=((3, 4), (3, 4))))
        verdicts.append(getattr(t.autograd, check)(func, arguments, fast_mode=fast, raise_exception=False))
    assert verdicts[0] == verdicts[1]


@pytest.mark.parametrize(
    ("func", "dtype", "requires_grad"), [(lambda x: x.exp(), "float64", False), (lambda x: x.exp(), "float32", True)]
)
def test_bad_calls_raise_or_warn_in_both(func: Callable[[Any], Any], dtype: str, requires_grad: bool) -> None:
    for framework in (tinycnn, torch):
        t: Any = framework
        x = t.ones(2, dtype=getattr(t, dtype), requires_grad=requires_grad)
        if requires_grad:
            with pytest.warns(UserWarning, match="not a double precision floating point"):
                t.autograd.gradcheck(func, x, raise_exception=False)
        else:
            with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
                t.autograd.gradcheck(func, x)
        wide = t.ones(1, dtype=t.float64).expand(3).requires_grad_()
        with pytest.raises(RuntimeError, match="stride"):
            t.autograd.gradcheck(func, wide)
