r"""Networks side by side as columns of layers, with their shortcuts as arcs (Figure 15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.plot.diagram.drawing import FAINT, GRID, INK, SVG
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.plot.diagram.steps import Step, times
from tinycnn.plot.diagram.structure import Ear, ears, gates, joined, lanes, replaced, spine
from tinycnn.plot.diagram.tracing import Trace, names_for, trace
from tinycnn.tables.recording import Call

HEIGHT, GAP, SIZE = 16, 11, 9.5      # of a box, to the next one, of its text
BULGE, LANE = 20.0, 12.0             # how far arcs reach beside the boxes: the innermost, every further one
STAGES = ("#e4d4f0", "#cfe8cf", "#f9d0c9", "#cfe0f7", "#fde3b4", "#d2ecec", "#f3d3e4")
Size = tuple[int, int]
Band = tuple[int, int]  # in their order


class Column(NamedTuple):
    r"""A network: its steps, those on the longest path that have a box, and what runs beside it."""

    name: str
    about: str  # what the boxes do not say: the classes of its blocks and of the norms
    steps: list[Step]
    boxes: list[int]
    loops: list[Ear]
    width: float

    def sizes(self) -> list[Size]:
        r"""Height and width behind every box."""
        return [self.steps[i].volume[1:] for i in self.boxes]

    def bands(self, by_size: bool) -> list[Band]:
        r"""The band of every box: that of its size, or else its number among the runs of boxes of one size."""
        sizes = self.sizes()
        runs = [0]
        for before, after in pairwise(sizes):
            runs.append(runs[-1] + (before != after))
        return [(-h, -w) for h, w in sizes] if by_size else [(run, 0) for run in runs]


def columns(*models: nn.Module, input_size: Sequence[int] | Tensor, names: Sequence[str] | None = None) -> SVG:
    r"""Networks as columns of layers side by side, level where their activations are of one size (Figure 15).

    Every layer on the longest way through a network is a box, repeated ones too: kernel, kind, channels and stride as
    they ran; normalization and activation belong to the layer before them. Below the title stand the classes of the
    blocks and of these norms; a norm behind the activation is a box. Shortcuts are arcs: a line where the
    identity is added, dotted where the shape changes on the way, by a projection or by padding. The colours are those
    of the sizes, which stand at the left.

    Parameters
    ----------
    *models : Module
    input_size : sequence of int, or Tensor      N C H W, the same for all
    names : sequence of str, optional            titles; by default the class and the number of layers with weights

    Raises
    ------
    ArgumentError    no model, or not one name for each

    References
    ----------
    He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition", figure 3.

    Examples
    --------
    >>> from tinycnn import models, plot
    >>> picture = plot.columns(models.plain20(), models.resnet20(), input_size=(1, 3, 32, 32))
    >>> len([arc for arc in picture.arcs if arc.kind == "shortcut"])       # three stages of three blocks
    9
    """
    named = zip(models, names_for("columns", models, names), strict=True)
    drawn = [_column(model, input_size, name) for model, name in named]
    sheet = SVG("Layers of " + ", ".join(column.name for column in drawn))
    by_size = all(column.sizes() == sorted(column.sizes(), reverse=True) for column in drawn)  # never larger again
    bands = _bands(drawn, by_size)
    x = 0.0
    places = []
    for column in drawn:
        wide = max(column.width, text_width(column.name, 13, bold=True), text_width(column.about, SIZE))
        places.append(x + wide / 2)
        x += max(wide, wide / 2 + column.width / 2 + _reach(column)) + 34
    for band, top in bands.items():
        level = top - GAP / 2 - 2
        sheet.line([(-86, level), (x - 34, level)], arrow=False, kind="band", stroke=GRID, width=1)
        sizes = {s for column in drawn for s, b in zip(column.sizes(), column.bands(by_size), strict=True) if b == band}
        if len(sizes) == 1:
            sheet.text(-18, top + HEIGHT / 2 + 4, times(sizes.pop(), True), 11, "end", fill=FAINT)
    for column, middle in zip(drawn, places, strict=True):
        _draw(sheet, column, middle, bands, column.bands(by_size))
    _legend(sheet, drawn)
    return sheet


def _column(model: nn.Module, input_size: Sequence[int] | Tensor, name: str | None) -> Column:
    run = trace(model, input_size)
    steps = run.steps
    while found := gates(steps):
        gate = found[0]
        dense = [steps[i] for i in gate.inner if steps[i].depth]
        title = "SE " + "→".join(map(str, (steps[gate.maps].volume[0], *(step.channels[1] for step in dense))))
        steps = replaced(steps, (gate.squeeze, *gate.inner, gate.product), title)
    steps = joined(steps)
    way = spine(steps)
    boxes = [i for i in way if steps[i].kind != "merge"]
    width = max(text_width(steps[i].label(), SIZE) for i in boxes) + 14
    count = sum(steps[i].kind in ("conv", "dense") for i in way)
    norms = [part.label() for i in way for part in steps[i].followers if part.kind == "norm"]
    about = ", ".join(dict.fromkeys([*_blocks(run), *norms]))
    title = name or f"{type(model).__name__}, {count} weight layers"
    return Column(title, about, steps, boxes, ears(steps, way), width)


def _blocks(run: Trace) -> list[str]:
    r"""The classes of the outermost parts that are more than layers in a row."""
    found: list[Call] = []
    for call in run.calls:
        inside = any(block.began < call.began < block.ended for block in found)
        if call.path and not inside and not isinstance(call.module, nn.Sequential):
            found.append(call)
    return [type(call.module).__name__ for call in found]


def _bands(drawn: Sequence[Column], by_size: bool) -> dict[Band, float]:
    r"""Where each band begins; it is as high as the column with most boxes in it needs."""
    most: dict[Band, int] = {}
    for column in drawn:
        for band, count in Counter(column.bands(by_size)).items():
            most[band] = max(most.get(band, 0), count)
    bands: dict[Band, float] = {}
    y = 0.0
    for band in sorted(most):
        bands[band] = y
        y += most[band] * (HEIGHT + GAP) + 4
    return bands


def _draw(sheet: SVG, column: Column, x: float, bands: dict[Band, float], own: Sequence[Band]) -> None:
    r"""The boxes below each other, with x as their middle, and the arcs beside them."""
    half, free = column.width / 2, dict(bands)
    colour = {band: STAGES[n % len(STAGES)] for n, band in enumerate(bands)}
    sheet.text(x, free[own[0]] - 30, column.name, 13, "middle", bold=True)
    if column.about:
        sheet.text(x, free[own[0]] - 16, column.about, SIZE, "middle", fill=FAINT)
    tops: dict[int, float] = {}
    previous: float | None = None
    for i, band in zip(column.boxes, own, strict=True):
        step, y = column.steps[i], free[band]
        free[band] += HEIGHT + GAP
        staged = step.kind in ("conv", "block", "norm", "activation") or (step.kind == "dense" and len(step.shape) > 2)
        sheet.box(x - half, y, column.width, HEIGHT, step.kind, label=step.label(), tip=step.facts(), size=SIZE,
                  round=3, fill=colour[band] if staged else "#f4f5f6")
        if previous is not None:
            sheet.line([(x, previous), (x, y)], head=5)
        tops[i], previous = y, y + HEIGHT
    _arcs(sheet, column, x, tops)


def _arcs(sheet: SVG, column: Column, x: float, tops: dict[int, float]) -> None:
    r"""The arcs, short ones inside long ones, and to the right of them all their texts, clear of each other."""
    spans = [(_leaving(ear.start, tops), _arriving(ear.end, tops)) for ear in column.loops]
    given = lanes(spans)
    right = x + column.width / 2 + BULGE + LANE * max(given, default=0)
    texts: dict[tuple[str, int], float] = {}
    for ear, span, lane in zip(column.loops, spans, given, strict=True):
        middle = _arc(sheet, column, ear, x, span, lane, right)
        texts.setdefault((_beside(column, ear), ear.end), middle)  # one "concat" for all that meet in it
    level = 0.0
    for middle, text in sorted((middle, text) for (text, _), middle in texts.items() if text):
        level = max(middle, level + 10)
        sheet.text(right + 3, level + 3, text, 8, fill=FAINT)


def _leaving(step: int, tops: dict[int, float]) -> float:
    r"""Where an arc leaves the column: above the next box."""
    return next((top - GAP for i, top in tops.items() if i > step), max(tops.values()) + HEIGHT)


def _arriving(step: int, tops: dict[int, float]) -> float:
    r"""Where an arc comes back: below the last box before the result is there."""
    return max(top for i, top in tops.items() if i <= step) + HEIGHT


def _arc(sheet: SVG, column: Column, ear: Ear, x: float, span: tuple[float, float], lane: int, right: float) -> float:
    r"""Draw one; returns the level of its middle. What is another output of the network gets an arrow to the right."""
    begin, end, edge = span[0] + GAP / 2 + 1, span[1] + GAP / 2 - 2.5, x + column.width / 2
    if ear.end in ear.inner:
        sheet.line([(x, begin), (right, begin)], dotted=True, kind="shortcut", stroke=INK, width=1, head=5)
        return begin
    changed = bool(ear.inner)
    out = edge + (BULGE + LANE * lane) * 4 / 3  # a Bézier curve reaches three quarters of the way to its control points
    points = [(edge, begin), (out, begin), (out, end), (edge, end)]
    tip = "\n".join(column.steps[i].facts() for i in ear.inner) or "identity"
    sheet.line([(x, begin), (edge, begin)], arrow=False, dotted=changed, kind="lead", stroke=INK, width=1)
    sheet.line(points, arrow=False, dotted=changed, curved=True, kind="shortcut", stroke=INK, width=1, tip=tip)
    sheet.line([(edge, end), (x, end)], dotted=changed, kind="lead", stroke=INK, width=1, head=5)
    return (begin + end) / 2


def _beside(column: Column, ear: Ear) -> str:
    r"""What stands at an arc: the layers on the way, and how it meets the others if not in a sum."""
    named = [column.steps[i].label() for i in ear.inner]
    ways = named if len(named) < 2 else [f"{len(named)} steps"]
    end = column.steps[ear.end]
    told = ear.end in ear.inner or end.kind != "merge" or end.label() == "+"
    return ", ".join(ways if told else [*ways, end.label()])


def _reach(column: Column) -> float:
    r"""How far arcs and their labels go to the right of the boxes."""
    if not column.loops:
        return 0.0
    most = max(text_width(_beside(column, ear), 8) for ear in column.loops)
    deepest = max(lanes([(ear.start, max(ear.end, ear.start + 1)) for ear in column.loops]))
    return BULGE + LANE * deepest + 6 + most


def _legend(sheet: SVG, drawn: Sequence[Column]) -> None:
    y = sheet.bottom + 26
    x = 0.0
    for dotted, text in ((False, "identity shortcut"), (True, "shortcut with steps of its own")):
        if any(bool(ear.inner) == dotted and ear.end not in ear.inner for column in drawn for ear in column.loops):
            sheet.line([(x, y), (x + 30, y)], arrow=False, dotted=dotted, kind="legend", stroke=INK)
            sheet.text(x + 36, y + 3.5, text, 10, fill=FAINT)
            x += 36 + text_width(text, 10) + 24
