"""A planted fault: one line of the source changed so that it is wrong, and the tests that must notice."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

CONTRACT = "tests/test_contract.py tests/parity/test_recorded.py tests/ops"


@dataclass(frozen=True)
class Fault:
    """In `path` the text `old`, which stands there once, becomes `new`.

    `tests` are the files that own the op, `only` the pytest expression that picks its cases there.
    """

    family: str
    name: str
    kind: str
    path: str
    old: str
    new: str
    only: str = ""
    tests: str = CONTRACT

    def planted(self, root: Path) -> str:
        """The file's text with the fault in it; ValueError if it cannot be planted any more."""
        text = (root / self.path).read_text(encoding="utf-8")
        count = text.count(self.old)
        if count != 1:
            raise ValueError(f"{self}: in {self.path} its text stands {count} times, not once: {self.old}")
        faulty = text.replace(self.old, self.new)
        if ast.dump(ast.parse(faulty)) == ast.dump(ast.parse(text)):
            raise ValueError(f"{self}: changes nothing")
        return faulty

    def __str__(self) -> str:
        return f"{self.family}: {self.name}"
