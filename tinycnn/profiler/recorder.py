r"""The recorder: an observer of the engine that makes a span of everything it is told."""

from __future__ import annotations

import threading
import time
from typing import Any

from tinycnn.autograd import Op, observing
from tinycnn.autograd.node import is_tensor
from tinycnn.profiler.arithmetic import flops_of
from tinycnn.profiler.ledger import Ledger, memory_of
from tinycnn.profiler.spans import Place, Span, Trace


class Recorder(observing.Observer):
    """Spans of all threads from `start` to `finish`. It holds shapes, numbers and the models, and no tensors."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.ledger = Ledger()
        self.steps = 0
        self._open: dict[int, list[Span]] = {}  # what has not ended yet, the innermost last, by thread
        self._made: dict[int, Span] = {}  # the way forward of each node, by its serial number
        self._models: dict[int, tuple[int, Any, dict[int, Place]]] = {}  # by id: its number, itself, its parts' places
        self._thread = threading.get_ident()
        self._between = 0  # time that recording took outside of all spans
        self._began = time.perf_counter_ns()

    def finish(self) -> Trace:
        """What was recorded; spans that go on end here."""
        now, live = time.perf_counter_ns(), self.ledger.balance()
        for stack in self._open.values():
            for span in stack:
                span.ended, span.live = now, live
                self.spans.append(span)
        return Trace(self.spans, self._began, now, thread=self._thread, steps=self.steps, between=self._between)

    # What the engine tells ───────────────────────────────────────────────────────────────────────────────────────────

    def began(self, node: Op, way: str, given: tuple[Any, ...]) -> None:
        node.backend.synchronize()
        now = time.perf_counter_ns()
        span = self._begin("op", node.name, way, id(node))
        span.shapes = tuple(tuple(x.array.shape) if is_tensor(x) else None for x in given)
        span.given = frozenset(id(memory_of(x.array, node.backend.ndarray)) for x in given if is_tensor(x))
        span.device = node.backend.name
        if way == "backward":
            forward = self._made.get(node.serial)
            span.serial = node.serial
            span.shapes = forward.shapes if forward is not None else ()
            span.place = forward.place if forward is not None else None
        self._start(span, now)

    def ended(self, node: Op, way: str, made: tuple[Any, ...]) -> None:
        span = self._innermost(id(node))
        if span is None:
            return
        node.backend.synchronize()
        span.ended = time.perf_counter_ns()
        if way == "forward":
            span.serial = node.serial
            if node.serial:
                self._made[node.serial] = span
        whole = span.op or span  # the outermost
        for x in made:
            if is_tensor(x) and x._postponed is None:  # which a look would compute
                memory = memory_of(x.array, node.backend.ndarray)
                whole.bytes += 0 if id(memory) in span.given else self.ledger.enter(memory)
        if whole is span:
            span.flops = self._flops(node, span, made)
        self._close(span)

    def entered(self, what: Any) -> None:
        now = time.perf_counter_ns()
        if isinstance(what, str):
            span = self._begin("label", what, "", id(what))
        else:
            span = self._begin("module", type(what).__name__, "", id(what))
            span.place = self._place(what, span.place)
        self._start(span, now)

    def left(self, what: Any) -> None:
        span = self._innermost(id(what))
        if span is not None:
            span.ended = time.perf_counter_ns()
            self._close(span)

    # Keeping account ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, sort: str, name: str, way: str, token: int) -> Span:
        thread = threading.get_ident()
        stack = self._open.setdefault(thread, [])
        span = Span(sort, name, way, stack[-1] if stack else None, thread, token)
        stack.append(span)
        return span

    def _innermost(self, token: int) -> Span | None:
        """What begins and ends now; None for what had begun before the recorder."""
        stack = self._open.get(threading.get_ident())
        return stack[-1] if stack and stack[-1].token == token else None

    def _start(self, span: Span, now: int) -> None:
        span.began = time.perf_counter_ns()
        self._charge(span, span.began - now)

    def _close(self, span: Span) -> None:
        self._open[span.thread].pop()
        span.live = self.ledger.balance()
        self.spans.append(span)
        self._charge(span, time.perf_counter_ns() - span.ended)

    def _charge(self, span: Span, recording: int) -> None:
        """Note what it took to record a span, as that much of the time around it is not the program's."""
        if span.outer is not None:
            span.outer.recording += recording
        elif span.thread == self._thread:
            self._between += recording

    def _place(self, module: Any, outer: Place | None) -> Place:
        """Where a module stands in the model whose forward calls it, which is itself if none does."""
        if outer is None:
            if id(module) not in self._models:
                number = len(self._models)
                places = {id(part): Place(number, path, type(part).__name__) for path, part in module.named_modules()}
                self._models[id(module)] = number, module, places
            return self._models[id(module)][2][id(module)]
        places = next(places for number, _, places in self._models.values() if number == outer.model)
        kind = type(module).__name__
        return places.get(id(module)) or Place(outer.model, f"{outer.path}.{kind}".removeprefix("."), kind)

    def _flops(self, node: Op, span: Span, made: tuple[Any, ...]) -> int:
        if span.way == "forward":
            return flops_of(span.name, span.shapes, tuple(made[0].array.shape)) if made and is_tensor(made[0]) else 0
        forward = self._made.get(span.serial)
        asked = sum(is_tensor(x) and (x._postponed is None or x._postponed.multiplied) for x in made[:2])
        return forward.flops * asked if forward is not None else 0


# Recorders that listen at the same time ─────────────────────────────────────────────────────────────────────────────


class _Everybody(observing.Observer):
    """Tells all recorders: profiles may lie in each other, overlap, or be started by different threads."""

    def began(self, node: Op, way: str, given: tuple[Any, ...]) -> None:
        for recorder in _recorders:
            recorder.began(node, way, given)

    def ended(self, node: Op, way: str, made: tuple[Any, ...]) -> None:
        for recorder in reversed(_recorders):
            recorder.ended(node, way, made)

    def entered(self, what: Any) -> None:
        for recorder in _recorders:
            recorder.entered(what)

    def left(self, what: Any) -> None:
        for recorder in reversed(_recorders):
            recorder.left(what)


_recorders: tuple[Recorder, ...] = ()
_lock = threading.Lock()
_everybody = _Everybody()


def listen(recorder: Recorder) -> None:
    """Have the recorder told of everything from now on."""
    global _recorders
    with _lock:
        _recorders = (*_recorders, recorder)
        observing.observer = _everybody


def listen_no_more(recorder: Recorder) -> None:
    """Tell it nothing any more; with the last one, the ops look for nobody."""
    global _recorders
    with _lock:
        _recorders = tuple(other for other in _recorders if other is not recorder)
        if not _recorders and observing.observer is _everybody:
            observing.observer = None
