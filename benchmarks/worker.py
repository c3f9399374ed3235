"""A process that prepares one piece of work with one library, does it whenever it is told, and says how long it took.

The order comes as a JSON argument. On standard input comes a line with a number of seconds for each turn; the answers,
a line of JSON each, leave on what was standard output, which is closed to everybody else: whatever the libraries print
goes to standard error.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from benchmarks import limits, overhead, stand_in, tasks

Turn = Callable[[float], dict[str, Any]]  # takes seconds, and tells what was found


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    order = json.loads(sys.argv[1])

    def say(**what: Any) -> None:
        print(json.dumps(what), file=answers, flush=True)

    try:
        facts, turn = prepare(order)
        say(**facts)
        for line in sys.stdin:
            say(**turn(float(line)))
    except BaseException as error:
        traceback.print_exc()
        say(error=f"{type(error).__name__}: {error}".splitlines()[0])
        raise SystemExit(1) from None


def prepare(order: dict[str, Any]) -> tuple[dict[str, Any], Turn]:
    """Import the library and build what is to be timed: what is to be known of it, and what a turn does."""
    if order["library"] == "dezero":
        task, parameters = tasks.dezero_step(order)
        facts: dict[str, Any] = {"version": "as given"}
        wait: Callable[[], None] = do_nothing
    else:
        torch = importlib.import_module(order["library"])
        facts = {"version": torch.__version__}
        wait = set_up(torch, order)
        if order["kind"] == "limits":
            return facts, lambda seconds: {"facts": machine_limits(torch, order, seconds)}
        if order["kind"] == "overhead":
            return facts, lambda seconds: {"facts": {"overhead": overhead.measured(torch, seconds)}}
        make = {"step": tasks.step, "inference": tasks.inference, "layer": tasks.layer}
        task, parameters = make.get(order["kind"], tasks.step)(torch, order)
    facts |= {"parameters": parameters, "memory_before": memory("VmRSS") if order["device"] == "cpu" else None}
    forget_peak()
    warm_up = Once(lambda: check(task()))

    def timing(seconds: float) -> dict[str, Any]:
        warm_up()
        return timed(task, wait, seconds) | {"memory": peak(order)}

    def profiling(seconds: float) -> dict[str, Any]:
        warm_up()
        return {"facts": {"ops": tasks.by_op(torch, task, order["device"])}}

    def accounting(seconds: float) -> dict[str, Any]:
        from benchmarks.account import layers_of  # it needs tinycnn, which is not to weigh on others' memory

        warm_up()
        return {"facts": {"layers": list(layers_of(task, parameters, seconds))}}

    turn: dict[str, Turn] = {"ops": profiling, "account": accounting}
    return facts, turn.get(order["kind"], timing)


class Once:
    """Something that is done at the first call, and at no other."""

    def __init__(self, do: Callable[[], None]) -> None:
        self.do: Callable[[], None] | None = do

    def __call__(self) -> None:
        if self.do is not None:
            self.do()
        self.do = None


def check(result: Any) -> None:
    """Refuse a loss or an output that is not finite: arithmetic on NaN is no work to be timed."""
    if not math.isfinite(float(result.sum())):
        raise ArithmeticError("the result is not finite")


def set_up(torch: Any, order: dict[str, Any]) -> Callable[[], None]:
    """Threads, precision and the place of the networks' sources; what waits for the device is handed back."""
    if torch.__name__ == "torch":
        stand_in.install(torch)
    if hasattr(torch, "set_num_threads"):  # the environment says it too
        torch.set_num_threads(order["threads"])
    if order["precision"] != "highest":
        torch.set_float32_matmul_precision(order["precision"])
    if order["device"] == "cpu":
        return do_nothing
    if torch.__name__ == "torch":
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    if not torch.cuda.is_available():
        raise RuntimeError(f"{torch.__name__} finds no GPU")
    wait: Callable[[], None] = torch.cuda.synchronize
    return wait


def timed(task: Callable[[], Any], wait: Callable[[], None], seconds: float) -> dict[str, Any]:
    """How long it takes each time, for about so many seconds, once at the least; a GPU is waited for each time."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() + min(times) / 2 < end:
        start = time.perf_counter()
        task()
        wait()
        times.append(time.perf_counter() - start)
    return {"best": min(times), "median": statistics.median(times), "steps": len(times)}


def machine_limits(torch: Any, order: dict[str, Any], seconds: float) -> dict[str, float]:
    if order["device"] == "cuda":
        return limits.cuda_limits(torch, seconds)
    return limits.numpy_limits(order["threads"], seconds)


def peak(order: dict[str, Any]) -> int | None:
    """The most bytes held since the work was built: of a process its resident set, of a GPU what is allocated there."""
    if order["device"] == "cpu":
        return memory("VmHWM")
    if order["library"] == "torch":
        return int(sys.modules["torch"].cuda.max_memory_reserved())
    return int(sys.modules["cupy"].get_default_memory_pool().total_bytes())


def forget_peak() -> None:
    """Let Linux count the largest resident set from here on: what building the network took is not the step's."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def memory(entry: str) -> int | None:
    """Bytes that are resident now (VmRSS) or were at most (VmHWM); elsewhere than on Linux at most the latter."""
    try:
        with open("/proc/self/status") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith(entry))
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    if entry == "VmRSS":
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def do_nothing() -> None:
    """There is nothing to wait for on a CPU."""


if __name__ == "__main__":
    main()
