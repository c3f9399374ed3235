"""Bugs in `autograd.Function`s, alone and as a layer in the middle of a network."""

from __future__ import annotations

import pytest

import tinycnn
from tests.gradcheck.planted.functions import Inserted, Weighted, function_of
from tests.gradcheck.planted.planted import PLANTED, Planted
from tinycnn import nn
from tinycnn.autograd import Function
from tinycnn.gradcheck import check, check_model

ONE_OF_EACH_FAMILY = list({planted.family: planted for planted in PLANTED}.values())


@pytest.mark.parametrize("planted", ONE_OF_EACH_FAMILY, ids=lambda planted: planted.family)
def test_a_function_of_tensors_is_diagnosed_as_arrays_are(planted: Planted):
    arrays = planted.draw(0)
    wanted = check(planted.forward, arrays, backward=planted.backward, options=planted.options)
    found = check(function_of(planted), [tinycnn.tensor(x) for x in arrays])
    assert found.verdict == wanted.verdict == "fail"
    assert found.argument == wanted.argument
    assert found.cause_code == wanted.cause_code


LAYERS = {
    "relu lets everything through": ((lambda x: x.relu(), lambda g, x: g), "entries"),
    "tanh without its square": ((lambda x: x.tanh(), lambda g, x: g * (1 - x.tanh())), "scale"),
    "wrong sign": ((lambda x: -x.exp(), lambda g, x: g * x.exp()), "sign"),
    "softmax without its sum": ((lambda x: x.softmax(1), lambda g, x: g * x.softmax(1)), "missing-term"),
    "softmax's sum over the batch": (
        (lambda x: x.softmax(1), lambda g, x: x.softmax(1) * (g - (g * x.softmax(1)).sum(0))), "wrong-axis"),
    "centred, but the mean's term is missing": ((lambda x: x - x.mean(0), lambda g, x: g), "missing-term"),
    "averaged twice": ((lambda x: x.mean(1, keepdim=True), lambda g, x: g.expand(*x.shape) / x.shape[1] ** 2), "scale"),
    "reversed": ((lambda x: x.flip(1), lambda g, x: g), "flipped"),
    "the skip path is lost": ((lambda x: x.tanh() + x, lambda g, x: g * (1 - x.tanh() ** 2)), "missing-term"),
    "g is lost": ((lambda x: x * x, lambda g, x: 2 * x), "ignores-upstream"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_in_a_network_is_found_and_its_mistake_named(name):
    tinycnn.manual_seed(1)
    (forward, backward), code = LAYERS[name]
    width = 1 if name == "averaged twice" else 6
    net = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), Inserted(forward, backward), nn.Linear(width, 3))
    report = check_model(net, tinycnn.randn(4, 5), tinycnn.tensor([0, 2, 1, 1]))
    assert report.verdict == "fail"
    assert report.argument in (0, 1)  # weight and bias of the layer below: those above are right
    assert "2 (Inserted)" in report.cause
    assert report.cause_code == code
    net[2] = Inserted(lambda x: x * 1, lambda g, x: g)
    if width == 6:
        assert check_model(net, tinycnn.randn(4, 5), tinycnn.tensor([0, 2, 1, 1])).passed


class AveragedLinear(Function):
    """A linear layer in whose backward the batch is averaged, for weight and bias."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.T + bias

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.T @ x / len(x), g.mean(0)


class FirstSampleConv(Function):
    """A 1×1 convolution that takes the weight's gradient from the first image alone."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return tinycnn.einsum("nchw,oc->nohw", x, weight) + bias.reshape(1, -1, 1, 1)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        gx = tinycnn.einsum("nohw,oc->nchw", g, weight)
        return gx, tinycnn.einsum("ohw,chw->oc", g[0], x[0]), g.sum((0, 2, 3))


def test_the_parameters_of_a_wrong_layer_are_blamed():
    tinycnn.manual_seed(2)
    layer = Weighted(AveragedLinear, tinycnn.randn(4, 6), tinycnn.randn(4))
    net = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), layer, nn.ReLU(), nn.Linear(4, 3))
    report = check_model(net, tinycnn.randn(7, 5), tinycnn.tensor([0, 2, 1, 1, 0, 2, 2]))
    assert report.verdict == "fail"
    assert {failure.argument_name for failure in report.failures} == {"2.weight", "2.bias"}
    assert report.cause_code == "scale"
    assert "1/7 of the true one" in report.cause
    assert "7 rows" in report.cause


def test_a_share_that_is_missing_in_a_network_of_images():
    tinycnn.manual_seed(3)
    layer = Weighted(FirstSampleConv, tinycnn.randn(3, 2), tinycnn.randn(3))
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), layer, nn.ReLU(), nn.Flatten(), nn.Linear(12, 3))
    report = check_model(net, tinycnn.randn(3, 1, 4, 4), tinycnn.tensor([0, 2, 1]))
    assert [failure.argument_name for failure in report.failures] == ["2.weight"]
    assert report.cause_code == "missing-sum"
