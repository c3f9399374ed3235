r"""Squeeze and excitation: what a block does to its activation maps, with its own numbers (Figure 19)."""

from __future__ import annotations

from collections.abc import Sequence

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError, explain
from tinycnn.plot.diagram.cuboids import Solid, draw, mixed
from tinycnn.plot.diagram.drawing import FAINT, SVG
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.plot.diagram.steps import Step
from tinycnn.plot.diagram.structure import Gate, gates
from tinycnn.plot.diagram.tracing import Trace, trace

HUES = ("#f4a6a0", "#f6c667", "#ffe9a3", "#b5d99c", "#8fd0c5", "#9cc3ef", "#b8b0ea", "#dba9dc")
SIDE, THICK, SLANT = 104.0, 64.0, 0.4


def squeeze_excitation(module: nn.Module, input_size: Sequence[int] | Tensor, *, title: str = "") -> SVG:
    r"""X, U = F_tr(X), the squeeze to 1×1×C, the excitation through a bottleneck, and X̂ = U ⊙ s (Figure 19).

        U = F_tr(X)     z = F_sq(U)     s = F_ex(z, W) = σ(W₂ δ(W₁ z))     X̂ = F_scale(U, s) = U ⊙ s

    C, C/r, H and W are those of the object on this input; so are the layers of the excitation and of F_tr.

    Parameters
    ----------
    module : Module
        A squeeze-and-excitation block, whose input is U; or a module that contains one, such as a residual block,
        whose input is X.
    input_size : sequence of int, or Tensor      N C H W of the module's input; or that itself
    title : str                                  the class of the module if left out

    Raises
    ------
    ConfigError    nothing in it gates channels, or more than one part does

    References
    ----------
    Hu, Shen, Albanie, Sun and Wu 2019, "Squeeze-and-excitation networks", figure 1 and equations 1 to 4.

    Examples
    --------
    >>> from tinycnn import nn, plot
    >>> picture = plot.squeeze_excitation(nn.SqueezeExcitation(64, 4), (1, 64, 56, 56))
    >>> [text for text in picture.strings if text.startswith("1×1×")]
    ['1×1×64', '1×1×4', '1×1×64']
    """
    found = trace(module, input_size)
    gate = _only(found)
    steps = found.steps
    name = title or type(module).__name__
    sheet = SVG(f"{name}: squeeze and excitation of {steps[gate.maps].volume[0]} channels")
    before = [steps[i] for i in range(1, gate.maps + 1) if steps[i].kind != "merge"]
    x = 0.0
    if before:
        _maps(sheet, steps[0], "X", x)
        shown = before if len(before) <= 6 else [step for step in before if step.depth]
        x = _way(sheet, "F_tr", [step.label() for step in shown], x + LENGTH + 8)
    u_at, u = x, steps[gate.maps]
    _maps(sheet, u, "U", u_at)
    above = -SIDE / 2 - 96.0
    at = _bars(sheet, steps, gate, u_at + LENGTH, above)
    scaled = max(at + 50, u_at + LENGTH + 180)
    sheet.line([(u_at + LENGTH + 8, 0), (scaled - 8, 0)])
    sheet.formula((u_at + LENGTH + scaled) / 2, -8, "F_scale(U, s) = U ⊙ s")
    middle = scaled + THICK / 2 + 14
    sheet.line([(at + 6, above), (middle, above), (middle, -SIDE / 2 - 26)])
    _maps(sheet, steps[gate.product], "X̂", scaled, HUES)
    sheet.text(0, above - 66, name, 14, bold=True)
    return sheet


def _only(found: Trace) -> Gate:
    r"""The one gate of the module."""
    known = gates(found.steps)
    if len(known) == 1:
        return known[0]
    places = [found.steps[gate.product].path or "the module itself" for gate in known]
    kind = type(found.model).__name__
    raise ConfigError(explain(
        f"squeeze_excitation: {kind} gates its channels {len(known)} times, but the picture is of one" if known
        else f"squeeze_excitation: nothing in {kind} pools maps to 1×1 and multiplies them by what comes of that",
        {"gates": ", ".join(places[:6]) + (", …" if len(places) > 6 else "")} if known else {},
        f"draw one part: squeeze_excitation(model.get_submodule({places[0]!r}), …)" if known else
        "it draws modules with squeeze-and-excitation, such as nn.SqueezeExcitation or a block of se_resnet50",
    ))


def _solid(step: Step, thick: float = THICK) -> Solid:
    return Solid(step, thick, SIDE, SLANT * SIDE)


LENGTH = THICK + SLANT * SIDE


def _maps(sheet: SVG, step: Step, name: str, x: float, hues: Sequence[str] = ()) -> None:
    r"""Activation maps as a solid, C along the front, W to the back; coloured by channel if `hues` are given."""
    if not hues:
        draw(sheet, _solid(step), x, SIDE / 2, "#d9dde2")
    thin = THICK / max(len(hues), 1)
    for i, hue in enumerate(hues):
        draw(sheet, _solid(step, thin), x + i * thin, SIDE / 2, hue)
    c, h, w = step.volume
    low = SIDE / 2 + SLANT * SIDE / 2
    sheet.text(x + THICK / 2, low + 22, name[0], 15, "middle", italic=True)
    if name[1:]:  # a hat, drawn, for many fonts misplace it
        middle = x + THICK / 2 + 2
        sheet.line([(middle - 4, low + 9), (middle, low + 6), (middle + 4, low + 9)], arrow=False, kind="hat")
    sheet.text(x + THICK / 2 + 12, low + 38, f"H×W×C = {h}×{w}×{c}", 10, "middle", fill=FAINT)


def _way(sheet: SVG, name: str, layers: Sequence[str], x: float) -> float:
    r"""An arrow with the function above it and its layers below; returns where it ends."""
    shown = [*layers[:5], "…"] if len(layers) > 6 else layers
    wide = max(86.0, *(text_width(layer, 9) for layer in shown)) + 16
    sheet.line([(x + 4, 0), (x + wide - 4, 0)])
    sheet.formula(x + wide / 2, -8, name)
    for i, layer in enumerate(shown):
        sheet.text(x + wide / 2, 14 + 12 * i, layer, 9, "middle", fill=FAINT)
    return x + wide


def _bars(sheet: SVG, steps: Sequence[Step], gate: Gate, x: float, y: float) -> float:
    r"""z, the hidden channels and s as bars as long as they have channels; returns where the last one ends."""
    c = steps[gate.maps].volume[0]
    start = x - 40
    at = start + 86
    sheet.line([(start - THICK / 2, -SIDE / 2 - 24), (start - THICK / 2, y), (at - 4, y)])
    sheet.formula(start + 20, y - 10, "F_sq")
    sheet.text(start + 20, y + 15, steps[gate.squeeze].label(), 9, "middle", fill=FAINT)
    at = _bar(sheet, steps[gate.squeeze], at, y, c, ["#d9dde2"])
    begin, end, waiting = at, at, []
    for i in gate.inner:
        waiting.append(steps[i])
        following = steps[gate.inner[gate.inner.index(i) + 1]] if i != gate.inner[-1] else None
        if following is None or following.depth:
            names = [part.label() for part in waiting]
            wide = max(text_width(name, 9) for name in names) + 20
            sheet.line([(at + 4, y), (at + wide - 4, y)])
            for n, name in enumerate(names):
                sheet.text(at + wide / 2, y + 15 + 12 * n, name, 9, "middle", fill=FAINT)
            end = at + wide
            at = _bar(sheet, waiting[-1], end, y, c, HUES if following is None else ["#eceff1"])
            waiting = []
    sheet.formula((begin + end) / 2, y - 36, "F_ex(z, W)")
    return at


def _bar(sheet: SVG, step: Step, x: float, y: float, channels: int, hues: Sequence[str]) -> float:
    c = step.volume[0]
    long = max(96.0 * c / channels, 14.0)
    name = f"1×1×{c}"
    wide = max(long, text_width(name, 10))
    for i, hue in enumerate(hues):
        part = long / len(hues)
        sheet.box(x + (wide - long) / 2 + i * part, y - 6, part, 12, "vector", fill=hue, round=0, tip=step.facts(),
                  stroke=mixed(hue, "#000000", 0.35))
    sheet.text(x + wide / 2, y - 14, name, 10, "middle", bold=True)
    return x + wide
