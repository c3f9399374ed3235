r"""What the pictures share: colours, axes without clutter, and a file written whole or not at all."""

from __future__ import annotations

import functools
import io
import os
from typing import TYPE_CHECKING, Any

from tinycnn._tensor import Tensor
from tinycnn.serialization import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

INK, FAINT, GRID = "#222222", "#777777", "#dddddd"
TRAIN, TEST = "#e08214", "#2166ac"  # orange and blue: told apart by every kind of eye
_MARGIN = 0.2  # inches to the left of the title
RIGHT, WRONG = "#1b7837", "#b2182b"


def new_figure(width: float, height: float, title: str, arranged: bool = True) -> Figure:
    r"""An empty figure of this many inches, outside pyplot's list of windows, its title at the top left.

    The axes are put in their places when it is drawn, if it is `arranged`; if not, by whoever adds them. A title
    that is too long goes on in another line where axes give way to it; else the figure becomes wide enough. Notebooks
    show it, also where pyplot, which would tell them how to, was never imported.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    vars(figure)["_repr_png_"] = functools.partial(_png, figure)
    if arranged:
        figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.12)
    y = None if arranged else 1 - 0.15 / height
    text = figure.suptitle(
        title, x=_MARGIN / width, y=y, ha="left", va="top", fontsize=14, fontweight="bold", color=INK
    )
    if arranged:
        _fold(text, width - 2 * _MARGIN)
    wanted = text.get_window_extent().width / figure.dpi + 2 * _MARGIN
    if wanted > width:
        figure.set_figwidth(wanted)
        text.set_x(_MARGIN / wanted)
    return figure


def _png(figure: Figure) -> bytes:
    r"""The picture as a notebook asks for it."""
    file = io.BytesIO()
    figure.savefig(file, format="png", facecolor="white")
    return file.getvalue()


def _fold(text: Text, room: float) -> None:
    r"""Break the text between words into lines of at most so many inches, where a word is no longer than that."""
    lines = [""]
    for word in text.get_text().split(" "):
        text.set_text(f"{lines[-1]} {word}" if lines[-1] else word)
        if lines[-1] and text.get_window_extent().width > room * text.figure.dpi:
            lines.append(word)
        else:
            lines[-1] = text.get_text()
    text.set_text("\n".join(lines))


def tidy(axes: Axes, grid: bool = True) -> None:
    r"""Leave only the axes' left and lower line, and faint lines across."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, length=3)
    if grid:
        axes.grid(axis="y", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)


def write(figure: Figure, path: str | os.PathLike[str], dpi: int = 150) -> None:
    r"""Write the picture as a PNG file, whole or not at all."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=dpi, facecolor="white")


def as_array(values: Any) -> Any:
    r"""Tensors of any device, arrays and lists as a NumPy array."""
    import numpy as np

    return values.numpy(force=True) if isinstance(values, Tensor) else np.asarray(values)
