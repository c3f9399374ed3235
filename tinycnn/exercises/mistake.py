r"""What a student's function raised, in words: the error, and the line of the student's own code where it arose."""

from __future__ import annotations

import contextlib
import inspect
import linecache
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

_WIDEST = 400  # characters of a line; the rest of a longer one is told by three dots


class Mistake(Exception):
    """Something is wrong with what was handed in; the message is for whoever wrote it."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def printable(text: str) -> str:
    r"""Without what would move a terminal's cursor or flood it: students' errors may hold anything.

    >>> printable("red \x1b[31m and\nlong " + 1000 * "x").splitlines()[0]
    'red ·[31m and'
    """
    lines = ("".join(c if c.isprintable() else "·" for c in line[:_WIDEST]) + "…" * (len(line) > _WIDEST)
             for line in text.expandtabs(4).split("\n"))
    return "\n".join(lines)


def guarded(function: Callable[..., Any], name: str, due: inspect.Signature) -> Callable[..., Any]:
    """The function, but whatever it raises is a `Mistake` that says where; a MemoryError stays what it is.

    `due` is the signature that the task asks for, told if the function does not take what it is called with.
    """
    code = getattr(function, "__code__", None)
    file = code.co_filename if code else ""

    def call(*arguments: Any, **options: Any) -> Any:
        try:
            inspect.signature(function, follow_wrapped=False).bind(*arguments, **options)
        except TypeError as error:
            raise Mistake(f"{name} should be {name}{due}, but {error}") from None
        except ValueError:  # some functions of NumPy have no signature
            pass
        with told(name, file):
            return function(*arguments, **options)

    return call


@contextlib.contextmanager
def told(name: str, file: str) -> Iterator[None]:
    """Within the block, turn whatever is raised into a `Mistake`, with the line of `file` that it passed last."""
    try:
        yield
    except (Mistake, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # sys.exit() raises a SystemExit
        raise Mistake(f"{name} {_in_words(error)}{_where(error, file)}") from error


@contextlib.contextmanager
def warnings_kept() -> Iterator[list[str]]:
    """Within the block, note what NumPy warns of instead of showing it."""
    noted: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield noted
    noted += dict.fromkeys(str(warning.message) for warning in caught if warning.category is RuntimeWarning)


def _in_words(error: BaseException) -> str:
    kind, text = type(error).__name__, " ".join(str(error).split())
    if isinstance(error, SystemExit):
        return "ends the program, such as by sys.exit(), instead of coming back"
    if isinstance(error, NotImplementedError):
        return "is not written yet: it raises NotImplementedError"
    if isinstance(error, RecursionError):
        return "calls itself without end (RecursionError)"
    if isinstance(error, EOFError):
        return "waits for input, and there is nobody to type (EOFError)"
    return f"raises {kind}: {text}" if text else f"raises {kind}"


def _where(error: BaseException, file: str) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return _line(error.lineno, "", error.text or linecache.getline(error.filename or file, error.lineno))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    if not frames or frames[-1].lineno is None:
        return ""
    last = frames[-1]
    return _line(int(last.lineno or 0), last.name, last.line or "")


def _line(number: int, function: str, text: str) -> str:
    place = f"line {number}" + (f", in {function}" if function.isidentifier() else "")
    return f"\n  {place}: {text.strip()}" if text.strip() else f"\n  {place}"
