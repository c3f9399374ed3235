r"""What networks cost, side by side: parameters, multiply-adds and activations, in all and layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tinycnn.errors import ConfigError, ShapeError
from tinycnn.nn import Module
from tinycnn.nn.utils import skip_init
from tinycnn.plot.canvas import FAINT, INK, RIGHT, TEST, TRAIN, new_figure, tidy
from tinycnn.tables import Measure, measure
from tinycnn.tables.geometry_table import rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: heading, unit, what of a Measure, what of one of its layers, and its colour
_QUANTITIES: tuple[tuple[str, str, Callable[[Measure], float], Callable[[Any], float], str], ...] = (
    ("Parameters", "M", lambda m: m.parameters / 1e6, lambda layer: layer.parameters / 1e6, TEST),
    ("Multiply-adds", "G", lambda m: m.mult_adds / 1e9, lambda layer: layer.mult_adds / 1e9, TRAIN),
    ("Activations", "MB", lambda m: m.activation_bytes / 1e6, lambda layer: layer.output_bytes / 1e6, RIGHT),
)
_FOOTNOTE = (
    "multiply-adds of convolutions and linear layers; a multiply-add is two FLOPs. "
    "Activations: what these layers put out, in float32; 1 MB = 10⁶ bytes."
)


def comparison(
    models: Mapping[str, Module | Measure] | Sequence[str],
    input_size: Sequence[int] = (1, 3, 224, 224),
    *,
    layers: bool = False,
    title: str = "",
) -> Figure:
    r"""Parameters, multiply-adds and activation memory of networks, a bar each; or layer by layer.

    Parameters
    ----------
    models : mapping or sequence
        By the name that is shown, a model or what `tables.measure` gave for it; or names for `models.get_model`.
    input_size : sequence of int
        N, C, H, W; what is not measured yet is measured with it.
    layers : bool
        A bar for each convolution and linear layer, the networks' columns side by side at one scale, as the lecture's
        figure 11 has AlexNet and VGG-16; the names are those of `tables.layer_table`.

    Raises
    ------
    ShapeError     there is nothing to compare
    ConfigError    there is no such model, or one without a name

    Examples
    --------
    >>> from tinycnn import nn
    >>> narrow, wide = (nn.Sequential(nn.Conv2d(3, n, 3), nn.Flatten(), nn.Linear(36 * n, 10)) for n in (8, 16))
    >>> figure = comparison({"narrow": narrow, "wide": wide}, (1, 3, 8, 8))
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Parameters in M', 'Multiply-adds in G', 'Activations in MB']
    """
    measured = {name: _measured(name, model, input_size) for name, model in _named(models).items()}
    if not measured:
        raise ShapeError("comparison: there is no model to compare")
    return (_by_layer if layers else _in_all)(measured, title)


def _named(models: Any) -> Mapping[str, Any]:
    if isinstance(models, Mapping):
        return models
    names = [models] if isinstance(models, str) else list(models)
    if any(not isinstance(name, str) for name in names):
        raise ConfigError('comparison: a network that is made already needs a name, comparison({"mine": model})')
    return dict(zip(names, names, strict=True))


def _measured(name: str, model: Any, input_size: Sequence[int]) -> Measure:
    if isinstance(model, str):
        from tinycnn.models import get_model_builder  # needed only here

        model = skip_init(get_model_builder(model))  # to be counted, not to be used
    return model if isinstance(model, Measure) else measure(model, tuple(input_size))


def _in_all(measured: Mapping[str, Measure], title: str) -> Figure:
    names = list(measured)
    figure = new_figure(11.5, 1.5 + 0.36 * len(names), title or "What the networks cost")
    for axes, (heading, unit, of_model, _, colour) in zip(
        figure.subplots(1, 3, sharey=True), _QUANTITIES, strict=True
    ):
        values = [of_model(measured[name]) for name in names]
        axes.barh(range(len(names)), values, color=colour, height=0.7)
        for place, value in enumerate(values):
            axes.text(value, place, f" {_short(value)}", va="center", fontsize=9, color=INK)
        axes.set_title(f"{heading} in {unit}", loc="left", fontsize=11, color=INK)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlim(0, 1.22 * max(values, default=0) or 1)
        axes.set_xticks([])
        tidy(axes, grid=False)
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(length=0)
    figure.axes[0].invert_yaxis()
    figure.supxlabel(_FOOTNOTE, x=0.02, ha="left", fontsize=8, color=FAINT)
    return figure


def _by_layer(measured: Mapping[str, Measure], title: str) -> Figure:
    named = {name: [row for row in rows_of(m.layers) if row[1].mult_adds] for name, m in measured.items()}
    rows = {name: [layer for _, layer in pairs] for name, pairs in named.items()}
    lengths = [max(1, len(layers)) for layers in rows.values()]
    width = min(20.0, max(8.0, 1.5 + 0.42 * sum(lengths)))
    figure = new_figure(width, 8.2, title or "What the networks cost, layer by layer")
    crowded = 72 * (width - 1.5) / sum(lengths) < 8  # points a bar, too few for a line of text
    grid = figure.subplots(3, len(rows), sharey="row", sharex="col", squeeze=False, width_ratios=lengths)
    for line, (heading, unit, of_model, of_layer, colour) in zip(grid, _QUANTITIES, strict=True):
        most = max((of_layer(layer) for layers in rows.values() for layer in layers), default=0) or 1
        for axes, (name, layers) in zip(line, rows.items(), strict=True):
            _bars(axes, [of_layer(layer) for layer in layers], colour, most, numbers=not crowded)
            axes.set_xticks(range(len(layers)), [path for path, _ in named[name]], rotation=90, fontsize=8)
            total = f"{_short(of_model(measured[name]))} {unit}"
            axes.set_title(f"{name}: {total}", loc="left", fontsize=11, color=INK)
        line[0].set_ylabel(f"{heading} in {unit}", color=INK)
    figure.supxlabel(_FOOTNOTE, x=0.02, ha="left", fontsize=8, color=FAINT)
    return figure


def _bars(axes: Axes, values: Sequence[float], colour: str, most: float, numbers: bool) -> None:
    axes.bar(range(len(values)), values, color=colour, width=0.75)
    for place, value in enumerate(values if numbers else ()):
        axes.text(place, value + 0.01 * most, _short(value), ha="center", va="bottom", fontsize=7, color=FAINT,
                  rotation=90)
    axes.set_ylim(0, 1.25 * most)
    axes.margins(x=0.02)
    tidy(axes)
    axes.tick_params(axis="x", length=0)


def _short(value: float) -> str:
    r"""Three digits, and never an exponent.

    Examples
    --------
    >>> [_short(x) for x in (138.357, 15.47, 0.7142, 0.000312, 0.0)]
    ['138', '15.5', '0.714', '0.00031', '0']
    """
    if value == 0:
        return "0"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 else f"{value:.5f}"
