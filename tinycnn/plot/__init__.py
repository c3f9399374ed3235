r"""Pictures of a training and of what came of it. matplotlib is imported when the first one is drawn.

Each function returns a matplotlib Figure that belongs to no window: a notebook shows it, ``figure.savefig(path)``
writes it, and `write` writes it whole or not at all.
"""

from __future__ import annotations

from tinycnn.plot.canvas import write
from tinycnn.plot.classification import confusion_matrix, mistakes
from tinycnn.plot.costs import comparison
from tinycnn.plot.diagram import SVG, block, columns
from tinycnn.plot.history import curves
from tinycnn.plot.kernels import filters
from tinycnn.plot.learning import few_examples
from tinycnn.plot.maps import activations
from tinycnn.plot.saliency import ClassActivation, class_activation, grad_cam

__all__ = [
    "SVG",
    "ClassActivation",
    "activations",
    "block",
    "class_activation",
    "columns",
    "comparison",
    "confusion_matrix",
    "curves",
    "few_examples",
    "filters",
    "grad_cam",
    "mistakes",
    "write",
]
