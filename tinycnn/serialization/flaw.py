"""What is wrong with a file that is being read, and how its untrusted values are shown in saying so."""

from __future__ import annotations

from typing import Any

_LONGEST = 120  # characters of a value from the file that a message repeats


class Flaw(Exception):
    """What is wrong with a file that is being read; `load` adds which file, and makes it a FormatError."""


def shown(value: Any) -> str:
    """Text and numbers as they are, cut short; of all else only the type, for its repr may be endless or deep."""
    if value is None or isinstance(value, str | int | float):
        text = repr(value[:_LONGEST] if isinstance(value, str) else value)
        return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return f"a {type(value).__name__}"
