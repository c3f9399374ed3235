r"""Filters, activation maps and Grad-CAM show what is in the model, and leave it as it was."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import tinycnn as torch
from tinycnn import nn, plot
from tinycnn.errors import ConfigError, ShapeError
from tinycnn.plot.watching import activation_maps


def drawn(figure: Figure) -> None:
    r"""Draw it in earnest; warnings are errors."""
    figure.savefig(io.BytesIO(), format="png", dpi=40)


class Small(nn.Module):
    r"""conv → BN → ReLU in place → pool → conv → global average → linear: CAM's closed form holds at `conv2`."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(4, 6, 3, padding=1)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 5)

    def forward(self, x: torch.Tensor) -> Any:
        x = self.conv2(self.pool(self.relu(self.bn(self.conv1(x)))))
        return self.fc(self.avgpool(x).flatten(1))


@pytest.fixture
def model() -> Small:
    torch.manual_seed(3)
    return Small().eval()


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(3, 12, 16, generator=torch.Generator().manual_seed(0))


def state(model: nn.Module) -> Any:
    return (
        {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()},
        [part.training for part in model.modules()],
        [(p.requires_grad, None if p.grad is None else p.grad.numpy().copy()) for p in model.parameters()],
        [len(part._forward_hooks) for part in model.modules()],
    )


# Grad-CAM ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize("target", range(5))
def test_behind_global_average_pooling_and_a_linear_layer_it_is_cam(
    model: Small, image: torch.Tensor, target: int
) -> None:
    r"""Zhou et al. 2016: the map of class c is Σₖ w[c, k] Aᵏ; Grad-CAM has 1/(h·w) of it, cut at 0."""
    seen = plot.class_activation(model, image, target)
    with torch.no_grad():
        maps = activation_maps(model, image.unsqueeze(0), ["conv2"])["conv2"][0].numpy()
    cam = np.einsum("k,khw->hw", model.fc.weight.detach().numpy()[target], maps)
    assert (seen.layer, seen.target, seen.map.shape) == ("conv2", target, (6, 8))
    assert seen.map == pytest.approx(np.maximum(cam, 0) / 48, abs=1e-6)


def test_without_a_target_it_is_the_likeliest_class(model: Small, image: torch.Tensor) -> None:
    logits = model(image.unsqueeze(0))[0]
    seen = plot.class_activation(model, image.unsqueeze(0))
    assert seen.target == int(logits.argmax())
    assert seen.probability == pytest.approx(logits.softmax(0).max().item(), rel=1e-5)


def test_the_weights_of_the_maps_are_the_mean_slopes(model: Small, image: torch.Tensor) -> None:
    r"""Equation 1 by finite differences: the logit's slope as a whole map is raised is h·w αₖ."""
    with torch.no_grad():
        before = activation_maps(model, image.unsqueeze(0), ["pool"])["pool"]
        rest = nn.Sequential(model.conv2, model.avgpool, nn.Flatten(), model.fc)
        step = 1e-2
        alpha = []
        for k in range(4):
            up, down = before.clone(), before.clone()
            up[0, k] += step
            down[0, k] -= step
            alpha.append((rest(up) - rest(down))[0, 2].item() / (2 * step) / 48)
    expected = np.maximum(np.einsum("k,khw->hw", alpha, before[0].numpy()), 0)
    assert plot.class_activation(model, image, 2, "pool").map == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("mode", "frozen"), [(True, False), (False, True)])
def test_the_model_is_left_as_it_was(image: torch.Tensor, mode: bool, frozen: bool) -> None:
    model = Small().train(mode)
    model.bn.eval()
    model.fc.weight.grad = torch.ones(5, 6)
    model.conv1.requires_grad_(not frozen)
    before = state(model)
    plot.class_activation(model, image)
    plot.activations(model, image, "conv2", most=1)
    with pytest.raises(ConfigError):
        plot.class_activation(model, image, target=9)
    np.testing.assert_equal(state(model), before)


def test_it_works_with_everything_frozen_and_gradients_off(model: Small, image: torch.Tensor) -> None:
    expected = plot.class_activation(model, image, 1).map
    model.requires_grad_(False)
    with torch.no_grad():
        assert plot.class_activation(model, image, 1).map == pytest.approx(expected)


def test_what_is_written_over_afterwards_is_seen_as_it_was(model: Small, image: torch.Tensor) -> None:
    r"""The ReLU behind `bn` works in place; Grad-CAM of `bn` is of what BN put out."""
    assert plot.class_activation(model, image, 1, "bn").map.max() > 0
    bn = activation_maps(model, image.unsqueeze(0), ["bn"])["bn"]
    assert bn.min().item() < 0


def test_the_map_is_upsampled_between_the_centres_of_its_cells() -> None:
    seen = plot.ClassActivation(np.array([[0.0, 4.0]], dtype="f4"), 0, 1.0, "conv")
    assert seen.upsampled(2, 4).tolist() == [[0.0, 1.0, 3.0, 4.0]] * 2
    same = np.arange(6, dtype="f4").reshape(2, 3)
    assert seen._replace(map=same).upsampled(2, 3) == pytest.approx(same)


def test_the_picture_of_grad_cam(model: Small, image: torch.Tensor) -> None:
    figure = plot.grad_cam(model, image, 3, classes=["ant", "bee", "cat", "dog", "elk"])
    assert figure._suptitle is not None
    assert figure._suptitle.get_text() == "Where the model sees “dog”"
    photograph, overlaid = figure.axes[:2]
    assert photograph.get_xlabel().startswith("p(dog) = ")
    assert np.asarray(photograph.images[0].get_array()).shape == (12, 16, 3)
    heat = np.asarray(overlaid.images[1].get_array())
    assert (heat.shape, heat.max()) == ((12, 16), 1.0)
    drawn(figure)


def test_a_class_for_which_nothing_speaks_has_an_empty_map(model: Small, image: torch.Tensor) -> None:
    with torch.no_grad():
        model.fc.weight.zero_()
    figure = plot.grad_cam(model, image, 0)
    assert "nothing here speaks for it" in figure.axes[1].get_xlabel()
    drawn(figure)


def test_what_grad_cam_cannot_take(model: Small, image: torch.Tensor) -> None:
    with pytest.raises(ShapeError, match=r"one prepared image(.|\n)*images\[0\]"):
        plot.class_activation(model, torch.zeros(2, 3, 8, 8))
    with pytest.raises(ShapeError, match="one prepared image"):
        plot.class_activation(model, np.zeros((3, 8, 8)))  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ConfigError, match="no layer 'conv3'; did you mean conv"):
        plot.class_activation(model, image, layer="conv3")
    with pytest.raises(ShapeError, match="no activation maps"):
        plot.class_activation(model, image, layer="fc")
    with pytest.raises(ConfigError, match="class from 0 to 4, but it is -1"):
        plot.class_activation(model, image, target=-1)
    with pytest.raises(ShapeError, match="no layer whose output"):
        plot.class_activation(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), torch.ones(1, 2, 2))


# Filters and activation maps ──────────────────────────────────────────────────────────────────────────────────────────

def test_grad_cam_wants_logits_and_as_many_names(model: Small, image: torch.Tensor) -> None:
    class Both(nn.Sequential):
        def forward(self, x: torch.Tensor) -> Any:
            return super().forward(x), x

    for without in (nn.Sequential(model.conv1), Both(model.conv1)):
        with pytest.raises(ShapeError, match=r"must give logits, \(1, K\)"):
            plot.class_activation(without, image)
    with pytest.raises(ConfigError, match="names of 2 classes, but none of class 3"):
        plot.grad_cam(model, image, target=3, classes=["deer", "fox"])


def test_filters_are_the_kernels_each_in_its_own_range(model: Small) -> None:
    figure = plot.filters(model)
    grid = np.asarray(figure.axes[0].images[0].get_array())
    assert grid.shape == (13, 13, 3)  # 2 × 2 kernels of 3 × 3, each weight 2 × 2 pixels, and a line between
    weight = model.conv1.weight.detach().numpy()
    kernel = grid[7::2, :6:2].transpose(2, 0, 1)  # the third
    assert kernel == pytest.approx(0.5 + weight[2] / (2 * np.abs(weight[2]).max()), abs=1e-6)
    drawn(figure)


def test_filters_over_one_channel_are_grey_and_kernels_of_zeros_too() -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, (3, 5), bias=False))
    nn.init.zeros_(model[0].weight)
    grid = np.asarray(plot.filters(model).axes[0].images[0].get_array())
    assert grid[:3, :5].tolist() == [[0.5] * 5] * 3


def test_what_has_no_filters_to_show(model: Small) -> None:
    with pytest.raises(ConfigError, match="has no Conv2d"):
        plot.filters(nn.Sequential(nn.Linear(2, 2)))
    with pytest.raises(ConfigError, match=r"1 or 3 channels(.|\n)*conv2(.|\n)*Conv2d\(4, 6"):
        plot.filters(model, "conv2")


def test_activations_are_the_strongest_maps_of_the_layer(model: Small, image: torch.Tensor) -> None:
    figure = plot.activations(model, image, "conv2", most=4)
    with torch.no_grad():
        maps = model.conv2(model.pool(model.relu(model.bn(model.conv1(image.unsqueeze(0))))))[0].numpy()
    order = np.argsort(-np.abs(maps).mean((1, 2)))[:4]
    assert [axes.texts[0].get_text() for axes in figure.axes[1:]] == [str(k) for k in order]
    assert np.asarray(figure.axes[1].images[0].get_array()) == pytest.approx(maps[order[0]], abs=1e-5)
    assert "conv2   6 maps of 6×8" in [text.get_text() for text in figure.texts]
    drawn(figure)


def test_without_a_layer_the_last_of_each_size_is_shown(model: Small, image: torch.Tensor) -> None:
    figure = plot.activations(model, image)
    notes = [text.get_text() for text in figure.texts]
    assert [note.split()[0] for note in notes if "maps of" in note] == ["relu", "conv2"]


def test_of_several_that_hand_on_the_same_maps_the_outermost_is_named(image: torch.Tensor) -> None:
    stage = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.Conv2d(4, 4, 3)))
    model = nn.Sequential(stage, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    assert list(activation_maps(model, image.unsqueeze(0))) == ["0.0", "0"]  # the last are those of 0.1.0, 0.1 and 0
    assert plot.class_activation(model, image).layer == "0"


def test_a_photograph_is_shown_as_it_is(model: Small, image: torch.Tensor) -> None:
    photograph = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype="u1")
    figure = plot.activations(model, image, "conv1", picture=photograph)
    assert np.asarray(figure.axes[0].images[0].get_array()).tolist() == photograph.tolist()


def test_activations_of_what_has_none(model: Small, image: torch.Tensor) -> None:
    with pytest.raises(ShapeError, match=r"'fc' is no activation maps(.|\n)*\(1, 5\)"):
        plot.activations(model, image, "fc")
    with pytest.raises(ConfigError, match="no layer"):
        plot.activations(model, image, ["conv1", "nowhere"])


def test_grad_cam_takes_the_name_of_a_class(model: Small, image: torch.Tensor) -> None:
    names = ["ant", "bee", "cat", "dog", "elk"]
    figure = plot.grad_cam(model, image, "dog", classes=names)
    assert figure._suptitle is not None
    assert "“dog”" in figure._suptitle.get_text()
    with pytest.raises(ConfigError, match="no class 'dof'; did you mean dog"):
        plot.grad_cam(model, image, "dof", classes=names)
    with pytest.raises(ConfigError, match="give classes="):
        plot.grad_cam(model, image, "dog")


def test_a_picture_of_other_proportions_is_refused(model: Small, image: torch.Tensor) -> None:
    plot.grad_cam(model, image, picture=np.zeros((36, 48, 3)))
    with pytest.raises(ShapeError, match="its sides have another ratio"):
        plot.grad_cam(model, image, picture=np.zeros((48, 48, 3)))


def test_filters_of_a_name_are_none() -> None:
    with pytest.raises(TypeError, match=r"a model is wanted.*not str resnet18"):
        plot.filters("resnet18")  # type: ignore[arg-type]  # a name in place of a model
