r"""The sheet that diagrams are drawn on: an SVG document that grows with what is put on it, and knows where it all is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from tinycnn.errors import ConfigError, explain
from tinycnn.plot.diagram.lettering import FONT, escaped, text_width
from tinycnn.serialization import replacing

Point = tuple[float, float]

INK, FAINT, LINE, GRID = "#222222", "#5f6368", "#555555", "#d5d8dc"
FILLS = {  # by kind of layer: pale, so that black text is legible on all of them, in print too
    "input": "#f1f3f4", "conv": "#fde3b4", "dense": "#cfe8cf", "pool": "#f6c6c6", "norm": "#d9e7fb",
    "activation": "#fff3c9", "softmax": "#dccbe8", "shape": "#eceff1", "merge": "#ffffff", "scale": "#f3e3f5",
    "block": "#d6ecec", "other": "#e8eaed", "leaf": "#cfe8cf", "output": "#d9e7fb",
}


class Box(NamedTuple):
    r"""A rectangle on the sheet, and whether others may lie on it."""

    x: float
    y: float
    width: float
    height: float
    kind: str = ""
    solid: bool = True


class Text(NamedTuple):
    r"""A text on the sheet: the rectangle it takes, and the box it has to stay in."""

    string: str
    x: float
    y: float
    width: float
    height: float
    within: Box | None = None


class Arc(NamedTuple):
    r"""A connection: its points, and whether it is dotted."""

    points: tuple[Point, ...]
    kind: str = ""
    dotted: bool = False


class SVG:
    r"""A picture made of shapes and text, in pixels, x to the right and y downwards.

    A notebook shows it; ``picture.save("net.svg")`` writes it; ``str(picture)`` is the document.

    Attributes
    ----------
    title : str                 what it shows; read aloud by screen readers
    boxes, texts, arcs : list   where everything is

    Examples
    --------
    >>> sheet = SVG("one box")
    >>> box = sheet.box(0, 0, 80, 24, "conv", label="conv")
    >>> sheet.size
    (104, 48)
    >>> str(sheet).startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    True
    """

    margin = 12

    def __init__(self, title: str) -> None:
        self.title = title
        self.boxes: list[Box] = []
        self.texts: list[Text] = []
        self.arcs: list[Arc] = []
        self._elements: list[str] = []
        self._low, self._high = [float("inf")] * 2, [float("-inf")] * 2

    # What is put on it ───────────────────────────────────────────────────────────────────────────────────────────────

    def box(self, x: float, y: float, width: float, height: float, kind: str = "", *, label: str = "", tip: str = "",
            size: float = 11, fill: str | None = None, round: float = 4, solid: bool = True, dashed: bool = False,
            stroke: str = LINE) -> Box:
        r"""A rectangle in the colour of its kind, with lines of text in its middle, and a tip for the pointer."""
        box = Box(x, y, width, height, kind, solid)
        self.boxes.append(box)
        colour = FILLS.get(kind, "#ffffff") if fill is None else fill
        dashes = ' stroke-dasharray="4 3"' if dashed else ""
        self._add(
            f'<rect x="{px(x)}" y="{px(y)}" width="{px(width)}" height="{px(height)}" rx="{px(round)}" fill="{colour}"'
            f' stroke="{stroke}"{dashes}', "rect", tip, (x, y), (x + width, y + height),
        )
        lines = label.split("\n") if label else []
        for i, line in enumerate(lines):
            middle = y + height / 2 + (i - (len(lines) - 1) / 2) * 1.25 * size
            self.text(x + width / 2, middle + 0.36 * size, line, size, "middle", within=box)
        return box

    def circle(self, x: float, y: float, radius: float, label: str = "", kind: str = "merge", tip: str = "") -> Box:
        r"""A circle, for a sum or a product: + and ⊙ are drawn, for not every font has them."""
        box = Box(x - radius, y - radius, 2 * radius, 2 * radius, kind)
        self.boxes.append(box)
        self._add(f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(radius)}" fill="{FILLS[kind]}" stroke="{INK}"',
                  "circle", tip, (box.x, box.y), (x + radius, y + radius))
        reach = 0.6 * radius
        if label in ("+", "−"):
            self.line([(x - reach, y), (x + reach, y)], arrow=False, kind="sign")
            if label == "+":
                self.line([(x, y - reach), (x, y + reach)], arrow=False, kind="sign")
        elif label == "⊙":
            dot = f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(0.28 * radius)}" fill="{INK}"'
            self._add(dot, "circle", "", (x, y), (x, y))
        return box

    def text(self, x: float, y: float, string: str, size: float = 11, anchor: str = "start", *, bold: bool = False,
             italic: bool = False, fill: str = INK, within: Box | None = None) -> None:
        r"""A line of text with its baseline at y, that begins, has its middle or ends at x."""
        width = text_width(string, size, bold)
        left = x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        self.texts.append(Text(string, left, y - 0.8 * size, width, size, within))
        style = (' font-weight="bold"' if bold else "") + (' font-style="italic"' if italic else "")
        self._elements.append(
            f'<text x="{px(x)}" y="{px(y)}" font-size="{px(size)}" text-anchor="{anchor}" fill="{fill}"{style}>'
            f"{escaped(string)}</text>"
        )
        self._grow((left, y - 0.8 * size), (left + width, y + 0.25 * size))

    def formula(self, x: float, y: float, string: str, size: float = 12) -> None:
        r"""Italics with their middle at x; what follows a _ to the end of the word stands below the line: F_sq(U)."""
        parts = re.split(r"_(\w+)", string)
        sizes = [size, 0.75 * size] * len(parts)
        widths = [text_width(part, one) for part, one in zip(parts, sizes, strict=False)]
        x -= sum(widths) / 2
        for n, (part, width) in enumerate(zip(parts, widths, strict=True)):
            if part:
                self.text(x, y + n % 2 * 0.25 * size, part.strip(), sizes[n], italic=True)
            x += width

    def line(self, points: Sequence[Point], *, arrow: bool = True, dotted: bool = False, curved: bool = False,
             kind: str = "edge", stroke: str = LINE, width: float = 1.2, tip: str = "", head: float = 7) -> None:
        r"""A line through points with round corners, or a Bézier curve with them as its control points.

        Its end may be an arrow head.
        """
        first, *others = points
        self.arcs.append(Arc(tuple(points), kind, dotted))
        (x, y), (nearby_x, nearby_y) = points[-1], points[-2]
        ends = list(others)
        if arrow:
            length = max(((x - nearby_x) ** 2 + (y - nearby_y) ** 2) ** 0.5, 1e-9)
            ux, uy = (x - nearby_x) / length, (y - nearby_y) / length
            wing_x, wing_y = 0.43 * head * uy, -0.43 * head * ux
            back_x, back_y = x - head * ux, y - head * uy
            ends[-1] = (x - 0.8 * head * ux, y - 0.8 * head * uy)
        path = f"M{px(first[0])} {px(first[1])}" + (_bezier(ends) if curved else _rounded([first, *ends]))
        dashes = ' stroke-dasharray="3 3"' if dotted else ""
        xs, ys = zip(*points, strict=True)
        self._add(f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{px(width)}" stroke-linejoin="round"'
                  f"{dashes}", "path", tip, (min(xs), min(ys)), (max(xs), max(ys)))
        if arrow:
            wings = [(back_x + wing_x, back_y + wing_y), (back_x - wing_x, back_y - wing_y)]
            self.polygon([(x, y), *wings], stroke, stroke)

    def polygon(self, points: Sequence[Point], fill: str, stroke: str = LINE, tip: str = "",
                opacity: float = 1) -> None:
        r"""A filled shape with straight edges."""
        xs, ys = zip(*points, strict=True)
        corners = " ".join(f"{px(x)},{px(y)}" for x, y in points)
        clear = "" if opacity == 1 else f' fill-opacity="{opacity}"'
        self._add(f'<polygon points="{corners}" fill="{fill}"{clear} stroke="{stroke}" stroke-linejoin="round"',
                  "polygon", tip, (min(xs), min(ys)), (max(xs), max(ys)))

    def place(self, other: SVG, x: float, y: float) -> None:
        r"""Put another picture on this one, the upper left corner of what it holds at x, y."""
        dx, dy = x - other._low[0], y - other._low[1]
        self.boxes += [box._replace(x=box.x + dx, y=box.y + dy) for box in other.boxes]
        self.texts += [
            text._replace(x=text.x + dx, y=text.y + dy, within=None if text.within is None else text.within._replace(
                x=text.within.x + dx, y=text.within.y + dy)) for text in other.texts
        ]
        self.arcs += [arc._replace(points=tuple((px + dx, py + dy) for px, py in arc.points)) for arc in other.arcs]
        self._elements += [f'<g transform="translate({px(dx)} {px(dy)})">', *other._elements, "</g>"]
        self._grow((x, y), (x + other.inner[0], y + other.inner[1]))

    def _add(self, start: str, tag: str, tip: str, low: Point, high: Point) -> None:
        self._elements.append(f"{start}><title>{escaped(tip)}</title></{tag}>" if tip else f"{start}/>")
        self._grow(low, high)

    def _grow(self, low: Point, high: Point) -> None:
        self._low = [min(pair) for pair in zip(self._low, low, strict=True)]
        self._high = [max(pair) for pair in zip(self._high, high, strict=True)]

    # What comes of it ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def inner(self) -> Point:
        r"""Width and height of what was drawn."""
        width, height = (max(high - low, 0.0) for low, high in zip(self._low, self._high, strict=True))
        return (width, height)

    @property
    def size(self) -> tuple[int, int]:
        r"""Width and height in pixels, with the margin."""
        return tuple(int(-(-side // 1)) + 2 * self.margin for side in self.inner)  # type: ignore[return-value]  # two

    @property
    def bottom(self) -> float:
        r"""The largest y so far."""
        return self._high[1]

    @property
    def strings(self) -> list[str]:
        r"""Every text on it, in the order in which they were written."""
        return [text.string for text in self.texts]

    def __str__(self) -> str:
        (width, height), (x, y) = self.size, (self.margin - low for low in self._low)
        return "\n".join((
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
            f' font-family="{FONT}" role="img">',
            f"<title>{escaped(self.title)}</title>",
            f'<rect width="{width}" height="{height}" fill="white"/>',
            f'<g transform="translate({px(x)} {px(y)})">', *self._elements, "</g>", "</svg>\n",
        ))

    def _repr_svg_(self) -> str:
        r"""What a notebook shows: not wider than its column."""
        return str(self).replace('role="img"', 'role="img" style="max-width: 100%; height: auto"', 1)

    def __repr__(self) -> str:
        width, height = self.size
        return f"<SVG {self.title!r}, {width} × {height}>"

    def save(self, path: str | os.PathLike[str]) -> None:
        r"""Write it as an SVG file, whole or not at all.

        Raises
        ------
        ConfigError    the name ends as that of another kind of file, such as ``.png``
        """
        suffix = os.path.splitext(os.fspath(path))[1]
        if suffix.lower() not in ("", ".svg"):
            raise ConfigError(explain(
                f"SVG.save: this writes SVG, but the name ends in {suffix}", {"path": os.fspath(path)},
                "save it as .svg, then convert it: `rsvg-convert net.svg -o net.png`, cairosvg, Inkscape or a browser",
            ))
        with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
            file.write(str(self))


def _bezier(points: Sequence[Point]) -> str:
    return "C" + " ".join(f"{px(x)} {px(y)}" for x, y in points)


def _rounded(points: Sequence[Point], radius: float = 8) -> str:
    r"""From the first point on through the others, each corner cut by a curve."""
    path = ""
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        before, after = max(abs(ax - bx), abs(ay - by), 1e-9), max(abs(cx - bx), abs(cy - by), 1e-9)
        r, s = min(radius / before, 0.5), min(radius / after, 0.5)
        path += (f"L{px(bx + r * (ax - bx))} {px(by + r * (ay - by))}Q{px(bx)} {px(by)}"
                 f" {px(bx + s * (cx - bx))} {px(by + s * (cy - by))}")
    return f"{path}L{px(points[-1][0])} {px(points[-1][1])}"


def px(number: float) -> str:
    r"""A coordinate with at most two decimals.

    Examples
    --------
    >>> px(12.0), px(-0.0), px(1 / 3)
    ('12', '0', '0.33')
    """
    return f"{round(number, 2) + 0.0:.2f}".rstrip("0").rstrip(".")
