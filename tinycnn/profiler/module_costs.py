r"""The table by module: what its forward takes, and what the backward of the ops that it made takes."""

from __future__ import annotations

from collections.abc import Iterable

from tinycnn.profiler.averages import RECORDING, REST
from tinycnn.profiler.listing import Row, as_page, as_table
from tinycnn.profiler.spans import Place, Span, Trace

FUNCTIONS = "(ops outside modules)"


class ModuleCost:
    r"""What a module and its parts take. Times are in milliseconds.

    Attributes
    ----------
    path, kind : str            its place in the model, "" for the model itself, and its class
    calls : int
    forward : float             from the beginning of its calls to their end, Python between the ops included
    backward : float            of the ops that its forward made
    outside : float             of what is no module and no op: optimizer steps, other named pieces, Python, recording
    bytes : int                 memory that results and gradients took anew
    flops, backward_flops : int
    share : float               of all the time
    is_module : bool            no, for what lies outside modules: functions, optimizer steps, the rest
    """

    def __init__(self, path: str, kind: str = "", model: int = -1) -> None:
        self.path, self.kind, self.model = path, kind, model
        self.calls = self.bytes = self.flops = self.backward_flops = 0
        self.forward = self.backward = self.outside = self.share = 0.0

    @property
    def is_module(self) -> bool:
        """Whether it stands for a module."""
        return self.model >= 0

    @property
    def time(self) -> float:
        """All of it."""
        return self.forward + self.backward + self.outside

    @property
    def depth(self) -> int:
        """How deep in the model."""
        return len(self.path.split(".")) if self.is_module and self.path else 0

    def add(self, span: Span, own: int) -> None:
        """Charge it with a span's own time."""
        way = span.op.way if span.op is not None else "forward" if self.is_module else "outside"
        setattr(self, way, getattr(self, way) + own / 1e6)
        self.bytes += span.bytes
        if way == "backward":
            self.backward_flops += span.flops
        else:
            self.flops += span.flops

    def __repr__(self) -> str:
        return f"<ModuleCost {self.path or self.kind}: {self.forward:.3f} + {self.backward:.3f} ms>"


class ModuleList(list[ModuleCost]):
    r"""Rows of the table by module, in the order of the first call. A row counts its parts, which follow it.

    Rows that are no part of another add up to `total`, in milliseconds.
    """

    def __init__(self, rows: Iterable[ModuleCost], total: float, steps: int = 1) -> None:
        super().__init__(rows)
        self.total, self.steps = total, steps
        for row in self:
            row.share = row.time / total if total else 0.0

    def outermost(self) -> list[ModuleCost]:
        """Models and what lies outside them: they share out all the time."""
        return [row for row in self if not row.depth]

    def _rows(self, depth: int | None) -> list[Row]:
        rows = [
            Row(_last(row), str(row.calls or ""), 1e3 * row.forward, 1e3 * row.backward,
                1e3 * row.outside, row.bytes, row.flops, row.backward_flops, row.kind, row.depth)
            for row in self if depth is None or row.depth <= depth
        ]  # fmt: skip
        return [*rows, Row.sum("all", [row for row in rows if not row.indent])]

    def table(self, depth: int | None = None) -> str:
        """The rows as text, parts indented, down to so deep in the model."""
        return as_table(self._rows(depth), self._notes(), "Module", "Calls")

    def _notes(self) -> list[str]:
        each = f"{self.steps} steps, {self.total / self.steps:.2f} ms each. " if self.steps > 1 else ""
        return [f"{each}A module's row counts its parts; what it has more than they have together, it does itself."]

    def __str__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        return as_page(self._rows(None), self._notes(), "Module", "Calls")


def _last(row: ModuleCost) -> str:
    return row.path if not row.is_module else row.path.rpartition(".")[2] or row.kind


def module_costs(trace: Trace) -> ModuleList:
    r"""Every module that was called, and a row for what lies outside of modules, so that nothing is left out."""
    modules: dict[Place, ModuleCost] = {}
    others: dict[str, ModuleCost] = {}
    rest, recording = ModuleCost(REST), ModuleCost(RECORDING)
    rest.outside, recording.outside = trace.rest / 1e6, trace.recording / 1e6

    def place_row(place: Place) -> ModuleCost:
        if place not in modules:
            modules[place] = ModuleCost(place.path, place.kind, place.model)
        return modules[place]

    for span, own in trace.own_times().items():
        place = span.op.place if span.op is not None else span.place
        if span.sort == "module" and span.op is None and span.place is not None:
            place_row(span.place).calls += 1
        if place is not None:
            place_row(place).add(span, own)
        elif span.op is not None:
            others.setdefault(FUNCTIONS, ModuleCost(FUNCTIONS)).add(span, own)
        elif span.label is not None:
            row = others.setdefault(span.label, ModuleCost(span.label))
            row.add(span, own)
            row.calls += span.sort == "label"
        else:
            rest.add(span, own)
    rows = [*_with_parts(modules), *others.values(), rest, recording]
    return ModuleList(rows, trace.total / 1e6, trace.steps)


def _with_parts(modules: dict[Place, ModuleCost]) -> list[ModuleCost]:
    """The rows with those of their parts added, each followed by its parts, in the order of their first calls."""
    rows: list[ModuleCost] = []
    order = list(modules)
    for place in sorted(modules, key=lambda place: _first_calls(place, order)):
        row = ModuleCost(place.path, place.kind, place.model)
        row.calls = modules[place].calls
        for other, part in modules.items():
            if other.within(place):
                for name in ("forward", "backward", "bytes", "flops", "backward_flops"):
                    setattr(row, name, getattr(row, name) + getattr(part, name))
        rows.append(row)
    return rows


def _first_calls(place: Place, order: list[Place]) -> list[int]:
    """When the modules on the way to this one were called first: compared, they put a tree in order."""
    way = [other for other in order if place.within(other)]
    return [order.index(other) for other in sorted(way, key=lambda other: len(other.path))]
