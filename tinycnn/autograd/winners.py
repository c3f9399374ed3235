r"""Which piece of a piecewise function each entry lies on, noted while somebody watches.

ReLU, a maximum, a clamp: such a function is smooth on each of its pieces, and has a kink where two of them meet. A
central difference whose two points lie on different pieces mixes their slopes, and says nothing of backward. So an op
made of pieces tells, by its method ``winners``, on which piece each entry lies: the mask of a ReLU, the place of the
largest in each window. Two evaluations with the same winners lie on one piece.

>>> import tinycnn
>>> with watching() as trace:
...     y = tinycnn.tensor([-1.0, 2.0]).relu()
>>> [(note.op, note.pieces.tolist()) for note in trace]
[('ReLU', [False, True])]
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Note(NamedTuple):
    """The pieces on which one use of an op found its entries, and the path of the module that it belongs to."""

    op: str
    path: str
    pieces: Any  # an array of the op's backend


class Crossing(NamedTuple):
    """Where two evaluations lie on different pieces: the op, its module's path, and the entry."""

    op: str
    path: str
    place: tuple[int, ...]


class Watch:
    """The notes of one evaluation, and the paths of the modules that are being called."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.paths: list[str] = []

    def note(self, op: str, pieces: Any) -> None:
        """Remember the pieces that an op found."""
        self.notes.append(Note(op, self.paths[-1] if self.paths else "", pieces))


watch: Watch | None = None  # who watches now; the one look an op takes when nobody does


@contextlib.contextmanager
def watching() -> Iterator[list[Note]]:
    """Note the winners of every op that runs inside; what was watched outside is not told of them."""
    global watch
    outer, watch = watch, Watch()
    try:
        yield watch.notes
    finally:
        watch = outer


def enter(path: str) -> None:
    """Say that a module is being called."""
    if watch is not None:
        watch.paths.append(path)


def leave() -> None:
    """Say that the module called last has answered."""
    if watch is not None and watch.paths:
        watch.paths.pop()


def crossing(ours: list[Note], theirs: list[Note], known: Mapping[int, Any] | None = None) -> Crossing | None:
    """The first place where the winners of two evaluations differ; None if both lie on one piece.

    What is `known` to differ, as `differences` tells it, does not count.
    """
    for number, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a.op != b.op or a.pieces.shape != b.pieces.shape:
            return Crossing(a.op, a.path, ())
        apart = a.pieces != b.pieces
        if known and number in known:
            apart = apart & ~known[number]
        if bool(apart.any()):
            place = int(apart.reshape(-1).argmax())
            return Crossing(a.op, a.path, _unravelled(place, apart.shape))
    return Crossing("another op", "", ()) if len(ours) != len(theirs) else None


def differences(ours: list[Note], theirs: list[Note]) -> dict[int, Any]:
    """For each note, by its number, where the winners of two evaluations differ."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    return {i: a.pieces != b.pieces for i, (a, b) in pairs if a.pieces.shape == b.pieces.shape}


def _unravelled(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    index = []
    for size in reversed(shape):
        place, rest = divmod(place, size)
        index.append(rest)
    return tuple(reversed(index))
