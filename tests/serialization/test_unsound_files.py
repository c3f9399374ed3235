"""Files that look like PyTorch's but are not sound: each is refused, with the reason, and before it takes memory."""

from __future__ import annotations

import io
import pickle as op
import struct
import tarfile
import tracemalloc
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.serialization.programs import MAGIC, call, numbers, program, row, storage, stream, tensor, text, whole
from tests.serialization.programs import zipped as archive
from tinycnn.errors import FormatError

FLOATS = np.arange(4, dtype="<f4").tobytes()
FOUR_NUMBERS = storage("torch.FloatStorage", 4)


def loaded(content: bytes, folder: Path) -> Any:
    (folder / "file.pth").write_bytes(content)
    return tinycnn.load(folder / "file.pth")


@contextmanager
def refusing(says: str) -> Iterator[None]:
    """What is in the block raises a FormatError that says this, and takes less than a megabyte for it."""
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=says):
            yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


# Tensors that do not lie in their storage ────────────────────────────────────────────────────────────────────────────

OUTSIDE = [
    (0, [5], [1], r"a tensor of size \(5,\) reaches number 4 of a storage that has 4"),
    (1, [4], [1], "reaches number 4 of a storage that has 4"),
    (0, [2, 2], [3, 1], "reaches number 4"),
    (4, [], [], "reaches number 4"),
    (2**62, [1], [1], "reaches number"),
    (0, [2], [2**62], "reaches number"),
    (0, [2], [2**70], "are from 0 to 2⁶³, but one is 1180591620717411303424"),
    (-1, [1], [1], "are from 0 to 2⁶³, but one is -1"),
    (0, [-1], [1], "are from 0 to 2⁶³, but one is -1"),
    (3, [4], [-1], "are from 0 to 2⁶³, but one is -1"),
    (0, [2, 2], [1], "2 sizes and 1 strides"),
    (0, [1] * 65, [1] * 65, "65 sizes and 65 strides"),
    (0, [2**40, 2**40], [0, 0], "too big"),
    (0, [0, 2**62, 2**62], [1, 1, 1], r"a tensor of size \(0, \d+, \d+\) and strides"),
    (0, [1], [2**62], r"a tensor of size \(1,\) and strides \(4611686018427387904,\)"),
]


@pytest.mark.parametrize(("offset", "size", "stride", "says"), OUTSIDE)
def test_tensors_that_do_not_lie_in_their_storage(
    offset: int, size: list[int], stride: list[int], says: str, tmp_path: Path
) -> None:
    with refusing(says):
        loaded(archive(program(tensor(FOUR_NUMBERS, offset, size, stride)), {"data/0": FLOATS}), tmp_path)
    stored = storage("torch.FloatStorage", 4, "0", op.NONE)
    with refusing(says):
        loaded(stream(program(tensor(stored, offset, size, stride)), ("0", 4, FLOATS)), tmp_path)


@pytest.mark.parametrize("odd", [op.NONE, text("0"), op.EMPTY_TUPLE, op.NEWTRUE, op.BINFLOAT + bytes(8)])
def test_sizes_that_are_no_numbers(odd: bytes, tmp_path: Path) -> None:
    rebuild = "torch._utils._rebuild_tensor"
    for offset, size in ((odd, numbers(2)), (whole(0), row(odd))):
        pickled = program(call(rebuild, storage("torch.FloatStorage", 4), offset, size, numbers(1)))
        with refusing("are from 0 to 2⁶³, but one is"):
            loaded(archive(pickled, {"data/0": FLOATS}), tmp_path)


def test_tensors_that_are_more_than_tinycnn_has(tmp_path: Path) -> None:
    stored, hooks = storage("torch.FloatStorage", 4), call("collections.OrderedDict")
    flags = op.EMPTY_DICT + text("neg") + op.NEWTRUE + op.SETITEM
    common = (stored, whole(0), numbers(4), numbers(1), op.NEWFALSE, hooks)
    with refusing("negative or conjugate"):
        loaded(archive(program(call("torch._utils._rebuild_tensor_v2", *common, flags)), {"data/0": FLOATS}), tmp_path)
    whole_numbers = tensor(storage("torch.IntStorage", 4), 0, [4], [1])
    wanting = program(call("torch._utils._rebuild_parameter", whole_numbers, op.NEWTRUE, hooks))
    with refusing("a tensor of int32 is said to want a gradient"):
        loaded(archive(wanting, {"data/0": FLOATS}), tmp_path)


# Zips that are not sound ─────────────────────────────────────────────────────────────────────────────────────────────

FOUR = program(tensor(storage("torch.FloatStorage", 4), 0, [4], [1]))
SOUND = archive(FOUR, {"data/0": FLOATS, "version": b"3\n"})


def test_that_the_zip_is_sound_which_is_then_damaged(tmp_path: Path) -> None:
    assert loaded(SOUND, tmp_path).tolist() == [0, 1, 2, 3]


def with_a_record_twice() -> bytes:
    file = io.BytesIO(SOUND)
    with zipfile.ZipFile(file, "a") as zipped, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the writer's
        zipped.writestr("model/data/0", FLOATS)
    return file.getvalue()


def edited(place: int, new: bytes) -> bytes:
    return SOUND[:place] + new + SOUND[place + len(new) :]


HEADER = SOUND.index(b"PK\x03\x04", 1)  # what stands before data/0
ENTRY = SOUND.index(b"PK\x01\x02", SOUND.index(b"PK\x01\x02") + 1)  # its line in the directory
ZIPS = [
    (archive(FOUR, {"data/0": FLOATS}, compression=zipfile.ZIP_DEFLATED), "'model/data.pkl' .* is compressed"),
    (edited(ENTRY + 10, b"\x08"), "'model/data/0' in the zip archive is compressed, which torch.save never does"),
    (edited(ENTRY + 20, b"\x11"), "'model/data/0' in the zip archive is compressed"),  # 17 bytes for 16
    (edited(ENTRY + 8, b"\x01"), "'model/data/0' in the zip archive is encrypted"),
    (with_a_record_twice(), "the zip archive holds 'model/data/0' twice"),
    (archive(FOUR, {"data/1": FLOATS}), "the storage '0' is missing"),
    (archive(FOUR, {"data/0": FLOATS[:15]}), "storage '0' should have 4 × 4 bytes, not 15"),
    (archive(FOUR, {"data/0": FLOATS + b"0"}), "storage '0' should have 4 × 4 bytes, not 17"),
    (edited(ENTRY + 20, b"\xff\xff\xff\x7f" * 2), "'model/data/0' in the zip archive is larger than the file"),
    (edited(ENTRY + 42, b"\x01"), "does not lie where its directory says"),
    (edited(ENTRY + 42, b"\xff\xff\xff\x7f"), "'model/data/0' in the zip archive lies outside it"),
    (edited(ENTRY + 42, b"\0\0\0\0"), "in the zip archive 'model/data/0' and 'model/data.pkl' overlap"),
    (edited(HEADER, b"X"), "'model/data/0' in the zip archive does not lie where its directory says"),
    (SOUND[:-1], r": it was cut short or damaged: the list of records, with which .* ends, is not there$"),
    (SOUND[: HEADER + 40], "cut short or damaged"),
    (SOUND[:4], "cut short or damaged"),
    (SOUND.replace(b"data.pkl", b"data.abc"), "a zip archive, but not one that torch.save has written"),
    (archive(FOUR, {"x/data.pkl": FOUR}), "needs one folder with a data.pkl"),
    (archive(FOUR, {"constants.pkl": b""}), r"it is TorchScript.*save model\.state_dict\(\) instead"),
]


@pytest.mark.parametrize(("content", "says"), ZIPS)
def test_zips_that_are_not_sound(content: bytes, says: str, tmp_path: Path) -> None:
    with refusing(says):
        loaded(content, tmp_path)


def test_records_that_lie_over_each_other_cannot_fill_the_memory(tmp_path: Path) -> None:
    """A directory that names the same hundred thousand bytes a thousand times would be a hundred megabytes."""
    data = bytes(100_000)
    whole_file = archive(FOUR, {"data/0": data})
    start = whole_file.index(b"PK\x01\x02")
    end = whole_file.index(b"PK\x05\x06")
    second = whole_file.index(b"PK\x01\x02", start + 1)
    entries = [whole_file[second:end].replace(b"data/0", b"data/%c" % (48 + n)) for n in range(40)]
    middle = whole_file[start:second] + b"".join(entries)
    tail = struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, len(entries) + 1, len(entries) + 1, len(middle), start, 0)
    with refusing("overlap"):
        loaded(whole_file[:start] + middle + tail, tmp_path)


def test_one_storage_said_to_be_two_things(tmp_path: Path) -> None:
    for other in (storage("torch.IntStorage", 4), storage("torch.FloatStorage", 3)):
        pickled = program(storage("torch.FloatStorage", 4), other, op.TUPLE2)
        with refusing("two tensors name the same storage, but say different things"):
            loaded(archive(pickled, {"data/0": FLOATS}), tmp_path)


# Streams that are not sound ──────────────────────────────────────────────────────────────────────────────────────────

IN_STREAM = program(tensor(storage("torch.FloatStorage", 4, "0", op.NONE), 0, [4], [1]))


def part(start: int, length: int) -> bytes:
    view = row(text("1"), whole(start), whole(length))
    return program(tensor(storage("torch.FloatStorage", 4, "0", view), 0, [1], [1]))


STREAMS = [
    (stream(IN_STREAM), "the storages should have 16 bytes|are not those that the tensors name"),
    (stream(IN_STREAM, ("1", 4, FLOATS)), "not those that the tensors name"),
    (stream(IN_STREAM, ("0", 4, FLOATS), ("0", 4, FLOATS)), "not those that the tensors name"),
    (stream(IN_STREAM, ("0", 4, FLOATS), ("1", 4, FLOATS)), "not those that the tensors name"),
    (stream(IN_STREAM, ("0", 3, FLOATS)), "storage '0' should have 4 numbers, but has 3"),
    (stream(IN_STREAM, ("0", -1, FLOATS)), "should have 4 numbers, but has -1"),
    (stream(IN_STREAM, ("0", 4, FLOATS[:-1])), "the file became shorter|cut"),
    (stream(IN_STREAM.replace(whole(4), whole(2**40), 1), ("0", 2**40, FLOATS)), "bytes, but the file has"),
    (stream(IN_STREAM.replace(whole(4), whole(-4), 1), ("0", -4, FLOATS)), "not given as a storage"),
    (stream(part(3, 2), ("0", 4, FLOATS)), "a part is asked for that a storage of 4 numbers has not"),
    (stream(part(-1, 2), ("0", 4, FLOATS)), "a part is asked for"),
    (stream(part(2, -1), ("0", 4, FLOATS)), "a part is asked for"),
    (stream(part(2, 2**80), ("0", 4, FLOATS)), "a part is asked for"),
    (stream(program(op.NONE)).replace(op.dumps(1001, 2), op.dumps(1000, 2)), "version 1000 of PyTorch's format; 1001"),
    (op.dumps({"weights": [1, 2]}, 2), "a Python pickle, but not one that torch.save has written"),
    (op.dumps(MAGIC, 2), "does not end"),
]


@pytest.mark.parametrize(("content", "says"), STREAMS)
def test_streams_that_are_not_sound(content: bytes, says: str, tmp_path: Path) -> None:
    with refusing(says):
        loaded(content, tmp_path)


def test_the_tar_of_before_is_refused_with_advice(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "old.pth", "w") as file:
        for name in ("storages", "tensors", "pickle"):
            file.addfile(tarfile.TarInfo(name))
    with refusing(r"a tar archive.* until 2017.*torch\.load\(path, weights_only=False\), new_path\).*if you trust"):
        tinycnn.load(tmp_path / "old.pth")
