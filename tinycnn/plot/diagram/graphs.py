r"""The autograd graph of a tensor: every recorded op, and the leaves that gradients go to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tinycnn._tensor import Tensor
from tinycnn.autograd import Op
from tinycnn.errors import ArgumentError, ConfigError, GraphError, described, explain
from tinycnn.plot.diagram.drawing import FAINT, SVG
from tinycnn.plot.diagram.layering import BEND, positions, routed, rows_of
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.plot.diagram.steps import dims
from tinycnn.tables.recording import behind

MOST = 2000                      # nodes in one picture
ROW, BOX = 62.0, 34.0


class Node(NamedTuple):
    r"""An op, or a leaf, as it is drawn."""

    name: str
    shape: tuple[int, ...]
    kind: str
    tip: str


def graph(tensor: Tensor, params: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]] | None = None, *,
          title: str = "") -> SVG:
    r"""The recorded graph behind a tensor: ops as boxes, leaves with their shapes, arrows the way values went.

    ``backward()`` goes the arrows backwards, and leaves gradients in the leaves. An op is called as in error messages
    and in ``grad_fn``; below its name stands the shape of its result. What requires no gradient is not recorded.

    Parameters
    ----------
    tensor : Tensor
    params : mapping or pairs of names and tensors, optional
        Names for leaves, as ``model.named_parameters()`` or a dict has them.
    title : str

    Raises
    ------
    GraphError     nothing is recorded behind the tensor
    ConfigError    there are more than 2000 nodes, which nobody could read

    Examples
    --------
    >>> import tinycnn as torch
    >>> from tinycnn import plot
    >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> plot.graph((w * w).sum(), {"w": w}).strings
    ['w', '2', 'Mul', '2', 'Sum', 'scalar']
    """
    if not isinstance(tensor, Tensor):
        raise ArgumentError(f"graph: the graph is that of a Tensor, not of {described(tensor)}")
    if not tensor.requires_grad:
        raise GraphError(explain(
            "graph: nothing was recorded behind this tensor: it requires no gradient", {"shape": tuple(tensor.shape)},
            "was it computed in no_grad(), detached, or made of tensors without requires_grad?",
        ))
    nodes, edges = _collected(tensor, _names(params))
    rows, ways = routed(rows_of(len(nodes), edges), edges)
    widths = [_width(node) for node in nodes] + [BEND] * (len(rows) - len(nodes))
    # ops that lead from the input to the result in one line, parameters beside them, detours outside
    pulls = [1.0 if nodes[way[0]].kind == "leaf" else 10.0 if len(way) == 2 else 2.0 for way in ways]
    x = positions(rows, ways, widths, pulls)
    ops = sum(node.kind != "leaf" for node in nodes)
    sheet = SVG(title or f"Autograd graph: {ops} ops, {len(nodes) - ops} leaves")
    if title:
        sheet.text(min(at - wide / 2 for at, wide in zip(x, widths, strict=True)), -16, title, 14, bold=True)
    for way in ways:
        sheet.line(_line(way, x, rows))
    for node, at, row, wide in zip(nodes, x, rows, widths, strict=False):
        corner = BOX / 2 if node.kind == "leaf" else 4
        box = sheet.box(at - wide / 2, row * ROW, wide, BOX, node.kind, tip=node.tip, round=corner)
        sheet.text(at, row * ROW + 14, node.name, 11, "middle", within=box)
        sheet.text(at, row * ROW + 27, dims(node.shape), 9, "middle", fill=FAINT, within=box)
    return sheet


def _names(params: Any) -> dict[int, str]:
    try:
        pairs = list(params.items() if isinstance(params, Mapping) else params or ())
        if any(not isinstance(leaf, Tensor) for _, leaf in pairs):
            raise TypeError
    except (TypeError, ValueError):
        raise ArgumentError(
            "graph: params must be names and tensors, such as model.named_parameters() or {'w': w}, not"
            f" {described(params)}"
        ) from None
    return {id(leaf): str(name) for name, leaf in pairs}


def _collected(tensor: Tensor, names: Mapping[int, str]) -> tuple[list[Node], list[tuple[int, int]]]:
    r"""Nodes from the oldest to the youngest, and the edges between them."""
    if tensor.grad_fn is None:
        return [_leaf(tensor, names)], []
    ordered = sorted(behind([tensor.grad_fn], 0, set()), key=lambda op: op.serial)
    ends = [edge[0] for op in ordered for edge in op.edges if edge is not None]
    leaves = {id(end): end for end in ends if not isinstance(end, Op)}
    count = len(ordered) + len(leaves)
    if count > MOST:
        raise ConfigError(explain(
            f"graph: {count} nodes are more than a picture can show", {"most": MOST},
            "draw the graph of a part: of one block's output, or of a loss with fewer steps behind it",
        ))
    place = {key: n for n, key in enumerate([*leaves, *map(id, ordered)])}
    nodes = [_leaf(leaf, names) for leaf in leaves.values()] + [_op(op, op is tensor.grad_fn) for op in ordered]
    edges = [(place[id(edge[0])], place[id(op)]) for op in ordered for edge in op.edges if edge is not None]
    return nodes, list(dict.fromkeys(edges))


def _leaf(leaf: Tensor, names: Mapping[int, str]) -> Node:
    name = names.get(id(leaf), "parameter" if type(leaf).__name__ == "Parameter" else "leaf")
    return Node(name, tuple(leaf.shape), "leaf", f"{name}: {dims(tuple(leaf.shape))}, {leaf.dtype}")


def _op(op: Op, last: bool) -> Node:
    taken = ", ".join(dims(tuple(shape)) if shape is not None else "number" for shape in op.shapes)
    shape = tuple(op.like[0][0])
    return Node(op.name, shape, "output" if last else "op", f"{op!r}\n{taken} → {dims(shape)}")


def _width(node: Node) -> float:
    return max(64.0, text_width(node.name, 11) + 18, text_width(dims(node.shape), 9) + 18)


def _line(way: list[int], x: list[float], rows: list[int]) -> list[tuple[float, float]]:
    r"""From the lower edge of a box to the upper edge of another, upright through the rows in between."""
    points = [(x[way[0]], rows[way[0]] * ROW + BOX)]
    for bend in way[1:-1]:
        points += [(x[bend], rows[bend] * ROW - 4), (x[bend], rows[bend] * ROW + BOX + 4)]
    end = (x[way[-1]], rows[way[-1]] * ROW)
    return [*points, (end[0], end[1] - 9), end] if len(points) > 1 or abs(points[0][0] - end[0]) > 1 else [*points, end]
