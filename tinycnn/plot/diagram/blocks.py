r"""A block of a network in full, every layer a box, shortcuts beside the way through most layers (Figure 14)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.plot.diagram.drawing import FAINT, SVG
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.plot.diagram.steps import Step
from tinycnn.plot.diagram.structure import Ear, depths, ears, lanes, spine
from tinycnn.plot.diagram.tracing import trace

ROW, BOX, GAP = 58, 36, 18  # from row to row, the height of a box, what is left between lanes
RADIUS = 11
SIGNS = ("+", "−", "⊙")          # drawn in a circle


def block(module: nn.Module, input_size: Sequence[int] | Tensor, *, title: str = "") -> SVG:
    r"""Every layer of a module from its input down to its output, with the shortcuts as lines at the side (Figure 14).

    For a residual block it is the picture of He et al.: x, the weight layers, ⊕, F(x) and F(x) + x. Layers, kernels,
    strides, channels, groups and shapes are those of the ops that ran on an input of `input_size`; the names are the
    module's. Norms, activations, squeeze-and-excitation, layer scale and projections are there if they ran.

    Parameters
    ----------
    module : Module                              a block such as ``resnet50().layer1[0]``, or any other
    input_size : sequence of int, or Tensor      N C H W of what comes into the block, or that itself
    title : str                                  its class if left out

    References
    ----------
    He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition", figures 2 and 5.

    Examples
    --------
    >>> from tinycnn import nn, plot
    >>> picture = plot.block(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()), (1, 3, 32, 32))
    >>> picture.strings[:4]
    ['Sequential', 'x', '32×32×3', '3×3 conv, 8']
    """
    steps = trace(module, input_size).steps
    return layout(steps, title or type(module).__name__)


def layout(steps: Sequence[Step], title: str) -> SVG:
    r"""The steps below each other, one a row on the longest way, the others in lanes to the right."""
    sheet = SVG(f"{title}: {len(steps) - 1} steps")
    way, rows = spine(steps), depths(steps)
    loops = ears(steps, way)
    width = {i: _width(step) for i, step in enumerate(steps)}
    middle = dict.fromkeys(way, 0.0)
    half = max(width[i] for i in way) / 2
    lane = lanes([(rows[ear.start], max(rows[ear.end], rows[ear.start] + 1)) for ear in loops])
    edge = half + GAP
    for n in range(max(lane, default=-1) + 1):
        mine = [ear for ear, at in zip(loops, lane, strict=True) if at == n]
        wide = max((width[i] for ear in mine for i in ear.inner), default=56)
        middle |= {i: edge + wide / 2 for ear in mine for i in ear.inner}
        middle |= {-1 - loops.index(ear): edge + wide / 2 for ear in mine}  # the line of a lane, boxes or none
        edge += wide + GAP
    if title:
        sheet.text(-half, -16, title, 14, bold=True)
    for i, step in enumerate(steps):
        _draw(sheet, step, middle[i], rows[i] * ROW, width[i])
    for a, b in pairwise(way):
        sheet.line([(0, rows[a] * ROW + _below(steps[a])), (0, rows[b] * ROW + _above(steps[b]))])
    for n, ear in enumerate(loops):
        _ear(sheet, steps, ear, middle, middle[-1 - n], rows, width)
    _annotate(sheet, steps, way, loops, rows, half)
    return sheet


def _width(step: Step) -> float:
    if step.kind == "merge":
        return max(2 * RADIUS, 0.0 if step.label() in SIGNS else text_width(step.label(), 10) + 14)
    return max(
        118.0, text_width(_name(step), 12) + 16, text_width(_note(step), 9) + 16
    )


def _name(step: Step) -> str:
    return "x" if step.kind == "input" else step.label()


def _note(step: Step) -> str:
    name = "" if step.kind == "input" else step.path
    return f"{name} · {step.size}" if name else step.size


def _above(step: Step) -> float:
    return BOX / 2 - RADIUS if step.kind == "merge" else 0.0


def _below(step: Step) -> float:
    return BOX / 2 + RADIUS if step.kind == "merge" else BOX


def _draw(sheet: SVG, step: Step, x: float, y: float, width: float) -> None:
    if step.kind == "merge":
        if step.label() in SIGNS:
            sheet.circle(x, y + BOX / 2, RADIUS, step.label(), tip=step.facts())
        else:
            sheet.box(x - width / 2, y + BOX / 2 - RADIUS, width, 2 * RADIUS, "merge", label=step.label(), size=10,
                      tip=step.facts(), round=RADIUS)
        return
    corner = BOX / 2 if step.kind == "input" else 4
    box = sheet.box(x - width / 2, y, width, BOX, step.kind, tip=step.facts(), round=corner)
    sheet.text(x, y + 15, _name(step), 12, "middle", within=box, italic=step.kind == "input")
    sheet.text(x, y + 29, _note(step), 9, "middle", fill=FAINT, within=box)


def _ear(sheet: SVG, steps: Sequence[Step], ear: Ear, middle: dict[int, float], x: float, rows: Sequence[int],
         width: dict[int, float]) -> None:
    r"""Out to the right of the start, down its lane, and back to the end."""
    begin = (middle[ear.start] + width[ear.start] / 2, rows[ear.start] * ROW + BOX / 2)
    end = (middle[ear.end] + width[ear.end] / 2, rows[ear.end] * ROW + BOX / 2)
    if not ear.inner:
        sheet.line([begin, (x, begin[1]), (x, end[1]), end], kind="shortcut")
        level = (begin[1] + end[1]) / 2
        if steps[ear.end].label() == "+":
            sheet.text(x + 5, level, "identity", 10, italic=True, fill=FAINT)
        return
    first, last = ear.inner[0], ear.inner[-1]
    sheet.line([begin, (x, begin[1]), (x, rows[first] * ROW + _above(steps[first]))], kind="shortcut", dotted=True)
    for a, b in pairwise(ear.inner):
        down = [(x, rows[a] * ROW + _below(steps[a])), (x, rows[b] * ROW + _above(steps[b]))]
        sheet.line(down, kind="shortcut", dotted=True)
    if ear.end != last:
        sheet.line([(x, rows[last] * ROW + _below(steps[last])), (x, end[1]), end], kind="shortcut", dotted=True)


def _annotate(sheet: SVG, steps: Sequence[Step], way: Sequence[int], loops: Sequence[Ear], rows: Sequence[int],
              half: float) -> None:
    r"""F(x) along the way from the input to the sum, F(x) + x behind it: the paper's equations 1 and 2."""
    sums = [ear for ear in loops if ear.start == 0 and steps[ear.end].label() == "+" and ear.end in way]
    if len(sums) != 1:
        return
    (ear,) = sums
    top, bottom = rows[way[1]] * ROW, rows[ear.end] * ROW - ROW + BOX
    x = -half - 10
    sheet.line([(x + 5, top), (x, top), (x, bottom), (x + 5, bottom)], arrow=False, kind="brace", stroke=FAINT)
    sheet.text(x - 6, (top + bottom) / 2 + 4, "F(x)", 12, "end", italic=True)
    total = "F(x) + x" if not ear.inner else "F(x) + W x"
    sheet.text(-RADIUS - 8, rows[ear.end] * ROW + BOX / 2 + 4, total, 12, "end", italic=True)
