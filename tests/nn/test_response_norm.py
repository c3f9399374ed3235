"""Global response norm against its equations in NumPy, and layer norm over channels; what they do at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tinycnn import nn
from tinycnn.autograd import gradcheck, gradgradcheck
from tinycnn.errors import RankError
from tinycnn.nn import functional as F


def equations(x, gamma, beta, eps=1e-6):
    """Equations 1 to 3 of Woo et al. 2023, channels last, one after the other."""
    g = np.sqrt((x**2).sum((1, 2), keepdims=True))
    n = g / (g.mean(-1, keepdims=True) + eps)
    return gamma * (x * n) + beta + x


def seeded(norm):
    rng = np.random.default_rng(3)
    with tinycnn.no_grad():
        for parameter in norm.parameters():
            parameter.copy_(tinycnn.tensor(rng.standard_normal(parameter.shape)))
    return norm.weight.cpu().detach().numpy(), norm.bias.cpu().detach().numpy()


@given(st.tuples(*[st.integers(1, 5)] * 4), st.sampled_from([1e-6, 0.5]))
def test_it_is_what_the_equations_say_in_either_layout(shape, eps):
    x = np.random.default_rng(0).standard_normal(shape)
    last = nn.GlobalResponseNorm(shape[-1], eps).double()
    wanted = equations(x, *seeded(last), eps)
    first = nn.GlobalResponseNorm(shape[-1], eps, channels_last=False).double()
    first.load_state_dict(last.state_dict())
    np.testing.assert_allclose(last(tinycnn.tensor(x)).detach().numpy(), wanted, rtol=1e-12)
    images = tinycnn.tensor(np.moveaxis(x, 3, 1))
    np.testing.assert_allclose(first(images).detach().numpy(), np.moveaxis(wanted, 3, 1), rtol=1e-12)


def test_on_every_device(device):
    norm = nn.GlobalResponseNorm(3, device=device, dtype="float64")
    x = np.random.default_rng(1).standard_normal((2, 4, 5, 3))
    y = norm(tinycnn.tensor(x, device=device))
    np.testing.assert_array_equal(y.detach().cpu().numpy(), x)  # γ = β = 0: it starts as the identity
    gamma, beta = seeded(norm)
    y = norm(tinycnn.tensor(x, device=device)).detach().cpu().numpy()
    np.testing.assert_allclose(y, equations(x, gamma, beta), rtol=1e-12)


def test_derivatives_of_both_orders():
    rng = np.random.default_rng(2)
    x, gamma, beta = (
        tinycnn.tensor(rng.standard_normal(shape), requires_grad=True) for shape in ((2, 3, 2, 4), (4,), (4,))
    )
    assert gradcheck(F.global_response_norm, (x, gamma, beta))
    assert gradgradcheck(F.global_response_norm, (x, gamma, beta))


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_an_image_of_zeros_has_finite_gradients(kind):
    norm = nn.GlobalResponseNorm(3).to(kind)
    nn.init.ones_(norm.weight)
    x = tinycnn.zeros(2, 4, 4, 3, dtype=kind, requires_grad=True)
    y = norm(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == norm.weight.grad.dtype == kind
    assert (y == 0).all()
    assert (x.grad == 1).all()  # N = 0: what is left is the sum with the input
    assert (norm.weight.grad == 0).all()


def test_one_channel_is_its_own_mean_and_one_dead_channel_stays_dead():
    norm = nn.GlobalResponseNorm(1).double()
    nn.init.ones_(norm.weight)
    x = tinycnn.tensor([[[[3.0]], [[4.0]]]], dtype=tinycnn.float64, requires_grad=True)
    y = norm(x)
    y.sum().backward()
    np.testing.assert_allclose(y.detach().numpy(), 2 * x.detach().numpy(), rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), 2, rtol=1e-6)
    pair = nn.GlobalResponseNorm(2)
    nn.init.ones_(pair.weight)
    x = tinycnn.tensor([[[[3.0, 0.0]]]], requires_grad=True)
    y = pair(x)
    y.sum().backward()
    assert y.flatten().tolist() == pytest.approx([9, 0])
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (2, 0, 4, 3), (2, 4, 0, 3)])
def test_empty_batches_and_images(shape):
    norm = nn.GlobalResponseNorm(3)
    x = tinycnn.zeros(shape, requires_grad=True)
    y = norm(x)
    y.sum().backward()
    assert y.shape == x.grad.shape == shape
    assert (norm.weight.grad == 0).all()


def test_half_precision_sums_in_single():
    """The squares of 300 are beyond float16, and so is the sum of many; the norm is not."""
    x = np.full((1, 16, 16, 2), 300.0)
    x[..., 1] = 100
    norm = nn.GlobalResponseNorm(2)
    seeded(norm)
    wanted = equations(x, *(p.detach().numpy().astype("float16").astype("float64") for p in norm.parameters()))
    y = norm.half()(tinycnn.tensor(x, dtype=tinycnn.float16))
    assert y.dtype == "float16"
    np.testing.assert_allclose(y.detach().numpy(), wanted, rtol=1e-3)


def test_an_input_in_the_wrong_layout_is_told_apart():
    images = tinycnn.ones(2, 3, 8, 8)
    with pytest.raises(tinycnn.ShapeError, match=r"each of 8 channels(.|\n)*N H W C  = (.|\n)*channels_last=False"):
        nn.GlobalResponseNorm(3)(images)
    with pytest.raises(tinycnn.ShapeError, match=r"each of 3 channels(.|\n)*N C H W"):
        nn.GlobalResponseNorm(8, channels_last=False)(images)
    with pytest.raises(RankError, match=r"expected 4 dimensions, N H W C, but got 3(.|\n)*unsqueeze"):
        nn.GlobalResponseNorm(3)(images[0])
    with pytest.raises(tinycnn.DTypeError, match="floating"):
        nn.GlobalResponseNorm(8)(images.long())
    with pytest.raises(tinycnn.DTypeError, match=r"model\.double"):
        nn.GlobalResponseNorm(8)(images.double())


def test_layer_norm_of_pixels(device):
    x = np.random.default_rng(0).standard_normal((2, 5, 3, 4))
    norm = nn.LayerNorm2d(5, eps=0.1, device=device, dtype="float64")
    gamma, beta = seeded(norm)
    wanted = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 0.1)
    wanted = wanted * gamma[:, None, None] + beta[:, None, None]
    y = norm(tinycnn.tensor(x, device=device))
    np.testing.assert_allclose(y.detach().cpu().numpy(), wanted, rtol=1e-12)
    assert norm(tinycnn.zeros(0, 5, 3, 4, device=device, dtype="float64")).shape == (0, 5, 3, 4)


def test_layer_norm_of_pixels_takes_images_only():
    with pytest.raises(RankError, match="LayerNorm2d: expected 4 dimensions, N C H W, but got 2"):
        nn.LayerNorm2d(5)(tinycnn.ones(2, 5))
    with pytest.raises(tinycnn.ShapeError, match=r"= \(2, 6, 3, 3\)\n  normalized_shape  = \(5,\)$"):
        nn.LayerNorm2d(5)(tinycnn.ones(2, 6, 3, 3))
    with pytest.raises(tinycnn.ShapeError, match=r"N H W C\? nn\.LayerNorm takes it"):
        nn.LayerNorm2d(5)(tinycnn.ones(2, 3, 3, 5))


def test_permute_puts_dimensions_in_another_order():
    x = tinycnn.arange(24).reshape(1, 2, 3, 4)
    there, back = nn.Permute([0, 2, 3, 1]), nn.Permute((0, 3, 1, 2))
    assert there(x).shape == (1, 3, 4, 2)
    assert tinycnn.equal(back(there(x)), x)
    assert repr(there) == "Permute()"


def test_a_convolution_with_its_norm_and_activation():
    block = nn.Conv2dNormActivation(2, 4, (3, 5), dilation=(2, 1), activation_layer=nn.SiLU, inplace=None)
    assert block(tinycnn.ones(1, 2, 9, 7)).shape == (1, 4, 9, 7)  # the size stays
    assert [type(layer).__name__ for layer in block] == ["Conv2d", "BatchNorm2d", "SiLU"]
    assert block.out_channels == 4
    assert block[0].bias is None
    bare = nn.Conv2dNormActivation(2, 4, 1, norm_layer=None, activation_layer=None)
    assert len(bare) == 1
    assert bare[0].bias is not None
    assert nn.Conv2dNormActivation(2, 4, padding="valid")(tinycnn.ones(1, 2, 5, 5)).shape == (1, 4, 3, 3)


@pytest.mark.parametrize("options", [{"norm_layer": nn.BatchNorm2d(4)}, {"activation_layer": nn.ReLU()}])
def test_layers_that_are_made_already_are_refused(options):
    with pytest.raises(TypeError, match=r"_layer makes a layer, so give the class (BatchNorm2d|ReLU)"):
        nn.Conv2dNormActivation(2, 4, **options)
