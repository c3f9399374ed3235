r"""What a classifier makes of the test images: the confusion matrix, and the images it gets wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.data import Dataset
from tinycnn.errors import ShapeError, explain
from tinycnn.plot.canvas import FAINT, INK, RIGHT, WRONG, as_array, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NUMBERS = 30   # classes up to which every count is written into its cell
MOST_MISTAKES = 20  # images in one picture
MOST_BARS = 10      # probabilities beside an image
_PANEL = 1.45       # inches, the side of an image and of its bars


def confusion_matrix(matrix: Any, classes: Sequence[str] | None = None, title: str = "") -> Figure:
    r"""Which class was taken for which: the right ones on the diagonal in blue, the mistakes in red.

    Parameters
    ----------
    matrix : Tensor, array or list, (K, K), int      row: the true class; column: the predicted one
    classes : sequence of str or None                their names; numbers from 0 if None

    Raises
    ------
    ShapeError    the matrix is not square, or there are not K names
    """
    counts = as_array(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ShapeError(f"confusion_matrix: the matrix must be K×K for K classes, but its shape is {counts.shape}")
    k = len(counts)
    names = [str(i) for i in range(k)] if classes is None else list(classes)
    if len(names) != k:
        raise ShapeError(f"confusion_matrix: {k} classes have {len(names)} names")
    total, right = int(counts.sum()), int(np.trace(counts))
    share = f": {right} of {total} right, {100 * right / total:.2f} %" if total else ""
    side = min(12.0, 2.6 + 0.52 * k)
    figure = new_figure(max(5.4, side), max(5.4, side) + 0.2, title or f"Confusion matrix{share}")
    axes = figure.subplots()
    axes.imshow(_colours(counts), interpolation="nearest")
    if k <= MOST_NUMBERS:
        for i, j in np.ndindex(k, k):
            if counts[i, j]:
                strong = counts[i, j] > 0.5 * (counts[i].sum() if i == j else _worst(counts))
                axes.text(j, i, str(counts[i, j]), ha="center", va="center", color="white" if strong else INK,
                          fontsize=11 if k <= 12 else 8)
    axes.set_xticks(range(k), names)
    axes.set_yticks(range(k), names)
    if max(map(len, names)) > 3:
        axes.tick_params(axis="x", labelrotation=90)
    axes.set_xlabel("predicted class", color=INK)
    axes.set_ylabel("true class", color=INK)
    axes.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0, colors=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _worst(counts: Any) -> int:
    r"""The largest number off the diagonal."""
    return int((counts - np.diag(np.diag(counts))).max(initial=0))


def _colours(counts: Any) -> Any:
    r"""A colour a cell, (K, K, 3): blue on the diagonal by the share of its row, red elsewhere by the count."""
    empty, blue, red = (np.array(rgb) / 255 for rgb in ((244, 244, 244), (33, 102, 172), (178, 24, 43)))
    rows = counts.sum(axis=1, keepdims=True)
    strength = np.where(counts > 0, 0.2 + 0.8 * counts / max(_worst(counts), 1), 0.0)
    on_diagonal = np.eye(len(counts), dtype=bool)
    strength[on_diagonal] = (counts / np.maximum(rows, 1))[on_diagonal]
    colour = np.where(on_diagonal[..., None], blue, red)
    return empty + strength[..., None].clip(0, 1) * (colour - empty)


def mistakes(
    images: Any, targets: Any, probabilities: Any, classes: Sequence[str] | None = None, tested: str = "test images"
) -> Figure:
    r"""The wrongly classified images, surest mistake first, each beside the probabilities the classifier gave.

    Where nothing is wrong, it shows the images about which the classifier was least sure.

    Parameters
    ----------
    images : Tensor, array or list, (N, C, H, W), float      C is 1 for grey and 3 for colour; values in [0, 1]. Or a
                                                             Dataset of images, which fetches those that are shown
    targets : Tensor, array or list, (N,), int               true classes
    probabilities : Tensor, array or list, (N, K), float
    classes : sequence of str or None                        their names; numbers from 0 if None
    tested : str                                             what the images are called

    Raises
    ------
    ShapeError    the shapes do not fit each other
    """
    pixels: Any = images if isinstance(images, Dataset) else as_array(images)
    truth, chances = as_array(targets), as_array(probabilities)
    shape = (len(pixels), "C", "H", "W") if isinstance(images, Dataset) else pixels.shape
    if len(shape) != 4 or chances.ndim != 2 or not shape[:1] == truth.shape == chances.shape[:1]:
        raise ShapeError(explain(
            "mistakes: every image needs its class and its row of probabilities",
            {"images N C H W": shape, "targets N": truth.shape, "probabilities N K": chances.shape},
        ))
    names = [str(i) for i in range(chances.shape[1])] if classes is None else [_shortened(name) for name in classes]
    sureness = chances.max(axis=1)
    wrong = np.flatnonzero(chances.argmax(axis=1) != truth)
    shown = wrong[np.argsort(-sureness[wrong], kind="stable")][:MOST_MISTAKES]
    title = f"{len(wrong)} of {len(truth)} {tested} are classified wrongly"
    if len(wrong) > len(shown):
        title += f"; the {len(shown)} surest mistakes"
    if not len(wrong):
        shown = np.argsort(sureness, kind="stable")[:4]
        title = f"All {len(truth)} {tested} are classified correctly; the least sure ones"
    columns = min(4, len(shown))
    rows = math.ceil(len(shown) / columns)
    # every axes is put into its place by hand: a layout engine takes seconds over forty of them
    label = 0.07 * max(0, max(map(len, names)) - 3)  # what longer names need to the left of the bars
    pitch = 3.7 + label
    figure = new_figure(pitch * max(columns, 2), 1.95 * rows + 0.6, title, arranged=False)
    width, height = figure.get_size_inches()
    for place, n in enumerate(shown):
        x, y = 0.25 + pitch * (place % columns), height - 2.4 - 1.95 * (place // columns)
        size = _PANEL / width, _PANEL / height
        panel = [figure.add_axes((at / width, y / height, *size)) for at in (x, x + 1.75 + label)]
        _mistake(panel, as_array(pixels[int(n)]), int(truth[n]), chances[n], names, label / _PANEL)
    return figure


def _shortened(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"


def _mistake(panel: list[Axes], image: Any, target: int, chances: Any, names: list[str], indent: float) -> None:
    left, right = panel
    if len(image) == 3:
        left.imshow(image.transpose(1, 2, 0).clip(0, 1), interpolation="nearest")
    else:
        left.imshow(image[0], cmap="gray_r", interpolation="nearest")
    left.set_xticks([])
    left.set_yticks([])
    for spine in left.spines.values():
        spine.set_color(FAINT)
    guess = int(chances.argmax())
    left.set_title(f"a {names[target]}" if len(names[target]) == 1 else names[target], color=RIGHT, fontsize=11)
    right.set_title(f"taken for {names[guess]}", color=RIGHT if guess == target else WRONG, fontsize=11, loc="left",
                    x=-indent)
    _bars(right, target, guess, chances, names)


def _bars(axes: Axes, target: int, guess: int, chances: Any, names: list[str]) -> None:
    order = np.arange(len(chances))
    if len(order) > MOST_BARS:  # the likeliest, and the true one whichever place it takes
        order = np.argsort(-chances, kind="stable")[:MOST_BARS]
        if target not in order:
            order[-1] = target
    colours = [RIGHT if k == target else WRONG if k == guess else FAINT for k in order]
    axes.barh(range(len(order)), chances[order], color=colours, height=0.75)
    for place, k in enumerate(order):
        if k in (target, guess):
            axes.text(chances[k] + 0.02, place, f"{100 * chances[k]:.1f} %", va="center", fontsize=8, color=INK)
    axes.set_yticks(range(len(order)), [names[k] for k in order], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.3)
    axes.set_xticks([])
    tidy(axes, grid=False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=0)
