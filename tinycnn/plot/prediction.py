r"""A photograph beside the classes that a network takes it for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.errors import ShapeError
from tinycnn.plot.canvas import FAINT, INK, TEST, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TRACK = "#eeeeee"
_MOST_PIXELS = 1000  # a side; more would not be seen
_HEIGHT, _BARS = 3.4, 4.6  # inches: of the photograph, and of the names with their bars


def top_classes(photo: Any, names: Sequence[str], probabilities: Sequence[float], title: str = "") -> Figure:
    r"""The photograph, and to its right a bar for each of the likeliest classes.

    Parameters
    ----------
    photo : PIL.Image.Image
    names : sequence of str            the likeliest first
    probabilities : sequence of float

    Raises
    ------
    ShapeError    there are not as many names as probabilities, or none
    """
    if len(names) != len(probabilities) or not names:
        raise ShapeError(f"top_classes: {len(names)} names for {len(probabilities)} probabilities")
    photo = photo.convert("RGB")
    photo.thumbnail((_MOST_PIXELS, _MOST_PIXELS))
    breadth = min(max(_HEIGHT * photo.width / photo.height, 1.6), 6.0)
    height = max(_HEIGHT, 0.5 * len(names)) + (0.9 if title else 0.4)
    figure = new_figure(breadth + _BARS + 0.5, height, title.replace("$", r"\$"))  # dollars are no formulas here
    left, right = figure.subplots(1, 2, width_ratios=(breadth, _BARS))
    left.imshow(np.asarray(photo))
    left.set_xticks([])
    left.set_yticks([])
    for spine in left.spines.values():
        spine.set_color(FAINT)
    places = range(len(names))
    right.barh(places, 1, color=_TRACK, height=0.28)  # how long a certainty would be
    right.barh(places, probabilities, color=[TEST, *[FAINT] * (len(names) - 1)], height=0.28)
    for place, (name, p) in enumerate(zip(names, probabilities, strict=True)):
        right.text(0, place - 0.22, _shortened(name), va="bottom", fontsize=11, color=INK, parse_math=False,
                   fontweight="bold" if place == 0 else "normal")
        right.text(1.03, place, f"{100 * p:.1f} %", va="center", fontsize=10, color=INK)
    right.set_ylim(len(names) - 0.5, -0.75)
    right.set_xlim(0, 1.2)
    right.set_xticks([])
    right.set_yticks([])
    tidy(right, grid=False)
    for side in ("left", "bottom"):
        right.spines[side].set_visible(False)
    return figure


def _shortened(name: str) -> str:
    return name if len(name) <= 44 else name[:43] + "…"
