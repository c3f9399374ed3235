"""What `tinycnn gradcheck` covers, and that all of it is right."""

from __future__ import annotations

import importlib
import io
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinycnn
from tinycnn import gradcheck, ops
from tinycnn.autograd import Op
from tinycnn.autograd.numeric import as_tuple
from tinycnn.gradcheck import survey
from tinycnn.nn import functional as F
from tinycnn.ops.activations import Smooth


def differentiable_ops() -> set[type[Op]]:
    for module in pkgutil.iter_modules(ops.__path__, f"{ops.__name__}."):
        importlib.import_module(module.name)

    def below(kind: type[Op]) -> Iterator[type[Op]]:
        for op in kind.__subclasses__():
            yield op
            yield from below(op)

    return {
        op for op in {*below(Op)} - {Smooth}
        if op.__module__.startswith(ops.__name__) and len(op.constants) < len(op.results)
    }  # fmt: skip


def test_every_differentiable_op_is_differentiated_and_all_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    went_back: set[type[Op]] = set()
    vjp = Op.vjp

    def recorded(self: Op, *args: Any) -> Any:
        went_back.add(type(self))
        return vjp(self, *args)

    monkeypatch.setattr(Op, "vjp", recorded)
    out = io.StringIO()
    assert gradcheck.run(stream=out), out.getvalue()
    at_once = {"Conv2dBackward", "LinearBackward", "MatMulBackward"}  # which `apply_asked` leaves to other ops then
    assert {op.__name__ for op in differentiable_ops() - went_back} == at_once | {"FloorDivide"}  # it says it has none


def test_every_function_of_nn_is_in_the_catalogue() -> None:
    assert set(F.__all__) - {"one_hot"} - {case.op for case in gradcheck.CASES} == set()


def test_cases_can_be_told_apart() -> None:
    names = [case.name for case in gradcheck.CASES]
    assert len(names) == len(set(names))


def test_what_needs_smoothness_is_drawn_away_from_kinks() -> None:
    rng = np.random.default_rng(0)
    from tinycnn.gradcheck.case import distinct, signed

    assert abs(signed(100)(rng)).min() >= 0.1
    assert np.diff(np.sort(distinct(3, 4)(rng).ravel())).min() > 0.3


FLAT = {"sign", "floor", "ceil", "trunc", "round", "div rounding_mode=floor"}


@pytest.mark.parametrize(
    ("number", "case"), list(enumerate(gradcheck.CASES)), ids=[case.name for case in gradcheck.CASES]
)
def test_no_derivative_is_zero_where_it_is_checked(number: int, case: Any) -> None:
    """A check of zeros, such as those behind a ReLU that is off everywhere, would pass whatever backward says."""
    xs = survey.drawn(case, number)
    outputs = [y for y in as_tuple(case.function(*xs)) if y.requires_grad]
    rng = np.random.default_rng(number)
    weights = [tinycnn.tensor(rng.standard_normal(tuple(y.shape)), dtype=y.dtype) for y in outputs]
    found = tinycnn.autograd.grad(outputs, [x for x in xs if x.requires_grad], weights, materialize_grads=True)
    sloping = [case.name not in FLAT] * len(found)
    if case.name == "max_pool2d gradient":  # which is linear in the cotangent, and in x does not change until it jumps
        sloping[0] = False
    assert [bool((g != 0).any()) for g in found] == sloping


def test_random_numbers_of_the_user_are_left_alone() -> None:
    tinycnn.manual_seed(3)
    expected = tinycnn.rand(2)
    tinycnn.manual_seed(3)
    gradcheck.run(["dropout"], stream=io.StringIO())
    assert tinycnn.equal(tinycnn.rand(2), expected)
