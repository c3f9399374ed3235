r"""Models in tables: torchinfo's summary, the lecture's table of layers, and what a model costs."""

from __future__ import annotations

from tinycnn.tables.geometry_table import LayerRow, LayerTable, layer_table
from tinycnn.tables.layers import LayerRecord
from tinycnn.tables.measuring import Measure, measure
from tinycnn.tables.statistics import ModelStatistics
from tinycnn.tables.summarizing import summary

__all__ = [
    "LayerRecord", "LayerRow", "LayerTable", "Measure", "ModelStatistics", "layer_table", "measure", "summary",
]
