r"""The picture of a profile: bars by op and by module, forward and backward apart, and memory through time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tinycnn.plot.canvas import FAINT, INK, RIGHT, TEST, TRAIN, new_figure, tidy
from tinycnn.profiler.averages import averages
from tinycnn.profiler.module_costs import ModuleCost, ModuleList, module_costs
from tinycnn.profiler.spans import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 34  # bars in a panel


class _Bar(NamedTuple):
    """A name, and milliseconds forward, backward, and outside of ops."""

    name: str
    forward: float
    backward: float
    outside: float = 0.0

    @property
    def length(self) -> float:
        return self.forward + self.backward + self.outside


def chart(trace: Trace, title: str = "") -> Figure:
    r"""Where the time goes, of a step if steps were told of, and how much memory results take meanwhile."""
    steps, total = trace.steps, trace.total / 1e6
    ops, modules = _by_op(trace), _by_module(module_costs(trace))
    rows = max(len(ops), len(modules), 4)
    went = f"Where a step of {total / steps:.1f} ms goes" if trace.stepped else f"Where {total:.1f} ms go"
    figure = new_figure(12.5, 2.9 + 0.27 * rows, title or went)
    (by_op, by_module), (memory, _) = grid = figure.subplots(2, 2, height_ratios=(0.27 * rows + 0.6, 1.5))
    _draw(by_op, "by op", [_each(bar, steps) for bar in ops], total / steps, rows)
    if any(bar.length for bar in ops):
        by_op.legend(frameon=False, fontsize=8.5, loc="lower right", labelcolor=INK)  # the bars there are short
    _draw(by_module, "by module", [_each(bar, steps) for bar in modules], total / steps, rows)
    for axes in grid[0]:
        axes.set_xlabel("ms a step" if trace.stepped else "ms", color=INK, fontsize=9)
    for axes in grid[1]:
        axes.remove()
    memory = figure.add_subplot(memory.get_gridspec()[1, :])
    _through_time(memory, trace)
    return figure


def _each(bar: _Bar, steps: int) -> _Bar:
    return _Bar(bar.name, bar.forward / steps, bar.backward / steps, bar.outside / steps)


def _by_op(trace: Trace) -> list[_Bar]:
    bars = [
        _Bar(event.key, event.forward / 1e3, event.backward / 1e3, event.outside / 1e3) for event in averages(trace)
    ]
    long = sum(bar.length > 0.002 * trace.total / 1e6 for bar in bars)
    return _largest(sorted(bars, key=lambda bar: -bar.length), most=min(MOST, long + 1))


def _largest(bars: Sequence[_Bar], most: int = MOST) -> list[_Bar]:
    """The bars that there is room for, and one for all others."""
    if len(bars) <= most:
        return list(bars)
    others = bars[most - 1 :]
    return [*bars[: most - 1], _Bar(
        f"({len(others)} more)", sum(bar.forward for bar in others), sum(bar.backward for bar in others),
        sum(bar.outside for bar in others),
    )]  # fmt: skip


def _by_module(rows: ModuleList) -> list[_Bar]:
    """Modules as deep in the model as there is room for, in the order of their calls; with what lies outside."""
    deepest = max((row.depth for row in rows), default=0)
    for depth in range(deepest, 0, -1):
        shown = _cut(rows, depth)
        if len(shown) <= MOST or depth == 1:
            return _largest([_bar(row) for row in shown])
    return _largest([_bar(row) for row in rows])


def _cut(rows: ModuleList, depth: int) -> list[ModuleCost]:
    """What is so deep, or less deep and without parts; and what those that have parts do themselves."""
    shown: list[ModuleCost] = []
    for row in rows:
        parts = [part for part in rows if row.is_module and part.model == row.model and part.depth == row.depth + 1
                 and (not row.path or part.path.startswith(f"{row.path}."))]  # fmt: skip
        if row.depth == depth or (row.depth < depth and not parts):
            shown.append(row)
        elif row.depth < depth:
            own = ModuleCost(f"{row.path or row.kind} itself", "", row.model)
            own.forward = row.forward - sum(part.forward for part in parts)
            own.backward = row.backward - sum(part.backward for part in parts)
            if own.time > 0.005 * rows.total:
                shown.append(own)
    return shown


def _bar(row: ModuleCost) -> _Bar:
    return _Bar(f"{row.path} {row.kind}".strip(), row.forward, row.backward, row.outside)


def _draw(axes: Axes, heading: str, bars: Sequence[_Bar], total: float, rows: int) -> None:
    left = [0.0] * len(bars)
    for label, colour, values in (
        ("forward", TEST, [bar.forward for bar in bars]),
        ("backward", TRAIN, [bar.backward for bar in bars]),
        ("outside of ops", FAINT, [bar.outside for bar in bars]),
    ):
        if any(values):
            axes.barh(range(len(bars)), values, left=left, color=colour, height=0.72, label=label)
        left = [start + value for start, value in zip(left, values, strict=True)]
    longest = max(left, default=0) or 1
    for place, length in enumerate(left):
        share = f"{100 * length / total:.0f} %" if total and length >= 0.005 * total else ""
        axes.text(length + 0.01 * longest, place, share, va="center", fontsize=8, color=FAINT)
    axes.set_yticks(range(len(bars)), [bar.name for bar in bars], fontsize=8.5)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_xlim(0, 1.1 * longest)
    axes.set_title(heading, loc="left", fontsize=11, color=INK)
    tidy(axes, grid=False)
    axes.tick_params(axis="y", length=0)


def _through_time(axes: Axes, trace: Trace) -> None:
    ends = [(0, 0), *trace.through_time()]
    times = [*(end / 1e6 for end, _ in ends), (trace.ended - trace.began) / 1e6]
    live = [*(held / 1e6 for _, held in ends), ends[-1][1] / 1e6]
    axes.fill_between(times, live, step="post", color=RIGHT, alpha=0.25, linewidth=0)
    axes.step(times, live, where="post", color=RIGHT, linewidth=1)
    axes.set_xlim(0, times[-1] or 1)
    axes.set_ylim(0, 1.15 * max(live) or 1)
    axes.set_title(f"results and gradients in memory, at most {trace.peak / 1e6:.1f} MB", loc="left", fontsize=11,
                   color=INK)
    axes.set_xlabel("ms", color=INK, fontsize=9)
    axes.set_ylabel("MB", color=INK, fontsize=9)
    tidy(axes)
