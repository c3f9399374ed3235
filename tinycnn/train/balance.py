r"""Classes of unequal size: weights for the loss, balanced accuracy, and how well each class is told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.conversion import tensor


class ClassReport(NamedTuple):
    r"""How well one class is told from the others; NaN where there is nothing to divide by."""

    name: str
    images: int
    precision: float  #: of the images taken for it, the share that are of it
    recall: float  #: of its images, the share that are taken for it


def class_weights(targets: Sequence[int], num_classes: int) -> Tensor:
    r"""Weights for `cross_entropy` that let each class count the same, however many images it has.

        wₖ = N / (K nₖ)          Σₙ w[tₙ] = N

    A class without images weighs nothing.

    Examples
    --------
    >>> class_weights([0, 0, 0, 1], 2)
    tensor([0.6667, 2.0000])
    """
    counts = np.bincount(np.asarray(targets, dtype=np.int64), minlength=num_classes)
    weights = np.where(counts > 0, len(targets) / (num_classes * np.maximum(counts, 1)), 0.0)
    return tensor(weights.tolist())


def balanced_accuracy(matrix: Any) -> float:
    r"""The mean recall of the classes that there are images of; chance is 1/K, whatever the classes' sizes.

    Parameters
    ----------
    matrix : array, (K, K), int      a confusion matrix, the true class by row

    Examples
    --------
    Whoever calls all 100 images empty is right 96 times and has understood nothing:

    >>> balanced_accuracy([[96, 0], [4, 0]])
    0.5
    """
    counts = np.asarray(matrix)
    images = counts.sum(axis=1)
    return float((np.diag(counts) / np.maximum(images, 1))[images > 0].mean())


def class_reports(matrix: Any, classes: Sequence[str]) -> list[ClassReport]:
    r"""Precision and recall of each class.

    Examples
    --------
    >>> class_reports([[3, 1], [0, 4]], ["deer", "fox"])[1]
    ClassReport(name='fox', images=4, precision=0.8, recall=1.0)
    """
    counts = np.asarray(matrix)
    right, images, taken = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return [
        ClassReport(name, int(n), *(float(right[k]) / int(m) if m else float("nan") for m in (taken[k], n)))
        for k, (name, n) in enumerate(zip(classes, images, strict=True))
    ]


def report_table(reports: Sequence[ClassReport]) -> str:
    r"""The reports in lines.

    Examples
    --------
    >>> print(report_table([ClassReport("deer", 40, 0.9, 0.75), ClassReport("fox", 3, float("nan"), 0.0)]))
    class   images   precision    recall
    deer        40      90.0 %    75.0 %
    fox          3         –       0.0 %
    """
    width = max(5, *(len(report.name) for report in reports))
    lines = [f"{'class':<{width}}  images   precision    recall"]
    for name, images, *shares in reports:
        precision, recall = (f"{100 * share:.1f} %" if share == share else "–  " for share in shares)
        lines.append(f"{name:<{width}}  {images:6d}   {precision:>9}  {recall:>8}")
    return "\n".join(lines)
