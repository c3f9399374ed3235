"""What looks like another mistake is not called by its name: the wrong explanations that once fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinycnn.gradcheck import check


def linear(x: Any, weight: Any, bias: Any) -> Any:
    return x @ weight.T + bias


def drawn(*shapes: tuple[int, ...], seed: int = 0) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def report_of(change: Any, *shapes: tuple[int, ...]) -> Any:
    """The report on a linear layer whose gradients were changed."""
    def backward(g: Any, x: Any, weight: Any, bias: Any) -> Any:
        return change([g @ weight, g.T @ x, g.sum(0)], g, x, weight)
    return check(linear, drawn(*shapes or ((4, 3), (5, 3), (5,))), backward=backward)


def without(gradients: list[Any], argument: int, where: Any) -> list[Any]:
    gradients[argument] = gradients[argument].copy()
    gradients[argument][where] = 0
    return gradients


@pytest.mark.parametrize("where", [(slice(None), -1), (slice(None), 0), (-1, slice(None))])
def test_what_was_set_to_0_is_no_factor(where: Any) -> None:
    report = report_of(lambda found, g, x, w: without(found, 1, where))
    assert report.argument_name == "weight"
    assert report.cause_code == "entries", report


@pytest.mark.parametrize("border", [(..., -1, slice(None)), (..., slice(None), -1), (..., 0, 0)])
def test_a_border_that_was_cut_off_is_no_factor(border: Any) -> None:
    def forward(x: Any) -> Any:
        return x[..., 1:, 1:] * 2 + x[..., :-1, :-1]

    def backward(g: Any, x: Any) -> Any:
        gx = np.zeros_like(x)
        gx[..., 1:, 1:] += 2 * g
        gx[..., :-1, :-1] += g
        gx[border] = 0
        return gx

    report = check(forward, drawn((2, 2, 5, 6)), backward=backward)
    assert report.cause_code in ("entries", "stride-remainder"), report


def test_factors_in_another_order_are_no_transpose() -> None:
    report = report_of(lambda found, g, x, w: [found[0], g.T @ x[::-1], found[2]])
    assert report.cause_code == "flipped", report
    report = report_of(lambda found, g, x, w: [found[0], g.T @ x[[1, 3, 0, 2]], found[2]])
    assert report.cause_code == "entries", report
    assert "another order" in report.cause


def test_a_lost_sign_is_no_transpose() -> None:
    for seed in range(20):
        inputs = drawn((4, 3), (3, 3), (3,), seed=seed)
        report = check(linear, inputs, backward=lambda g, x, w, b: (g @ abs(w), g.T @ x, g.sum(0)))
        assert report.passed or report.cause_code != "transposed", report


def test_rows_that_act_alone_are_no_sum() -> None:
    report = report_of(lambda found, g, x, w: without(found, 1, 0), (1, 3), (2, 3), (2,))
    assert report.cause_code == "entries", report


def test_places_of_an_activation_are_no_sum() -> None:
    x = np.array([1.0, -0.3, 2.0, -1.4, 0.7, 0.2, 3.0, 0.1, 0.4])
    report = check(lambda x: np.maximum(x, 0.1 * x), x, backward=lambda g, x: g * (x > 0))
    assert report.cause_code in ("entries", "missing-term"), report


@pytest.mark.parametrize("rows", [slice(1), slice(-1, None), slice(4), slice(1, None)])
def test_a_sum_cut_short_is_told_of_a_single_number_too(rows: slice) -> None:
    report = report_of(lambda found, g, x, w: [found[0], g[rows].T @ x[rows], found[2]], (8, 1), (1, 1), (1,))
    assert report.argument_name == "weight"
    assert report.cause_code == "missing-sum", report


@pytest.mark.parametrize(("factor", "code"), [(-1, "sign"), (2, "scale"), (0.5, "scale")])
def test_sign_and_factor_of_a_single_number(factor: float, code: str) -> None:
    for x in (np.array(1.3), np.array([0.7])):
        report = check(lambda x: x * x, x, backward=lambda g, x: factor * 2 * g * x)
        assert report.cause_code == code, report


@pytest.mark.parametrize(("power", "wrong", "said"), [
    (2, lambda g, x: 3 * g * x, "3/2 times the true one in every entry"),
    (3, lambda g, x: g * x**2, "1/3 of the true one, and a factor 3 is missing or too much"),
])
def test_what_adds_nothing_up_is_neither_summed_nor_averaged(power: int, wrong: Any, said: str) -> None:
    """Though the batch has as many rows as the factor says."""
    for rows in (2, 3, 4):
        report = check(lambda x: x**power, drawn((rows, 4)), backward=wrong)
        assert report.cause_code == "scale"
        assert said in report.cause
        assert "mean" not in report.cause + report.hint.replace("meant", "")


@pytest.mark.parametrize(("factor", "said"), [
    (3, "the batch has 3 rows: summed where the mean is due, unless a constant factor of 3 is too much"),
    (1 / 3, "the batch has 3 rows: averaged where the sum is due, unless a constant factor of 3 is missing"),
    (1.5, "3/2 times the true one, and it is divided by 2 in place of 3, where the batch has 3 rows."),
    (-3, "is -3 times the true one, and the batch has 3 rows; its sign is wrong."),
    (1 / 5, "an array of 3×5 has 5 columns: averaged where the sum is due."),
])
def test_a_plain_factor_may_be_a_size_or_a_number_of_the_formula(factor: float, said: str) -> None:
    report = report_of(lambda found, g, x, w: [found[0], factor * found[1], found[2]], (3, 4), (5, 4), (5,))
    assert (report.argument_name, report.cause_code) == ("weight", "scale")
    assert said in report.cause


def test_a_surplus_is_not_called_missing() -> None:
    report = report_of(lambda found, g, x, w: [found[0], found[1] + 0.1 * g.mean(), found[2]])
    assert report.cause_code == "unknown", report


def test_a_mean_over_everything_is_over_the_wrong_axes() -> None:
    def norm(x: Any) -> Any:
        return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)

    def first(g: Any, x: Any) -> Any:
        z = norm(x)
        return (g - g.mean() - z * (g * z).mean(0)) / np.sqrt(x.var(0) + 1e-5)

    def second(g: Any, x: Any) -> Any:
        z = norm(x)
        return (g - g.mean(0) - z * (g * z).mean()) / np.sqrt(x.var(0) + 1e-5)

    for backward in (first, second):
        report = check(norm, drawn((6, 3)), backward=backward)
        assert report.cause_code == "wrong-axis", report


def test_an_error_that_grows_out_of_nothing_has_no_threshold() -> None:
    x = np.concatenate([np.linspace(-1e-3, 1e-3, 12), np.linspace(0.5, 2, 12)])
    report = check(lambda x: x + x**3, x, backward=lambda g, x: g * (1 + x**2))
    assert "above" not in report.cause, report


@pytest.mark.parametrize(("change", "code"), [
    (lambda g, x: g.T @ x / len(x), "scale"),
    (lambda g, x: -g.T @ x, "sign"),
    (lambda g, x: np.outer(g[0], x[0]), "missing-sum"),
    (lambda g, x: g[1:].T @ x[1:], "missing-sum"),
])
def test_the_cause_is_told_of_large_arguments_too(change: Any, code: str) -> None:
    report = report_of(lambda found, g, x, w: [found[0], change(g, x), found[2]], (3, 60), (50, 60), (50,))
    assert report.argument_name == "weight"
    assert report.cause_code == code, report


@pytest.mark.parametrize("change", [
    lambda x, w: np.multiply(x, 2, out=x), lambda x, w: x.__isub__(1), lambda x, w: x.fill(1),
])
def test_what_comes_of_a_changed_input_is_not_called_otherwise(change: Any) -> None:
    def backward(g: Any, x: Any, weight: Any, bias: Any) -> Any:
        gx = g @ weight
        change(x, weight)
        return gx, g.T @ x, g.sum(0)

    report = check(linear, drawn((4, 3), (5, 3), (5,)), backward=backward)
    assert {failure.argument_name for failure in report.failures} == {"x", "weight"}
    assert {failure.cause_code for failure in report.failures} == {"mutated-input"}


def test_a_mask_made_of_g_is_noticed() -> None:
    x = np.array([1.0, -2.0, 0.5])
    report = check(lambda x: x * x, x, backward=lambda g, x: 2 * x * g * (g > 0))
    assert not report.passed
    assert "g enters otherwise than as a factor" in report.cause


def test_labels_that_meet_the_wrong_g_lack_no_class() -> None:
    def pick(x: Any, t: Any) -> Any:
        return -x[np.arange(len(t)), t]

    def backward(g: Any, x: Any, t: Any) -> Any:
        gx = np.zeros_like(x)
        gx[np.arange(len(t)), t] = -g[::-1]
        return gx

    report = check(pick, [*drawn((4, 3)), np.array([0, 2, 1, 1])], backward=backward)
    assert "normaliser" not in report.cause, report


@pytest.mark.parametrize("axis", [0, 1])
def test_a_forgotten_epsilon_is_no_wrong_axis(axis: int) -> None:
    def norm(x: Any, weight: Any) -> Any:
        return weight * (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 1e-5)

    def backward(g: Any, x: Any, weight: Any) -> Any:
        sigma = x.std(axis, keepdims=True)
        z, gz = (x - x.mean(axis, keepdims=True)) / sigma, g * weight
        mean = gz.mean(axis, keepdims=True)
        return ((gz - mean - z * (gz * z).mean(axis, keepdims=True)) / sigma, (g * norm(x, 1)).sum(0))

    for seed in range(5):
        report = check(norm, drawn((4, 4), (4,), seed=seed), backward=backward)
        assert report.argument_name == "x"
        assert report.cause_code in ("scale", "unknown"), report


def test_the_mean_of_a_window_is_no_factor_of_its_maximum() -> None:
    def pool(x: Any) -> Any:
        return x.reshape(2, 2, 3, 2).max((1, 3))

    report = check(pool, drawn((4, 6)), backward=lambda g, x: np.repeat(np.repeat(g, 2, 0), 2, 1) / 4)
    assert report.cause_code in ("entries", "unknown", "missing-term"), report


def test_another_divisor_in_each_row_is_no_missing_term() -> None:
    def log_softmax(x: Any) -> Any:
        z = x - x.max(1, keepdims=True)
        return z - np.log(np.exp(z).sum(1, keepdims=True))

    def backward(g: Any, x: Any) -> Any:
        return g - np.exp(x - x.max(1, keepdims=True)) * g.sum(1, keepdims=True)

    report = check(log_softmax, drawn((4, 3)), backward=backward)
    assert report.cause_code in ("scale", "unknown"), report


def test_windows_that_are_left_out_do_not_overwrite() -> None:
    def windows(x: Any) -> Any:
        return np.stack([x[i:i + 3] for i in range(0, len(x) - 2, 2)])

    def pool(x: Any) -> Any:
        return windows(x).max(1)

    def backward(g: Any, x: Any) -> Any:
        gx = np.zeros_like(x)
        for row, window in enumerate(windows(x)):
            if row:
                gx[2 * row + window.argmax(0), np.arange(x.shape[1])] += g[row]
        return gx

    report = check(pool, drawn((9, 4)), backward=backward)
    assert report.cause_code in ("entries", "missing-sum"), report


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def test_a_shortcut_is_spoken_of_only_as_one_of_two_ways() -> None:
    """g handed on unchanged looks alike in a softmax, which has no shortcut, and in a block that has one."""
    report = check(softmax, drawn((4, 5)), backward=lambda g, z: g)
    assert report.cause_code == "missing-term"
    assert report.cause.startswith("backward hands g on as the gradient of z, as if the output were z itself")


def test_a_factor_is_never_counted_along_the_axis_that_a_bias_keeps() -> None:
    """N·oH·oW = 8 outputs share a bias; C·oW = 8 as well, which is not what was averaged over."""
    def shifted(x: Any, bias: Any) -> Any:
        return x + bias[:, None, None]

    report = check(shifted, drawn((2, 4, 2, 2), (4,)), backward=lambda g, x, bias: (g, g.mean((0, 2, 3))))
    assert (report.argument_name, report.cause_code) == ("bias", "scale")
    assert "2·2·2 = 8 entries a channel" in report.cause
