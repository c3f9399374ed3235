r"""`profile`: the block of a program that is recorded, and `record_function`, which gives pieces of it names."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tinycnn.autograd import observing
from tinycnn.errors import ArgumentError, StateError
from tinycnn.profiler.averages import EventList, averages
from tinycnn.profiler.module_costs import ModuleList, module_costs
from tinycnn.profiler.recorder import Recorder, listen, listen_no_more
from tinycnn.profiler.spans import Span, Trace
from tinycnn.profiler.timetable import ProfilerAction, ProfilerActivity

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class record_function(contextlib.ContextDecorator):
    r"""Give a piece of the program a name, which gets a row in the profile; as a ``with`` block or as a decorator.

    Examples
    --------
    >>> import tinycnn as torch
    >>> with profile() as prof, record_function("twice"):
    ...     x = torch.ones(3) * 2
    >>> sorted(event.key for event in prof.key_averages())
    ['(Python between the ops)', '(recording all this)', 'Mul', 'twice']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        if not isinstance(name, str):
            raise ArgumentError(f"record_function: expected a name, a str, but got {type(name).__name__}")
        self.name, self.args = name, args
        self._open: list[contextlib.AbstractContextManager[None]] = []

    def _recreate_cm(self) -> record_function:
        return type(self)(self.name, self.args)  # a decorated function may run in several threads, or call itself

    def __enter__(self) -> record_function:
        self._open.append(observing.inside(self.name))
        self._open[-1].__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.pop().__exit__(*error)


class profile:
    r"""Record where time and memory go: as a ``with`` block, or between `start` and `stop`.

    Every op is waited for, on a GPU too, so that the time is its own. Recording takes about ten microseconds an op,
    which are charged to nobody: they have a row of their own.

    Parameters
    ----------
    activities : iterable of ProfilerActivity, optional
        Accepted; ops are recorded on whichever device they run.
    schedule : callable, optional
        ``schedule(step)`` says which steps are recorded, see `schedule`; without it all are.
    on_trace_ready : callable, optional
        Called with the profile when a round of steps was recorded, and at the end.
    record_shapes, profile_memory, with_stack, with_flops, with_modules : bool
        Accepted, as PyTorch's rarer options are. Shapes, memory, operations and modules are always recorded, lines of
        source never.

    Notes
    -----
    All threads are recorded. The columns add up to the time between beginning and end, in the thread that began, and
    besides that to the ops and named pieces that ran in others. Profiles may be nested or overlap.

    Examples
    --------
    >>> import tinycnn as torch
    >>> x = torch.ones(100, 100, requires_grad=True)
    >>> with profile() as prof:
    ...     x.exp().sum().backward()
    >>> rows = prof.key_averages()
    >>> sorted(event.key for event in rows)
    ['(Python between the ops)', '(recording all this)', 'Exp', 'Sum']
    >>> exp = next(event for event in rows if event.key == "Exp")
    >>> exp.count, exp.backward_count, exp.cpu_memory_usage           # y and x̄
    (1, 1, 80000)
    """

    def __init__(
        self, *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False, profile_memory: bool = False, with_stack: bool = False, with_flops: bool = False,
        with_modules: bool = False, experimental_config: Any = None, execution_trace_observer: Any = None,
        acc_events: bool = False, use_cuda: bool | None = None,
    ) -> None:  # fmt: skip
        wrong = [kind for kind in activities or () if not isinstance(kind, ProfilerActivity)]
        if wrong:
            raise ArgumentError(f"profile: activities are of ProfilerActivity, such as .CPU, not {wrong[0]!r}")
        self.activities = set(activities or ())
        self.schedule = schedule
        self.on_trace_ready = on_trace_ready
        self.step_num = 0
        self._action = ProfilerAction.NONE
        self._running = False
        self._recorder: Recorder | None = None
        self._trace: Trace | None = None

    # Beginning, steps, end ───────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to record, if the schedule says so."""
        if self._running:
            raise StateError("profile: it was started already; stop() it first, or make another")
        self._running = True
        self._turn(self._planned())

    def stop(self) -> None:
        """Record no more, and hand over what was recorded."""
        if not self._running:
            raise StateError("profile: it was not started")
        self._running = False
        self._save(hand_over=True)
        self._action = ProfilerAction.NONE

    def step(self) -> None:
        """Say that a step of the training is over and the next one begins."""
        if not self._running:
            raise StateError("profile: step() is called inside the with block, at the end of each step of the training")
        self.step_num += 1
        if self._recorder is not None:
            self._recorder.steps += 1
        self._turn(self._planned())

    def _planned(self) -> ProfilerAction:
        return ProfilerAction.RECORD if self.schedule is None else self.schedule(self.step_num)

    def _turn(self, action: ProfilerAction) -> None:
        whole = self._action is ProfilerAction.RECORD_AND_SAVE
        if whole or not action.records:
            self._save(hand_over=whole)
        if action.records and self._recorder is None:
            self._recorder = Recorder()
            listen(self._recorder)
        self._action = action

    def _save(self, hand_over: bool) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        listen_no_more(recorder)
        self._trace = recorder.finish()
        if hand_over and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._running:
            self.stop()

    # What was recorded ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _recorded(self) -> Trace:
        if self._trace is None:
            raise StateError(
                "profile: nothing was recorded yet; ask after the with block, or in on_trace_ready"
                + ("" if self.schedule is None else ". Is step() called, and does the schedule come to active steps?")
            )
        return self._trace

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """A row for each op, forward and backward together; with `group_by_input_shape` one for each of its shapes."""
        return averages(self._recorded, group_by_input_shape)

    def by_module(self) -> ModuleList:
        """A row for each module, and rows for what lies outside."""
        return module_costs(self._recorded)

    def events(self) -> list[Span]:
        """All that was recorded, in the order of beginning."""
        return list(self._recorded.spans)

    def chart(self, title: str = "") -> Figure:
        """A picture: bars by op and by module, forward and backward apart, and the memory of results through time."""
        from tinycnn.profiler.charting import chart  # it needs matplotlib, which takes its time

        return chart(self._recorded, title)

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write it for chrome://tracing or ui.perfetto.dev, whole or not at all; a name in ``.gz`` compresses it."""
        from tinycnn.profiler.trace_file import write_trace  # needed only here

        write_trace(self._recorded, path)

    def __str__(self) -> str:
        return repr(self) if self._trace is None else str(self.key_averages())

    def _repr_html_(self) -> str | None:
        if self._trace is None:
            return None
        return f"{self.key_averages()._repr_html_()}\n{self.by_module()._repr_html_()}"


def tensorboard_trace_handler(
    dir_name: str | os.PathLike[str], worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """For `on_trace_ready`: write each round of steps to a file of its own in this folder."""

    def handle(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        name = f"{worker_name or f'tinycnn_{os.getpid()}'}.{time.time_ns()}.pt.trace.json{'.gz' * use_gzip}"
        prof.export_chrome_trace(os.path.join(dir_name, name))

    return handle
