"""What each layer of a training step takes, with the products and the memory traffic that it needs at least.

Set beside what the machine can do at best (`limits`), they are its floor: products at sgemm's rate, or bytes at that of
copies, whichever takes longer. Counted are the direct algorithm's products, and every array once on each way, as if
nothing stayed in the cache from one op to the next, and all that an op needs meanwhile: so Winograd's algorithm, and
small maps, can be below. So can a large linear layer: the gradient of its weights is formed in the optimizer's step,
whose time it takes; its products are counted as the layer's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from tinycnn.autograd import observing
from tinycnn.profiler.arithmetic import flops_of

Shape = tuple[int, ...]
OPTIMIZER = "optimizer"
_PASSES = 5  # SGD with momentum reads the gradient, and reads and writes velocity and parameter


class Row:
    """A layer, or several of the same label: seconds, operations and bytes, all forward and backward."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.calls = 0
        self.seconds = self.flop = self.traffic = 0.0


class Account(observing.Observer):
    """A step's time by layer: what the ops take that are not part of others, and the optimizer."""

    def __init__(self, parameters: int) -> None:
        self.rows: dict[str, Row] = {}
        self._parameters = parameters
        self._inside = 0  # how many ops and named pieces have begun and not ended
        self._given: list[Any] = []
        self._began = 0.0
        self._forward: dict[int, tuple[Row, int, int]] = {}  # of each node: operations, bytes given

    def began(self, node: Any, way: str, given: tuple[Any, ...]) -> None:
        self._inside += 1
        if self._inside == 1:
            self._given = _arrays(given)
            self._began = time.perf_counter()

    def ended(self, node: Any, way: str, made: tuple[Any, ...]) -> None:
        now = time.perf_counter()
        self._inside -= 1
        if self._inside:
            return
        results = _arrays(made)
        passed = sum(x.nbytes for x in self._given) + sum(x.nbytes for x in results)
        if way == "forward":
            shapes = [x.shape for x in self._given]
            row = self._row(label(node.name, shapes, results[0].shape) if results else node.name)
            flop = flops_of(node.name, tuple(shapes), results[0].shape) if results else 0
            row.calls += 1
            self._forward[node.serial] = row, flop, 0 if node.view else sum(x.nbytes for x in self._given)
        else:
            row, once, needed = self._forward.get(node.serial) or (self._row(node.name), 0, 0)
            flop = once * sum(g is not None for g in made[:2])  # of x and w; a bias needs none
            passed += needed
        row.seconds += now - self._began
        row.flop += flop
        row.traffic += 0 if node.view else passed
        self._given = []

    def entered(self, what: Any) -> None:
        if isinstance(what, str):
            self._inside += 1
            self._began = time.perf_counter()

    def left(self, what: Any) -> None:
        if isinstance(what, str):
            self._inside -= 1
            row = self._row(OPTIMIZER if what.startswith("Optimizer.step") else what)
            row.calls += 1
            row.seconds += time.perf_counter() - self._began
            row.traffic += 4.0 * _PASSES * self._parameters if row.label == OPTIMIZER else 0.0

    def _row(self, name: str) -> Row:
        return self.rows.setdefault(name, Row(name))


def _arrays(tensors: tuple[Any, ...]) -> list[Any]:
    """Those that are there: a look at a gradient that is postponed would compute it."""
    return [x.array for x in tensors if getattr(x, "_postponed", None) is None and hasattr(x, "array")]


def label(op: str, given: list[Shape], made: Shape) -> str:
    """What the layer is called.

    Examples
    --------
    >>> label("Conv2d", [(8, 64, 56, 56), (128, 64, 3, 3)], (8, 128, 28, 28))
    '3×3 /2, 64→128 at 56²'
    >>> label("Normalize", [(8, 64, 56, 56), (64,), (64,)], (8, 64, 56, 56))
    'Normalize, 64 at 56²'
    >>> label("Gelu", [(2, 56, 56, 384)], (2, 56, 56, 384))
    'Gelu, 384 at 56²'
    """
    x = given[0] if given else made
    if op == "Conv2d":
        (o, c, high, wide), stride = given[1], max(1, round(x[2] / made[2]))
        kind = "depthwise " if c < x[1] == o else "grouped " if c < x[1] else ""
        return f"{kind}{high}×{wide}{f' /{stride}' if stride > 1 else ''}, {x[1]}→{o} at {x[2]}²"
    if op == "Linear":
        return f"Linear, {x[-1]}→{made[-1]}" + (f" at {x[1]}²" if len(x) == 4 else "")
    if len(x) == 4:
        return f"{op}, {x[1] if x[2] == x[3] else x[3]} at {x[2]}²"  # images are square: else these are N H W C
    return op


def layers_of(task: Callable[[], Any], parameters: int, seconds: float) -> Iterator[dict[str, Any]]:
    """The account of a step, of each layer the shortest time of as many steps as fit, and one step at the least."""
    best: dict[str, Row] = {}
    end = time.perf_counter() + seconds
    while not best or time.perf_counter() < end:
        with observing.observed_by(Account(parameters)) as account:
            task()
        for name, row in account.rows.items():
            if name not in best or row.seconds < best[name].seconds:
                best[name] = row
    for row in best.values():
        yield vars(row)
