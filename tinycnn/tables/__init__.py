r"""Models in tables: torchinfo's summary, the lecture's table of layers, and what a model costs."""

from __future__ import annotations

from tinycnn.tables.layers import LayerRecord
from tinycnn.tables.measuring import Measure, measure

__all__ = ["LayerRecord", "Measure", "measure"]
