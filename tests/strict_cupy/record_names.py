r"""Writes names.json: what the installed CuPy has, function by function and keyword by keyword. No GPU is needed.

    python -m pip install cupy-cuda12x
    python -m tests.strict_cupy.record_names

A function of Python is asked for its signature. A compiled one has it in the first line of its docstring. A ufunc tells
how many inputs and outputs it takes, and whether and for which dtypes it has an .at; its keywords are those that all of
CuPy's share (out, casting, dtype, and no where=). ``**kwargs`` is resolved to the names that the function's source
takes from it, where it takes any. A signature is stored as its parameters' names, ``"a, axis, *, dtype"``; one that
cannot be learnt ends in ``**``, which admits every keyword.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import re
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RECORD = Path(__file__).with_name("names.json")

NAMESPACES = (
    "cupy",
    "cupy.fft",
    "cupy.lib.stride_tricks",
    "cupy.linalg",
    "cupy.random",
    "cupyx.scipy.special",
)

# For which dtypes each ufunc.at works is said by the TypeError that it raises for the others. Raising it takes a GPU,
# so it is written down here, from cupy/_core/_routines_indexing.pyx. That there is an .at the ufunc itself tells.
AT_DTYPES = {
    "add": "int32 int64 uint32 uint64 float16 float32 float64",
    "subtract": "int32 uint32",
    "maximum": "int32 int64 uint32 uint64 float32 float64",
    "minimum": "int32 int64 uint32 uint64 float32 float64",
    "bitwise_and": "int32 int64 uint32 uint64",
    "bitwise_or": "int32 int64 uint32 uint64",
    "bitwise_xor": "int32 int64 uint32 uint64",
}

UFUNC_METHODS = ("accumulate", "at", "outer", "reduce", "reduceat")


def record() -> dict[str, Any]:
    """Everything that names.json holds."""
    import cupy
    import numpy

    return {
        "version": cupy.__version__,
        "numpy": numpy.__version__,  # some names and signatures CuPy takes over from it
        "functions": {name: dict(_functions(name)) for name in NAMESPACES},
        "ufuncs": {name: dict(_ufuncs(name)) for name in NAMESPACES},
        "ufunc methods": {name: _written(getattr(cupy.ufunc, name)) for name in UFUNC_METHODS},
        "types": _public(cupy, lambda value: isinstance(value, type)),
        "values": _public(cupy, _is_value),
        "methods": dict(_methods(cupy.ndarray)),
        "attributes": [name for name, value in _members(cupy.ndarray) if inspect.isdatadescriptor(value)],
        "generator methods": dict(_methods(cupy.random.Generator)),
    }


def _members(owner: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(owner, name)) for name in sorted(dir(owner)) if not name.startswith("_")]


def _public(owner: Any, wanted: Any) -> list[str]:
    return [name for name, value in _members(owner) if wanted(value)]


def _is_value(value: Any) -> bool:
    return not callable(value) and not isinstance(value, types.ModuleType) and "__future__" not in str(type(value))


def _functions(namespace: str) -> Iterator[tuple[str, str]]:
    for name, value in _members(importlib.import_module(namespace)):
        if callable(value) and not isinstance(value, type) and not _is_ufunc(value):
            yield name, _signature(value)


def _methods(owner: type) -> Iterator[tuple[str, str]]:
    for name, value in _members(owner):
        if callable(value):
            yield name, _signature(value)


def _is_ufunc(value: Any) -> bool:
    import cupy

    return isinstance(value, cupy.ufunc)


def _ufuncs(namespace: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in _members(importlib.import_module(namespace)):
        if not _is_ufunc(value):
            continue
        entry = {"nin": value.nin, "nout": value.nout}
        if value._scatter_op is not None:
            entry["at"] = AT_DTYPES[name]
        yield name, entry


def _signature(function: Any) -> str:
    """The names of the parameters; "" where there are none, "*, **" where they cannot be learnt."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return _written(function)
    names, positional = [], True
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names.append("*" + parameter.name)
            positional = False
        elif parameter.kind is parameter.VAR_KEYWORD:
            names += _taken_keywords(function, parameter.name, star=positional)
        else:
            if parameter.kind is parameter.KEYWORD_ONLY and positional:
                names.append("*")
                positional = False
            names.append(parameter.name)
    return ", ".join(name for name in names if name != "self")


def _taken_keywords(function: Any, name: str, *, star: bool) -> list[str]:
    """The keywords that a function's source takes out of its ``**kwargs``; "**" where it hands them all on."""
    taken: list[str] = []
    with contextlib.suppress(OSError, TypeError):
        taken = re.findall(rf"\b{name}\.(?:pop|get)\(['\"](\w+)", inspect.getsource(function))
    return (["*"] if star else []) + list(dict.fromkeys(taken)) if taken else ["**"]


def _written(function: Any) -> str:
    """The parameters as the first line of a compiled function's docstring has them."""
    name = getattr(function, "__name__", "")
    line = re.match(rf"(?:\w+\.)?{name}\((?P<inside>.*)\)(?: ->.*)?$", (function.__doc__ or "").split("\n")[0])
    if line is None:
        return "*, **"
    names = []
    for part in re.split(r",\s*(?![^()]*\))", line["inside"]):
        declared = part.replace("\\", "").split("=")[0].split()  # "Py_ssize_t axis1" → "axis1"
        if declared and declared[-1] not in ("self", "/"):
            names.append("**" if declared[-1].startswith("**") else declared[-1])
    return ", ".join(names)


def write(path: Path = RECORD) -> None:
    """Write the record whole or not at all."""
    text = json.dumps(record(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


if __name__ == "__main__":
    write()
    print(f"wrote {RECORD}")
