r"""Running what somebody else wrote in a process of its own, which may loop, crash or ask for too much memory.

A function defined in a notebook cannot be sent to another process, but a child made by fork has it already. The child
answers in JSON over a pipe and is read as data alone. This guards against accidents, not against malice: the code runs
with the rights of whoever grades.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
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

from tinycnn.errors import ConfigError
from tinycnn.exercises.mistake import printable

_PRINTED = 2000  # characters that are kept of what is printed
_LONGEST = 1 << 20  # bytes that are read of an answer


class Limits(NamedTuple):
    """How long a child may take, in seconds, and how much memory it may ask for beyond what it starts with."""

    seconds: float = 5.0
    gigabytes: float = 2.0

    def check(self, seed: int) -> None:
        """Raise a ConfigError if there is no time or no memory, or the seed is none."""
        if not (self.seconds > 0 and self.gigabytes > 0 and seed >= 0):
            raise ConfigError("grade: seconds and gigabytes should be above 0, and seed not below")


class Answer(NamedTuple):
    """What came of it: `value`, as JSON knows it; or, in words, how it `ended` instead; and what it printed."""

    value: dict[str, Any]
    ended: str
    printed: str


NO_LIMITS = "ran without limits of time and memory, as no process can be started for it here"
NO_MEMORY_LIMIT = "ran without a limit of memory, which this system does not set"


@functools.cache
def can_fork() -> bool:
    """Whether this system can copy a process, which is tried: Windows and browsers cannot, and some refuse."""
    if not hasattr(os, "fork") or sys.platform in ("emscripten", "wasi"):
        return False
    try:
        child = _fork()
    except OSError:
        return False
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    return True


@functools.cache
def can_run_programs() -> bool:
    """Whether this system can start Python once more, which is tried: browsers cannot."""
    try:
        import subprocess  # needed only without fork, and missing in a browser

        return subprocess.run([sys.executable, "-c", ""], check=False).returncode == 0
    except (ImportError, OSError):
        return False


def in_a_fork(work: Callable[[], Any], limits: Limits) -> Answer:
    """Run `work` in a copy of this process; what it changes is lost with the copy."""
    reading, writing = os.pipe()
    child = _fork()
    if not child:
        os.close(reading)
        _answer_and_exit(work, writing, limits)
    os.close(writing)
    try:
        line = _first_line(reading, time.monotonic() + limits.seconds)
    finally:  # also after Ctrl-C
        os.close(reading)
        status = _put_an_end_to(child)
    return _read(line) or Answer({}, _last_words(status, limits), "")


def in_a_program(command: Sequence[str], limits: Limits) -> Answer:
    """Run a Python program that ends with `tell`, where there is no fork."""
    import subprocess  # as above

    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limits.seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return Answer({}, _too_long(limits), "")
    last = done.stdout.splitlines()[-1:]
    return _read(b"".join(last)) or Answer({}, _how_it_ended(done.returncode), "")


def in_place(work: Callable[[], dict[str, Any]], gigabytes: float = Limits().gigabytes) -> Answer:
    """Run `work` here, without limits; what it raises is said in words, and what it prints is kept apart."""
    printed = _Beginning()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), _without_input(), _inside():
            value = work()
    except MemoryError as error:
        return Answer({}, _too_much(gigabytes, error), printed.text)
    except Exception as error:
        return Answer({}, printable(f"could not be looked at: {type(error).__name__}: {error}"), printed.text)
    return Answer(value, "", printed.text)


class _Beginning(io.TextIOBase):
    """Keeps the first of what is printed, and lets the rest go."""

    text = ""

    def write(self, text: str) -> int:
        self.text += text[: _PRINTED - len(self.text)]
        return len(text)


def tell(answer: Answer) -> bytes:
    """An answer as a line of JSON."""
    return json.dumps(answer._asdict()).encode() + b"\n"


# The child ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _answer_and_exit(work: Callable[[], Any], pipe: int, limits: Limits) -> NoReturn:
    try:
        os.setpgid(0, 0)  # so that processes it starts can be ended with it
        _forget_the_parent(pipe)
        _limit(limits)
        line = tell(in_place(work, limits.gigabytes))
        while line:
            line = line[os.write(pipe, line):]
    finally:
        os._exit(0)  # without what the parent has planned for its own end


def _forget_the_parent(pipe: int) -> None:
    """Keep no file of the parent's but the pipe, leave its objects to it, and die without a report."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    os.closerange(3, pipe)  # a notebook's sockets among them
    os.closerange(pipe + 1, os.sysconf("SC_OPEN_MAX"))
    gc.freeze()
    faulthandler.disable()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _limit(limits: Limits) -> None:
    import resource  # not on Windows

    seconds = int(limits.seconds) + 2  # in case the parent dies and cannot end it
    most = {resource.RLIMIT_CPU: seconds, resource.RLIMIT_CORE: 0}
    with contextlib.suppress(OSError):  # macOS has neither this file nor such a limit
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
        most[resource.RLIMIT_AS] = pages * resource.getpagesize() + int(limits.gigabytes * 1e9)
    for limit, number in most.items():
        with contextlib.suppress(OSError, ValueError):  # where a stricter one holds already
            resource.setrlimit(limit, (number, number))


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


def _fork() -> int:
    with warnings.catch_warnings():  # Python 3.12 warns of the threads of a notebook, which the child goes without
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


# The parent ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _first_line(pipe: int, deadline: float) -> bytes:
    """What the child says, up to the end of a line; what there is when time is up or the child is gone."""
    said = b""
    while not said.endswith(b"\n") and len(said) < _LONGEST and (left := deadline - time.monotonic()) > 0:
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
        return Answer(dict(said["value"]), str(said["ended"]), str(said["printed"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _last_words(status: int | None, limits: Limits) -> str:
    if status is None:
        return _too_long(limits)
    code = os.waitstatus_to_exitcode(status)
    return _too_long(limits) if code == -signal.SIGXCPU else _how_it_ended(code)


def _how_it_ended(code: int) -> str:
    if code < 0:  # by this signal
        try:
            name = signal.strsignal(-code) or "unknown"
        except ValueError:
            name = "unknown"
        return f"crashed (signal {-code}: {name.lower()})"
    return f"ended the whole process{f' with status {code}' if code else ''}, such as by os._exit()"


def _too_long(limits: Limits) -> str:
    return f"did not come back within {limits.seconds:g} s: is there a loop that never ends?"


def _too_much(gigabytes: float, error: MemoryError) -> str:
    return f"asked for more than {gigabytes:g} GB of memory" + printable(f" ({error})" if str(error) else "")
