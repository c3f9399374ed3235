r"""The pictures a training leaves in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn import plot
from tinycnn._tensor import Tensor
from tinycnn.ops.logits import softmax
from tinycnn.train.metrics import confusion_matrix
from tinycnn.train.run_folder import RunFolder
from tinycnn.train.trainer import Batches, EpochRecord, Trainer


def draw_pictures(
    folder: RunFolder,
    records: Sequence[EpochRecord],
    trainer: Trainer,
    batches: Batches,
    images: Any,
    classes: Sequence[str],
) -> str | None:
    r"""Draw curves.png, confusion.png and mistakes.png; returns why not, if matplotlib cannot be imported.

    Parameters
    ----------
    batches : batches of the test images, in the order of `images`
    images : Tensor, (N, C, H, W)
    classes : their names
    """
    logits, targets = trainer.predict(batches)
    return draw_outcome(folder, records, logits, targets, images, classes)


def draw_outcome(
    folder: RunFolder,
    records: Sequence[EpochRecord],
    logits: Tensor,
    targets: Tensor,
    images: Any,
    classes: Sequence[str],
    tested: str = "test images",
    judged_by: str = "test images",
    kept: int | None = None,
) -> str | None:
    r"""The same of logits that are there already.

    Parameters
    ----------
    tested : str         what the images are
    judged_by : str      what the test figures of the records are of
    kept : int or None   the epoch whose logits they are, if it was chosen
    """
    counts = confusion_matrix(logits.argmax(1), targets, len(classes))
    try:
        figures = {
            "curves.png": plot.curves(records, tested=judged_by, kept=kept),
            "confusion.png": plot.confusion_matrix(counts, classes),
            "mistakes.png": plot.mistakes(images, targets, softmax(logits, 1), classes, tested),
        }
    except ImportError as error:
        return f"matplotlib cannot be imported: {error}"
    for name, figure in figures.items():
        plot.write(figure, folder.file(name))
    return None
