r"""Running what somebody else wrote in a process of its own, which may loop, crash or ask for too much memory.

A function defined in a notebook cannot be sent to another process, but a child made by fork has it already. The child
answers in JSON over a pipe and is read as data alone. This guards against accidents, not against malice: the code runs
with the rights of whoever grades.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import io
import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

_PRINTED = 2000  # characters that are kept of what is printed


class Limits(NamedTuple):
    """How long a child may take, in seconds, and how much memory it may ask for beyond what it starts with."""

    seconds: float = 10.0
    gigabytes: float = 2.0


class Answer(NamedTuple):
    """What came of it: `value`, made of what JSON knows; or, in words, how it `ended` instead; and what it printed."""

    value: Any
    ended: str
    printed: str


NO_LIMITS = "ran without limits of time and memory, as no process can be started for it here"


def can_fork() -> bool:
    """Whether this system can copy a process: not Windows, and not a browser."""
    return hasattr(os, "fork") and sys.platform not in ("emscripten", "wasi")


def in_a_fork(work: Callable[[], Any], limits: Limits) -> Answer:
    """Run `work` in a copy of this process; what it changes is lost with the copy."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():  # Python 3.12 warns of the threads of a notebook, which the child goes without
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        os.close(reading)
        _answer_and_exit(work, writing, limits)
    os.close(writing)
    try:
        line = _first_line(reading, time.monotonic() + limits.seconds)
    finally:  # also after Ctrl-C
        os.close(reading)
        status = _put_an_end_to(child)
    return _read(line) or Answer(None, _last_words(status, limits), "")


def in_a_program(command: Sequence[str], limits: Limits) -> Answer:
    """Run a Python program that ends with `tell`, where there is no fork."""
    import subprocess  # needed only here, and missing in a browser

    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limits.seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return Answer(None, _too_long(limits), "")
    last = done.stdout.splitlines()[-1:]
    return _read(b"".join(last)) or Answer(None, _how_it_ended(-done.returncode, done.returncode), "")


def in_place(work: Callable[[], Any], gigabytes: float = Limits().gigabytes) -> Answer:
    """Run `work` here, without limits; what it raises is said in words, and what it prints is kept apart."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), _without_input(), _inside():
            value = work()
    except MemoryError as error:
        return Answer(None, _too_much(gigabytes, error), printed.getvalue()[:_PRINTED])
    except Exception as error:
        return Answer(None, f"could not be looked at: {type(error).__name__}: {error}", printed.getvalue()[:_PRINTED])
    return Answer(value, "", printed.getvalue()[:_PRINTED])


def tell(answer: Answer) -> bytes:
    """An answer as a line of JSON."""
    return json.dumps(answer._asdict()).encode() + b"\n"


# The child ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _answer_and_exit(work: Callable[[], Any], pipe: int, limits: Limits) -> NoReturn:
    try:
        os.setpgid(0, 0)  # so that processes it starts can be ended with it
        _forget_the_parent()
        _limit(limits)
        line = tell(in_place(work, limits.gigabytes))
        while line:
            line = line[os.write(pipe, line):]
    finally:
        os._exit(0)  # without what the parent has planned for its own end


def _forget_the_parent() -> None:
    """Write to nobody's terminal, leave the parent's objects to the parent, and die without a report."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    gc.freeze()
    faulthandler.disable()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _limit(limits: Limits) -> None:
    import resource  # not on Windows

    seconds = int(limits.seconds) + 2  # in case the parent dies and cannot end it
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):  # macOS has neither this file nor such a limit
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
        most = pages * resource.getpagesize() + int(limits.gigabytes * 1e9)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


_depth = 0


def is_inside() -> bool:
    """Whether this is asked by what runs `in_place`, here or in a child."""
    return _depth > 0


@contextlib.contextmanager
def _inside() -> Iterator[None]:
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1


@contextlib.contextmanager
def _without_input() -> Iterator[None]:
    """input() fails at once instead of waiting for somebody to type."""
    stdin, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = stdin


# The parent ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _first_line(pipe: int, deadline: float) -> bytes:
    """What the child says, up to the end of a line; what there is when time is up or the child is gone."""
    said = b""
    while not said.endswith(b"\n") and (left := deadline - time.monotonic()) > 0:
        if select.select([pipe], [], [], left)[0]:
            piece = os.read(pipe, 1 << 16)
            if not piece:
                break
            said += piece
    return said


def _put_an_end_to(child: int) -> int | None:
    """End the child and what it started; returns its wait status, or None if it was still running."""
    ended, status = os.waitpid(child, os.WNOHANG)
    for _ in range(20):  # its pipe is closed a moment before it is gone
        if ended:
            break
        time.sleep(0.001)
        ended, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    if not ended:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return status if ended else None


def _read(line: bytes) -> Answer | None:
    """The answer in a line; None if it is none."""
    try:
        said = json.loads(line)
        return Answer(said["value"], str(said["ended"]), str(said["printed"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _last_words(status: int | None, limits: Limits) -> str:
    if status is None:
        return _too_long(limits)
    code = os.waitstatus_to_exitcode(status)
    return _how_it_ended(-code, code)


def _how_it_ended(number: int, code: int) -> str:
    if number > 0:
        try:
            name = signal.strsignal(number) or "unknown"
        except ValueError:
            name = "unknown"
        return f"crashed (signal {number}: {name.lower()})"
    return f"ended the whole process{f' with status {code}' if code else ''}, such as by os._exit()"


def _too_long(limits: Limits) -> str:
    return f"did not come back within {limits.seconds:g} s: is there a loop that never ends?"


def _too_much(gigabytes: float, error: MemoryError) -> str:
    return f"asked for more than {gigabytes:g} GB of memory" + (f" ({error})" if str(error) else "")
