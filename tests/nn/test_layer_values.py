"""What the layers compute: the numbers PyTorch 2.13 computes in float64, on every device."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tinycnn import nn

# The layer, the input's shape, the output's shape and its elements. Parameters are sin 1, sin 2, …; inputs 2·cos 1, ….
RECORDED = [
    (lambda: nn.Linear(3, 2), (2, 3), (2, 2), [
        0.714550418127, 1.4428382603, 0.528291769926, 0.818061644559,
    ]),
    (lambda: nn.Linear(3, 2, bias=False), (3,), (2,), [
        -0.126920566681, 0.533540833477,
    ]),
    (lambda: nn.Conv2d(1, 2, 2), (1, 1, 3, 3), (1, 2, 2, 2), [
        0.38012903067, -3.03253296933, 0.69030425447, 4.40304410345, -0.19194796897, 4.53327181825,
        2.70707171416, -2.1653482234,
    ]),
    (lambda: nn.Conv2d(2, 2, (2, 3), stride=(1, 2), padding=1, groups=2), (1, 2, 2, 3), (1, 2, 3, 2), [
        0.0378087426165, 3.37000858688, 2.80167893613, -3.93008894234, -0.267181120419, 3.06501872385,
        -0.442349559834, 2.88985028443, 3.9545069487, -2.77726092977, -0.74733942287, 2.5848604214,
    ]),
    (lambda: nn.Conv2d(1, 1, 2, padding="same", dilation=2, bias=False), (1, 3, 3), (1, 3, 3), [
        -0.429352499566, -1.6378029238, 0.0800608197977, -0.536572918, 0.700774863263, -0.741416908636,
        0.515866590659, 0.646116459208, 0.477386997109,
    ]),
    (lambda: nn.Conv2d(1, 1, 3, padding=(1, 2), padding_mode="reflect"), (1, 1, 2, 3), (1, 1, 2, 5), [
        6.06755840581, -0.650420480971, 1.55565729802, 8.41260704877, 6.06755840581, -4.73992291334,
        1.85127114652, -0.306167641003, -7.0547853324, -4.73992291334,
    ]),
    (lambda: nn.Conv2d(2, 2, 2, padding="same", padding_mode="circular", groups=2), (1, 2, 2, 2), (1, 2, 2, 2), [
        1.70390866475, 2.43768419837, -1.23096500221, -2.99422611384, 0.531407436966, 0.209892694039,
        1.81736630221, 2.58996557413,
    ]),
    (lambda: nn.Conv2d(1, 1, 3, 2, 1, padding_mode="replicate", bias=False), (1, 3, 3), (1, 2, 2), [
        -1.76547213037, 3.36565150052, -2.35192734493, 2.22631460852,
    ]),
    (lambda: nn.ConvTranspose2d(2, 2, 2, stride=2), (1, 2, 1, 2), (1, 2, 2, 4), [
        0.934779995434, 2.90121561322, -0.397637229777, 0.795860346996, 2.97393151864, 1.0860730436,
        2.03129213383, 2.17280784339, -0.958844994236, -1.35402794755, 1.15812502697, -0.15315517952,
        0.331680010478, 2.54844675728, -0.487621359483, 0.462233150465,
    ]),
    (lambda: nn.ConvTranspose2d(2, 2, (2, 3), 2, 1, 1, 2, False, (2, 1)), (1, 2, 2, 2), (1, 2, 4, 4), [
        0.0, 0.0, 0.0, 0.0, -2.83661325298, -1.05151552824, -0.390606318246, 0.0480713652263, 0.0, 0.0, 0.0,
        0.0, 1.89865567345, 1.54259673993, 1.25358947005, 0.365276315936, 0.0, 0.0, 0.0, 0.0, 0.924440010101,
        -0.918905739624, -2.20822508321, -1.15032925204, 0.0, 0.0, 0.0, 0.0, -1.50778974208, -0.650736884946,
        0.290997217723, 0.15614275542,
    ]),
    (lambda: nn.Unfold(2, stride=(1, 2)), (1, 1, 3, 4), (1, 4, 4), [
        1.08060461174, -1.9799849932, 0.567324370926, 1.50780450869, -0.832293673094, -1.30728724173,
        1.9203405733, -0.291000067617, 0.567324370926, 1.50780450869, -1.82226052377, 0.0088513959761,
        1.9203405733, -0.291000067617, -1.67814305815, 1.68770791746,
    ]),
    (lambda: nn.Fold((2, 3), 2), (1, 4, 2), (1, 1, 2, 3), [
        1.08060461174, -2.8122786663, -1.30728724173, 0.567324370926, 3.42814508199, -0.291000067617,
    ]),
    (lambda: nn.ReflectionPad2d((1, 0, 0, 1)), (1, 2, 2), (1, 3, 3), [
        -0.832293673094, 1.08060461174, -0.832293673094, -1.30728724173, -1.9799849932, -1.30728724173,
        -0.832293673094, 1.08060461174, -0.832293673094,
    ]),
    (lambda: nn.ReplicationPad1d((2, -1)), (2, 3), (2, 4), [
        1.08060461174, 1.08060461174, 1.08060461174, -0.832293673094, -1.30728724173, -1.30728724173,
        -1.30728724173, 0.567324370926,
    ]),
    (lambda: nn.CircularPad3d(1), (1, 1, 1, 1), (1, 3, 3, 3), [
        1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174,
        1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174,
        1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174,
        1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174, 1.08060461174,
        1.08060461174, 1.08060461174, 1.08060461174,
    ]),
    (lambda: nn.ConstantPad2d((1, 0, 0, 0), 0.5), (2, 2), (2, 3), [
        0.5, 1.08060461174, -0.832293673094, 0.5, -1.9799849932, -1.30728724173,
    ]),
    (lambda: nn.ZeroPad2d((0, 1, -1, 0)), (1, 2, 2), (1, 1, 3), [
        -1.9799849932, -1.30728724173, 0.0,
    ]),
    (lambda: nn.AdaptiveMaxPool2d((2, None)), (1, 3, 2), (1, 2, 2), [
        1.08060461174, -0.832293673094, 0.567324370926, 1.9203405733,
    ]),
    (lambda: nn.AdaptiveAvgPool2d((2, 3)), (1, 3, 4), (1, 2, 3), [
        0.683993970717, 0.153966603923, -0.517616948465, -0.253184659424, 0.439713354953, 0.728340938628,
    ]),
    (lambda: nn.MaxPool2d(2), (1, 1, 4, 4), (1, 1, 2, 2), [
        1.9203405733, 1.50780450869, 1.8148935629, 1.68770791746,
    ]),
    (lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True), (1, 4, 4), (1, 3, 3), [
        1.9203405733, 1.9203405733, -0.291000067617, 1.9203405733, 1.9203405733, 1.68770791746,
        1.8148935629, 0.273474436416, -1.91531896065,
    ]),
    (lambda: nn.AvgPool2d(2, 1, 1, count_include_pad=False), (1, 1, 2, 3), (1, 1, 3, 4), [
        1.08060461174, 0.124155469321, -1.40613933315, -1.9799849932, -0.113341314995, -0.12291298304,
        -0.081153430517, -0.0298222099501, -1.30728724173, -0.3699814354, 1.24383247211, 1.9203405733,
    ]),
    (lambda: nn.AvgPool2d(2, divisor_override=3), (1, 2, 4), (1, 1, 2), [
        0.911991960956, -0.690155931286,
    ]),
    (lambda: nn.AdaptiveAvgPool2d((2, None)), (1, 3, 2), (1, 2, 2), [
        -0.449690190732, -1.06979045741, -0.706330311137, 0.306526665787,
    ]),
    (lambda: nn.AdaptiveAvgPool2d(1), (1, 2, 3, 3), (1, 2, 1, 1), [
        -0.128528048307, -0.0619559768195,
    ]),
    (lambda: nn.BatchNorm1d(2), (3, 2), (3, 2), [
        1.59050501838, 0.424105480112, -0.333867616201, 0.120550503475, 1.26777555224, 2.18323629689,
    ]),
    (lambda: nn.BatchNorm1d(2, eps=0.5, affine=False), (2, 2, 2), (2, 2, 2), [
        0.323869209955, -1.23818886958, -0.979505429425, -0.528927271415, -0.0952715010694, 1.00959116069,
        1.35664296091, 0.151789739928,
    ]),
    (lambda: nn.BatchNorm2d(2, bias=False), (2, 2, 1, 2), (2, 2, 1, 2), [
        0.33379339115, -1.27613014438, -1.01127807888, -0.546084318511, -0.0981908636092, 1.04052761684,
        1.40064898675, 0.156713410643,
    ]),
    (lambda: nn.LayerNorm(3), (2, 3), (2, 3), [
        1.94649065285, 0.725578172476, -0.0156861499068, -0.239931911834, 1.02875873658, 0.303938108391,
    ]),
    (lambda: nn.LayerNorm((2, 2), 0.1, elementwise_affine=False), (2, 2, 2), (2, 2, 2), [
        1.55802930229, -0.0614234003405, -1.03305468093, -0.463551221017, -0.392825140281, 1.08852710445,
        0.636861245405, -1.33256320958,
    ]),
    (lambda: nn.InstanceNorm1d(2), (2, 2, 3), (2, 2, 3), [
        1.31319996529, -0.202045281257, -1.11115468403, -1.28513390974, 0.131377595744, 1.153756314,
        1.25619027371, -0.0655283419468, -1.19066193177, -1.22572749143, 0.00197411298229, 1.22375337845,
    ]),
    (lambda: nn.InstanceNorm1d(2, eps=0.1, affine=True), (2, 4), (2, 4), [
        2.15250743617, 0.789784975633, -0.0278145549171, 0.45140608235, 0.552102537576, 1.89909232193,
        1.48839371852, -0.302398870725,
    ]),
    (lambda: nn.InstanceNorm2d(2, affine=True), (1, 2, 2, 2), (1, 2, 2, 2), [
        2.20217131807, 0.78782703781, -0.0607442986639, 0.436629882016, 0.528557099524, 1.96433724869,
        1.52656636956, -0.382271010476,
    ]),
    (lambda: nn.InstanceNorm2d(1, track_running_stats=True).eval(), (1, 1, 2, 2), (1, 1, 2, 2), [
        1.08059920875, -0.832289511657, -1.97997509335, -1.30728070534,
    ]),
    (lambda: nn.GroupNorm(2, 4), (1, 4, 2), (1, 4, 2), [
        2.20217131807, 0.78782703781, -0.0656405692729, 0.471824264128, 0.0820303455661, 0.304858762589,
        -1.27055153095, 0.318161743426,
    ]),
    (lambda: nn.GroupNorm(1, 2, 0.1, affine=False), (2, 2, 2), (2, 2, 2), [
        1.55802930229, -0.0614234003405, -1.03305468093, -0.463551221017, -0.392825140281, 1.08852710445,
        0.636861245405, -1.33256320958,
    ]),
    (lambda: nn.GroupNorm(3, 3, bias=False), (2, 3, 2), (2, 3, 2), [
        0.841466385613, -0.841466385613, -0.909257241526, 0.909257241526, -0.14111846634, 0.14111846634,
        0.841465783685, -0.841465783685, -0.908423095613, 0.908423095613, -0.141119006708, 0.141119006708,
    ]),
    (lambda: nn.LocalResponseNorm(2), (1, 3, 2), (1, 3, 2), [
        1.08055729557, -0.832272053483, -1.97960729266, -1.30716951428, 0.567234136347, 1.91995203315,
    ]),
    (lambda: nn.LocalResponseNorm(3, alpha=1.0, beta=0.5, k=2.0), (1, 4, 1, 2), (1, 4, 1, 2), [
        0.562082309504, -0.497339905559, -1.015269954, -0.651221763981, 0.277756980267, 0.981616097076,
        0.89078798901, -0.161232781079,
    ]),
    (lambda: nn.ReLU(), (4,), (4,), [
        1.08060461174, 0.0, 0.0, 0.0,
    ]),
    (lambda: nn.Sigmoid(), (3,), (3,), [
        0.746608383443, 0.3031603036, 0.121320437634,
    ]),
    (lambda: nn.Tanh(), (3,), (3,), [
        0.793423200891, -0.681705677982, -0.962585878182,
    ]),
    (lambda: nn.GELU(), (3,), (3,), [
        0.929388568147, -0.168640676112, -0.0472278048654,
    ]),
    (lambda: nn.GELU("tanh"), (3,), (3,), [
        0.929208441074, -0.168735048618, -0.0471471799458,
    ]),
    (lambda: nn.SiLU(), (3,), (3,), [
        0.806788462309, -0.25231840262, -0.240212645884,
    ]),
    (lambda: nn.ReLU6(), (4,), (4,), [
        1.08060461174, 0.0, 0.0, 0.0,
    ]),
    (lambda: nn.Hardtanh(-0.5, 0.7), (4,), (4,), [
        0.7, -0.5, -0.5, -0.5,
    ]),
    (lambda: nn.LeakyReLU(), (3,), (3,), [
        1.08060461174, -0.00832293673094, -0.019799849932,
    ]),
    (lambda: nn.LeakyReLU(0.3), (3,), (3,), [
        1.08060461174, -0.249688101928, -0.59399549796,
    ]),
    (lambda: nn.ELU(), (3,), (3,), [
        1.08060461174, -0.564949722057, -0.861928690696,
    ]),
    (lambda: nn.ELU(0.5), (3,), (3,), [
        1.08060461174, -0.282474861028, -0.430964345348,
    ]),
    (lambda: nn.Softplus(), (3,), (3,), [
        1.37281909547, 0.361199885492, 0.129334995695,
    ]),
    (lambda: nn.Softplus(2.0, 1.0), (3,), (3,), [
        1.08060461174, 0.0866693088423, 0.00944212562999,
    ]),
    (lambda: nn.LogSigmoid(), (3,), (3,), [
        -0.292214483737, -1.19349355859, -2.1093199889,
    ]),
    (lambda: nn.Softmax(0), (2, 2), (2, 2), [
        0.955237514521, 0.616564984066, 0.0447624854791, 0.383435015934,
    ]),
    (lambda: nn.LogSoftmax(-1), (2, 2), (2, 2), [
        -0.137717966878, -2.05061625171, -1.08502590532, -0.412328153851,
    ]),
]


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
