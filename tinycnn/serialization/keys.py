r"""What may be a key of a dictionary, or in a set: not too long, and not too many of those that a file can choose ill.

A dictionary finds a key by its hash. Text hashes otherwise in every run of Python, but a whole number n hashes to
n mod (2⁶¹ − 1), and a tuple as its items do: so a file can hold many different keys of one hash, of which each new one
is compared with all before it. A hundred thousand take an hour. Small numbers are all different, and cannot collide.
"""

from __future__ import annotations

from typing import Any

from tinycnn.serialization.flaw import Flaw, shown

_LONGEST_TEXT = 1000
_LONGEST_TUPLE = 8
_SMALL = 2**16
_MOST_OTHERS = 10_000  # compared in a second, if all collide
_PLAIN = str | int | float | None  # bool is an int


class Keys:
    """Checks the keys of one file, and counts those that are neither text nor small numbers."""

    def __init__(self) -> None:
        self._left = _MOST_OTHERS

    def checked(self, value: Any) -> Any:
        """The value, if it may be a key: a plain value, or a short tuple of these.

        The hash of a tuple is that of its items, by recursion, which a deep one would drive out of memory.
        """
        parts = value if type(value) is tuple else (value,)
        if len(parts) > _LONGEST_TUPLE or not all(isinstance(part, _PLAIN) for part in parts):
            raise Flaw(f"{shown(value)} is the key of a dictionary or in a set, which only plain values can be")
        if any(isinstance(part, str) and len(part) > _LONGEST_TEXT for part in parts):
            raise Flaw(f"a key of a dictionary is longer than {_LONGEST_TEXT} letters: {shown(value)}")
        if not (isinstance(value, str | None) or (isinstance(value, int) and 0 <= value < _SMALL)):
            self._left -= 1
            if self._left < 0:
                raise Flaw(f"its dictionaries have more than {_MOST_OTHERS} keys that are no text, nor small numbers")
        return value
