"""The table that `tinycnn gradcheck` prints."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from tinycnn import gradcheck
from tinycnn.ops.convolution import Conv2d
from tinycnn.ops.elementwise import Tanh
from tinycnn.ops.linalg import Linear


def run(*names: str, **options: Any) -> tuple[bool, list[str]]:
    out = io.StringIO()
    verdict = gradcheck.run(names, stream=out, **options)
    return verdict, out.getvalue().splitlines()


def test_a_line_for_each_use_of_an_op_and_a_last_line(device: str) -> None:
    verdict, lines = run("linear", "norm", device=device)
    assert verdict
    assert lines[0].split() == ["op", "inputs", "1st", "error", "2nd", "error"]
    assert [line.split("  ")[0] for line in lines[1:-1]] == ["norm dim=1", "norm p=3", "linear"]
    assert "2×3, 4×3, 4" in lines[3]
    assert all(line.endswith("  right") for line in lines[1:-1])
    assert lines[-1] == "2 ops, all derivatives agree with finite differences"
    for line in lines[1:-1]:
        first, second = (float(cell) for cell in line.split()[-3:-1])
        assert 0 < first < 1e-9
        assert 0 < second < 1e-9


def test_it_prints_to_standard_output_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert gradcheck.run(["tanh"])
    assert capsys.readouterr().out.endswith("1 op, all derivatives agree with finite differences\n")


def test_inputs_depend_on_the_seed_and_not_on_what_else_is_checked() -> None:
    alone, among = run("tanh")[1][1], run("exp", "tanh", "linear")[1][2]
    assert alone.split() == among.split()
    assert run("exp", "tanh", "linear", seed=1) != run("exp", "tanh", "linear")


def test_a_wrong_first_derivative_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Conv2d.backward

    def twice_the_weights(ctx: Any, *args: Any, **options: Any) -> Any:
        gx, gw, gb = right(ctx, *args, **options)
        return gx, 2 * gw, gb

    monkeypatch.setattr(Conv2d, "backward", twice_the_weights)
    verdict, lines = run("conv2d", "relu")
    assert not verdict
    assert lines[-1] == "2 ops, derivatives that disagree with finite differences: conv2d"
    wrong = [line for line in lines if line.endswith("WRONG")]
    assert {line.split()[0] for line in wrong} == {"conv2d"}
    place, cause = lines[lines.index(wrong[0]) + 1: lines.index(wrong[0]) + 3]
    assert place.startswith("    1st derivative, weight[")
    backward, numeric = re.findall(r"(?:backward|difference) (-?[\d.]+)", place)
    assert float(backward) == pytest.approx(2 * float(numeric), rel=1e-4)
    assert re.search(r"± \de-\d\d$", place)  # the error bar
    assert "The gradient of weight is twice the true one" in cause
    assert not any("2nd derivative" in line for line in lines)  # they follow from the first


def test_derivatives_that_are_zero_everywhere_are_right() -> None:
    verdict, lines = run("floor", "sign")
    assert verdict
    assert [line.split() for line in lines[1:-1]] == [[op, "2×3", "0", "0", "right"] for op in ("sign", "floor")]


def test_a_wrong_second_derivative_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Tanh.backward
    monkeypatch.setattr(Tanh, "backward", lambda ctx, g, y: right(ctx, g, y.detach()))
    verdict, lines = run("tanh")
    assert not verdict
    assert lines[1].endswith("WRONG")
    assert lines[2].startswith("    2nd derivative, input[")
    assert "input is missing" in lines[3]


def test_a_backward_that_breaks_the_rules_does_not_stop_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Linear, "backward", lambda ctx, g, x, w: (g @ w, g.T @ x, g))
    verdict, lines = run("tanh", "linear")
    assert not verdict
    assert lines[1].endswith("right")
    assert lines[2].endswith("WRONG")
    told = " ".join(lines[3:-1])
    assert "(2, 4)" in told  # the shape of the gradient
    assert "(4,)" in told  # and that of the bias


def test_an_unknown_op_is_met_with_the_nearest_ones() -> None:
    with pytest.raises(ValueError, match=r"there is no op 'conv'; did you mean conv2d\?"):
        run("conv")
    with pytest.raises(ValueError, match="there is no op 'xyzzy'; those there are: add, sub,"):
        run("xyzzy")
