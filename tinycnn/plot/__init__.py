r"""Pictures of a training and of what came of it. matplotlib is imported when the first one is drawn.

Each function returns a matplotlib Figure that belongs to no window: a notebook shows it, ``figure.savefig(path)``
writes it, and `write` writes it whole or not at all.
"""

from __future__ import annotations

from tinycnn.plot.canvas import write
from tinycnn.plot.classification import confusion_matrix, mistakes
from tinycnn.plot.history import curves

__all__ = ["confusion_matrix", "curves", "mistakes", "write"]
