r"""The lecture's table of a network (Figure 8): for each layer its sizes, kernel, memory, parameters and operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tinycnn import nn
from tinycnn.geometry import Pair
from tinycnn.shapes import product
from tinycnn.tables.inputs import Shape, expect_model, listed
from tinycnn.tables.layers import LayerRecord
from tinycnn.tables.layout import as_text
from tinycnn.tables.measuring import measure
from tinycnn.tables.page import Column, as_html


class LayerRow(NamedTuple):
    r"""One layer: exact numbers, and the whole ones in larger units that are printed. None where there is nothing."""

    name: str
    input_channels: int
    input_size: tuple[int, ...]  # H and W; empty where there are no positions
    filters: int | None
    kernel: Pair | None
    stride: Pair | None
    pad: tuple[Pair, Pair] | None  # (top, bottom), (left, right)
    dilation: Pair | None
    groups: int | None
    output_channels: int
    output_size: tuple[int, ...]
    output_bytes: int  # in float32
    weights: int  # without biases
    mult_adds: int

    @property
    def memory(self) -> int:
        """Of the output, in KB of 1024 bytes."""
        return _rounded(self.output_bytes, 1024)

    @property
    def params(self) -> int:
        """Weights without biases, in thousands."""
        return _rounded(self.weights, 10**3)

    @property
    def flop(self) -> int:
        """Multiply-adds, in millions."""
        return _rounded(self.mult_adds, 10**6)


@dataclass(frozen=True, eq=False, repr=False)
class LayerTable:
    r"""The rows of `layer_table`, to be printed, shown in a notebook, or gone through.

    Attributes
    ----------
    model : str                     the model's class
    input_sizes : list of tuple     with the batch
    rows : tuple of LayerRow
    notes : tuple of str            what the numbers mean, and what has no row
    """

    model: str
    input_sizes: list[Shape]
    rows: tuple[LayerRow, ...]
    notes: tuple[str, ...]

    def __iter__(self) -> Iterator[LayerRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return as_text(self._columns(), self.notes)

    def _repr_html_(self) -> str:
        return as_html(self._columns(), self.notes)

    def _columns(self) -> list[Column]:
        columns = [
            Column("", "Layer", [row.name for row in self.rows], left=True),
            Column("Input size", "C", [str(row.input_channels) for row in self.rows]),
            Column("Input size", "H / W", [_sides(row.input_size) for row in self.rows]),
            Column("Layer", "filters", [_or_nothing(row.filters) for row in self.rows]),
            Column("Layer", "kernel", [_sides(row.kernel) for row in self.rows]),
            Column("Layer", "stride", [_sides(row.stride) for row in self.rows]),
            Column("Layer", "pad", [_pads(row.pad) for row in self.rows]),
        ]
        if any(row.dilation not in (None, (1, 1)) for row in self.rows):
            columns.append(Column("Layer", "dilation", [_sides(row.dilation) for row in self.rows]))
        if any(row.groups not in (None, 1) for row in self.rows):
            columns.append(Column("Layer", "groups", [_or_nothing(row.groups) for row in self.rows]))
        return [
            *columns,
            Column("Output size", "C", [str(row.output_channels) for row in self.rows]),
            Column("Output size", "H / W", [_sides(row.output_size) for row in self.rows]),
            Column("", "memory (KB)", [f"{row.memory:,}" for row in self.rows]),
            Column("", "params (k)", [f"{row.params:,}" for row in self.rows]),
            Column("", "flop (M)", [f"{row.flop:,}" for row in self.rows]),
        ]


def layer_table(model: nn.Module, input_size: Any, dtypes: Sequence[Any] | None = None) -> LayerTable:
    r"""The table of a network as in the lecture's Figure 8, counted in a forward pass; the model is left as it was.

        memory (KB)    the output in float32, 4 bytes an entry, 1024 bytes a KB
        params (k)     weights without biases; those that a row above has used already are not counted again
        flop (M)       multiply-adds; FLOPs, of which a multiply-add is two, are twice as many

    A row is what multiplies its input by weights or changes its sizes: convolution, pooling, flatten, linear layer,
    whether a module did it or a function in somebody's forward. ReLU, dropout, normalization, sums and whatever else
    keeps the sizes, if only in another order, has none; a note under the table names it, and its parameters if any.

    If each row follows on the one above and the layers have no names but numbers (``features.0``), as in AlexNet and
    VGG, a convolution or linear layer is called by how many of them there are up to it, and a pooling by the
    convolution above: conv1, pool1, …, flatten, fc6. Otherwise rows bear the paths of the modules.

    The lecture's figure prints 145 for AlexNet's conv4. Its 13·13 positions, 256 filters and 384·3·3 products each make
    150 M; 150 is printed here, and a note says so.

    Parameters
    ----------
    model : Module
    input_size : tuple, or a list of tuples     with the batch: (1, 3, 227, 227)
    dtypes : sequence of dtype, optional        one for each input; by default that of the model

    References
    ----------
    Johnson (2019), "Deep learning for computer vision", lecture 8, from which the figure is.

    Examples
    --------
    >>> from tinycnn import nn
    >>> model = nn.Sequential(nn.Conv2d(1, 64, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(9216, 1000))
    >>> print(str(layer_table(model, (1, 1, 28, 28))).partition("memory: ")[0])
              Input size             Layer              Output size
    Layer       C  H / W  filters  kernel  stride  pad     C  H / W  memory (KB)  params (k)  flop (M)
    ──────────────────────────────────────────────────────────────────────────────────────────────────
    conv1       1     28       64       5       1    0    64     24          144           2         1
    pool1      64     24                2       2    0    64     12           36           0         0
    flatten    64     12                                9216                  36           0         0
    fc2      9216            1000                       1000                   4       9,216         9
    <BLANKLINE>
    <BLANKLINE>
    """
    expect_model("layer_table", model)
    measured = measure(model, listed(input_size, "layer_table"), dtypes)
    shown = rows_of(measured.layers)
    rows = tuple(_row(name, layer) for name, layer in shown)
    left_out = [layer for layer in measured.layers if not _has_row(layer)]
    single = any(layer.window is not None and len(layer.input_shape) == 3 for _, layer in shown)  # an image, no batch
    batch = 1 if single or len(measured.input_sizes[0]) < 2 else measured.input_sizes[0][0]
    return LayerTable(measured.model, measured.input_sizes, rows, tuple(_notes(rows, left_out, batch)))


# Which layers have a row, and what it is called ──────────────────────────────────────────────────────────────────────


def rows_of(layers: Sequence[LayerRecord]) -> list[tuple[str, LayerRecord]]:
    r"""The layers of a model that have a row in `layer_table`, each with the name it has there."""
    shown = [layer for layer in layers if _has_row(layer)]
    names = _numbered(shown) if _is_plain_chain(layers, shown) else [_path(layer) for layer in shown]
    return list(zip(names, shown, strict=True))


def _has_row(layer: LayerRecord) -> bool:
    r"""Whether it multiplies by weights, or changes the sizes; the same ones in another order are no change."""
    return layer.mult_adds > 0 or sorted(layer.input_shape) != sorted(layer.output_shape)


def _what(layer: LayerRecord) -> str:
    if layer.filters is not None:
        return "fc" if layer.window is None else "conv"
    if product(layer.input_shape) == product(layer.output_shape):
        return "flatten" if len(layer.output_shape) == 2 else ""
    return "pool" if layer.input_shape[:2] == layer.output_shape[:2] else ""


def _is_plain_chain(layers: Sequence[LayerRecord], shown: Sequence[LayerRecord]) -> bool:
    r"""Whether each layer follows on one other only, all are of the kinds of AlexNet, and their names say nothing."""
    return (
        all(len(layer.sources) <= 1 for layer in layers)
        and sum(not layer.sources for layer in layers) == 1
        and all(map(_what, shown))
        and all(_path(layer).rpartition(".")[2].isdigit() or not layer.path for layer in shown if layer.filters)
    )


def _numbered(shown: Sequence[LayerRecord]) -> list[str]:
    names, number = [], 0
    for layer in shown:
        what = _what(layer)
        number += what in {"conv", "fc"}
        names.append(what if what == "flatten" else f"{what}{number}")
    return names


def _path(layer: LayerRecord) -> str:
    return layer.path or layer.kind


# What stands in a row ────────────────────────────────────────────────────────────────────────────────────────────────


def _row(name: str, layer: LayerRecord) -> LayerRow:
    last = layer.filters is not None and layer.window is None  # a linear layer has its channels last
    channels_in, size_in = _split(layer.input_shape, last, layer)
    channels_out, size_out = _split(layer.output_shape, last, layer)
    window = layer.window
    if window is not None and layer.filters is None and window.size != size_in:
        window = None  # adaptive windows that overlap are of several sizes
    slides = (None,) * 4 if window is None else (window.kernel, window.stride, window.padding, window.dilation)
    kernel, stride, pad, dilation = slides
    return LayerRow(
        name, channels_in, size_in,
        layer.filters, kernel, stride, pad, dilation, layer.groups if window and layer.filters else None,
        channels_out, size_out, layer.output_bytes, layer.weights, layer.mult_adds,
    )


def _split(shape: Shape, last: bool, layer: LayerRecord) -> tuple[int, tuple[int, ...]]:
    r"""Channels and positions of N C H W, of N F, of N … F where channels come last, or of an image C H W alone."""
    if len(shape) < 2:
        return product(shape), ()
    if last:
        return shape[-1], shape[1:-1]
    if len(shape) == 3 and layer.window is not None:
        return shape[0], shape[1:]
    return shape[1], shape[2:]


def _notes(rows: Sequence[LayerRow], left_out: Sequence[LayerRecord], batch: int) -> Iterator[str]:
    yield "memory: the output in float32, in KB of 1024 bytes; params: weights without biases"
    yield "flop: multiply-adds; counted as two operations each, FLOPs are twice as many"
    if batch != 1:
        yield f"memory and flop are those of all {batch} examples of the batch"
    kinds: dict[str, int] = {}
    for layer in left_out:
        if not isinstance(layer.module, nn.Identity):
            kinds[layer.kind] = kinds.get(layer.kind, 0) + layer.parameters
    listed = ", ".join(f"{kind} ({count:,} parameters)" if count else kind for kind, count in kinds.items())
    if listed:
        yield f"no row, as the sizes stay: {listed}"
    for row in rows:
        if (row.name, row.output_size, row.filters, row.weights) == ("conv4", (13, 13), 256, 256 * 384 * 9):
            yield f"conv4: the lecture prints 145, but 13·13·256·384·3·3 multiply-adds are {row.flop} M"


def _rounded(number: int, unit: int) -> int:
    r"""In whole units; halves go up."""
    return (2 * number + unit) // (2 * unit)


def _or_nothing(number: int | None) -> str:
    return "" if number is None else str(number)


def _sides(sides: Sequence[int] | None) -> str:
    r"""One number for a square.

    >>> _sides((3, 3)), _sides((3, 5)), _sides(()), _sides(None)
    ('3', '3×5', '', '')
    """
    return "" if not sides else str(sides[0]) if len(sides) == 2 and sides[0] == sides[1] else "×".join(map(str, sides))


def _pads(pad: tuple[Pair, Pair] | None) -> str:
    r"""One number if all four sides get as much; "1+2" if the side behind gets more than the one in front.

    >>> _pads(((2, 2), (2, 2))), _pads(((0, 0), (1, 1))), _pads(((0, 1), (0, 1)))
    ('2', '0×1', '0+1')
    """
    if pad is None:
        return ""
    height, width = (str(a) if a == b else f"{a}+{b}" for a, b in pad)
    return height if height == width else f"{height}×{width}"
