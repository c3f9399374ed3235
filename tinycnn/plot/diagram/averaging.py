r"""Over which entries of a batch a normalization layer averages, measured and drawn as cubes (Figure 20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.autograd import enable_grad, grad
from tinycnn.errors import ArgumentError, ShapeError, described, explain
from tinycnn.plot.diagram.cuboids import mixed
from tinycnn.plot.diagram.drawing import FAINT, SVG, Point
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.tables.keeping import as_it_was

Place = tuple[int, ...]  # n, c, y, x

ALONE, SHARED, MARKED = "#f4f5f6", "#6aa5e3", "#e08214"
EDGE, SLANT = 20.0, (0.5, -0.42)  # pixels of a cell; where the next example lies, in cells
GAP, SMALL = 46.0, 10.5           # between two cubes; the size of the letters below them


def normalization_axes(
    layers: Mapping[str, nn.Module] | None = None, input_size: Sequence[int] = (4, 6, 2, 3), *, title: str = ""
) -> SVG:
    r"""Cubes of N × C × H·W cells: over which entries normalization layers take mean and variance (Figure 20).

        y = (x − E[x]) / √(σ²[x] + ε) · γ + β        ∂y[n,c,i,j] / ∂x ≠ 0 exactly where E and σ² look

    It is a measurement: the layer runs on random numbers, in the mode it is in, and the entries where the gradient of
    one output is not 0 are blue. That output, of the first example, last channel and first pixel, is orange. The layer
    is left as it was.

    Parameters
    ----------
    layers : mapping or None
        By the name that is shown, layers that keep N C H W. If None: batch, layer, instance and group norm.
    input_size : sequence of int      N, C, H, W
    title : str

    Raises
    ------
    ShapeError       the input is not N C H W, or what comes out of a layer has another shape
    ArgumentError    there is no layer, or something else in place of one

    References
    ----------
    Wu and He 2018, "Group normalization", figure 2; Qiao, Wang, Liu, Shen and Yuille 2020, "Micro-batch training with
    batch-channel normalization and weight standardization", figure 2.

    Examples
    --------
    >>> from tinycnn import nn, plot
    >>> picture = plot.normalization_axes({"at work": nn.BatchNorm2d(6), "in evaluation": nn.BatchNorm2d(6).eval()})
    >>> [text for text in picture.strings if text.endswith(("entries", "entry"))]
    ['24 entries', '1 entry']
    """
    size = tuple(input_size)
    if len(size) != 4 or min(size) < 1:
        raise ShapeError(f"normalization_axes: input_size must be N C H W, all at least 1, but it is {size}")
    named = _usual(size) if layers is None else layers
    if not isinstance(named, Mapping) or not named:
        raise ArgumentError('normalization_axes: layers by their names are wanted, {"batch norm": nn.BatchNorm2d(6)}')
    sheet = SVG(f"Over what {', '.join(named)} take mean and variance")
    title = title or "Which entries meet in the mean and variance of the orange one"
    sheet.text(0, size[0] * EDGE * SLANT[1] - 20, title, 14, bold=True)
    depth, x = size[0] * EDGE * SLANT[0], 0.0
    for name, layer in named.items():
        seen = influences(layer, size)
        lines = [name, _axes(seen), f"{seen.sum()} entr{'y' if seen.sum() == 1 else 'ies'}"]
        wide = size[1] * EDGE + depth
        room = max(wide, *(text_width(line, SMALL, bold=True) for line in lines))
        _cube(sheet, seen, x + (room - wide) / 2)
        _write(sheet, lines, x + room / 2, size)
        x += room + GAP
    return sheet


def _usual(size: Place) -> dict[str, nn.Module]:
    _, c, h, w = size
    groups = next((g for g in (2, 3, 5, 7) if c % g == 0), c)
    return {
        "batch norm": nn.BatchNorm2d(c),
        "layer norm": nn.LayerNorm((c, h, w)),
        "instance norm": nn.InstanceNorm2d(c),
        f"group norm, {groups} groups": nn.GroupNorm(groups, c),
    }


def influences(layer: nn.Module, size: Place) -> Any:
    r"""Where the gradient of the output at example 0, last channel, pixel 0, 0 is not 0: bool, (N, C, H, W).

    The output itself counts, also where γ is 0.
    """
    if not isinstance(layer, nn.Module):
        raise ArgumentError(f"normalization_axes: a layer is a Module, not {described(layer)}")
    numbers = np.random.default_rng(0).normal(size=size)
    like = next(layer.parameters(), Tensor.wrap(numbers))
    with as_it_was(layer, layer.training), enable_grad():
        x = Tensor.wrap(like.backend.asarray(numbers.astype(like.dtype))).requires_grad_()
        y = layer(x)
        if not isinstance(y, Tensor) or tuple(y.shape) != size:
            raise ShapeError(explain(
                "normalization_axes: the layer must keep the shape of its input",
                {"input  N C H W": size, "output": tuple(y.shape) if isinstance(y, Tensor) else described(y)},
            ))
        (slope,) = grad(y[0, -1, 0, 0], x)
    seen = slope.numpy(force=True) != 0
    seen[0, -1, 0, 0] = True
    return seen


def _axes(seen: Any) -> str:
    r"""``over N, H, W``: the axes along which entries are coloured; part of one as ``C/2``, or ``3 of 7 C``."""
    along = []
    for axis, name in enumerate("NCHW"):
        reached = int(seen.any(axis=tuple({0, 1, 2, 3} - {axis})).sum())
        whole = seen.shape[axis]
        if reached == whole > 1:
            along.append(name)
        elif reached > 1:
            along.append(f"{reached} of {whole} {name}" if whole % reached else f"{name}/{whole // reached}")
    return f"over {', '.join(along)}" if along else "over nothing"


# The drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

def _cube(sheet: SVG, seen: Any, x: float) -> None:
    r"""The faces that can be seen: the first example in front, the first pixel above, the last channel to the right."""
    front, top, side = (1, 0), SLANT, (0, 1)
    n, c, h, w = seen.shape
    rows = list(np.ndindex(h, w))
    for pixel, (i, j) in enumerate(rows):
        for k in range(c):
            _cell(sheet, seen, (0, k, i, j), (x, 0), (k, pixel, 0), (front, side), 0)
    for example in range(n):
        for k in range(c):
            _cell(sheet, seen, (example, k, 0, 0), (x, 0), (k, 0, example), (front, top), 1)
        for pixel, (i, j) in enumerate(rows):
            _cell(sheet, seen, (example, c - 1, i, j), (x, 0), (c, pixel, example), (side, top), -1)


def _cell(sheet: SVG, seen: Any, place: Place, origin: Point, corner: Place, edges: tuple[Any, Any],
          light: int) -> None:
    colour = MARKED if place == (0, seen.shape[1] - 1, 0, 0) else SHARED if seen[place] else ALONE
    shade = mixed(colour, "#ffffff", 0.3) if light > 0 else mixed(colour, "#000000", 0.14) if light < 0 else colour
    n, c, i, j = place
    tip = f"example {n}, channel {c}, pixel {i}, {j}: {'counts' if seen[place] else 'does not count'}"
    sheet.polygon(list(_corners(origin, corner, edges)), shade, "#ffffff" if seen[place] else "#b9bec4", tip)


def _corners(origin: Point, corner: Place, edges: tuple[Any, Any]) -> Iterator[Point]:
    r"""The corners of a cell `corner` = channels to the right, pixels down, examples back from the origin."""
    right, down, back = corner
    (ax, ay), (bx, by) = edges
    for a, b in ((0, 0), (1, 0), (1, 1), (0, 1)):
        yield (origin[0] + EDGE * (right + back * SLANT[0] + a * ax + b * bx),
               origin[1] + EDGE * (down + back * SLANT[1] + a * ay + b * by))


def _write(sheet: SVG, lines: Sequence[str], middle: float, size: Place) -> None:
    r"""The names of the axes around the cube, and what it shows below."""
    n, c, *image = size
    height, deep = prod(image) * EDGE, n * EDGE * SLANT[0]
    left = middle - (c * EDGE + deep) / 2
    sheet.text(left + c * EDGE / 2, height + 14, "C", SMALL, "middle", italic=True)
    sheet.text(left - 6, height / 2 + 4, "H·W", SMALL, "end", italic=True)
    sheet.text(left + deep / 2 - 7, n * EDGE * SLANT[1] / 2 - 3, "N", SMALL, "end", italic=True)
    for i, line in enumerate(lines):
        sheet.text(middle, height + 36 + 15 * i, line, SMALL + (i == 0), "middle", bold=i == 0,
                   fill=FAINT if i == 2 else "#222222")
