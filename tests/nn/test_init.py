"""Initialisation: the distributions drawn from, the identities written, and where each layer starts."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinycnn
from tinycnn import nn
from tinycnn.nn import init
from tinycnn.random import host


def seeded(seed=0):
    return tinycnn.Generator().manual_seed(seed)


def drawn(fill, *args, shape=(200, 200), **options):
    """The numbers that `fill` writes into a float64 tensor, as a sorted vector."""
    tensor = fill(tinycnn.empty(*shape, dtype="float64"), *args, generator=seeded(), **options)
    return np.sort(tensor.numpy().ravel())


def distance(sample, distribution):
    """The largest distance between the sample's distribution function and the true one (Kolmogorov, Smirnov)."""
    steps = np.arange(sample.size + 1) / sample.size
    true = np.array([distribution(x) for x in sample])
    return max(np.abs(true - steps[1:]).max(), np.abs(true - steps[:-1]).max())


def normal_cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


# The distributions ────────────────────────────────────────────────────────────────────────────────────────────────────

# 40,000 draws stay this close to the true distribution in 99 of 100 cases; the seed is fixed.
CLOSE = 1.63 / 200


def test_uniform():
    assert distance(drawn(init.uniform_, -2.0, 3.0), lambda x: (x + 2) / 5) < CLOSE


def test_normal():
    assert distance(drawn(init.normal_, 3.0, 0.5), lambda x: normal_cdf((x - 3) / 0.5)) < CLOSE


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [
        (0.0, 1.0, -2.0, 2.0),
        (0.0, 0.02, -2.0, 2.0),  # where PyTorch's defaults for a and b cut off nothing
        (1.0, 2.0, -0.5, 4.0),
        (0.0, 1.0, 1.5, 3.0),  # a tail
        (0.0, 1.0, 4.0, 6.0),  # far out in one
        (0.0, 1.0, -6.0, -4.0),
        (5.0, 0.1, 4.99, 5.0),  # a sliver
        (0.0, 1.0, 1.0, math.inf),  # cut off on one side
        (0.0, 1.0, -math.inf, 0.5),
    ],
)
def test_truncated_normal(mean, std, a, b):
    sample = drawn(init.trunc_normal_, mean, std, a, b)
    below, inside = normal_cdf((a - mean) / std), normal_cdf((b - mean) / std) - normal_cdf((a - mean) / std)
    assert a <= sample[0]
    assert sample[-1] <= b
    if a >= mean:  # differences of numbers close to 1 would be lost to rounding: count from the other end
        sample, below = -sample[::-1], normal_cdf(-(b - mean) / std)
        inside = normal_cdf(-(a - mean) / std) - below
        mean = -mean
    assert distance(sample, lambda x: (normal_cdf((x - mean) / std) - below) / inside) < CLOSE


def test_a_truncated_normal_of_one_point():
    assert set(drawn(init.trunc_normal_, 0.0, 1.0, 3.0, 3.0, shape=(4, 4))) == {3.0}


def test_truncation_holds_in_the_tensors_own_dtype():
    w = init.trunc_normal_(tinycnn.empty(10000), 0.0, 1.0, -0.1, 0.1, generator=seeded())  # 0.1 is no float32
    assert w.abs().max().item() <= np.float32(0.1)


@pytest.mark.parametrize(("shape", "fan_in", "fan_out"), [((100, 400), 400, 100), ((50, 40, 4, 5), 800, 1000)])
@pytest.mark.parametrize(
    ("name", "options", "variance"),
    [
        ("xavier", {}, lambda n_in, n_out: 2 / (n_in + n_out)),
        ("xavier", {"gain": 3.0}, lambda n_in, n_out: 9 * 2 / (n_in + n_out)),
        ("kaiming", {}, lambda n_in, n_out: 2 / n_in),
        ("kaiming", {"mode": "fan_out"}, lambda n_in, n_out: 2 / n_out),
        ("kaiming", {"nonlinearity": "relu"}, lambda n_in, n_out: 2 / n_in),
        ("kaiming", {"nonlinearity": "tanh", "mode": "fan_out"}, lambda n_in, n_out: 25 / 9 / n_out),
        ("kaiming", {"a": math.sqrt(5)}, lambda n_in, n_out: 1 / 3 / n_in),
    ],
)
def test_xavier_and_kaiming(name, options, variance, shape, fan_in, fan_out):
    std = math.sqrt(variance(fan_in, fan_out))
    bound = math.sqrt(3) * std
    uniform = drawn(getattr(init, f"{name}_uniform_"), shape=shape, **options)
    assert distance(uniform, lambda x: (x + bound) / (2 * bound)) < CLOSE
    normal = drawn(getattr(init, f"{name}_normal_"), shape=shape, **options)
    assert distance(normal, lambda x: normal_cdf(x / std)) < CLOSE


@pytest.mark.parametrize("shape", [(6, 6), (3, 7), (7, 3), (4, 2, 3, 1)])
def test_orthogonal(shape):
    w = init.orthogonal_(tinycnn.empty(*shape, dtype="float64"), gain=2.0, generator=seeded()).numpy()
    w = w.reshape(shape[0], -1)
    w = w if w.shape[0] <= w.shape[1] else w.T
    np.testing.assert_allclose(w @ w.T, 4 * np.eye(len(w)), atol=1e-12)


def test_orthogonal_matrices_are_drawn_evenly():
    """The first entry of a rotation of the plane is the cosine of an even angle; its square averages ½."""
    rng = seeded()
    first = np.array([init.orthogonal_(tinycnn.empty(2, 2), generator=rng).numpy()[0, 0] for _ in range(400)])
    assert abs((first**2).mean() - 0.5) < 0.06
    assert abs(first.mean()) < 0.12  # without the signs of R's diagonal it would be about −0.6


# Identities ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_constants():
    w = tinycnn.empty(2, 2)
    assert init.constant_(w, 0.5) is w
    assert w.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert init.ones_(w).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert init.zeros_(w).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_eye_hands_on_what_it_can():
    layer = nn.Linear(2, 3, bias=False)
    init.eye_(layer.weight)
    assert layer(tinycnn.tensor([5.0, 7.0])).tolist() == [5.0, 7.0, 0.0]


@pytest.mark.parametrize("groups", [1, 2])
def test_dirac_hands_on_images(groups):
    conv = nn.Conv2d(4, 4, (3, 5), padding="same", groups=groups, bias=False)
    init.dirac_(conv.weight, groups)
    x = tinycnn.rand(2, 4, 6, 7)
    assert conv(x).equal(x)


def test_dirac_with_unequal_channels():
    assert init.dirac_(tinycnn.empty(3, 2, 1, 1)).reshape(3, 2).tolist() == [[1, 0], [0, 1], [0, 0]]
    assert init.dirac_(tinycnn.empty(1, 1, 4)).tolist() == [[[0, 0, 1, 0]]]
    assert init.dirac_(tinycnn.empty(4, 1, 3), 2)[:, 0].tolist() == [[0, 1, 0], [0, 0, 0]] * 2


# The numbers behind them ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "param", "gain"),
    [
        ("linear", None, 1), ("conv2d", None, 1), ("sigmoid", None, 1), ("tanh", None, 5 / 3), ("relu", None, 2**0.5),
        ("selu", None, 0.75), ("leaky_relu", None, 1.4141428569978354), ("leaky_relu", 0.2, 1.3867504905630728),
        ("leaky_relu", 1, 1.0),
    ],
)
def test_gains(name, param, gain):
    assert init.calculate_gain(name, param) == pytest.approx(gain, rel=1e-15)


def test_fans():
    assert init._calculate_fan_in_and_fan_out(tinycnn.empty(2, 3)) == (3, 2)
    assert init._calculate_fan_in_and_fan_out(tinycnn.empty(2, 3, 4, 5)) == (60, 40)


# Generators, graphs, devices ──────────────────────────────────────────────────────────────────────────────────────────

FILLS = ["uniform_", "normal_", "trunc_normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_",
         "kaiming_normal_", "orthogonal_"]


@pytest.mark.parametrize("name", FILLS)
def test_a_seed_gives_the_same_numbers_on_every_device_and_in_every_dtype(name, device):
    fill = getattr(init, name)
    expected = fill(tinycnn.empty(4, 3, dtype="float64"), generator=seeded()).numpy()
    here = fill(tinycnn.empty(4, 3, device=device), generator=seeded())
    np.testing.assert_array_equal(here.cpu().numpy(), expected.astype("float32"))
    tinycnn.manual_seed(0)
    np.testing.assert_array_equal(fill(tinycnn.empty(4, 3)).numpy(), expected.astype("float32"))
    assert not np.array_equal(fill(tinycnn.empty(4, 3), generator=seeded(1)).numpy(), expected.astype("float32"))


@pytest.mark.parametrize("name", FILLS)
def test_a_generator_of_ones_own_leaves_the_default_one_alone(name):
    tinycnn.manual_seed(3)
    expected = tinycnn.rand(2).tolist()
    tinycnn.manual_seed(3)
    getattr(init, name)(tinycnn.empty(3, 3), generator=seeded())
    assert tinycnn.rand(2).tolist() == expected


@pytest.mark.parametrize("fill", [init.kaiming_normal_, init.eye_, init.ones_, init.orthogonal_, init.trunc_normal_])
def test_parameters_are_filled_outside_the_graph(fill):
    w = nn.Parameter(tinycnn.empty(3, 3))
    assert fill(w) is w
    assert w.requires_grad
    assert w.is_leaf


# Where layers start ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        (lambda: nn.Linear(100, 4000), 100),
        (lambda: nn.Conv2d(4, 4000, 5), 100),
        (lambda: nn.Conv2d(16, 4000, (5, 5), groups=4), 100),
    ],
)
def test_linear_and_conv_start_uniform_on_one_over_the_root_of_their_inputs(make, inputs):
    tinycnn.manual_seed(0)
    layer, bound = make(), 1 / math.sqrt(inputs)
    for parameter in (layer.weight, layer.bias):
        sample = np.sort(parameter.detach().numpy().ravel()[:40000])
        assert abs(sample).max() <= bound
        assert distance(sample, lambda x: (x + bound) / (2 * bound)) < 1.63 / math.sqrt(sample.size)


def test_norms_start_as_the_identity():
    for norm in (nn.BatchNorm2d(3), nn.BatchNorm1d(3), nn.LayerNorm(3)):
        assert norm.weight.tolist() == [1.0, 1.0, 1.0]
        assert norm.bias.tolist() == [0.0, 0.0, 0.0]
    assert nn.BatchNorm2d(2).running_var.tolist() == [1.0, 1.0]
    assert nn.BatchNorm2d(2).running_mean.tolist() == [0.0, 0.0]


def test_equal_seeds_make_equal_models_on_every_device(device):
    def model(**options):
        tinycnn.manual_seed(7)
        return nn.Sequential(nn.Conv2d(1, 2, 3, **options), nn.Flatten(), nn.Linear(8, 2, **options))

    for here, there in zip(model(device=device).parameters(), model().parameters(), strict=True):
        assert here.detach().cpu().equal(there.detach())


def test_reset_parameters_draws_anew():
    for layer in (nn.Linear(4, 4), nn.Conv2d(2, 2, 2)):
        before = layer.weight.detach().clone(), layer.bias.detach().clone()
        layer.reset_parameters()
        assert not layer.weight.equal(before[0])
        assert not layer.bias.equal(before[1])


def test_layers_of_no_size_are_allowed_with_a_warning():
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        layer = nn.Linear(0, 3)
    assert layer(tinycnn.zeros(2, 0)).tolist() == [[0.0] * 3] * 2
    assert init.xavier_uniform_(tinycnn.empty(0, 0)).shape == (0, 0)
    assert init.orthogonal_(tinycnn.empty(0, 3)).shape == (0, 3)


# Errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: init.uniform_(w, 2.0, 1.0), r"must not exceed the upper one, but 2.0 > 1.0"),
        (lambda w: init.normal_(w, 0.0, -1.0), r"must not be negative, but it is -1.0"),
        (lambda w: init.trunc_normal_(w, 0.0, 0.0), r"needs std > 0 and a ≤ b, but std is 0.0"),
        (lambda w: init.trunc_normal_(w, 0.0, 1.0, 2.0, -2.0), r"a is 2.0 and b is -2.0"),
        (lambda w: init.eye_(w[0]), r"only a matrix can be the identity, but the tensor has shape \(3,\)"),
        (lambda w: init.dirac_(w), r"takes 3, 4 or 5 dimensions, but the tensor has shape \(4, 3\)"),
        (lambda w: init.dirac_(w[..., None], 3), r"the 4 output channels must be divisible by groups, but groups is 3"),
        (lambda w: init.orthogonal_(w[0]), r"needs two dimensions or more"),
        (lambda w: init.kaiming_normal_(w[0]), r"fewer than 2 dimensions\n  tensor  = \(3,\)\n  hint .*biases"),
        (lambda w: init.kaiming_normal_(w, mode="fan_on"), r"mode must be one of .*'fan_out'.*, but it is 'fan_on'"),
        (lambda w: init.calculate_gain("swish"), r"no gain is known for 'swish', only for \['linear',"),
        (lambda w: init.calculate_gain("leaky_relu", True), r"negative_slope True not a valid number"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(tinycnn.empty(4, 3))


@pytest.mark.parametrize("turned", [False, True], ids=["as it lies", "transposed"])
@pytest.mark.parametrize(("fill", "draw"), [
    (lambda x: init.normal_(x, 1.0, 2.0), lambda rng, shape: rng.normal(1.0, 2.0, shape)),
    (lambda x: init.uniform_(x, -1.0, 2.0), lambda rng, shape: rng.uniform(-1.0, 2.0, shape)),
], ids=["normal", "uniform"])  # fmt: skip
def test_large_tensors_get_the_numbers_of_one_draw(fill, draw, turned, device):
    """Drawn in parts: across their edges the stream goes on, and who saved the old values notices."""
    x = tinycnn.zeros(300, 500, device=device)
    x = (x.t() if turned else x).requires_grad_()
    square = x * x
    tinycnn.manual_seed(3)
    assert fill(x) is x
    tinycnn.manual_seed(3)
    expected = draw(host(None), x.shape).astype("float32")
    np.testing.assert_array_equal(x.detach().cpu().numpy(), expected)
    with pytest.raises(tinycnn.GraphError, match="Mul: "):
        square.sum().backward()
