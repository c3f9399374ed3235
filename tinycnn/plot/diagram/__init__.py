r"""Diagrams drawn from the objects themselves, as SVG: networks, blocks, the autograd graph.

A model is run once on an input of the size that is asked for, and recorded as for the tables (`tables.recording`). What
is drawn is what ran: the module tree says which ops are one layer (`tables.grouping`), the recorded graph what was
connected with what and how large it was. Layers become steps (`tracing`, `steps`), steps chains, blocks, shortcuts and
gates (`structure`), and these the pictures, a file each.
"""

from __future__ import annotations

from tinycnn.plot.diagram.averaging import normalization_axes
from tinycnn.plot.diagram.blocks import block
from tinycnn.plot.diagram.chains import chain
from tinycnn.plot.diagram.cuboids import volumes
from tinycnn.plot.diagram.drawing import SVG
from tinycnn.plot.diagram.evolution import compare_blocks
from tinycnn.plot.diagram.gating import squeeze_excitation
from tinycnn.plot.diagram.graphs import graph
from tinycnn.plot.diagram.stacks import columns
from tinycnn.plot.diagram.towers import towers

__all__ = [
    "SVG", "block", "chain", "columns", "compare_blocks", "graph", "normalization_axes", "squeeze_excitation",
    "towers", "volumes",
]
