r"""Pictures of a training and what came of it, and diagrams of networks. matplotlib is imported when first drawn with.

Charts are matplotlib Figures that belong to no window: a notebook shows them, ``figure.savefig(path)`` writes them, and
`write` writes them whole or not at all. Diagrams are `SVG` documents: ``picture.save(path)``.
"""

from __future__ import annotations

from tinycnn.plot.canvas import write
from tinycnn.plot.classification import confusion_matrix, mistakes
from tinycnn.plot.costs import comparison
from tinycnn.plot.diagram import (
    SVG,
    block,
    chain,
    columns,
    compare_blocks,
    graph,
    normalization_axes,
    squeeze_excitation,
    towers,
    volumes,
)
from tinycnn.plot.history import curves
from tinycnn.plot.imagenet import imagenet_years
from tinycnn.plot.kernels import filters
from tinycnn.plot.learning import few_examples
from tinycnn.plot.maps import activations
from tinycnn.plot.probabilities import distributions, softmax
from tinycnn.plot.relief import landscapes
from tinycnn.plot.saliency import ClassActivation, class_activation, grad_cam

__all__ = [
    "SVG",
    "ClassActivation",
    "activations",
    "block",
    "chain",
    "class_activation",
    "columns",
    "compare_blocks",
    "comparison",
    "confusion_matrix",
    "curves",
    "distributions",
    "few_examples",
    "filters",
    "grad_cam",
    "graph",
    "imagenet_years",
    "landscapes",
    "mistakes",
    "normalization_axes",
    "softmax",
    "squeeze_excitation",
    "towers",
    "volumes",
    "write",
]
