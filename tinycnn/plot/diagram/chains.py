r"""A network as a chain of feature maps, with the kernels that lead from one to the next (Figure 7)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.plot.diagram.cuboids import COLOURS, mixed
from tinycnn.plot.diagram.drawing import FAINT, INK, SVG
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.plot.diagram.steps import Step, times
from tinycnn.plot.diagram.structure import chained, joined
from tinycnn.plot.diagram.tracing import trace

EDGE, SHIFT = 112.0, 5.0                # the largest map, and what lies between two maps of a stack
MIDDLE, CAPTION = 90.0, 174.0           # below the size at the top of a row: the middle of the stacks, the texts
ROW_WIDTH, ROW_HEIGHT, GAP = 1240.0, 269.0, 24.0
FEW = 6                                 # so many sheets are as many as there are channels
SMALL, LINE_HEIGHT = 9.5, 12.5          # of the texts


def chain(model: nn.Module, input_size: Sequence[int] | Tensor, *, title: str = "") -> SVG:
    r"""A network as a chain of stacks of feature maps, one for the result of every layer (Figure 7).

    Above a stack stand its channels and size, C @ H×W; below it the layer that made it, with kernel, stride, padding
    and what follows: normalization, activation. The square on a stack is the kernel of the next layer, in proportion to
    the map. Vectors are bars. The edges of maps grow with H^0.6 and W^0.6. Up to six channels have a sheet each, more
    of them a number that grows with log C. Branches, as in a residual block, are one step of the chain.

    Parameters
    ----------
    model : Module
    input_size : sequence of int, or Tensor      N C H W; or the very input
    title : str                                  the class of the model if left out

    References
    ----------
    Llamas et al. 2017, "Classification of architectural heritage images using deep learning techniques", figure 3.

    Examples
    --------
    >>> from tinycnn import nn, plot
    >>> picture = plot.chain(nn.Sequential(nn.Conv2d(3, 8, 5, stride=2, padding=2), nn.ReLU()), (1, 3, 32, 32))
    >>> picture.strings[1:]
    ['3 @ 32×32', 'input', '8 @ 16×16', '5×5 conv', 'stride 2, pad 2', 'ReLU']
    """
    steps = joined(chained(trace(model, input_size)))
    name = title or type(model).__name__
    sheet = SVG(f"{name}: a chain of {len(steps)} activations")
    sheet.text(0, -30, name, 14, bold=True)
    largest = max(*steps[0].volume[1:], 8)
    widths = [_wide(step, largest) for step in steps]
    whole = sum(widths) + GAP * len(widths)
    limit = max(whole / math.ceil(whole / ROW_WIDTH) + 60, max(widths))  # rows of like length
    x, y = 0.0, 0.0
    port: tuple[float, float] | None = None  # where the line to the next stack begins
    for step, following, wide in zip(steps, [*steps[1:], None], widths, strict=True):
        if port is not None and x + wide > limit:
            sheet.line([port, (x + 12, port[1])], stroke=INK, width=1)
            x, y = 0.0, y + ROW_HEIGHT
            port = (-30.0, y + _level(step, largest))
        port = _stack(sheet, step, following, x, y, wide, largest, port)
        x += wide + GAP
    return sheet


def _sides(step: Step, largest: int) -> tuple[float, float, int]:
    r"""Width and height of a map, and how many are drawn."""
    c, h, w = step.volume
    if (h, w) == (1, 1):
        return 9.0, min(30.0 + 8 * math.log2(max(c, 1)), 130.0), 1
    edges = [max(EDGE * float((side / largest) ** 0.6), 7.0) for side in (w, h)]
    return edges[0], edges[1], c if c <= FEW else min(FEW + round(math.log2(c / FEW) / 2), 9)


def _level(step: Step, largest: int) -> float:
    r"""How far below the top of a row the middle of the map in front is."""
    return MIDDLE + SHIFT * (_sides(step, largest)[2] - 1) / 2


def _lines(step: Step) -> list[str]:
    r"""What stands below a stack."""
    window, slides = step.window, step.slides()
    lines = [step.label()]
    if window is not None and slides is not None:
        kernel, name, _ = slides
        pads = sorted({pad for pair in window.padding for pad in pair})
        pad = "" if pads == [0] else f", pad {'–'.join(map(str, pads))}"
        lines = [f"{kernel} {name}", f"stride {times(window.stride)}{pad}"]
        if step.groups > 1 and not step.is_depthwise:
            lines.append(f"{step.groups} groups")
    return lines + [_after(part) for part in step.followers]


def _after(part: Step) -> str:
    return f"{part.label()} to {part.size}" if part.kind == "shape" and len(part.shape) == 2 else part.label()


def _wide(step: Step, largest: int) -> float:
    width, _, count = _sides(step, largest)
    texts = [text_width(line, SMALL) for line in _lines(step)]
    return max(width + SHIFT * (count - 1), text_width(_size(step), 10, bold=True), *texts)


def _size(step: Step) -> str:
    c, h, w = step.volume
    return str(c) if (h, w) == (1, 1) and len(step.shape) == 2 else f"{c} @ {h}×{w}"


def _stack(sheet: SVG, step: Step, following: Step | None, x: float, y: float, wide: float, largest: int,
           port: tuple[float, float] | None) -> tuple[float, float]:
    r"""Draw one result, the line that leads to it and the texts; returns where the next line begins."""
    width, height, count = _sides(step, largest)
    base = COLOURS.get(step.kind, COLOURS["other"])
    left = x + (wide - width - SHIFT * (count - 1)) / 2
    top = y + _level(step, largest) - height / 2  # of the sheet in front
    for i in range(count):  # the sheet farthest away first
        behind = count - 1 - i
        sheet.box(left + SHIFT * behind, top - SHIFT * behind, width, height, step.kind, tip=step.facts(), round=0,
                  fill=mixed(base, "#ffffff", 0.15 + 0.05 * behind), solid=not behind)
    if port is not None:
        sheet.line([port, (left - 1, top + height / 2)], stroke=INK, width=1)
    sheet.text(x + wide / 2, y, _size(step), 10, "middle", bold=True)
    for i, line in enumerate(_lines(step)):
        sheet.text(x + wide / 2, y + CAPTION + LINE_HEIGHT * i, line, SMALL, "middle", fill=INK if i == 0 else FAINT)
    window = following.window if following is not None and following.kind in ("conv", "pool") else None
    if window is None or step.volume[1:] == (1, 1):
        return left + width + SHIFT * (count - 1), top + height / 2 - SHIFT * (count - 1) / 2
    sides = zip((height, width), window.kernel, window.size, strict=True)
    kernel_h, kernel_w = (max(side * min(k / n, 1.0), 3.0) for side, k, n in sides)
    corner = (left + 0.62 * (width - kernel_w), top + 0.5 * (height - kernel_h))
    sheet.box(*corner, kernel_w, kernel_h, "kernel", fill="#ffffff", stroke=INK, round=0, solid=False)
    return corner[0] + kernel_w, corner[1] + kernel_h / 2
