r"""The table by op: all its calls in one row, forward and back, and what lies outside ops in rows of its own."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from operator import attrgetter

from tinycnn.errors import ConfigError
from tinycnn.profiler.listing import Row, as_page, as_table
from tinycnn.profiler.spans import Shape, Span, Trace

REST = "(Python between the ops)"
RECORDING = "(recording all this)"


class EventAverage:
    r"""What all calls of an op, or all runs of a named piece of the program, come to. Times are in microseconds.

    Attributes
    ----------
    key : str                       the op's name or the text
    count, backward_count : int     calls on the way forward and back
    forward, backward : float       time of all calls on each way, ops in a backward included
    outside : float                 time of a named piece, of Python, or of recording, without the ops in it
    self_cpu_time_total : float     forward + backward + outside: what is charged to this row
    cpu_time_total : float          of a named piece, with the ops in it
    cpu_memory_usage : int          bytes of memory that the results, gradients included, took anew
    flops, backward_flops : int     of convolutions and products of matrices
    input_shapes : str              if they are grouped by
    """

    def __init__(self, key: str, is_op: bool, shapes: tuple[Shape | None, ...] = ()) -> None:
        self.key, self.is_op = key, is_op
        self.count = self.backward_count = self.cpu_memory_usage = self.flops = self.backward_flops = 0
        self.forward = self.backward = self.outside = self._around = 0.0
        self.input_shapes = f"[{', '.join(str(list(shape or ())) for shape in shapes)}]" if shapes else ""
        self.device = "cpu"

    def add(self, span: Span) -> None:
        """Count one more call."""
        if span.way == "backward":
            self.backward_count += 1
            self.backward_flops += span.flops
        else:
            self.count += 1
            self.flops += span.flops
        self.cpu_memory_usage += span.bytes
        self.device = span.device or self.device

    @property
    def self_cpu_time_total(self) -> float:
        """Time that is charged to this row."""
        return self.forward + self.backward + self.outside

    @property
    def cpu_time_total(self) -> float:
        """Time from beginning to end of all calls."""
        return self.self_cpu_time_total if self.is_op else self._around

    @property
    def cpu_time(self) -> float:
        """The mean of a call."""
        return self.cpu_time_total / max(1, self.count or self.backward_count)

    @property
    def device_time_total(self) -> float:
        """The time of ops on a GPU, which are waited for; 0 on the CPU."""
        return self.cpu_time_total if self.device == "cuda" else 0.0

    @property
    def device_time(self) -> float:
        """The mean of a call on a GPU."""
        return self.cpu_time if self.device == "cuda" else 0.0

    cuda_time, cuda_time_total = device_time, device_time_total
    self_cuda_time_total = self_device_time_total = device_time_total

    @property
    def self_cpu_memory_usage(self) -> int:
        """The same as `cpu_memory_usage`: what lies in an op is part of it."""
        return self.cpu_memory_usage

    def __repr__(self) -> str:
        return f"<EventAverage {self.key}: {self.count} calls, {self.self_cpu_time_total:.1f} µs>"


_ORDERS = {  # what one may sort by, and the attribute that it means
    "bytes": "cpu_memory_usage",
    **{name: name for name in (
        "self_cpu_time_total", "cpu_time_total", "cpu_time", "forward", "backward", "count", "flops",
        "cpu_memory_usage", "self_cpu_memory_usage", "cuda_time", "cuda_time_total", "self_cuda_time_total",
        "device_time", "device_time_total", "self_device_time_total",
    )},
}  # fmt: skip


class EventList(list[EventAverage]):
    r"""Rows of the table by op, the longest first; their `self_cpu_time_total` adds up to `total`, in microseconds."""

    def __init__(self, rows: Iterable[EventAverage], steps: int = 1, peak: int = 0) -> None:
        super().__init__(rows)
        self.steps, self.peak = steps, peak

    @property
    def total(self) -> float:
        """All the time."""
        return sum(event.self_cpu_time_total for event in self)

    self_cpu_time_total = total

    def total_average(self) -> EventAverage:
        """All rows as one, which is called Total."""
        total = EventAverage("Total", is_op=False)
        for name in ("count", "backward_count", "cpu_memory_usage", "flops", "backward_flops",
                     "forward", "backward", "outside", "_around"):
            setattr(total, name, sum(getattr(event, name) for event in self))
        return total

    def table(
        self, sort_by: str | None = None, row_limit: int = 100, max_src_column_width: int = 75,
        max_name_column_width: int = 55, max_shapes_column_width: int = 80, header: str | None = None,
        top_level_events_only: bool = False, time_unit: str | None = None,
    ) -> str:
        r"""The rows as text, with a last line in which the columns add up.

        Parameters
        ----------
        sort_by : what decides the order, the largest first: "self_cpu_time_total" if None, "forward", "backward",
            "count", "bytes", "flops" or another of PyTorch's names
        row_limit : rows that are shown; the others stand in one line together. −1 shows all.
        max_name_column_width, max_shapes_column_width : characters
        header : a line above the table
        max_src_column_width, top_level_events_only, time_unit : accepted for PyTorch's sake; times are in milliseconds

        Raises
        ------
        ConfigError
            If there is no such order.
        """
        text = as_table(self._rows(sort_by, row_limit, max_name_column_width, max_shapes_column_width), self._notes(),
                        "Op", "Calls")
        return f"{header}\n{text}" if header else text

    def _rows(self, sort_by: str | None, limit: int, name: int, shapes: int) -> list[Row]:
        sort_by = sort_by or "self_cpu_time_total"
        if sort_by not in _ORDERS:
            close = get_close_matches(sort_by, _ORDERS, n=1)
            raise ConfigError(
                f"table: there is no order {sort_by!r}" + (f"; did you mean {close[0]!r}?" if close else ".")
                + f" The orders are {', '.join(_ORDERS)}"
            )
        rows = [_row(event, name, shapes) for event in sorted(self, key=attrgetter(_ORDERS[sort_by]), reverse=True)]
        if 0 <= limit < len(rows):
            rows[limit:] = [Row.sum(f"({len(rows) - limit} more)", rows[limit:])]
        return [*rows, Row.sum("all", rows)]

    def _notes(self) -> list[str]:
        each = f"{self.steps} steps, {self.total / self.steps / 1e3:.2f} ms each. " if self.steps > 1 else ""
        return [f"{each}Results and gradients that were there at the same time: at most {self.peak / 1e6:.1f} MB."]

    def __str__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        return as_page(self._rows(None, 100, 55, 80), self._notes(), "Op", "Calls")


def _row(event: EventAverage, name: int, shapes: int) -> Row:
    text = _shortened(event.key, name)
    if event.input_shapes:
        text += f"  {_shortened(event.input_shapes, shapes)}"
    return Row(text, str(event.count), event.forward, event.backward, event.outside, event.cpu_memory_usage,
               event.flops, event.backward_flops)  # fmt: skip


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most or most < 4 else f"{text[: most - 1]}…"


def averages(trace: Trace, by_shape: bool = False) -> EventList:
    r"""One row for each op, or each op with inputs of the same shapes, for each label, and for the rest."""
    rows: dict[tuple[str, bool, tuple[Shape | None, ...]], EventAverage] = {}

    def row(key: str, is_op: bool, shapes: tuple[Shape | None, ...] = ()) -> EventAverage:
        place = key, is_op, shapes if by_shape else ()
        if place not in rows:
            rows[place] = EventAverage(*place)
        return rows[place]

    rest, recording = EventAverage(REST, is_op=False), EventAverage(RECORDING, is_op=False)
    rest.outside, recording.outside = trace.rest / 1e3, trace.recording / 1e3
    for span, own in trace.own_times().items():
        if span.op is not None:
            event = row(span.op.name, True, span.op.shapes)
            if span is span.op:
                event.add(span)
            setattr(event, span.op.way, getattr(event, span.op.way) + own / 1e3)
        elif span.label is not None:
            row(span.label, False).outside += own / 1e3
        else:
            rest.outside += own / 1e3
        if span.sort == "label":
            event = row(span.name, False)
            event.count += 1
            event._around += 0 if _repeats(span) else span.length / 1e3
    for event in (rest, recording):
        event.count, event._around = trace.steps, event.outside
    events = sorted(rows.values(), key=lambda event: event.self_cpu_time_total, reverse=True)
    return EventList([*events, rest, recording], trace.steps, trace.peak)


def _repeats(span: Span) -> bool:
    """Whether it lies in another of the same sort and name, whose length covers it."""
    outer = span.outer
    while outer is not None:
        if (outer.sort, outer.name) == (span.sort, span.name):
            return True
        outer = outer.outer
    return False
