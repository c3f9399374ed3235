"""What the layers compute: the numbers PyTorch 2.13 computes in float64, on every device."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinycnn
from tests.nn.layer_values import RECORDED
from tinycnn import nn


def filled(function, shape, **options):
    return tinycnn.tensor(function(np.arange(1.0, np.prod(shape) + 1)).reshape(shape), dtype="float64", **options)


def with_sines(layer):
    with tinycnn.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(filled(np.sin, parameter.shape))
    return layer


@pytest.mark.parametrize(("make", "shape", "out_shape", "expected"), RECORDED)
def test_forward_is_pytorchs(make, shape, out_shape, expected, device):
    layer = with_sines(make().to(dtype="float64", device=device))
    y = layer(2 * filled(np.cos, shape, device=device))
    assert y.shape == out_shape
    np.testing.assert_allclose(y.detach().cpu().numpy().ravel(), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("make", "shape"), [row[:2] for row in RECORDED])
def test_gradients_reach_all_parameters(make, shape):
    layer = make()
    x = tinycnn.ones(shape) + tinycnn.arange(tinycnn.ones(shape).numel()).reshape(shape)
    x.requires_grad_()
    (layer(x) ** 2).sum().backward()
    assert all(tensor.grad is not None and tensor.grad.shape == tensor.shape for tensor in [x, *layer.parameters()])


def test_options_are_kept_under_pytorchs_names():
    conv = nn.Conv2d(4, 6, 3, (2, 1), 1, 2, 2, False)
    assert (conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride) == (4, 6, (3, 3), (2, 1))
    assert (conv.padding, conv.dilation, conv.groups, conv.padding_mode) == ((1, 1), (2, 2), 2, "zeros")
    assert (conv.bias, conv.weight.shape) == (None, (6, 2, 3, 3))
    pool = nn.MaxPool2d(3, None, 1, 1, True, True)
    assert (pool.kernel_size, pool.stride, pool.padding, pool.return_indices, pool.ceil_mode) == (3, 3, 1, True, True)
    norm = nn.LayerNorm(5)
    assert (norm.normalized_shape, norm.eps, norm.elementwise_affine) == ((5,), 1e-5, True)
    dense = nn.Linear(5, 7)
    assert (dense.in_features, dense.out_features, dense.weight.shape) == (5, 7, (7, 5))


def test_a_transposed_convolution_is_told_the_size_it_comes_from():
    up = nn.ConvTranspose2d(1, 2, 3, stride=2, padding=1, output_padding=1)
    x = tinycnn.randn(1, 1, 4, 5)
    assert up(x).shape == (1, 2, 8, 10)
    for size in ((7, 9), (8, 9), [7, 10], (1, 2, 7, 9), tinycnn.Size([1, 2, 8, 10])):
        assert up(x, output_size=size).shape == (1, 2, *size[-2:])
    assert up(x[0], output_size=(1, 7, 9)).shape == (2, 7, 9)
    assert up(x, (7, 9)).equal(tinycnn.nn.functional.conv_transpose2d(x, up.weight, up.bias, 2, 1))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_a_padding_mode_is_padding_done_before(mode):
    x = tinycnn.randn(2, 3, 5, 6)
    conv = nn.Conv2d(3, 4, 3, 2, (2, 1), padding_mode=mode)
    border = {"reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d, "circular": nn.CircularPad2d}[mode]
    assert conv(x).equal(tinycnn.nn.functional.conv2d(border((1, 1, 2, 2))(x), conv.weight, conv.bias, 2))
    same = nn.Conv2d(3, 4, (3, 2), padding="same", padding_mode=mode)
    assert same(x).shape == (2, 4, 5, 6)
    assert nn.Conv2d(3, 4, 3, padding="valid", padding_mode=mode)(x).shape == (2, 4, 3, 4)


def test_max_pool_tells_where_its_winners_stood():
    y, places = nn.MaxPool2d(2, return_indices=True)(tinycnn.tensor([[[1.0, 5.0, 2.0, 2.0], [0.0, 3.0, 1.0, 2.0]]]))
    assert y.tolist() == [[[5.0, 2.0]]]
    assert places.tolist() == [[[1, 2]]]


def test_shapes_change_and_change_back():
    x = tinycnn.arange(24.0).reshape(2, 3, 4)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Flatten(0, 1)(x).shape == (6, 4)
    assert nn.Unflatten(1, (3, -1))(nn.Flatten()(x)).equal(x)
    assert nn.Identity("whatever", stands=1)(x) is x


@pytest.mark.parametrize("layer", [nn.Conv2d(4, 4, 1), nn.ConvTranspose2d(4, 4, 1), nn.GroupNorm(2, 4), nn.MaxPool2d(2),
                                   nn.InstanceNorm2d(4), nn.LocalResponseNorm(2), nn.AvgPool2d(2), nn.ZeroPad2d(1),
                                   nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Unflatten(1, (2, 2))],
                         ids=repr)  # fmt: skip
@pytest.mark.parametrize("shape", [(2, 4, 2, 2), (4, 4, 2)], ids=["batch", "single"])
def test_an_activation_in_place_follows_any_layer(layer, shape, device):
    """Some layers reshape inside, and an image on its own goes through as a batch of one: what comes out is a view."""
    layer = copy.deepcopy(layer).to(device)
    x = tinycnn.randn(shape, device=device, requires_grad=True)
    y, expected = nn.SiLU(inplace=True)(layer(x * 1)), nn.SiLU()(layer(x))
    assert y.tolist() == expected.tolist()
    (gradient,), (awaited,) = (tinycnn.autograd.grad((z * z).sum(), x) for z in (y, expected))
    assert gradient.tolist() == awaited.tolist()


@pytest.mark.parametrize("layer", [nn.ReLU(inplace=True), nn.SiLU(inplace=True), nn.ELU(inplace=True),
                                   nn.LeakyReLU(inplace=True), nn.ReLU6(inplace=True), nn.Hardtanh(inplace=True),
                                   nn.Dropout(1.0, inplace=True)])  # fmt: skip
def test_inplace_overwrites_the_input(layer):
    x = tinycnn.tensor([-1.0, 2.0])
    y = layer(x)
    assert y is x
    assert x.tolist() != [-1.0, 2.0]


def test_dropout_in_training_and_in_evaluation():
    x = tinycnn.ones(100, 100)
    tinycnn.manual_seed(0)
    dropout = nn.Dropout(0.2)
    y = dropout(x).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1.25)}
    assert abs((y == 0).mean() - 0.2) < 0.02
    assert dropout.eval()(x) is x


def test_dropout2d_drops_whole_channels():
    tinycnn.manual_seed(0)
    y = nn.Dropout2d(0.5)(tinycnn.ones(20, 10, 3, 3)).numpy().reshape(200, 9)
    assert (y == y[:, :1]).all()
    assert 60 < (y[:, 0] == 0).sum() < 140


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("make", [
    lambda **o: nn.Linear(4, 2, **o), lambda **o: nn.Conv2d(4, 2, 1, **o), lambda **o: nn.BatchNorm2d(4, **o),
    lambda **o: nn.BatchNorm1d(4, **o), lambda **o: nn.LayerNorm(4, **o), lambda **o: nn.GroupNorm(2, 4, **o),
    lambda **o: nn.InstanceNorm2d(4, affine=True, track_running_stats=True, **o),
])
def test_layers_are_made_on_a_device_in_a_dtype(make, dtype, device):
    layer = make(dtype=dtype, device=device)
    for name, tensor in layer.state_dict().items():
        assert tensor.device.type == device
        assert tensor.dtype == ("int64" if name == "num_batches_tracked" else dtype)
