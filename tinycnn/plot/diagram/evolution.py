r"""What changed from one residual network to the next: their blocks side by side above a table (Figure 17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError, explain
from tinycnn.plot.diagram.blocks import layout
from tinycnn.plot.diagram.drawing import FAINT, GRID, SVG
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.plot.diagram.steps import Step, times
from tinycnn.plot.diagram.structure import ears, spine
from tinycnn.plot.diagram.tracing import Trace, names_for, trace
from tinycnn.tables.layers import layers_of
from tinycnn.tables.recording import Call

LINE, SIZE, PAD = 15.0, 11.0, 18.0
Row = tuple[str, list[list[str]]]  # what it is about; the lines of every model's cell


class Anatomy(NamedTuple):
    r"""A residual network taken apart: its trace, its blocks, and those of each stage."""

    name: str
    found: Trace
    blocks: list[Call]
    stages: list[list[Call]]
    typical: Call

    @property
    def steps(self) -> list[Step]:
        r"""Those of the block that is drawn."""
        return _inside(self.found, self.typical)

    def between(self, after: int, before: int) -> list[Step]:
        r"""The steps that ran between two serial numbers."""
        return [step for step in self.found.steps[1:] if after < step.serial < before]


def compare_blocks(*models: nn.Module, input_size: Sequence[int] | Tensor, names: Sequence[str] | None = None) -> SVG:
    r"""The blocks of residual networks side by side, and what differs in a table below (Figure 17).

    ``compare_blocks(resnet50(), convnext_tiny(), input_size=(1, 3, 224, 224))`` is the step from ResNet to ConvNeXt. A
    block is the innermost module in which a sum with a shortcut ran; a stage is a run of blocks whose results have one
    size. Drawn is the first block whose shortcut is the identity. Stem, depths, widths, kernels, groups, activations,
    normalizations and downsampling are read from the steps that ran; parameters and multiply-adds (of convolutions and
    linear layers) are those of `tinycnn.tables.measure`. Rows that differ are printed in bold.

    Parameters
    ----------
    *models : Module
    input_size : sequence of int, or Tensor      N C H W, the same for all
    names : sequence of str, optional            titles; the classes by default

    Raises
    ------
    ArgumentError    no model, or not one name for each
    ConfigError      a model without a residual block

    References
    ----------
    Liu, Mao, Wu, Feichtenhofer, Darrell and Xie 2022, "A ConvNet for the 2020s", figures 2 and 4, table 9.

    Examples
    --------
    >>> from tinycnn import models, plot
    >>> picture = plot.compare_blocks(models.resnet20(), models.resnet32(), input_size=(1, 3, 32, 32))
    >>> at = picture.strings.index("blocks a stage")
    >>> picture.strings[at : at + 3]
    ['blocks a stage', '3, 3, 3', '5, 5, 5']
    """
    named = zip(models, names_for("compare_blocks", models, names), strict=True)
    parts = [_anatomy(model, input_size, name) for model, name in named]
    rows = [(topic, [read(part) for part in parts]) for topic, read in TOPICS.items()]
    pictures = [layout(part.steps, "") for part in parts]
    first = max(text_width(topic, SIZE) for topic, _ in rows) + PAD
    cells = [max(text_width(line, SIZE, True) for _, row in rows for line in row[n]) for n in range(len(models))]
    titles = [max(text_width(part.name, 16, True), text_width(_block_name(part), 14, True)) for part in parts]
    wide = [max(cell, picture.inner[0], title) + PAD
            for cell, picture, title in zip(cells, pictures, titles, strict=True)]
    sheet = SVG("Blocks of " + ", ".join(part.name for part in parts))
    x = first
    for picture, part, width in zip(pictures, parts, wide, strict=True):
        sheet.text(x, 0, part.name, 16, bold=True)
        sheet.text(x, 24, _block_name(part), 14, bold=True)
        sheet.place(picture, x, 40)
        x += width
    _table(sheet, rows, [0.0, first, *(first + sum(wide[:n + 1]) for n in range(len(wide)))], sheet.bottom + 30)
    return sheet


def _anatomy(model: nn.Module, input_size: Sequence[int] | Tensor, name: str | None) -> Anatomy:
    found = trace(model, input_size)
    kinds = set()
    for step in found.steps:
        around = [call for call in found.calls if call.began < step.serial < call.ended and call.path]
        if step.kind == "merge" and step.label() == "+" and around:
            kinds.add(type(around[-1].module))
    blocks = [call for call in found.calls if type(call.module) in kinds]  # those without a shortcut, too
    if not blocks:
        raise ConfigError(explain(
            f"compare_blocks: {type(model).__name__} has no residual block: no part of it adds what two ways gave", {},
            "plot.columns draws any networks side by side, plot.block any module",
        ))
    stages: list[list[Call]] = []
    size: tuple[int, ...] | None = None
    for call in blocks:
        result = found.steps[found.inside(call)[-1]].volume
        if result != size:
            stages.append([])
        stages[-1].append(call)
        size = result
    typical = next((call for call in blocks if _is_identity(_inside(found, call))), blocks[0])
    return Anatomy(name or type(model).__name__, found, blocks, stages, typical)


def _is_identity(steps: Sequence[Step]) -> bool:
    r"""Whether the shortcut around all of a block has no layers."""
    return any(ear.start == 0 and not ear.inner for ear in ears(steps, spine(steps)))


def _inside(found: Trace, call: Call) -> list[Step]:
    r"""The steps of a call by themselves, what came from outside as their input."""
    places = found.inside(call)
    outside = sorted({j for i in places for j in found.steps[i].inputs if j < places[0]})
    source = found.steps[outside[-1]]._replace(inputs=(), followers=())
    new = dict.fromkeys(outside, 0) | {i: n for n, i in enumerate(places, 1)}
    steps = [found.steps[i] for i in places]
    return [source, *(step._replace(
        inputs=tuple(dict.fromkeys(new[j] for j in step.inputs)),
        path=step.path.removeprefix(call.path).removeprefix("."),
    ) for step in steps)]


def _block_name(part: Anatomy) -> str:
    return f"{type(part.typical.module).__name__}, {part.steps[0].volume[0]}-d"


# The table ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _stem(part: Anatomy) -> list[str]:
    return [step.label() for step in part.between(0, part.blocks[0].began)]


def _depths(part: Anatomy) -> list[str]:
    return [", ".join(str(len(stage)) for stage in part.stages)]


def _results(part: Anatomy) -> list[str]:
    ends = [part.found.steps[part.found.inside(stage[-1])[-1]] for stage in part.stages]
    return [", ".join(str(end.volume[0]) for end in ends)]


def _weights(part: Anatomy) -> list[Step]:
    return [part.steps[i] for i in spine(part.steps) if part.steps[i].depth]


def _widths(part: Anatomy) -> list[str]:
    return [" → ".join(map(str, (part.steps[0].volume[0], *(step.channels[1] for step in _weights(part)))))]


def _kernel(part: Anatomy) -> list[str]:
    windows = [step.window for step in _weights(part) if step.window is not None]
    return [times(max((w.kernel for w in windows), default=(1, 1)), True)]


def _grouping(part: Anatomy) -> list[str]:
    grouped = [f"{step.groups} groups of {step.channels[0]} channels" if not step.is_depthwise else "depthwise"
               for step in _weights(part) if step.groups > 1]
    return grouped or ["every channel with every other"]


def _counts(part: Anatomy, kind: str) -> list[str]:
    found = Counter(step.label() for step in part.steps[1:] if step.kind == kind)
    return [f"{count} × {name}" for name, count in found.items()] or ["none"]


def _activations(part: Anatomy) -> list[str]:
    return _counts(part, "activation")


def _norms(part: Anatomy) -> list[str]:
    return _counts(part, "norm")


def _downsampling(part: Anatomy) -> list[str]:
    if len(part.stages) < 2:
        return ["none"]
    last, first = part.stages[0][-1], part.stages[1][0]
    apart = part.between(last.ended, first.began)
    if apart:
        return [step.label() for step in apart]
    inside = _inside(part.found, first)
    way = [inside[i] for i in spine(inside)]
    strided = [s.label() for s in way if s.window is not None and max(s.window.stride) > 1]
    return [f"{label} in the first block" for label in strided] or ["none"]


def _parameters(part: Anatomy) -> list[str]:
    return [f"{sum(p.array.size for p in part.found.model.parameters()):,}"]


def _mult_adds(part: Anatomy) -> int:
    return sum(layer.mult_adds for layer in layers_of(part.found.recording))


TOPICS: dict[str, Callable[[Anatomy], list[str]]] = {
    "stem": _stem, "blocks a stage": _depths, "channels of the stages": _results, "channels in the block": _widths,
    "largest kernel": _kernel, "grouping": _grouping, "activations a block": _activations, "norms a block": _norms,
    "downsampling": _downsampling, "parameters": _parameters,
    "multiply-adds": lambda part: [f"{_mult_adds(part) / 1e9:.2f} G"],
    "FLOPs": lambda part: [f"{2 * _mult_adds(part) / 1e9:.2f} G"],
}


def _table(sheet: SVG, rows: Sequence[Row], edges: Sequence[float], y: float) -> None:
    for topic, cells in rows:
        height = max(map(len, cells)) * LINE + 8
        sheet.line([(0, y), (edges[-1], y)], arrow=False, kind="rule", stroke=GRID, width=1)
        sheet.text(0, y + LINE, topic, SIZE, fill=FAINT)
        differs = any(cell != cells[0] for cell in cells)
        for cell, x in zip(cells, edges[1:], strict=False):
            for n, line in enumerate(cell):
                sheet.text(x, y + LINE * (n + 1), line, SIZE, bold=differs)
        y += height
    sheet.line([(0, y), (edges[-1], y)], arrow=False, kind="rule", stroke=GRID, width=1)
