r"""Images with labels, as datasets: the embedded handwritten digits, and a table of one's own."""

from __future__ import annotations

from .digits import Digits
from .tables import TableDataset

__all__ = ["Digits", "TableDataset"]
