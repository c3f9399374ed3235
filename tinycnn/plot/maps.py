r"""What comes out of a network's layers when it looks at an image: activation maps in rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.errors import ShapeError, explain
from tinycnn.nn import Module
from tinycnn.plot.canvas import FAINT, INK, new_figure
from tinycnn.plot.watching import activation_maps, displayable, one_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL, _SHOWN = 1.15, 1.08  # inches from one map to the next, and of the map itself


def activations(
    model: Module,
    image: Tensor,
    layer: str | Sequence[str] | None = None,
    *,
    most: int = 8,
    picture: Any = None,
) -> Figure:
    r"""The activation maps of some layers, a row each, those of the largest mean |a| first.

    Each map is shown between its own smallest and largest value, dark to bright, with the number of its channel. The
    model is left as it was.

    Parameters
    ----------
    image : Tensor, (C, H, W) or (1, C, H, W)
        Prepared as the model wants it.
    layer : str, sequence of str or None
        Their paths, as `named_modules` has them. If None, the last layer of each size of map.
    most : int
        Maps in a row.
    picture : Tensor, array, Pillow image or None
        What to show for the image, as it was before it was normalized; if None, the prepared image stretched to [0, 1].

    Raises
    ------
    ShapeError     the image is not one image, or what comes out of a layer is no activation maps
    ConfigError    there is no such layer
    """
    from matplotlib.patheffects import withStroke

    images = one_image("activations", image)
    wanted = [layer] if isinstance(layer, str) else list(layer or ())
    found = activation_maps(model, images, wanted)
    if not wanted:  # the last of each size comes last in this dictionary
        found = dict({maps.shape[2:]: (path, maps) for path, maps in found.items()}.values())
    for path, maps in found.items():
        if not isinstance(maps, Tensor) or maps.ndim != 4:
            raise ShapeError(explain(
                f"activations: what comes out of layer {path!r} is no activation maps, 1 C h w",
                {"output": tuple(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__},
                "choose a convolution, or a layer before the flatten",
            ))
    if not found:
        raise ShapeError("activations: no layer's output is activation maps with more than one position")
    columns = min(most, max(maps.shape[1] for maps in found.values()))
    width, height = 2.2 + _CELL * columns + 0.2, 0.75 + (_CELL + 0.3) * len(found)
    figure = new_figure(width, height, "What comes out of the layers", arranged=False)

    def cell(x: float, y: float, pixels: Any, **options: Any) -> Any:
        axes = figure.add_axes((x / width, (height - y - _SHOWN) / height, _SHOWN / width, _SHOWN / height))
        axes.imshow(pixels, interpolation="nearest", **options)
        axes.set_axis_off()
        return axes

    cell(0.2, 0.95, displayable(image if picture is None else picture), cmap="gray_r")
    for row, (path, maps) in enumerate(found.items()):
        values = maps[0].numpy(force=True)                                         # C, h, w
        strongest = np.argsort(-np.abs(values).mean(axis=(1, 2)), kind="stable")[:columns]
        top = 0.95 + row * (_CELL + 0.3)
        sizes = "×".join(map(str, values.shape[1:]))
        note = f"{path}   {len(values)} maps of {sizes}"
        figure.text(1.8 / width, 1 - (top - 0.04) / height, note, fontsize=9, color=INK, va="bottom")
        for column, channel in enumerate(strongest):
            axes = cell(1.8 + column * _CELL, top, values[channel], cmap="magma")
            number = axes.text(0.04, 0.04, str(channel), transform=axes.transAxes, fontsize=7, color="white")
            number.set_path_effects([withStroke(linewidth=1.5, foreground=INK)])
    figure.text(0.2 / width, 1 - (0.95 + _CELL) / height, "the image", fontsize=9, color=FAINT, va="top")
    return figure
