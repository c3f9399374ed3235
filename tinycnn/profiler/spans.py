r"""What is recorded of a step: spans of time, one inside the other, and whom the time of each is charged to.

A span is an op on its way forward or back, the call of a module, or a piece of the program that was given a name. What
a span takes itself is its length less those directly in it. Every table groups just these times, so it adds up to the
whole whatever it groups them by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

Shape = tuple[int, ...]


class Place(NamedTuple):
    """A module in the model that was called: the model's number, the path in it, "" for itself, and the class."""

    model: int
    path: str
    kind: str

    def within(self, other: Place) -> bool:
        """Whether it is the other module or a part of it."""
        return self.model == other.model and (
            not other.path or self.path == other.path or self.path.startswith(f"{other.path}.")
        )


class Span:
    """Some time in one thread, in nanoseconds.

    Attributes
    ----------
    sort : str              "op", "module" or "label"
    name : str              of the op, the module's class, or the text
    way : str               of an op, "forward" or "backward"
    outer : Span or None    what it lies in directly
    op : Span or None       the outermost op that it is or lies in: ops in a backward are part of that
    label : str or None     the innermost text
    place : Place or None   the innermost module; of a backward, the module whose forward made the node
    recording : int         of its time, what went into recording what lies in it
    bytes : int             of the outermost op: new memory of what it and the ops in it made
    live : int              when it ended, bytes of all that ops had made and was still there
    flops : int             2 · multiply-adds of an outermost convolution or product of matrices
    shapes : tuple          of an op's inputs, for both ways those of the way forward
    serial : int            of an op's node, the same number on both ways; 0 if there is none
    """

    __slots__ = ("began", "bytes", "device", "ended", "flops", "given", "label", "live", "name", "op", "outer", "place",
                 "recording", "serial", "shapes", "sort", "thread", "token", "way")  # fmt: skip

    def __init__(self, sort: str, name: str, way: str, outer: Span | None, thread: int, token: int) -> None:
        self.sort, self.name, self.way, self.outer, self.thread = sort, name, way, outer, thread
        self.token = token  # who began it, and may end it
        self.op: Span | None = outer.op if outer is not None else None
        self.label: str | None = outer.label if outer is not None else None
        self.place: Place | None = outer.place if outer is not None else None
        if sort == "op" and self.op is None:
            self.op = self
        if sort == "label":
            self.label = name
        self.began = self.ended = self.recording = self.bytes = self.live = self.flops = self.serial = 0
        self.shapes: tuple[Shape | None, ...] = ()
        self.given: frozenset[int] = frozenset()
        self.device = ""

    @property
    def length(self) -> int:
        """Nanoseconds from its beginning to its end."""
        return self.ended - self.began

    @property
    def cpu_time_total(self) -> float:
        """Its length in microseconds."""
        return self.length / 1e3

    @property
    def key(self) -> str:
        """Its name, as PyTorch calls the backward of an op."""
        return f"{self.name}Backward0" if self.way == "backward" else self.name

    def __repr__(self) -> str:
        return f"<Span {self.key}: {self.cpu_time_total:.1f} µs>"


class Trace:
    """What was recorded, in the order of beginning; from when to when, in which thread, in how many steps.

    `stepped` is whether steps were told of; if not, all of it is one. `between` is the time that recording took outside
    of all spans.
    """

    def __init__(
        self, spans: Sequence[Span], began: int, ended: int, *, thread: int, steps: int, between: int
    ) -> None:
        self.spans = sorted(spans, key=lambda span: (span.began, -span.ended))
        self.began, self.ended, self.thread, self.between = began, ended, thread, between
        self.steps, self.stepped = max(1, steps), steps > 0

    def through_time(self) -> list[tuple[int, int]]:
        """When each op ended, and how many bytes of results there were then: of ops that others are made of, too."""
        return sorted((span.ended - self.began, span.live) for span in self.spans if span.sort == "op")

    @property
    def peak(self) -> int:
        """How many bytes of results there were at the same time."""
        return max((live for _, live in self.through_time()), default=0)

    def own_times(self) -> dict[Span, int]:
        """What each span takes itself, without those in it, and without their recording."""
        inner: defaultdict[Span, int] = defaultdict(int)
        for span in self.spans:
            if span.outer is not None:
                inner[span.outer] += span.length
        return {span: span.length - inner[span] - span.recording for span in self.spans}

    @property
    def total(self) -> int:
        """The time from the beginning to the end, and besides that of spans in other threads."""
        others = sum(span.length for span in self.spans if span.outer is None and span.thread != self.thread)
        return self.ended - self.began + others

    @property
    def rest(self) -> int:
        """The time that lies in no span: Python between them."""
        return self.total - self.between - sum(span.length for span in self.spans if span.outer is None)

    @property
    def recording(self) -> int:
        """The time that went into recording."""
        return self.between + sum(span.recording for span in self.spans)
