r"""The filters of a network's first layer, as pictures of what they look for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn import nn
from tinycnn.errors import ArgumentError, ConfigError, described, explain
from tinycnn.plot.canvas import FAINT, new_figure
from tinycnn.plot.watching import layer_at

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def filters(model: nn.Module, layer: str | None = None) -> Figure:
    r"""The kernels of the first convolution as a grid of small images: of colours for three channels, of grey for one.

    Each kernel w is shown as ½ + w / (2 max|w|): grey is 0, and each uses the whole range, so that kernels are compared
    by their pattern and not by their size.

    Parameters
    ----------
    layer : str or None
        The path of a convolution that sees 1 or 3 channels; the first convolution of the model if None.

    Raises
    ------
    ArgumentError    `model` is none, but a name or its weights
    ConfigError      there is no such convolution, or it sees another number of channels

    Examples
    --------
    >>> figure = filters(nn.Sequential(nn.Conv2d(3, 64, 7), nn.ReLU()))
    >>> figure.axes[0].images[0].get_array().shape        # 8 × 8 kernels of 7 × 7, and a line between
    (63, 63, 3)
    """
    path, convolution = _convolution(model, layer)
    weight = convolution.weight.numpy(force=True)                                 # O, C, kH, kW
    most = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    shown = 0.5 + weight / (2 * np.where(most > 0, most, 1))
    count, _, height, width = weight.shape
    finer = max(1, round(7 / max(height, width)))  # so that the line between is thin beside small kernels, too
    shown = shown.repeat(finer, axis=2).repeat(finer, axis=3)
    high, wide = finer * height, finer * width
    columns = math.ceil(math.sqrt(count * height / width))
    rows = math.ceil(count / columns)
    grid = np.ones((rows * (high + 1) - 1, columns * (wide + 1) - 1, weight.shape[1]))
    for i, kernel in enumerate(shown):
        y, x = i // columns * (high + 1), i % columns * (wide + 1)
        grid[y:y + high, x:x + wide] = kernel.transpose(1, 2, 0)
    side = 6.5
    figure = new_figure(side, side * grid.shape[0] / grid.shape[1] + 0.9, f"What {path} looks for")
    axes = figure.subplots()
    axes.imshow(grid if weight.shape[1] == 3 else grid[:, :, 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_title(f"{count} kernels of {height}×{width}, each in its own range; grey is 0", loc="left", fontsize=10,
                   color=FAINT)
    axes.set_axis_off()
    return figure


def _convolution(model: nn.Module, layer: str | None) -> tuple[str, Any]:
    if not isinstance(model, nn.Module):
        raise ArgumentError(f"filters: a model is wanted, such as models.resnet18(weights='DEFAULT'), "
                            f"not {described(model)}")
    convolution: nn.Module
    if layer is None:
        found = next(((path, part) for path, part in model.named_modules() if isinstance(part, nn.Conv2d)), None)
        if found is None:
            raise ConfigError(f"filters: {type(model).__name__} has no Conv2d")
        path, convolution = found[0] or "the convolution", found[1]
    else:
        path, convolution = layer, layer_at("filters", model, layer)
    channels = convolution.weight.shape[1] if isinstance(convolution, nn.Conv2d) else None
    if channels not in (1, 3):
        raise ConfigError(explain(
            "filters: only kernels over 1 or 3 channels are pictures",
            {path: repr(convolution).splitlines()[0]},
            "choose the first convolution; what later ones see, plot.activations shows",
        ))
    return path, convolution
