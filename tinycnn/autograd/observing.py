r"""One who is told of every op as it runs, forward and back, and of the modules it runs for: the profiler's eye.

An observer has four methods. They are called in pairs: one pair for each op on its way forward, one for each node on
its way back; an op that raises has ended too. Ops that run inside others, as those of a backward do, begin and end
within.

    began(node, way, given)     way is "forward" or "backward"; given are the inputs (Tensors, numbers, None),
                                or the cotangents of the results (Tensors, None)
    ended(node, way, made)      made are the results or the gradients (Tensors, None); nothing if the op raised
    entered(what)               a module is called, or a piece of the program begins that has a name, a str
    left(what)                  it is over

`node.name` is the op's name. `node.serial` is the same number on both ways, but 0 until the end of forward, and for
good if nothing was recorded. An observer must not hold on to the node or to tensors, which would keep the graph's
memory; it may be called from several threads, and in each the calls are nested properly. A gradient that is
`_postponed` would be computed by a look at its array.

While nobody observes, an op takes one look at `observer`, and so does a node of the engine.

>>> import tinycnn
>>> class Names(Observer):
...     def __init__(self): self.seen = []
...     def began(self, node, way, given): self.seen.append((node.name, way))
>>> x = tinycnn.tensor(2.0, requires_grad=True)
>>> with observed_by(Names()) as names:
...     x.exp().backward()
>>> names.seen
[('Exp', 'forward'), ('Exp', 'backward'), ('Mul', 'forward')]
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from tinycnn.autograd.op import Op


class Observer(Protocol):
    """What the calls look like; who derives from this writes those it wants."""

    def began(self, node: Op, way: str, given: tuple[Any, ...]) -> None:
        """An op is about to compute."""

    def ended(self, node: Op, way: str, made: tuple[Any, ...]) -> None:
        """The op that began last, and has not ended yet, has computed or raised."""

    def entered(self, what: Any) -> None:
        """What runs from now on is part of this."""

    def left(self, what: Any) -> None:
        """What was entered last, and not left yet, is over."""


Who = TypeVar("Who", bound=Observer)

observer: Observer | None = None  # who observes now, in all threads


@contextlib.contextmanager
def observed_by(who: Who) -> Iterator[Who]:
    """Tell `who` of every op that runs inside; who was told outside is not, until the end."""
    global observer
    outer, observer = observer, who
    try:
        yield who
    finally:
        observer = outer


def inside(what: Any) -> contextlib.AbstractContextManager[None]:
    """Tell the observer, if there is one, that the block is part of a module, or of what a text says."""
    who = observer
    return _NOWHERE if who is None else _inside(who, what)


_NOWHERE = contextlib.nullcontext()


@contextlib.contextmanager
def _inside(who: Observer, what: Any) -> Iterator[None]:
    who.entered(what)
    try:
        yield
    finally:
        who.left(what)


def told(node: Op, way: str, given: tuple[Any, ...], compute: Callable[..., Any], *args: Any) -> Any:
    """``compute(*args)``, the observer being told before and after."""
    who, made = observer, ()
    if who is None:  # it went in another thread a moment ago
        return compute(*args)
    who.began(node, way, given)
    try:
        made = compute(*args)
        return made
    finally:
        who.ended(node, way, made)
