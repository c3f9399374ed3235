"""Options of layers that cannot be, refused when the layer is made; inputs that do not fit; the path to the layer."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tinycnn import nn


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=0), ValueError, "groups must be a positive integer, not 0"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "in_channels must be divisible by groups, but 3 is not"),
        (lambda: nn.Conv2d(4, 3, 3, groups=2), ValueError, "out_channels must be divisible by groups, but 3 is not"),
        (lambda: nn.Conv2d(3, 4, 3, padding="full"), ValueError, "invalid padding string 'full', should be one of"),
        (lambda: nn.Conv2d(3, 4, 3, 2, "same"), ValueError, "padding='same' is not supported for strided convolutions"),
        (lambda: nn.Conv2d(3, 4, (1, 2, 3)), ValueError, r"kernel_size must be one integer or two .*, not \(1, 2, 3\)"),
        (lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"), ValueError, "padding_mode must be one of .*, not 'mirror'"),
        (
            lambda: nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"), ValueError,
            "ConvTranspose2d: padding_mode can only be 'zeros', not 'reflect'",
        ),
        (lambda: nn.ConvTranspose2d(3, 4, 3, padding="same"), TypeError, "padding must be one integer or two"),
        (lambda: nn.ConvTranspose2d(3, 4, 3, groups=2), ValueError, "ConvTranspose2d: in_channels must be divisible"),
        (lambda: nn.Conv2d(3, 4, 1.5), TypeError, "kernel_size must be one integer or two"),
        (lambda: nn.Conv2d(3, 4, 3, stride="same"), TypeError, "stride must be one integer or two"),
        (lambda: nn.Conv2d(3, 16 / 2, 3), TypeError, "Conv2d: out_channels must be an integer, not float 8.0; .* //"),
        (lambda: nn.Conv2d(8, 8, 3, groups=8 / 2), TypeError, "Conv2d: groups must be an integer, not float 4.0"),
        (lambda: nn.ConvTranspose2d(-3, 4, 3), RuntimeError, "ConvTranspose2d: in_channels must not be negative"),
        (lambda: nn.Linear(512 / 2, 10), TypeError, "Linear: in_features must be an integer, not float 256.0; .*//"),
        (lambda: nn.Linear(3, -1), RuntimeError, "Linear: out_features must not be negative, but it is -1"),
        (lambda: nn.BatchNorm2d(8 / 2), TypeError, "BatchNorm2d: num_features must be an integer, not float 4.0"),
        (lambda: nn.GroupNorm(2, 8 / 2), TypeError, "GroupNorm: num_channels must be an integer, not float 4.0"),
        (lambda: nn.Dropout(1.5), ValueError, "Dropout: dropout probability has to be between 0 and 1, but got 1.5"),
        (lambda: nn.Dropout2d(-0.1), ValueError, "Dropout2d: dropout probability has to be between 0 and 1"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "num_channels must be divisible by num_groups, but 4 is not by 3"),
        (lambda: nn.Hardtanh(1, 1), ValueError, "Hardtanh: max_val must be larger than min_val, not 1 ≤ 1"),
        (lambda: nn.Unflatten(1, 3), TypeError, "must be a tuple of ints, but found type int"),
        (lambda: nn.Unflatten(1, (2, "b")), TypeError, "but found element of type str at pos 1"),
    ],
)
def test_impossible_options(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.Linear(3, 2), (4, 5), r"Linear"),
        (nn.Conv2d(3, 2, 1), (1, 4, 4, 3), r"input channels must equal weight.shape\[1\] × groups, but 4 ≠ 3 × 1"),
        (nn.Conv2d(3, 2, 7), (1, 3, 4, 4), r"the kernel is larger than the padded input: 7 > 4 along H"),
        (nn.Conv2d(3, 2, 7, padding=4, padding_mode="reflect"), (1, 3, 4, 4), "adds at most 3 at each side"),
        (nn.ConvTranspose2d(3, 2, 1), (1, 2, 4, 4), r"input channels must equal weight.shape\[0\], but 2 ≠ 3"),
        (nn.Unfold(5), (1, 3, 4, 4), "the kernel is larger than the padded input"),
        (nn.Fold(4, 2), (1, 8, 8), "needs a column for each of 9 windows, but got 8"),
        (nn.CircularPad2d(1), (4, 4), "mode 'circular' pads the last 1, 2 or 3 dimensions"),
        (nn.MaxPool2d(2, padding=2), (1, 1, 4, 4), r"pad should be at most half of kernel size"),
        (nn.InstanceNorm2d(3, affine=True), (4, 2, 5, 5), r"size at dim=1 to match num_features \(3\), but got: 2"),
        (nn.InstanceNorm2d(3), (4, 3), r"InstanceNorm2d: expected 3D or 4D input \(got 2D input\)"),
        (nn.GroupNorm(2, 4), (4, 3, 2), r"group_norm: 3 channels do not part into 2 groups"),
        (nn.LayerNorm((3, 2)), (4, 2, 3), r"given normalized_shape=\(3, 2\)"),
    ],
)
def test_inputs_that_do_not_fit_name_the_layer(layer, shape, message):
    with pytest.raises(ValueError, match=message) as caught:
        nn.Sequential(nn.Identity(), layer)(tinycnn.ones(shape))
    assert f"1 ({type(layer).__name__})" in str(caught.value)


@pytest.mark.parametrize("layer", [nn.BatchNorm2d(3), nn.InstanceNorm1d(3), nn.Flatten(), nn.Unflatten(1, (1, 3)),
                                   nn.Linear(3, 3), nn.Conv2d(3, 3, 1), nn.GroupNorm(1, 3), nn.LayerNorm(3),
                                   nn.MaxPool2d(1), nn.AdaptiveAvgPool2d(1), nn.ReLU(), nn.Softmax(1), nn.Dropout(),
                                   nn.ZeroPad2d(1), nn.Unfold(1), nn.LocalResponseNorm(1)], ids=repr)  # fmt: skip
@pytest.mark.parametrize(("given", "kind"), [(None, "NoneType"), (np.ones((2, 3, 1, 1)), "ndarray")])
def test_what_is_no_tensor_is_refused_by_every_layer(layer, given, kind):
    """None is what a forward returns that lacks its return."""
    with pytest.raises(TypeError, match=rf"input must be a Tensor, not {kind}(.|\n)*1 \({type(layer).__name__}\)"):
        nn.Sequential(nn.Identity(), layer)(given)


@pytest.mark.parametrize(("size", "message"), [
    ((5, 9), r"the output_size can be from \(7, 9\) to \(8, 10\), but \(5, 9\) was asked for\n"),
    ((9, 9), "only images of these sizes are convolved to the input's H W"),
    ((7,), r"output_size must be \(oH, oW\) or a whole shape, not \(7,\)"),
    ((1, 7, 9), "output_size must be"),
])  # fmt: skip
def test_sizes_that_no_convolution_comes_from(size, message):
    with pytest.raises(ValueError, match=f"ConvTranspose2d: (.|\n)*{message}"):
        nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)(tinycnn.zeros(1, 1, 4, 5), output_size=size)


def test_softmax_without_a_dimension_warns_as_pytorch_does():
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        assert nn.Softmax()(tinycnn.zeros(2, 4)).tolist() == [[0.25] * 4] * 2


def test_an_error_shows_the_path_to_the_module_it_arose_in():
    net = nn.Module()
    net.features = nn.Sequential(nn.Identity(), nn.ModuleDict({"conv2": nn.Conv2d(3, 2, 1)}))
    net.forward = lambda x: net.features[1]["conv2"](x)  # not called through its Sequential
    with pytest.raises(ValueError, match="input channels") as caught:
        net(tinycnn.ones(1, 4, 2, 2))
    assert str(caught.value).endswith("\n  in module  features.1.conv2 (Conv2d)")
    with pytest.raises(ValueError, match="input channels") as caught:
        nn.Sequential(nn.Identity(), nn.Sequential(net.features[1]["conv2"]))(tinycnn.ones(1, 4, 2, 2))
    assert str(caught.value).endswith("\n  in module  1.0 (Conv2d)")
    with pytest.raises(ValueError, match="input channels") as caught:
        net.features[1]["conv2"](tinycnn.ones(1, 4, 2, 2))
    assert "in module" not in str(caught.value)  # it is no part of anything
    outer, hidden = nn.Module(), [net]
    outer.forward = lambda x: hidden[0](x)  # which it does not know as its own
    with pytest.raises(ValueError, match="input channels") as caught:
        outer(tinycnn.ones(1, 4, 2, 2))
    assert str(caught.value).endswith("\n  in module  features.1.conv2 (Conv2d)")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x: nn.Sigmoid(x), r"Sigmoid: takes no options; a layer is made first .* Sigmoid\(\)\(x\)"),
        (lambda x: nn.Dropout(x), r"Dropout: p must be a number, not Tensor of shape \(2, 3\); .* Dropout\(\)\(x\)"),
        (lambda x: nn.functional.relu(nn.ReLU(x)), r"relu: input must be a Tensor, not ReLU; .* ReLU\(…\)\(x\)"),
        (lambda x: nn.LayerNorm(64 / 2), "LayerNorm: each of normalized_shape .* not float 32.0; divide with //"),
        (lambda x: nn.Conv2d(3, 4, 6 / 2), "Conv2d: kernel_size must be .*, not float 3.0; divide with //"),
    ],
)
def test_a_layer_that_is_made_of_its_input_or_of_fractions(make, message):
    with pytest.raises(TypeError, match=message):
        make(tinycnn.ones(2, 3))


def test_a_tensor_as_reduction_is_told_by_its_shape():
    x = tinycnn.rand(2, 3)
    with pytest.raises(ValueError, match=r"mse_loss: Tensor of shape \(2, 3\) is not a valid value for reduction"):
        nn.functional.mse_loss(x, x, reduction=x)


def test_what_a_forward_asks_of_a_single_number_is_told_with_its_place():
    class Counts(nn.Module):
        def forward(self, x):
            return len(x.sum())

    with pytest.raises(TypeError, match=r"len\(\) of a 0-d tensor\n  in module  0 \(Counts\)$"):
        nn.Sequential(Counts())(tinycnn.ones(2))
