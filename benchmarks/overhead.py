"""What an op costs beside its arithmetic: python benchmarks/overhead.py

Ops on tensors of a few numbers, forward and backward, a chain of them in one graph; PyTorch's beside it where that is
installed. Chains take turns, and the fastest long one and the fastest short one count. The aim is at most 15 µs an op,
forward and backward together.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import time
from collections.abc import Callable
from typing import Any

LONG = 64  # ops more in a long chain than in a short one
LENGTHS = LONG + 1, 1
Chain = Callable[[int], float]


def chains(torch: Any) -> dict[str, Chain]:
    """Each takes the time of so many ops, forward and backward, and of what begins and ends a chain, in seconds."""
    functional = torch.nn.functional
    torch.manual_seed(0)
    w, b, kernels = (torch.randn(*shape, requires_grad=True) for shape in ((16, 16), (16,), (16, 16, 3, 3)))
    rows, images, other = torch.randn(4, 16), torch.randn(1, 16, 4, 4), torch.randn(4, 16, requires_grad=True)
    ops: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "x + y": (rows, lambda x: x + other),
        "x * y": (rows, lambda x: x * other),
        "relu": (rows, functional.relu),
        "gelu": (rows, functional.gelu),
        "x @ w": (rows, lambda x: x @ w),
        "linear": (rows, lambda x: functional.linear(x, w, b)),
        "conv2d 3×3": (images, lambda x: functional.conv2d(x, kernels, b, padding=1)),
        "batch_norm": (images, lambda x: functional.batch_norm(x, None, None, b, b, training=True)),
        "max_pool2d": (images, lambda x: functional.max_pool2d(x, 3, 1, 1)),
    }

    def chain(start: Any, op: Callable[[Any], Any], length: int) -> float:
        x = start.clone().requires_grad_()
        begun = time.perf_counter()
        y = x
        for _ in range(length):
            y = op(y)
        y.sum().backward()
        return time.perf_counter() - begun

    def an_op(start: Any, op: Callable[[Any], Any]) -> Chain:
        return lambda length: chain(start, op, length)

    return {name: an_op(*op) for name, op in ops.items()}


def measured(libraries: list[str], rounds: int) -> dict[str, list[float]]:
    """What each op takes in each library, in microseconds: so much longer is the fastest long chain than the short one.

    The least of the differences would be another number: that of a round in which the short chain was disturbed.
    """
    made = [chains(importlib.import_module(library)) for library in libraries]
    best = {name: [[float("inf")] * 2 for _ in made] for name in made[0]}
    for _ in range(rounds):
        for number, chain in enumerate(made):
            for name, run in chain.items():
                best[name][number] = [min(least, run(n)) for least, n in zip(best[name][number], LENGTHS, strict=True)]
    return {name: [1e6 * (long - short) / LONG for long, short in times] for name, times in best.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200, help="how often each chain is run (default: 200)")
    libraries = ["tinycnn", *(["torch"] if importlib.util.find_spec("torch") else [])]
    best = measured(libraries, parser.parse_args().rounds)
    print(f"{'µs an op':<12}" + "".join(f"{library:>10}" for library in libraries))
    for name, times in best.items():
        print(f"{name:<12}" + "".join(f"{least:10.1f}" for least in times))


if __name__ == "__main__":
    main()
