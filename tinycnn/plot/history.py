r"""How a training went: loss and accuracy over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn.errors import ShapeError
from tinycnn.plot.canvas import FAINT, INK, TEST, TRAIN, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def curves(
    records: Sequence[Any], title: str = "How the training went", tested: str = "test images", kept: int | None = None
) -> Figure:
    r"""Loss, on a logarithmic scale, and accuracy, for training and test images.

    Parameters
    ----------
    records : sequence of train.EpochRecord, or of anything with its attributes, an epoch each
    tested : str      what the test figures are of
    kept : int or None
        The epoch whose weights were kept, to be marked and named in the title.

    Raises
    ------
    ShapeError    there is no record

    Examples
    --------
    >>> from tinycnn.train import EpochRecord
    >>> figure = curves([EpochRecord(1, 0.9, 0.7, 0.5, 0.85, 0.4), EpochRecord(2, 0.4, 0.9, 0.3, 0.91, 0.4)])
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Cross-entropy loss in nats', 'Accuracy in %']
    """
    if not records:
        raise ShapeError("curves: there is no epoch to draw")
    figure = new_figure(11, 4.6, title if kept is None else f"{title}; epoch {kept} is kept")
    left, right = figure.subplots(1, 2)
    epochs = [record.epoch for record in records]
    _pair(left, epochs, [r.train_loss for r in records], [r.test_loss for r in records], "{:.3f}", tested)
    left.set_yscale("log")
    least, most = left.get_ylim()
    left.yaxis.set_major_formatter("{x:g}")  # 0.1, and between the powers of ten 0.2 and 0.5, if these are few
    left.yaxis.set_minor_formatter(lambda x, _: f"{x:g}" if f"{x:.0e}"[0] in "25" and most < 100 * least else "")
    left.set_title("Cross-entropy loss in nats", loc="left", fontsize=11, color=INK)
    learnt, judged = [100 * r.train_accuracy for r in records], [100 * r.test_accuracy for r in records]
    _pair(right, epochs, learnt, judged, "{:.2f} %", tested)
    right.set_title("Accuracy in %", loc="left", fontsize=11, color=INK)
    for axes in (left, right) if kept is not None else ():
        axes.axvline(kept, color=FAINT, linewidth=1, linestyle=(0, (2, 2)))
    # the interesting part is the top: the first epochs may leave the picture
    late = [value for line in (learnt, judged) for value in line[len(line) // 5:]]
    right.set_ylim(max(0.0, min(late) - 0.3 * (100 - min(late)) - 0.5), 100.5)
    return figure


def _pair(axes: Axes, epochs: list[int], train: list[float], test: list[float], form: str, tested: str) -> None:
    from matplotlib.ticker import MaxNLocator

    few = len(epochs) < 3
    for values, colour, name in ((train, TRAIN, "training images"), (test, TEST, tested)):
        axes.plot(epochs, values, color=colour, linewidth=2, marker="o" if few else None,
                  label=f"{name}: {form.format(values[-1])}")
    axes.set_xlabel("epoch", color=INK)
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    legend = axes.legend(
        facecolor="white", edgecolor="none", framealpha=1, labelcolor="linecolor", alignment="left",
        title="after the last epoch", title_fontproperties={"size": 9},
    )
    legend.get_title().set_color(FAINT)
    tidy(axes)
