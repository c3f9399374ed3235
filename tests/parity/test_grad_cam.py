r"""Grad-CAM beside one written with PyTorch's hooks, on torchvision's ResNet-18 with the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn
from tinycnn import models, plot

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")


def theirs(model: Any, layer: Any, image: Any, target: int | None) -> tuple[Any, int]:
    r"""Selvaraju et al. 2017, equations 1 and 2."""
    kept: dict[str, Any] = {}
    hook = layer.register_forward_hook(lambda module, args, output: kept.update(maps=output))
    logits = model(image.unsqueeze(0))[0]
    hook.remove()
    c = int(logits.argmax()) if target is None else target
    (slope,) = torch.autograd.grad(logits[c], kept["maps"])
    alpha = slope.mean(dim=(2, 3), keepdim=True)
    return torch.relu((alpha * kept["maps"]).sum(1))[0].detach().numpy(), c


@pytest.fixture(scope="module")
def pair() -> tuple[Any, Any, Any]:
    torch.manual_seed(0)
    reference = torchvision.models.resnet18(num_classes=20).eval()
    ours = models.resnet18(num_classes=20)
    ours.load_state_dict({name: tensor.numpy() for name, tensor in reference.state_dict().items()})
    return reference, ours, np.random.default_rng(0).standard_normal((3, 96, 128)).astype("f4")


@pytest.mark.parametrize("path", ["layer4", "layer3.1", "layer2.0.conv2", "layer1"])
@pytest.mark.parametrize("target", [None, 7])
def test_grad_cam_agrees(pair: tuple[Any, Any, Any], path: str, target: int | None) -> None:
    reference, ours, image = pair
    expected, c = theirs(reference, reference.get_submodule(path), torch.tensor(image), target)
    seen = plot.class_activation(ours, tinycnn.tensor(image), target, path)
    assert seen.target == c
    assert seen.map == pytest.approx(expected, abs=2e-4 * float(expected.max()))


def test_the_last_maps_are_those_of_the_last_stage(pair: tuple[Any, Any, Any]) -> None:
    reference, ours, image = pair
    expected, _ = theirs(reference, reference.layer4, torch.tensor(image), None)
    seen = plot.class_activation(ours, tinycnn.tensor(image))
    assert seen.layer == "layer4"
    assert seen.map == pytest.approx(expected, abs=2e-4 * float(expected.max()))


def test_the_map_is_upsampled_as_pytorch_interpolates(pair: tuple[Any, Any, Any]) -> None:
    _, ours, image = pair
    seen = plot.class_activation(ours, tinycnn.tensor(image))
    expected = torch.nn.functional.interpolate(
        torch.tensor(seen.map)[None, None], size=(96, 128), mode="bilinear", align_corners=False
    )
    assert seen.upsampled(96, 128) == pytest.approx(expected[0, 0].numpy(), abs=1e-6)
