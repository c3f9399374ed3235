r"""The summary of a model: its totals, and how it is printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinycnn.tables.layer_info import LayerInfo
from tinycnn.tables.page import Column, as_html

COLUMNS = {
    "kernel_size": "Kernel Shape",
    "input_size": "Input Shape",
    "output_size": "Output Shape",
    "num_params": "Param #",
    "params_percent": "Param %",
    "mult_adds": "Mult-Adds",
    "trainable": "Trainable",
}
_UNITS = (("TERABYTES", 10**12), ("GIGABYTES", 10**9), ("MEGABYTES", 10**6))  # as torchinfo calls 10¹² mult-adds, too
_INDENT = 5


@dataclass
class FormattingOptions:
    r"""What is shown of a summary, and how wide."""

    max_depth: int
    verbose: int
    col_names: tuple[str, ...]
    col_width: int
    row_settings: set[str]
    layer_name_width: int = field(default=40, init=False)

    def shows(self, setting: str) -> bool:
        """Whether `setting` is among the row settings."""
        return setting in self.row_settings

    def name(self, info: LayerInfo) -> str:
        """The layer's name, with or without its attribute and its index."""
        return info.label(self.shows("var_names"), self.shows("depth"))

    def branch(self, depth: int) -> str:
        """What stands before a name: the lines of the tree."""
        corner, line = ("+ ", "|    ") if self.shows("ascii_only") else ("├─" if depth == 1 else "└─", "│    ")
        return line * (depth - 1) + corner if depth else ""

    def make_room(self, summary_list: Sequence[LayerInfo]) -> None:
        """Widen the column of names for the longest, to a multiple of 5."""
        longest = max((len(self.name(info)) + info.depth * _INDENT + 1 for info in summary_list), default=0)
        if longest >= self.layer_name_width:
            self.layer_name_width = -(-longest // _INDENT) * _INDENT

    def total_width(self) -> int:
        """How long the lines between the parts are."""
        return self.layer_name_width + len(self.col_names) * self.col_width

    def line(self, name: str, values: dict[str, str]) -> str:
        """One line of the table."""
        cells = [f"{values.get(column, ''):<{self.col_width}}" for column in self.col_names]
        return " ".join([f"{name:<{self.layer_name_width}}", *cells]).rstrip()

    def heading(self) -> str:
        """What stands over the names."""
        return "Layer (type" + " (var_name)" * self.shows("var_names") + ":depth-idx" * self.shows("depth") + ")"

    def lines(self, summary_list: Sequence[LayerInfo], total_params: int) -> Iterator[tuple[int, str, dict[str, str]]]:
        """Depth, name and values of each line that is shown."""
        for info in summary_list:
            if info.depth > self.max_depth or (self.shows("hide_recursive_layers") and info.is_recursive):
                continue
            yield info.depth, self.name(info), info.cells(total_params, folded=info.depth == self.max_depth)
            if self.verbose == 2:
                for name, values in info.inner_layers.items():
                    yield info.depth + 1, name, values


class ModelStatistics:
    r"""The result of `summary`: printed it is torchinfo's text, in a notebook a table.

    Attributes
    ----------
    summary_list : list of LayerInfo
    total_params, trainable_params : int
    total_mult_adds : int                   as torchinfo counts: biases and norms too, linear layers once an example
    total_input : int                       bytes of the inputs
    total_output_bytes : int                of layers that have parameters; twice, as gradients take as much
    total_param_bytes : int                 of the layers that have no parts
    """

    def __init__(
        self, summary_list: list[LayerInfo], input_size: Any, total_input_size: int, formatting: FormattingOptions
    ) -> None:
        self.summary_list = summary_list
        self.input_size = input_size
        self.formatting = formatting
        self.total_input = total_input_size
        self.total_params = self.trainable_params = self.total_mult_adds = 0
        self.total_param_bytes = self.total_output_bytes = 0
        for info in summary_list:
            if info.is_leaf_layer:
                self.total_mult_adds += info.macs
                self.total_output_bytes += 2 * info.output_bytes * (info.num_params > 0)
            if not info.is_recursive:  # layers that share a weight can have more than the module around them
                self.total_params += max(info.own_params, 0)
                self.trainable_params += max(info.own_trainable, 0)
                self.total_param_bytes += info.param_bytes * info.is_leaf_layer
        formatting.make_room(summary_list)

    def __repr__(self) -> str:
        form = self.formatting
        divider = "=" * form.total_width()
        rows = [form.line(form.branch(depth) + name, values)
                for depth, name, values in form.lines(self.summary_list, self.total_params)]
        counts, sizes = self._totals()
        parts = [[form.line(form.heading(), COLUMNS)], rows, counts, *([sizes] if sizes else [])]
        return "\n".join([divider, *(line for part in parts for line in [*part, divider])])

    def _repr_html_(self) -> str:
        form = self.formatting
        lines = list(form.lines(self.summary_list, self.total_params))
        counts, sizes = self._totals()
        return as_html([
            Column("", form.heading(), [name for _, name, _ in lines], left=True,
                   indents=[depth for depth, _, _ in lines]),
            *(Column("", COLUMNS[name], [values.get(name, "").strip() for _, _, values in lines],
                     left=name.endswith("size")) for name in form.col_names),
        ], [*counts, *sizes])

    def _totals(self) -> tuple[list[str], list[str]]:
        """The lines below the table."""
        counts = [
            f"Total params{self.format_output_num(self.total_params)}",
            f"Trainable params{self.format_output_num(self.trainable_params)}",
            f"Non-trainable params{self.format_output_num(self.total_params - self.trainable_params)}",
        ]
        if not self.input_size:
            return counts, []
        counts.append(f"Total mult-adds{self.format_output_num(self.total_mult_adds, _UNITS)}")
        total = self.total_input + self.total_output_bytes + self.total_param_bytes
        return counts, [
            f"Input size (MB): {self.to_megabytes(self.total_input):0.2f}",
            f"Forward/backward pass size (MB): {self.to_megabytes(self.total_output_bytes):0.2f}",
            f"Params size (MB): {self.to_megabytes(self.total_param_bytes):0.2f}",
            f"Estimated Total Size (MB): {self.to_megabytes(total):0.2f}",
        ]

    @staticmethod
    def to_megabytes(num: int) -> float:
        """Bytes in MB of 10⁶."""
        return num / 1e6

    @staticmethod
    def format_output_num(num: int, units: Sequence[tuple[str, int]] = ()) -> str:
        """A number as it follows its name: " (unit): number".

        >>> ModelStatistics.format_output_num(61100840), ModelStatistics.format_output_num(714682000, _UNITS)
        (': 61,100,840', ' (Units.MEGABYTES): 714.68')
        """
        if not units:
            return f": {num:,}"
        unit, size = next(((unit, size) for unit, size in units if num >= size), units[-1])
        return f" (Units.{unit}): {num // size:,}" if num % size == 0 else f" (Units.{unit}): {num / size:,.2f}"
