r"""A network whose convolutions have groups, as towers one above the other, with lines where they meet (Figure 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError, explain
from tinycnn.plot.diagram.cuboids import COLOURS, mixed
from tinycnn.plot.diagram.drawing import FAINT, INK, SVG, Point
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.plot.diagram.steps import Step
from tinycnn.plot.diagram.structure import chained
from tinycnn.plot.diagram.tracing import trace

EDGE, SHIFT, SHEETS = 104.0, 4.0, 5      # the largest map; between two maps of a stack; how many of them are drawn
LANE, GAP = 150.0, 40.0                  # from tower to tower; between two stacks
SMALL, LINE_HEIGHT = 9.5, 12.5           # of the texts


class Place(NamedTuple):
    r"""A layer with weights in the picture: in how many parts it is drawn, and what follows before the next one."""

    step: Step
    parts: int
    after: tuple[Step, ...]


def towers(model: nn.Module, input_size: Sequence[int] | Tensor, *, title: str = "") -> SVG:
    r"""A network with grouped convolutions as towers, a row for each group, as AlexNet was in 2012 (Figure 6).

    A stack is what a convolution puts out; where it is made of groups, or the next convolution splits it into groups,
    each tower has its part. A line says who sees whom: a convolution with groups stays within the towers, one without
    connects each to every other. (That neighbours across the border meet in a local response normalization is not
    drawn.) Below stand the layer, and what follows before the next one. The square on a stack is the kernel of the
    next layer, in proportion, where no pooling comes between them.

    Parameters
    ----------
    model : Module
    input_size : sequence of int, or Tensor      N C H W; or the very input
    title : str                                  the class of the model if left out

    Raises
    ------
    ConfigError    no convolution has groups, depthwise ones apart

    References
    ----------
    Krizhevsky, Sutskever and Hinton 2012, "ImageNet classification with deep convolutional neural networks", figure 2.

    Examples
    --------
    >>> from tinycnn import nn, plot
    >>> picture = plot.towers(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3, groups=2)), (1, 3, 9, 9))
    >>> [text for text in picture.strings if "@" in text]
    ['3 @ 9×9', '4 @ 7×7', '4 @ 7×7', '2 @ 5×5', '2 @ 5×5']
    """
    steps = chained(trace(model, input_size))
    many = max(map(_groups, steps))
    name = title or type(model).__name__
    if many == 1:
        raise ConfigError(explain(
            f"towers: no convolution of {name} has groups, so there is one tower only", {},
            "plot.chain draws a network in one row",
        ))
    places = _places(steps, many)
    sheet = SVG(f"{name}: {many} towers")
    sheet.text(0, -LANE * (many - 1) / 2 - 96, name, 14, bold=True)
    largest = max(*steps[0].volume[1:], 8)
    below = LANE * (many - 1) / 2 + 84
    x, ends = 0.0, [(0.0, 0.0)]
    for n, place in enumerate(places):
        following = places[n + 1] if n + 1 < len(places) else None
        lines = [_about(place.step), *map(_about, place.after)]
        width, height, sheets = _sides(place, largest)
        long = width + SHIFT * (sheets - 1)
        room = max(long, text_width(_size(place), 10, bold=True), *(text_width(line, SMALL) for line in lines))
        left = x + (room - long) / 2
        centres = [LANE * (lane - (place.parts - 1) / 2) for lane in range(place.parts)]
        if n:
            _connect(sheet, _groups(place.step), ends, [(left - 2, y + SHIFT * (sheets - 1) / 2) for y in centres])
        ends = [_stack(sheet, place, following, left, y, largest) for y in centres]
        for y in centres:
            reach = height / 2 + SHIFT * (sheets - 1) / 2  # the lines come from the middle: sizes stand on the outside
            sheet.text(x + room / 2, y + (reach + 16 if y > 0 else -reach - 7), _size(place), 10, "middle", bold=True)
        for i, line in enumerate(lines):
            sheet.text(x + room / 2, below + LINE_HEIGHT * i, line, SMALL, "middle", fill=FAINT if i else INK)
        x += room + GAP
    return sheet


def _groups(step: Step) -> int:
    r"""Those of a convolution that is not depthwise; 1 of all else."""
    return step.groups if step.kind == "conv" and not step.is_depthwise else 1


def _places(steps: Sequence[Step], many: int) -> list[Place]:
    r"""The input and the layers with weights; all others follow one of them."""
    heads = [i for i, step in enumerate(steps) if step.kind in ("input", "conv", "dense", "block")]
    places = []
    for i, end in zip(heads, [*heads[1:], len(steps)], strict=True):
        grouped = many in map(_groups, (steps[i], *steps[end:end + 1]))
        split = grouped and i > 0 and steps[i].volume[0] % many == 0
        after = tuple(step for step in steps[i + 1:end] if not step.is_idle_pooling)
        places.append(Place(steps[i], many if split else 1, after))
    return places


def _sides(place: Place, largest: int) -> tuple[float, float, int]:
    r"""Width and height of a map, and how many are drawn."""
    c, h, w = place.step.volume
    if (h, w) == (1, 1):
        return 9.0, min(30.0 + 8 * math.log2(max(c, 1)), 130.0), 1
    width, height = (max(EDGE * float((side / largest) ** 0.6), 8.0) for side in (w, h))
    return width, height, min(c // place.parts, SHEETS)


def _size(place: Place) -> str:
    c, h, w = place.step.volume
    return str(c) if (h, w) == (1, 1) and len(place.step.shape) == 2 else f"{c // place.parts} @ {h}×{w}"


def _about(step: Step) -> str:
    r"""A line of text: ``5×5 conv, /2, 2 groups``; the size says the channels."""
    slides = step.slides()
    if slides is None:
        return f"{step.label()} to {step.size}" if step.kind == "shape" and len(step.shape) == 2 else step.label()
    kernel, name, more = slides
    return ", ".join([f"{kernel} {name}", *more])


def _stack(sheet: SVG, place: Place, following: Place | None, left: float, middle: float, largest: int) -> Point:
    r"""Draw the maps of one tower; returns where the line to the next layer begins."""
    width, height, sheets = _sides(place, largest)
    base = COLOURS.get(place.step.kind, COLOURS["other"])
    top = middle - height / 2 + SHIFT * (sheets - 1) / 2
    for i in range(sheets):  # the one farthest away first
        behind = sheets - 1 - i
        sheet.box(left + SHIFT * behind, top - SHIFT * behind, width, height, place.step.kind, tip=place.step.facts(),
                  round=0, fill=mixed(base, "#ffffff", 0.15 + 0.05 * behind), solid=not behind)
    window = None if following is None or following.step.kind != "conv" else following.step.window
    if window is None or any(step.kind == "pool" for step in place.after):
        return left + width + SHIFT * (sheets - 1) + 2, middle
    sides = zip((height, width), window.kernel, window.size, strict=True)
    kernel_h, kernel_w = (max(side * min(k / n, 1.0), 3.0) for side, k, n in sides)
    x, y = left + 0.55 * (width - kernel_w), top + 0.5 * (height - kernel_h)
    sheet.box(x, y, kernel_w, kernel_h, "kernel", fill="#ffffff", stroke=INK, round=0, solid=False)
    return x + kernel_w, y + kernel_h / 2


def _connect(sheet: SVG, groups: int, starts: Sequence[Point], ends: Sequence[Point]) -> None:
    r"""Lines from each part of the channels to the parts made of them: those that share a group."""
    for i, start in enumerate(starts):
        for j, end in enumerate(ends):
            if _touched(i, len(starts), groups) & _touched(j, len(ends), groups):
                sheet.line([start, end], stroke=INK, width=1)


def _touched(part: int, parts: int, groups: int) -> set[int]:
    r"""Which groups of channels one of so many parts of them overlaps.

    Examples
    --------
    >>> _touched(1, 2, 4), _touched(0, 3, 2), _touched(1, 3, 2)
    ({2, 3}, {0}, {0, 1})
    """
    return set(range(part * groups // parts, -(-(part + 1) * groups // parts)))
