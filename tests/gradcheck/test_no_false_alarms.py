"""Nothing that is right is called wrong: ops, layers and networks, at points that are drawn anew."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tinycnn import gradcheck, models, nn
from tinycnn.gradcheck import check, check_model
from tinycnn.nn import functional as F

LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "Conv2d": (lambda: nn.Conv2d(2, 3, 3, padding=1, stride=2), (2, 2, 5, 5)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(2, 3, 2, stride=2), (1, 2, 3, 3)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(3), (4, 3, 2, 2)),
    "BatchNorm2d evaluated": (lambda: nn.BatchNorm2d(3).eval(), (4, 3, 2, 2)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), (5, 3)),
    "LayerNorm": (lambda: nn.LayerNorm(4), (3, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4, 3, 3)),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(3, affine=True), (2, 3, 3, 3)),
    "SqueezeExcitation": (lambda: nn.SqueezeExcitation(4, 2), (2, 4, 3, 3)),
    "ReLU": (lambda: nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3)), (4, 5)),
    "ReLU in place": (lambda: nn.Sequential(nn.Linear(5, 6), nn.ReLU(inplace=True), nn.Linear(6, 3)), (4, 5)),
    "Hardtanh": (lambda: nn.Sequential(nn.Linear(5, 6), nn.Hardtanh(), nn.Linear(6, 3), nn.ReLU6()), (4, 5)),
    "LeakyReLU": (lambda: nn.Sequential(nn.Linear(5, 6), nn.LeakyReLU(), nn.Linear(6, 3), nn.ELU(0.5)), (4, 5)),
    "MaxPool2d": (
        lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 3)),
        (3, 1, 6, 6),
    ),
}


def test_every_op_at_another_point() -> None:
    out = io.StringIO()
    assert gradcheck.run(stream=out, seed=7), out.getvalue()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_and_small_networks(name: str, seed: int) -> None:
    make, shape = LAYERS[name]
    tinycnn.manual_seed(seed)
    layer, x = make(), tinycnn.randn(*shape)
    assert (report := check(layer, x, order=2, seed=seed)).passed, report
    assert (report := check_model(layer, x, seed=seed)).passed, report


@pytest.mark.parametrize("training", [True, False])
def test_a_residual_network(training: bool) -> None:
    tinycnn.manual_seed(5)
    net = models.resnet_digits().train(training)
    report = check_model(net, tinycnn.randn(2, 1, 8, 8), tinycnn.tensor([3, 7]))
    assert report.passed, report


@given(st.data())
def test_convolutions_of_any_shape(data: st.DataObject) -> None:
    small = st.integers(1, 3)
    n, c, o, k_h, k_w, stride, padding = (data.draw(small) for _ in range(7))
    h, w = k_h + data.draw(small), k_w + data.draw(small)
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    arrays = [rng.standard_normal(s) for s in ((n, c, h, w), (o, c, k_h, k_w), (o,))]
    report = check(F.conv2d, arrays, options={"stride": stride, "padding": padding - 1})
    assert report.passed, report


@given(st.integers(2, 4), st.integers(1, 4), st.floats(-3, 3), st.floats(-2, 4))
def test_a_norm_at_any_scale(rows: int, columns: int, shift: float, magnitude: float) -> None:
    x = np.random.default_rng(rows).standard_normal((rows, columns)) * 10**magnitude + shift * 10**magnitude
    report = check(lambda x: F.layer_norm(x, (columns,)), x)
    assert report.verdict in (("pass",) if columns > 2 else ("pass", "vacuous")), report


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), st.integers(0, 9))
def test_piecewise_functions_anywhere(values: list[float], seed: int) -> None:
    """On a kink that is the verdict, beside it all is right."""
    x = np.array(values)
    for report in (
        check(F.relu, x, seed=seed),
        check(np.abs, x, backward=lambda g, x: g * np.sign(x), names=["x"], seed=seed),
        check(lambda x: x.sort().values, tinycnn.tensor(x), seed=seed),
    ):
        assert report.verdict in ("pass", "kink", "vacuous"), report


def test_weights_of_a_mean_over_one_class_cancel() -> None:
    """Their gradients, and second derivatives, are 0 but for rounding: no asymmetry."""
    rng = np.random.default_rng(12)
    for seed in range(5):
        inputs = [rng.standard_normal((4, 3)), rng.uniform(0.5, 2, 3), np.full(4, 1)]
        report = check(lambda x, w, t: F.nll_loss(x, t, w), inputs, order=2, seed=seed)
        assert report.passed, report
