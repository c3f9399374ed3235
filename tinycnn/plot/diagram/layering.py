r"""Places for the nodes of a directed acyclic graph: rows, an order in each row with few crossings, positions.

The method of Sugiyama, Tagawa and Toda (1981), "Methods for visual understanding of hierarchical system structures":
an edge over several rows goes through a place of its own in each, so that lines keep clear of boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Edge = tuple[int, int]

Pulls = list[tuple[int, float]]

SWEEPS, GAP, BEND = 10, 16.0, 12.0  # BEND: the width kept free for a line


def rows_of(count: int, edges: Sequence[Edge]) -> list[int]:
    r"""For every node its row: right above the highest of those it leads to; the last nodes stand at the bottom.

    Nodes are numbered so that edges lead from a smaller number to a larger one.
    """
    up = [0] * count
    for a, b in sorted(edges, key=lambda edge: -edge[1]):
        up[a] = max(up[a], up[b] + 1)
    deepest = max(up, default=0)
    return [deepest - height for height in up]


def routed(rows: Sequence[int], edges: Sequence[Edge]) -> tuple[list[int], list[list[int]]]:
    r"""The rows with those of the bends added behind them, and for every edge the nodes and bends it passes."""
    rows = list(rows)
    ways = []
    for a, b in edges:
        bends = range(len(rows), len(rows) + rows[b] - rows[a] - 1)
        rows += range(rows[a] + 1, rows[b])
        ways.append([a, *bends, b])
    return rows, ways


def positions(
    rows: Sequence[int], ways: Sequence[Sequence[int]], widths: Sequence[float], pulls: Sequence[float]
) -> list[float]:
    r"""The x of the middle of every node and bend: neighbours in a row do not overlap, lines are short and straight.

    `pulls` says of every way how much it wants to be straight.
    """
    above: list[Pulls] = [[] for _ in rows]
    below: list[Pulls] = [[] for _ in rows]
    for way, pull in zip(ways, pulls, strict=True):
        for a, b in pairwise(way):
            below[a].append((b, pull))
            above[b].append((a, pull))
    layers: list[list[int]] = [[] for _ in range(max(rows, default=-1) + 1)]
    for node, row in enumerate(rows):
        layers[row].append(node)
    x = [0.0] * len(rows)
    for layer in layers:
        _put(layer, [0.0] * len(layer), widths, x, [1.0] * len(layer))
    for sweep in range(SWEEPS):
        for neighbours, order in ((above, layers), (below, layers[::-1])):
            for layer in order:
                wanted = {node: _mean(neighbours[node], x, x[node]) for node in layer}
                if sweep < SWEEPS // 2:  # the later sweeps keep the order and straighten the lines
                    layer.sort(key=wanted.__getitem__)
                weights = [sum(pull for _, pull in neighbours[node]) or 0.1 for node in layer]
                _put(layer, [wanted[node] for node in layer], widths, x, weights)
    return x


def _mean(neighbours: Pulls, x: Sequence[float], own: float) -> float:
    pull = sum(weight for _, weight in neighbours)
    return sum(weight * x[node] for node, weight in neighbours) / pull if pull else own


def _put(layer: Sequence[int], wanted: Sequence[float], widths: Sequence[float], x: list[float],
         weights: Sequence[float]) -> None:
    r"""The places nearest to the wanted ones, Σ weight·(x − wanted)² least, with the order and the distances kept.

    With the widths taken off, this is isotonic regression: neighbours in the wrong order are put at their mean.
    """
    offset, offsets = 0.0, []
    for before, node in zip([None, *layer], layer, strict=False):
        offset += 0.0 if before is None else (widths[before] + widths[node]) / 2 + GAP
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for want, off, weight in zip(wanted, offsets, weights, strict=True):
        mean, many = want - off, 1
        while pools and pools[-1][0] > mean:
            earlier, heavy, others = pools.pop()
            mean = (mean * weight + earlier * heavy) / (weight + heavy)
            weight, many = weight + heavy, many + others
        pools.append((mean, weight, many))
    flat = [mean for mean, _, many in pools for _ in range(many)]
    for node, mean, off in zip(layer, flat, offsets, strict=True):
        x[node] = mean + off
