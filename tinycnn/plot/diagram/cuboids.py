r"""The activations of a network as solids, in the order of the run (Figure 10)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.plot.diagram.drawing import FAINT, INK, SVG
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.plot.diagram.steps import Step
from tinycnn.plot.diagram.structure import chained, joined
from tinycnn.plot.diagram.tracing import trace

COLOURS = {  # front; the side is darker, the top lighter
    "input": "#cfd4da", "conv": "#f6c667", "pool": "#e0716b", "dense": "#7fb7e6", "softmax": "#b48ad6",
    "norm": "#a9c7f5", "block": "#7cc5b8", "other": "#c9ccd1",
}
NAMES = {"conv": "convolution", "dense": "fully connected", "softmax": "softmax", "block": "block", "norm": "norm"}
TALL, SLANT, GAP = 190.0, 0.32, 7.0  # height of the largest, depth drawn for each pixel of width, between solids
TEXT, LINE_HEIGHT, SPACE, ROW_WIDTH = 12, 15, 16, 1500.0


class Solid(NamedTuple):
    r"""A volume of activations as it is drawn: `thick` along the channels, `high` along H, `deep` along W."""

    step: Step
    thick: float
    high: float
    deep: float


def volumes(model: nn.Module, input_size: Sequence[int] | Tensor, *, title: str = "") -> SVG:
    r"""The activations of a network as solids that shrink in height and width and grow in channels (Figure 10).

    A solid is the result of one layer; its activation and normalization belong to it, and are named in the legend if
    all layers of the kind have them.
    Edges are drawn of a length that grows with H^0.7, W^0.7 and C^0.5, so that 7×7 beside 224×224, and 3 beside 4096
    channels, can still be seen. A layer that is repeated without a change of size gets one text. Where the network
    branches, as in a residual block, the branches are one solid.

    Parameters
    ----------
    model : Module
    input_size : sequence of int, or Tensor      N C H W; or the very input
    title : str                                  the class of the model if left out

    Examples
    --------
    >>> from tinycnn import nn, plot
    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2048, 2))
    >>> plot.volumes(net, (1, 3, 32, 32)).strings[1:]
    ['input', '32×32×3', 'conv', '3×3', '32×32×8', 'max pool', '2×2, /2', '16×16×8', 'fc', '2', ...]
    """
    found = trace(model, input_size)
    steps = joined(chained(found))
    solids = [_solid(step, max(*steps[0].volume[1:], 8)) for step in steps]
    name = title or type(model).__name__
    sheet = SVG(f"{name}: the activations of {len(solids)} layers")
    sheet.text(0, 0, name, 14, bold=True)
    for groups in _rows(_groups(solids)):
        row, x = SVG(""), 0.0
        for group in groups:
            x = _group(row, group, x) + SPACE
        sheet.place(row, 0, sheet.bottom + 14)
    _legend(sheet, steps)
    return sheet


def _solid(step: Step, largest: int) -> Solid:
    c, h, w = step.volume
    return Solid(step, max(1.25 * c**0.5, 3.0), _edge(h, largest), SLANT * _edge(w, largest))


def _edge(pixels: int, largest: int) -> float:
    return max(TALL * float((pixels / largest) ** 0.7), 5.0)


def _groups(solids: Sequence[Solid]) -> list[list[Solid]]:
    r"""Neighbours that are called the same and have the same size."""
    groups: list[list[Solid]] = []
    for solid in solids:
        if groups and _text(groups[-1][-1].step) == _text(solid.step):
            groups[-1].append(solid)
        else:
            groups.append([solid])
    return groups


def _rows(groups: Sequence[list[Solid]]) -> list[list[list[Solid]]]:
    r"""Groups in rows of like length, each no wider than a slide."""
    widths = [_extent(group)[1] + SPACE for group in groups]
    limit = sum(widths) / math.ceil(sum(widths) / ROW_WIDTH) + 60
    rows: list[list[list[Solid]]] = [[]]
    used = 0.0
    for group, width in zip(groups, widths, strict=True):
        if rows[-1] and used + width > limit:
            rows.append([])
            used = 0.0
        rows[-1].append(group)
        used += width
    return rows


def _text(step: Step) -> tuple[str, ...]:
    r"""The lines below a solid: what layer, its kernel and stride, the size; the size says the channels."""
    if step.kind == "dense":
        return "fc", step.size
    if (slides := step.slides()) is None:
        return step.label(), step.size
    kernel, name, more = slides
    return name, ", ".join([kernel, *more]), step.size


def _lines(group: Sequence[Solid]) -> list[str]:
    first, *others = _text(group[0].step)
    return [first if len(group) == 1 else f"{len(group)} × {first}", *others]


def _extent(group: Sequence[Solid]) -> tuple[float, float]:
    r"""How wide neighbours are by themselves, and with their text."""
    long = sum(solid.thick for solid in group) + GAP * (len(group) - 1) + group[-1].deep
    return long, max(long, *(text_width(line, TEXT) for line in _lines(group)))


def _group(sheet: SVG, group: Sequence[Solid], x: float) -> float:
    r"""Draw neighbours one behind the other with one text below; returns where the next may begin."""
    lines = _lines(group)
    long, wide = _extent(group)
    at = x + (wide - long) / 2
    for solid in group:
        draw(sheet, solid, at, solid.high / 2)
        at += solid.thick + GAP
    below = group[0].high / 2 + group[0].deep / 2 + 16
    for i, line in enumerate(lines):
        sheet.text(x + wide / 2, below + LINE_HEIGHT * i, line, TEXT, "middle", fill=FAINT if i else INK)
    return x + wide


def draw(sheet: SVG, solid: Solid, x: float, bottom: float, colour: str = "") -> None:
    r"""A solid whose front is at x; its centre is level with all others'."""
    base = colour or COLOURS.get(solid.step.kind, COLOURS["other"])
    d, rise = solid.deep, solid.deep
    low, high = bottom + rise / 2, bottom - solid.high + rise / 2
    right = x + solid.thick
    tip = solid.step.facts()
    top = [(x, high), (x + d, high - rise), (right + d, high - rise), (right, high)]
    side = [(right, high), (right + d, high - rise), (right + d, low - rise), (right, low)]
    sheet.polygon(top, mixed(base, "#ffffff", 0.35), tip=tip)
    sheet.polygon(side, mixed(base, "#000000", 0.22), tip=tip)
    sheet.box(x, high, solid.thick, solid.high, solid.step.kind, fill=base, tip=tip, round=0)


def mixed(colour: str, other: str, share: float) -> str:
    r"""A colour with a share of another in it.

    Examples
    --------
    >>> mixed("#204060", "#ffffff", 0.5)
    '#90a0b0'
    """
    pairs = zip(*([int(text[i:i + 2], 16) for i in (1, 3, 5)] for text in (colour, other)), strict=True)
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


def _legend(sheet: SVG, steps: Sequence[Step]) -> None:
    y, x = sheet.bottom + 22, 0.0
    for kind in dict.fromkeys(step.kind for step in steps if step.kind != "input"):
        mine = [step for step in steps if step.kind == kind]
        ends = [[part.label() for part in step.followers if part.kind != "shape"] for step in mine]
        after = dict.fromkeys(label for label in ends[0] if all(label in end for end in ends))
        name = NAMES.get(kind) or mine[0].label()
        if kind == "pool":
            kinds = ("max pooling" if "max" in step.label() else "average pooling" for step in mine)
            name = " / ".join(dict.fromkeys(kinds))
        text = " + ".join([name, *after])
        sheet.box(x, y, 12, 12, "legend", fill=COLOURS.get(kind, COLOURS["other"]), round=2)
        sheet.text(x + 17, y + 10, text, TEXT)
        x += 17 + text_width(text, TEXT) + 20
