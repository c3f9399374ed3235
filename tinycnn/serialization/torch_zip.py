r"""Reading what torch.save has written since PyTorch 1.6: a zip of a pickle and, uncompressed, the storages.

    model/data.pkl        the object, its tensors naming storages 0, 1, …
    model/byteorder       little or big; little where it is missing
    model/data/0          the numbers of storage 0, nothing else
    model/data/1          …

The folder bears the name of the file that was written first. A few other records, as ``version``, are of no use here.
Check sums are not looked at, for PyTorch may leave them out.
"""

from __future__ import annotations

import os
import struct
from io import BufferedReader
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from tinycnn.serialization.flaw import Flaw, shown
from tinycnn.serialization.pickles import Machine
from tinycnn.serialization.storages import Storage, named
from tinycnn.serialization.vocabulary import TORCH

if TYPE_CHECKING:
    from zipfile import ZipInfo

_LOCAL = struct.Struct("<4s22xHH")  # what stands before each record, up to the lengths of its name and of its extras


class _Record(NamedTuple):
    start: int
    size: int


def read_torch_zip(file: BufferedReader) -> Any:
    """The object in the file, on the CPU."""
    records = _records(file)
    program = records["data.pkl"]
    storages: dict[str, Storage] = {}

    def persistent(identity: Any) -> Storage:
        key, kind, count, _ = named(identity)
        if key not in storages:
            if (record := records.get(f"data/{key}")) is None:
                raise Flaw(f"the storage {shown(key)} is missing")
            if count * kind.width != record.size:
                raise Flaw(f"storage {shown(key)} should have {shown(count)} × {kind.width} bytes, not {record.size}")
            storages[key] = Storage.empty(kind, count)
        return storages[key].expected(kind, count)

    file.seek(program.start)
    found = Machine(file, program.size, TORCH, persistent).run()
    byteorder = _byteorder(file, records)
    for key, storage in storages.items():
        file.seek(records[f"data/{key}"].start)
        storage.fill(file, byteorder)
    return found


def _byteorder(file: BufferedReader, records: dict[str, _Record]) -> str:
    if "byteorder" not in records:
        return "little"
    file.seek(records["byteorder"].start)
    word = file.read(min(records["byteorder"].size, 7))
    if word not in (b"little", b"big"):
        raise Flaw(f"the byte order is {word!r}, neither little nor big")
    return word.decode()


def _records(file: BufferedReader) -> dict[str, _Record]:
    """Where the records lie in the file, by their names in the one folder."""
    infos = _directory(file)
    folders = [info.filename[: -len("data.pkl")] for info in infos if info.filename.endswith("/data.pkl")]
    if any(info.filename.endswith("/constants.pkl") for info in infos):
        raise Flaw("it is TorchScript, a program that PyTorch runs; where PyTorch is, save model.state_dict() instead")
    if len(folders) != 1:
        raise Flaw("it is a zip archive, but not one that torch.save has written: it needs one folder with a data.pkl")
    size = os.fstat(file.fileno()).st_size
    records: dict[str, _Record] = {}
    spans = []
    for info in infos:
        if not info.filename.startswith(folders[0]):
            continue
        record = _record(file, size, info)
        name = info.filename.removeprefix(folders[0])
        if name in records:
            raise Flaw(f"the zip archive holds {shown(info.filename)} twice")
        records[name] = record
        spans.append((info.header_offset, record.start + record.size, info.filename))
    spans.sort()
    for (_, end, one), (begin, _, other) in pairwise(spans):
        if begin < end:  # or a small file could fill any memory
            raise Flaw(f"in the zip archive {shown(one)} and {shown(other)} overlap")
    return records


def _directory(file: BufferedReader) -> list[ZipInfo]:
    """The list of records at the end of the file."""
    from zipfile import BadZipFile, ZipFile, is_zipfile

    if not is_zipfile(file):
        raise Flaw("it was cut short or damaged: the list of records, with which a zip archive ends, is not there")
    try:
        with ZipFile(file) as archive:
            return archive.infolist()
    except (BadZipFile, ValueError, struct.error, NotImplementedError, OverflowError) as error:
        raise Flaw(f"the zip archive is cut short or damaged: {error}") from error


def _record(file: BufferedReader, size: int, info: ZipInfo) -> _Record:
    """Where in the file a record's bytes are: behind its header, which the directory points to."""
    name = shown(info.filename)
    if not 0 <= info.header_offset <= size:
        raise Flaw(f"{name} in the zip archive lies outside it")
    if info.flag_bits & 1:
        raise Flaw(f"{name} in the zip archive is encrypted")
    if info.compress_type != 0 or info.compress_size != info.file_size:
        raise Flaw(f"{name} in the zip archive is compressed, which torch.save never does")
    file.seek(info.header_offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
        raise Flaw(f"{name} in the zip archive does not lie where its directory says")
    _, name_length, extra_length = _LOCAL.unpack(header)
    start = info.header_offset + _LOCAL.size + name_length + extra_length
    if start + info.file_size > size:
        raise Flaw(f"{name} in the zip archive is larger than the file")
    return _Record(start, info.file_size)
