"""What an op costs beside its arithmetic: python benchmarks/overhead.py

Ops on tensors of a few numbers, forward and backward, a chain of them in one graph, each with parameters of its own;
and LeNet on one image: a thirteenth of all it takes, for the sum that is differentiated is an op too, and what begins
and ends a backward is shared among all. What the kernels take of it is their arithmetic; what is left is Python's, of
which there is to be at most 15 µs an op, forward and backward together. PyTorch is timed too where it is installed. All
take turns, and the fastest of each counts.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

LONG = 64  # ops more in a long chain than in a short one
AGAIN = 8  # times in a row for what is no chain, so that Python's code is in the caches, as within a chain
ALL, KERNELS = "op", "kernels"  # what is timed: all that an op takes, and its kernels

Shape = tuple[int, ...]
Seconds = dict[str, float]


class Op(NamedTuple):
    """What a chain is made of; the parameters of each are ±1/√fan."""

    start: Shape
    parameters: tuple[Shape, ...]
    apply: Callable[..., Any]  # of torch.nn.functional, x and the parameters
    fan: int = 1
    ops: int = 0  # so many, which are no chain


def _lenet(F: Any, x: Any, *parameters: Any) -> Any:
    """The lecture's network, as far as its ten outputs' sum."""
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = parameters
    x = F.max_pool2d(F.relu(F.conv2d(x, w1, b1)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, w2, b2)), 2)
    x = F.relu(F.linear(x.flatten(1), w3, b3))
    return F.linear(F.relu(F.linear(x, w4, b4)), w5, b5)


ROWS, IMAGES = (4, 16), (1, 16, 4, 4)
LENET = ((6, 3, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,), (10, 84), (10,))

OPS: dict[str, Op] = {
    "x + y": Op(ROWS, (ROWS,), lambda F, x, y: x + y),
    "x * y": Op(ROWS, (ROWS,), lambda F, x, y: x * y),
    "relu": Op(ROWS, (), lambda F, x: F.relu(x)),
    "gelu": Op(ROWS, (), lambda F, x: F.gelu(x)),
    "x @ w": Op(ROWS, ((16, 16),), lambda F, x, w: x @ w, fan=16),
    "linear": Op(ROWS, ((16, 16), (16,)), lambda F, x, w, b: F.linear(x, w, b), fan=16),
    "conv2d 3×3": Op(IMAGES, ((16, 16, 3, 3), (16,)), lambda F, x, w, b: F.conv2d(x, w, b, padding=1), fan=144),
    "batch_norm": Op(IMAGES, ((16,), (16,)), lambda F, x, w, b: F.batch_norm(x, None, None, w, b, training=True)),
    "max_pool2d": Op(IMAGES, (), lambda F, x: F.max_pool2d(x, 3, 1, 1)),
    "LeNet's mean": Op((1, 3, 32, 32), LENET, _lenet, fan=64, ops=13),
}


class Chain:
    """So many ops one after the other, forward and backward, and what begins and ends a chain."""

    def __init__(self, torch: Any, op: Op) -> None:
        rng = np.random.default_rng(0)

        def leaf(shape: Shape, scale: float = 1.0) -> Any:
            signs = np.where(rng.random(shape) < 0.5, -scale, scale)
            return torch.from_numpy(signs.astype(np.float32)).requires_grad_()

        self._functional, self._apply, self._start = torch.nn.functional, op.apply, leaf(op.start)
        longest = 1 if op.ops else LONG + 1
        self._parameters = [[leaf(shape, op.fan**-0.5) for shape in op.parameters] for _ in range(longest)]

    def run(self, length: int) -> float:
        """The seconds of a chain."""
        for leaf in (self._start, *(p for parameters in self._parameters for p in parameters)):
            leaf.grad = None
        apply, functional, y = self._apply, self._functional, self._start
        begun = time.perf_counter()
        for parameters in self._parameters[:length]:
            y = apply(functional, y, *parameters)
        y.sum().backward()
        return time.perf_counter() - begun

    def run_kernels(self, length: int) -> float:
        """The seconds that the kernels take of it."""
        with watched() as watch:
            self.run(length)
        return watch.seconds


class Watch:
    """What the kernels have taken."""

    seconds = 0.0


@contextmanager
def watched() -> Iterator[Watch]:
    """Look at the clock before and after each call of tinycnn's kernels inside the block."""
    from tinycnn import backend

    kernels, watch = vars(backend.get("cpu").kernels), Watch()
    plain = dict(kernels)

    def timed(kernel: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            begun = time.perf_counter()
            try:
                return kernel(*args, **options)
            finally:
                watch.seconds += time.perf_counter() - begun

        return call

    kernels.update({name: timed(kernel) for name, kernel in plain.items()})
    try:
        yield watch
    finally:
        kernels.update(plain)


class Chains:
    """The chains of a library, and the least that each has taken so far."""

    def __init__(self, torch: Any) -> None:
        self._chains = {name: Chain(torch, op) for name, op in OPS.items()}
        self._least: dict[tuple[str, str, int], float] = {}
        self._timed = (ALL, KERNELS) if torch.__name__ == "tinycnn" else (ALL,)

    def run(self) -> None:
        """Run each once."""
        for name, chain in self._chains.items():
            for what in self._timed:
                run = chain.run if what == ALL else chain.run_kernels
                for length in (1,) * AGAIN if OPS[name].ops else (1, LONG + 1):
                    key = name, what, length
                    self._least[key] = min(run(length), self._least.get(key, float("inf")))

    def found(self) -> dict[str, Seconds]:
        """What an op takes: so much longer is the fastest long chain than the fastest short one.

        The least of the differences would be another number: that of a turn in which the short chain was disturbed.
        """
        def seconds(name: str, what: str) -> float:
            short = self._least[name, what, 1]
            if OPS[name].ops:
                return short / OPS[name].ops
            return (self._least[name, what, LONG + 1] - short) / LONG

        return {name: {what: seconds(name, what) for what in self._timed} for name in OPS}


def measured(torch: Any, seconds: float) -> dict[str, Seconds]:
    """What the ops of a library take, found in about so many seconds, and in one turn at the least."""
    chains, end = Chains(torch), time.perf_counter() + seconds
    chains.run()
    while time.perf_counter() < end:
        chains.run()
    return chains.found()


HEADS = "tinycnn", "kernels", "Python", "PyTorch"


def cells(ours: Seconds, theirs: Seconds | None = None) -> list[str]:
    """A row of microseconds: tinycnn's, its kernels' (of some ops none), what is left, and PyTorch's."""
    kernels = max(0.0, ours[KERNELS])
    numbers = [ours[ALL], kernels, ours[ALL] - kernels, theirs[ALL] if theirs else None]
    return ["–" if number is None else f"{1e6 * number:.1f}" for number in numbers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200, help="how often each chain is run (default: 200)")
    libraries = ["tinycnn", *(["torch"] if importlib.util.find_spec("torch") else [])]
    chains = [Chains(importlib.import_module(library)) for library in libraries]
    for _ in range(parser.parse_args().rounds):
        for each in chains:
            each.run()
    ours, *others = (each.found() for each in chains)
    rows = [("µs an op", HEADS), *((name, cells(ours[name], *(other[name] for other in others))) for name in OPS)]
    for name, row in rows:
        print(f"{name:<14}" + "".join(f"{cell:>10}" for cell in row))


if __name__ == "__main__":
    main()
