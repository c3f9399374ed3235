r"""Reading what torch.save wrote from 2017 to 2020, and still does with ``_use_new_zipfile_serialization=False``.

    pickle   the number 0x1950a86a20f9469cfc6c
    pickle   the number 1001, the version
    pickle   about the machine that wrote it
    pickle   the object, its tensors naming storages
    pickle   the names of the storages, in the order in which they follow
    each storage: how many numbers (8 bytes), then the numbers, all little-endian
"""

from __future__ import annotations

import os
from io import BufferedReader
from typing import Any

from tinycnn.serialization.flaw import Flaw, shown
from tinycnn.serialization.pickles import Machine
from tinycnn.serialization.storages import Storage, named
from tinycnn.serialization.vocabulary import TORCH

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001


def read_torch_stream(file: BufferedReader) -> Any:
    """The object in the file, on the CPU."""
    size = os.fstat(file.fileno()).st_size
    roots: dict[str, Storage] = {}
    claimed = 0

    def persistent(identity: Any) -> Storage:
        nonlocal claimed
        key, kind, count, part = named(identity)
        if key not in roots:
            claimed += count * kind.width
            if claimed > size:  # before the memory is asked for
                raise Flaw(f"the storages should have {shown(claimed)} bytes, but the file has {size}: was it cut?")
            roots[key] = Storage.empty(kind, count)
        return roots[key].expected(kind, count).part(part)

    def pickle(persistent: Any = _outside) -> Any:
        return Machine(file, size - file.tell(), TORCH, persistent).run()

    if pickle() != _MAGIC:
        raise Flaw("it is a Python pickle, but not one that torch.save has written")
    if (version := pickle()) != _VERSION:
        raise Flaw(f"it is of version {shown(version)} of PyTorch's format; {_VERSION} is known")
    pickle()
    found = pickle(persistent)
    keys = pickle()
    if type(keys) is not list or {type(key) for key in keys} - {str} or sorted(keys) != sorted(roots):
        raise Flaw("the storages that follow are not those that the tensors name")
    for key in keys:
        count = int.from_bytes(file.read(8), "little", signed=True)
        if count != roots[key].array.size:
            raise Flaw(f"storage {shown(key)} should have {roots[key].array.size} numbers, but has {count}")
        roots[key].fill(file)
    return found


def _outside(name: Any) -> Any:
    raise Flaw("a persistent id stands where no storage can be")
