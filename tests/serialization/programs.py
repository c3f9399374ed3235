"""Pickles written by hand, and files of PyTorch's formats around them."""

from __future__ import annotations

import io
import os
import pickle as op
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001


def text(value: str) -> bytes:
    return op.BINUNICODE + struct.pack("<I", len(value.encode())) + value.encode()


def named(path: str) -> bytes:
    module, _, name = path.rpartition(".")
    return op.GLOBAL + f"{module}\n{name}\n".encode()


def whole(number: int) -> bytes:
    data = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    return op.LONG1 + bytes([len(data)]) + data


def row(*items: bytes) -> bytes:
    return op.MARK + b"".join(items) + op.TUPLE


def numbers(*values: int) -> bytes:
    return row(*map(whole, values))


def call(path: str, *arguments: bytes) -> bytes:
    return named(path) + row(*arguments) + op.REDUCE


def storage(kind: str, count: int, key: str = "0", *more: bytes) -> bytes:
    return row(text("storage"), named(kind), text(key), text("cpu"), whole(count), *more) + op.BINPERSID


def tensor(stored: bytes, offset: int, size: Sequence[int], stride: Sequence[int]) -> bytes:
    rebuild = "torch._utils._rebuild_tensor_v2"
    hooks = call("collections.OrderedDict")
    return call(rebuild, stored, whole(offset), numbers(*size), numbers(*stride), op.NEWFALSE, hooks)


def program(*parts: bytes) -> bytes:
    return op.PROTO + b"\x02" + b"".join(parts) + op.STOP


def zipped(pickled: bytes, records: Mapping[str, bytes] | None = None, **options: Any) -> bytes:
    """A zip as torch.save writes it, or nearly."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        archive.writestr("model/data.pkl", pickled)
        for name, content in (records or {}).items():
            archive.writestr(f"model/{name}", content)
    return file.getvalue()


def stream(pickled: bytes, *storages: tuple[str, int, bytes]) -> bytes:
    """A stream as torch.save wrote it until 2020; each storage by its key, its count and its bytes."""
    about = {"protocol_version": VERSION, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    heads = [op.dumps(part, protocol=2) for part in (MAGIC, VERSION, about)]
    keys = op.dumps([key for key, _, _ in storages], protocol=2)
    return b"".join([*heads, pickled, keys, *(struct.pack("<q", count) + data for _, count, data in storages)])


def old_parameters() -> dict[str, bytes]:
    """Programs that make a Parameter as PyTorch did until 0.4: the class is called, and BUILD sets the rest."""
    kind, hooks = named("torch.nn.parameter.Parameter"), call("collections.OrderedDict")
    data = call("torch._utils._rebuild_tensor", storage("torch.FloatStorage", 4), whole(0), numbers(2), numbers(3))
    return {
        "called with the tensor": kind + row(data) + op.REDUCE + row(op.NEWTRUE, op.NEWFALSE, hooks) + op.BUILD,
        "frozen": kind + row(data) + op.NEWOBJ + row(op.NEWFALSE, op.NEWFALSE, hooks) + op.BUILD,
        "of 0.4.0": kind + row(data, op.NEWTRUE) + op.REDUCE,
        "of nothing": kind + row() + op.NEWOBJ + row(data, op.NONE, hooks, op.NEWTRUE, op.NEWFALSE) + op.BUILD,
    }


# Programs that do harm, if they are obeyed: each makes a folder named "trapped".


class Trap:
    def __new__(cls, path: str) -> Trap:
        os.mkdir(path)
        return super().__new__(cls)


MKDIR = f"{os.name}.mkdir"  # posix or nt
TRAPPED = text("trapped")
CODE = text("__import__('os').mkdir('trapped')")
HARM = {
    "GLOBAL, REDUCE": program(named(MKDIR), TRAPPED, op.TUPLE1, op.REDUCE),
    "GLOBAL eval": program(named("builtins.eval"), CODE, op.TUPLE1, op.REDUCE),
    "GLOBAL exec, renamed": program(named("__builtin__.eval"), CODE, op.TUPLE1, op.REDUCE),
    "STACK_GLOBAL": program(text(os.name), text("mkdir"), op.STACK_GLOBAL, TRAPPED, op.TUPLE1, op.REDUCE),
    "from the memo": program(
        named(MKDIR), op.BINPUT, b"\0", op.POP, op.BINGET, b"\0", TRAPPED, op.TUPLE1, op.REDUCE
    ),
    "dotted": program(text("os"), text("path.os.mkdir"), op.STACK_GLOBAL, TRAPPED, op.TUPLE1, op.REDUCE)
    .replace(b"\x80\x02", b"\x80\x04"),
    "INST": program(op.MARK, TRAPPED, op.INST, MKDIR.replace(".", "\n").encode(), b"\n"),
    "OBJ": program(op.MARK, named(MKDIR), TRAPPED, op.OBJ),
    "NEWOBJ": program(named("tests.serialization.programs.Trap"), TRAPPED, op.TUPLE1, op.NEWOBJ),
    "NEWOBJ_EX": program(
        named("tests.serialization.programs.Trap"), TRAPPED, op.TUPLE1, op.EMPTY_DICT, op.NEWOBJ_EX
    ),
    "BUILD": program(
        named("types.SimpleNamespace"), op.EMPTY_TUPLE, op.NEWOBJ,
        op.EMPTY_DICT, text("__setstate__"), named(MKDIR), op.SETITEM, op.BUILD, TRAPPED, op.BUILD,
    ),
    "EXT1": program(op.EXT1, b"\xf1", TRAPPED, op.TUPLE1, op.REDUCE),
    "EXT2": program(op.EXT2, b"\xf1\0", TRAPPED, op.TUPLE1, op.REDUCE),
    "EXT4": program(op.EXT4, b"\xf1\0\0\0", TRAPPED, op.TUPLE1, op.REDUCE),
    "in a dictionary": program(
        op.EMPTY_DICT, text("weight"), named(MKDIR), TRAPPED, op.TUPLE1, op.REDUCE, op.SETITEM
    ),
}  # fmt: skip
