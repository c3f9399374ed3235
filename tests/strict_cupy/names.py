"""What CuPy has, from names.json: is there such a name, is there such a keyword, and if not, what to write instead."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

RECORD: dict[str, Any] = json.loads(Path(__file__).with_name("names.json").read_text(encoding="utf-8"))
VERSION = f"CuPy {RECORD['version']}"

_INSTEAD = {
    "insert": "concatenate what stands before, the new part and what stands after",
    "block": "nest xp.concatenate, or fill an xp.empty part by part",
    "errstate": "leave it out: a division by zero warns nobody on a GPU; on the host, numpy.errstate itself",
    "seterr": "leave it out: a division by zero warns nobody on a GPU",
    "nditer": "array expressions; a Python loop over elements waits for the GPU each time",
    "ndenumerate": "array expressions; a Python loop over elements waits for the GPU each time",
    "einsum_path": "xp.einsum(..., optimize=True)",
    "vecdot": "(x * y).sum(-1)",
    "matvec": "xp.matmul(a, x[..., None])[..., 0]",
    "vecmat": "xp.matmul(x[..., None, :], a)[..., 0, :]",
    "frompyfunc": "array expressions",
    "unstack": "[x[i] for i in range(len(x))] after xp.moveaxis",
    "asmatrix": "a 2-D array",
    "object_": "a list on the host: there is no object dtype on a GPU",
    "longdouble": "xp.float64, the widest float of a GPU",
    "float128": "xp.float64, the widest float of a GPU",
    "normal": "a draw on the host, and xp.asarray of it",
    "permutation": "a permutation drawn on the host, and xp.asarray of it",
    "shuffle": "a permutation drawn on the host, and x[xp.asarray(it)]",
    "choice": "indices drawn on the host, and x[xp.asarray(them)]",
    "setflags": "a copy, if the array must not change",
    "itemset": "x[index] = value",
    "resize": "xp.resize(x, shape), which copies",
    "ctypes": "x.data.ptr",
    "tostring": "x.tobytes()",
}

_KEYWORDS_INSTEAD = {
    "where": "mask first: xp.where(mask, x, 0) for a sum, -xp.inf for a max",
    "initial": "xp.maximum(result, initial), or + initial for a sum",
    "correction": "ddof",
    "mean": "((x - mean) ** 2).mean(axis)",
    "mode": "indices that are in range",
    "stable": "kind='stable'",
    "shape": "a reshape",
    "like": "leave it out",
    "device": "leave it out",
    "order": "xp.ascontiguousarray(x.T).T for memory in Fortran order",
    "subok": "leave it out",
    "out": "x[...] = result",
}


def instead(name: str, known: Collection[str], table: Mapping[str, str] = _INSTEAD) -> str:
    """The second half of an error message: what to write."""
    if name in table:
        return f"; write {table[name]}" if not table[name].startswith("leave") else f"; {table[name]}"
    close = [] if name.startswith("_") else difflib.get_close_matches(name, known, n=2)
    return f"; there is {' and '.join(close)}" if close else "; write it with functions that NumPy and CuPy share"


def lacks(owner: str, name: str, known: Collection[str]) -> AttributeError:
    """The error for a name that CuPy has not."""
    return AttributeError(f"{VERSION} has no {owner}.{name}{instead(name, known)}")


class Signature:
    """The parameters one function takes."""

    __slots__ = ("any_keyword", "any_number", "keywords", "positional", "rest", "title", "unusable_from")

    def __init__(self, title: str, written: str, *, method: bool = False) -> None:
        """`written` as in names.json; a `method` takes the array before all else."""
        self.title = title
        self.positional: list[str] = ["self"] if method else []
        self.keywords: set[str] = set()
        self.any_number = self.any_keyword = False
        self.rest = ""  # what those are that come after the ones by name
        self.unusable_from: tuple[int, str, str] | None = None  # position, its name for CuPy and for NumPy
        star = False
        for name in filter(None, written.split(", ")):
            if name == "**":
                self.any_keyword = True
            elif name.startswith("*"):
                star = True
                if name != "*":
                    self.any_number, self.rest = True, name[1:]
            else:
                self.keywords.add(name)
                if not star:
                    self.positional.append(name)

    def compare(self, numpys: Collection[str]) -> None:
        """Remember from which position on NumPy takes another parameter than CuPy does."""
        for position, (mine, theirs) in enumerate(zip(self.positional, numpys, strict=False)):
            if mine != theirs and (mine in numpys or theirs in self.positional):
                self.unusable_from = (position, mine, theirs)
                return

    def check(self, number: int, keywords: Mapping[str, Any]) -> None:
        """Raise a TypeError if CuPy does not take so many arguments, or not by these names."""
        if number > len(self.positional) and not self.any_number:
            taken = ", ".join(self.positional)
            raise TypeError(f"{VERSION}: {self.title} takes ({taken}) by position, not {number}; name the others")
        if self.unusable_from is not None and number > self.unusable_from[0]:
            position, mine, theirs = self.unusable_from
            raise TypeError(
                f"{self.title}: argument {position + 1} is {mine} for {VERSION} and {theirs} for NumPy; pass it by name"
            )
        if not self.any_keyword and not self.keywords.issuperset(keywords):
            name = next(name for name in keywords if name not in self.keywords)
            raise TypeError(
                f"{VERSION} has no {name}= in {self.title}{instead(name, self.keywords, _KEYWORDS_INSTEAD)}"
            )
