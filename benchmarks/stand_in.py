"""PyTorch in tinycnn's place, so that the files of `tinycnn/models` build PyTorch's networks as they stand.

What they import by `from tinycnn import nn` is then `torch.nn`. So both libraries run one source, layer for layer, and
tinycnn itself, with what it does to memory and threads, is never imported beside PyTorch.
"""

# mypy: disable-error-code="misc, name-defined"
# For the types' checker PyTorch need not be installed, and so its classes are of no known type.

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any


class _Blank(ModuleType):
    """A module of which nothing is wanted: whatever is asked for is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def install(torch: Any) -> None:
    """From now on, in this process, `import tinycnn.models.resnet` and the like make networks of `torch`."""
    found = importlib.util.find_spec("tinycnn")
    if found is None or not found.submodule_search_locations:
        raise ImportError("there is no tinycnn here, whose networks are built")
    (home,) = found.submodule_search_locations
    _complete(torch)
    entry = _Blank("tinycnn.models.weights.entry")
    vars(entry)["pretrained"] = lambda published, weights, progress, make, *args, **options: make(*args, **options)
    sys.modules |= {
        "tinycnn": _package("tinycnn", [home], nn=torch.nn),
        "tinycnn.nn": torch.nn,
        "tinycnn.nn.functional": torch.nn.functional,
        "tinycnn._tensor": torch,   # for Tensor
        "tinycnn.creation": torch,  # for full
        "tinycnn.models": _package("tinycnn.models", [f"{home}/models"]),
        "tinycnn.models.weights": _package("tinycnn.models.weights", []),
        "tinycnn.models.weights.entry": entry,
        **{name: _Blank(name) for file in ("alexnet", "vgg", "resnet", "convnext")
           if (name := f"tinycnn.models.weights.{file}")},
    }


def _package(name: str, path: list[str], **names: Any) -> ModuleType:
    package = ModuleType(name)
    package.__path__ = path
    vars(package).update(names)
    return package


def _complete(torch: Any) -> None:
    """Add to `torch.nn` the layers that PyTorch keeps in torchvision, written as they are there."""
    nn = torch.nn

    class Permute(nn.Module):
        def __init__(self, dims: list[int]) -> None:
            super().__init__()
            self.dims = dims

        def forward(self, x: Any) -> Any:
            return torch.permute(x, self.dims)

    class LayerNorm2d(nn.LayerNorm):
        def forward(self, x: Any) -> Any:
            x = x.permute(0, 2, 3, 1)
            x = nn.functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
            return x.permute(0, 3, 1, 2)

    class StochasticDepth(nn.Module):
        def __init__(self, p: float, mode: str) -> None:
            super().__init__()
            self.p, self.mode = p, mode

        def forward(self, x: Any) -> Any:
            if not self.training or self.p == 0.0:
                return x
            kept = torch.empty((len(x), 1, 1, 1), dtype=x.dtype, device=x.device).bernoulli_(1 - self.p)
            return x * kept.div_(1 - self.p)

    def Conv2dNormActivation(channels: int, out: int, *, norm_layer: Any, activation_layer: None, **conv: Any) -> Any:
        return nn.Sequential(nn.Conv2d(channels, out, **conv), norm_layer(out))

    nn.Permute, nn.LayerNorm2d, nn.StochasticDepth = Permute, LayerNorm2d, StochasticDepth
    nn.Conv2dNormActivation = Conv2dNormActivation
