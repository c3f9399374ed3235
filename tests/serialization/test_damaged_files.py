"""Files with bytes changed, cut or put in, and pickles of any instructions: read or refused, and nothing else."""

from __future__ import annotations

import os
import pickle as op
import pickletools
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinycnn
from tests.serialization.programs import MKDIR, named, program, storage, stream, text, whole, zipped
from tinycnn.errors import FormatError
from tinycnn.serialization.vocabulary import TORCH

FILES = sorted(Path(__file__).with_name("files").glob("*.pth"))
LARGEST = 2_000_000  # bytes; the files have a few thousand
EVENTS = {"open", "import", "exec", "os.exec", "os.mkdir", "os.system", "pickle.find_class", "socket.connect",
          "subprocess.Popen"}  # fmt: skip

watched: list[str] | None = None  # what Python does besides, while it is a list


def watch(event: str, arguments: Any) -> None:
    """An audit hook cannot be taken off again, so it is put on once and looks only when it is told to."""
    if watched is not None and event in EVENTS and not (event == "open" and str(arguments[0]).endswith(".damaged")):
        watched.append(f"{event} {arguments!s:.200}")


@pytest.fixture(scope="module", autouse=True)
def watching() -> None:
    for path in FILES:
        tinycnn.load(path)  # all that is imported late has been imported
    b"x".decode("cp437")  # in which a zip's names may be
    sys.addaudithook(watch)


def read_or_refused(content: bytes, folder: Path) -> None:
    """The file is read or a FormatError raised; nothing is run, imported or opened; and it takes little memory."""
    global watched
    path = folder / "file.damaged"
    path.write_bytes(content)
    tracemalloc.start()
    watched = []
    try:
        tinycnn.load(path)
        said = ""
    except FormatError as error:
        said = str(error)
    finally:
        seen, watched = watched, None
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert seen == []
    assert len(said) < 2000
    assert peak < LARGEST


FEW = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
AWKWARD = st.sampled_from([b"\xff" * 4, b"\xff" * 8, bytes(8), b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"PK\x01\x02", b"."])


@FEW
@given(data=st.data(), path=st.sampled_from(FILES))
def test_damaged_bytes(data: st.DataObject, path: Path, tmp_path_factory: Any) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at, to = (data.draw(st.integers(0, len(content))) for _ in range(2))
        match data.draw(st.sampled_from(["flip", "set", "cut", "insert", "delete", "repeat", "awkward"])):
            case "flip":
                content[at : at + 1] = bytes(byte ^ 1 << data.draw(st.integers(0, 7)) for byte in content[at : at + 1])
            case "set":
                content[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "cut":
                del content[at:]
            case "insert":
                content[at:at] = data.draw(st.binary(max_size=9))
            case "delete":
                del content[at : at + data.draw(st.integers(1, 60))]
            case "repeat":
                content[to:to] = content[at : at + data.draw(st.integers(1, 60))]
            case "awkward":
                new = data.draw(AWKWARD)
                content[at : at + len(new)] = new
    read_or_refused(bytes(content), tmp_path_factory.getbasetemp())


paths = st.sampled_from([*TORCH.names, MKDIR, "builtins.eval", "os.system", "torch.nn.modules.conv.Conv2d"])
number = st.integers(-2, 20) | st.integers(-(2**64), 2**64)
instruction = st.one_of(
    paths.map(named),
    number.map(whole),
    st.sampled_from(["storage", "0", "cpu", "weight", "_metadata", "eval"]).map(text),
    st.builds(storage, paths.filter(lambda path: "Storage" in path), st.integers(0, 4)),
    st.builds(lambda a, b: a + bytes([b]), st.sampled_from([op.BINGET, op.BINPUT]), st.integers(0, 9)),
    st.sampled_from([op.MARK, op.TUPLE, op.EMPTY_DICT, op.EMPTY_LIST, op.EMPTY_TUPLE, op.TUPLE1, op.TUPLE2, op.TUPLE3]),
    st.sampled_from([op.REDUCE, op.BUILD, op.BINPERSID, op.SETITEM, op.SETITEMS, op.APPEND, op.APPENDS, op.NONE]),
    st.sampled_from([code.code.encode("latin-1") for code in pickletools.opcodes]),
)


def framed(pickled: bytes, form: str) -> bytes:
    numbers = bytes(16)
    if form == "zip":
        return zipped(pickled, {"data/0": numbers})
    return stream(pickled, ("0", 4, numbers)) if form == "stream" else pickled


@FEW
@given(parts=st.lists(instruction, max_size=30), form=st.sampled_from(["zip", "stream", "pickle"]))
def test_any_instructions(parts: list[bytes], form: str, tmp_path_factory: Any) -> None:
    read_or_refused(framed(program(*parts), form), tmp_path_factory.getbasetemp())


def instructions(pickled: bytes) -> list[bytes]:
    places = [place for _, _, place in pickletools.genops(pickled)]
    return [pickled[a:b] for a, b in zip(places, [*places[1:], len(pickled)], strict=True)]


def saved(name: str) -> list[bytes]:
    """The instructions of a file that PyTorch wrote."""
    with zipfile.ZipFile(Path(__file__).with_name("files") / f"{name}.zip.pth") as file:
        return instructions(file.read(f"{name}.zip/data.pkl"))


SAVED = [saved(name) for name in ("tensor", "views")]


@FEW
@given(data=st.data(), form=st.sampled_from(["zip", "stream"]))
def test_changed_instructions(data: st.DataObject, form: str, tmp_path_factory: Any) -> None:
    parts = list(data.draw(st.sampled_from(SAVED)))
    for _ in range(data.draw(st.integers(1, 4))):
        at, to = (data.draw(st.integers(0, len(parts) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(["put in", "take out", "replace", "exchange"])):
            case "put in":
                parts[at:at] = data.draw(st.lists(instruction, min_size=1, max_size=4))
            case "take out" if len(parts) > 1:
                del parts[at]
            case "replace":
                parts[at] = data.draw(instruction)
            case _:
                parts[at], parts[to] = parts[to], parts[at]
    read_or_refused(framed(b"".join(parts), form), tmp_path_factory.getbasetemp())


def test_that_the_watch_is_kept(tmp_path: Path) -> None:
    global watched
    watched = []
    os.mkdir(tmp_path / "folder")
    seen, watched = watched, None
    assert len(seen) == 1
