"""Reading pickles: what Python's own unpickler makes of values, and nothing of what it makes of all else."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import re
import tracemalloc
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinycnn
from tests.serialization.description import described
from tests.serialization.programs import HARM, MKDIR, call, named, numbers, program, row, stream, text, whole, zipped
from tinycnn.errors import FormatError
from tinycnn.serialization.flaw import Flaw
from tinycnn.serialization.pickles import Machine
from tinycnn.serialization.vocabulary import TORCH

op = pickle
PROTOCOLS = [2, 3, 4, 5]


def obeyed(pickled: bytes, folder: Path) -> Any:
    """What is read from a zip with this pickle."""
    (folder / "file.pth").write_bytes(zipped(pickled))
    return tinycnn.load(folder / "file.pth")


def refused(pickled: bytes, folder: Path) -> str:
    with pytest.raises(FormatError) as caught:
        obeyed(pickled, folder)
    return str(caught.value)


plain = st.none() | st.booleans() | st.integers(-(2**100), 2**100) | st.floats(allow_nan=False) | st.text(max_size=9)
keys = plain | st.lists(plain, max_size=2).map(tuple)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3).map(OrderedDict)
    ),
    max_leaves=30,
)


@settings(max_examples=150)
@given(value=values | st.sets(keys, max_size=5) | st.frozensets(keys, max_size=5), protocol=st.sampled_from(PROTOCOLS))
def test_values_are_what_pickle_reads(value: Any, protocol: int, tmp_path_factory: Any) -> None:
    if isinstance(value, frozenset):
        protocol = 4  # before it, frozenset was a name to be called
    assert described(obeyed(pickle.dumps(value, protocol), tmp_path_factory.getbasetemp())) == described(value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_stands_twice_is_one_object(protocol: int, tmp_path: Path) -> None:
    row = [1]
    found = obeyed(pickle.dumps({"a": row, "b": (row, row)}, protocol), tmp_path)
    assert found["a"] is found["b"][0] is found["b"][1]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_list_may_hold_itself(protocol: int, tmp_path: Path) -> None:
    row: list[Any] = [1]
    row.append({"row": (row,)})
    found = obeyed(pickle.dumps(row, protocol), tmp_path)
    assert found[1]["row"][0] is found
    pair: tuple[Any, ...] = ([],)
    pair[0].append(pair)  # a tuple in itself leaves its items behind on the stack
    again = obeyed(pickle.dumps(pair, protocol), tmp_path)
    assert again[0][0] is again


@pytest.mark.parametrize(
    ("nested", "inner"),
    [
        (op.EMPTY_LIST * 50_000 + op.APPEND * 49_999, lambda value: value[0]),
        (op.EMPTY_TUPLE + op.TUPLE1 * 50_000, lambda value: value[0]),
        ((op.EMPTY_DICT + op.NONE) * 50_000 + op.EMPTY_DICT + op.SETITEM * 50_000, lambda value: value[None]),
    ],
)
def test_no_depth_is_too_deep(nested: bytes, inner: Any, tmp_path: Path) -> None:
    found, depth = obeyed(program(nested), tmp_path), 0
    while found:
        found, depth = inner(found), depth + 1
    assert depth >= 49_999


@pytest.mark.parametrize("harm", HARM)
def test_no_code_is_run(harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copyreg.add_extension(os.name, "mkdir", 0xF1)
    try:
        monkeypatch.chdir(tmp_path)
        pickle.loads(HARM[harm])
        assert os.listdir() == ["trapped"]  # that is what it does where it is obeyed
        os.rmdir("trapped")
        for content in (zipped(HARM[harm]), stream(HARM[harm]), HARM[harm]):
            Path("file.pth").write_bytes(content)
            with pytest.raises(FormatError):
                tinycnn.load("file.pth")
        assert os.listdir() == ["file.pth"]
    finally:
        copyreg.remove_extension(os.name, "mkdir", 0xF1)


NOT_A_VALUE = [
    (program(op.EMPTY_DICT, named("os.system")), "it asks for os.system .GLOBAL., which is none of the names"),
    (program(named("os.system")), "it holds a whole object of the class os.system, not tensors"),
    (program(named("__main__.Net"), op.EMPTY_TUPLE, op.NEWOBJ), r"class __main__\.Net, .* save model\.state_dict\(\)"),
    (program(text("__main__"), text("Net"), op.STACK_GLOBAL), r"a whole object of the class __main__\.Net"),
    (program(op.EMPTY_LIST, named("torch.nn.modules.conv.Conv2d")), r"class torch\.nn\.modules\.conv\.Conv2d"),
    (program(op.EMPTY_LIST, named("numpy.core.multiarray.scalar")), r"asks for numpy\.core\.multiarray\.scalar"),
    (program(op.EMPTY_LIST, named("torch.complex64")), r"asks for torch\.complex64"),
    (program(op.EMPTY_LIST, whole(1), whole(2), op.STACK_GLOBAL), "asks for '2'|asks for 2"),
    (program(op.EMPTY_LIST, b"ca\x07b\nc" + b"\n"), r"asks for 'a\\x07b\.c'"),
    (program(op.EMPTY_LIST, text("x" * 5000), text("y"), op.STACK_GLOBAL), "asks for .{1,200}GLOBAL"),
    (program(op.GLOBAL + b"x" * 3000), "a name that does not end"),
    (program(named("torch._utils._rebuild_qtensor")), r"asks for torch\._utils\._rebuild_qtensor"),
    (program(named("torch.FloatStorage")), "it holds a Kind where a value should be"),
    (program(op.EMPTY_LIST, named("torch.Size"), op.APPEND), "it holds a Function where a value should be"),
    (program(named("torch.float32"), op.EMPTY_TUPLE, op.REDUCE), r"calls a .*DType.* with a tuple \(REDUCE"),
    (program(text("eval"), op.EMPTY_TUPLE, op.REDUCE), r"calls 'eval' with a tuple \(REDUCE or NEWOBJ\)"),
    (program(named("torch.Size"), op.NONE, op.REDUCE), r"calls a Function with None"),
    (program(call("torch.Size", text("x"))), "Size is called with what it does not take: 'x'"),
    (program(call("torch.Size", numbers(1, 2), op.NONE)), "does not take: a tuple, None"),
    (program(call("collections.OrderedDict", op.NONE)), "OrderedDict is called with"),
    (program(call("builtins.set", numbers(1))), "set is called with"),
    (program(call("torch._utils._rebuild_tensor_v2")), "_rebuild_tensor is called with what it does not take: nothing"),
    (program(call("torch._utils._rebuild_tensor_v3", op.NONE)), "_rebuild_tensor_v3 is called"),
    (program(call("torch._utils._rebuild_parameter", op.NONE)), "_rebuild_parameter is called"),
    (program(call("collections.OrderedDict"), op.EMPTY_DICT, text("x"), op.NONE, op.SETITEM, op.BUILD), "BUILD"),
    (program(op.EMPTY_DICT, op.EMPTY_DICT, op.BUILD), r"sets attributes of a dict \(BUILD\)"),
    (program(op.EMPTY_TUPLE, op.NONE, op.APPEND), "appends to a tuple, not to a list"),
    (program(op.EMPTY_LIST, op.NONE, op.NONE, op.SETITEM), "of a list, not pairs of a dictionary"),
    (program(op.EMPTY_DICT, op.MARK, op.NONE, op.SETITEMS), "sets 1 keys and values of a dict"),
    (program(op.EMPTY_LIST, op.MARK, op.ADDITEMS), "adds to a list, not to a set"),
    (program(op.EMPTY_DICT, op.EMPTY_LIST, op.NONE, op.SETITEM), "a list is the key of a dictionary or in a set"),
    (program(op.EMPTY_DICT, op.EMPTY_TUPLE, op.TUPLE1, op.NONE, op.SETITEM), "a tuple is the key of a dictionary"),
    (program(op.EMPTY_SET, op.MARK, op.EMPTY_DICT, op.ADDITEMS), "a dict is the key of a dictionary or in a set"),
    (program(op.MARK, op.EMPTY_LIST, op.FROZENSET), "a list is the key"),
    (program(op.NONE, op.BINPERSID), "not given as a storage"),
    (program(op.BINBYTES, bytes(4)), "instruction BINBYTES, which tensors do not need"),
    (program(op.DUP), "instruction DUP"),
    (program(op.LONG4, bytes(4)), "instruction LONG4"),
    (program(op.UNICODE, b"x\n"), "instruction UNICODE"),
    (program(b"\xff"), "instruction 0xff"),
    (program(op.NONE, op.MARK), "takes more from the stack than lies there"),
    (program(op.NONE, op.MARK, op.TUPLE1), "takes more from the stack than lies there"),
    (program(op.TUPLE), "goes back to a mark that it has not set"),
    (program(op.BINGET, b"\x05"), "number 5 from its memo, where nothing was put"),
    (program(op.BINPUT, b"\x05"), "takes more from the stack"),
    (program(op.BINUNICODE, b"\x01\0\0\0\xff"), "text that is no UTF-8"),
    (program(op.BINUNICODE, b"\xff\xff\xff\xff"), "not end within its 8 bytes: the file was cut short or damaged"),
    (program(op.BINUNICODE8, b"\xff" * 8), "does not end"),
    (program(op.SHORT_BINSTRING, b"\x09abc"), "does not end"),
    (op.PROTO + b"\x02", "does not end"),
    (op.PROTO + b"\x09" + op.NONE + op.STOP, "protocol 9; 2 to 5 are read"),
    (b"", "does not end"),
]


@pytest.mark.parametrize(("pickled", "says"), NOT_A_VALUE, ids=[says[:30] for _, says in NOT_A_VALUE])
def test_what_is_no_value_is_refused_by_name(pickled: bytes, says: str, tmp_path: Path) -> None:
    assert re.search(says, refused(pickled, tmp_path))


def test_a_class_that_the_stream_names_as_a_module_is_a_whole_model(tmp_path: Path) -> None:
    for model in ("__main__.Net", MKDIR):
        pickled = program(op.MARK, text("module"), named(model), op.NONE, op.NONE, op.TUPLE, op.BINPERSID)
        (tmp_path / "file.pth").write_bytes(stream(pickled))
        with pytest.raises(FormatError, match=rf"a whole object of the class {model}.*save model\.state_dict\(\)"):
            tinycnn.load(tmp_path / "file.pth")


def test_versions_hang_on_an_ordered_dictionary(tmp_path: Path) -> None:
    state = OrderedDict(weight=1)
    state._metadata = OrderedDict({"": {"version": 2}})  # type: ignore[attr-defined]
    for protocol in PROTOCOLS:
        assert obeyed(pickle.dumps(state, protocol), tmp_path)._metadata == {"": {"version": 2}}


def test_python_2_gave_an_ordered_dictionary_its_pairs(tmp_path: Path) -> None:
    pair = op.EMPTY_LIST + op.MARK + op.SHORT_BINSTRING + b"\x01b" + whole(1) + op.APPENDS
    found = obeyed(program(call("collections.OrderedDict", op.EMPTY_LIST + pair + op.APPEND)), tmp_path)
    assert type(found) is OrderedDict
    assert list(found.items()) == [("b", 1)]
    assert obeyed(program(call("__builtin__.set", op.EMPTY_LIST + whole(3) + op.APPEND)), tmp_path) == {3}


@pytest.mark.parametrize("name", ["collections.OrderedDict", "builtins.set"])
def test_no_list_is_multiplied(name: str, tmp_path: Path) -> None:
    """A list of n items, given n times to what copies it, would fill n² places."""
    item = b"K\x01K\x02\x86" if name.endswith("Dict") else b"K\x01"
    items = b"".join(item.replace(b"K\x01", op.BININT2 + n.to_bytes(2, "little")) for n in range(1500))
    copies = (named(name) + op.BINGET + b"\0" + op.TUPLE1 + op.REDUCE) * 1500
    pickled = program(op.EMPTY_LIST, op.BINPUT, b"\0", op.MARK, items, op.APPENDS, op.POP, op.MARK, copies, op.TUPLE)
    tracemalloc.start()
    try:
        found = obeyed(pickled, tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert list(map(len, found)) == [1500] + [0] * 1499
    assert peak < 10_000_000


# Short programs that would take long, or much ───────────────────────────────────────────────────────────────────────


NUMBER_0 = op.BINGET + b"\0"
COSTLY = {
    "sets": op.EMPTY_SET,
    "dictionaries": op.EMPTY_DICT,
    "frozen sets": op.MARK + op.FROZENSET,
    "calls": NUMBER_0 + op.EMPTY_TUPLE + op.REDUCE,
    "storages": NUMBER_0 + op.BINPERSID,
    "attributes": NUMBER_0 + op.BINGET + b"\1" + op.BUILD + op.POP,
}


@pytest.mark.parametrize("what", COSTLY)
def test_a_pickle_makes_so_many_objects_and_no_more(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinycnn.serialization.pickles._BUDGET", 20_000)
    ordered = named("collections.OrderedDict")
    identity = row(text("storage"), named("torch.FloatStorage"), text("0"), text("cpu"), whole(1))
    first = {"calls": ordered, "attributes": ordered + op.EMPTY_TUPLE + op.REDUCE}.get(what, identity)
    state = op.EMPTY_DICT + text("_metadata") + op.NONE + op.SETITEM
    start = first + op.BINPUT + b"\0" + state + op.BINPUT + b"\1" + op.MARK
    (tmp_path / "file.pth").write_bytes(zipped(program(start, COSTLY[what] * 1000), {"data/0": bytes(4)}))
    with pytest.raises(FormatError, match="than twenty thousand tensors need"):
        tinycnn.load(tmp_path / "file.pth")


def test_a_megabyte_of_sets_does_not_fill_the_memory(tmp_path: Path) -> None:
    """Each is an instruction of a byte, and would take 216."""
    tracemalloc.start()
    try:
        assert "makes more objects" in refused(program(op.EMPTY_SET * 1_000_000), tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000


def test_a_pickle_has_so_many_instructions_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinycnn.serialization.pickles._BUDGET", 1000)
    assert obeyed(program(op.NONE * 998), tmp_path) is None
    assert "than twenty thousand tensors need" in refused(program(op.NONE * 999), tmp_path)


def colliding(count: int, after: bytes = b"") -> bytes:
    """Different numbers of one hash."""
    return b"".join(whole((-1) ** n * n * (2**61 - 1)) + after for n in range(1, count + 1))


@pytest.mark.parametrize(
    "filled",
    [
        lambda count: op.EMPTY_DICT + op.MARK + colliding(count, op.NONE) + op.SETITEMS,
        lambda count: op.EMPTY_DICT + colliding(count, op.NONE + op.SETITEM),
        lambda count: op.EMPTY_SET + op.MARK + colliding(count) + op.ADDITEMS,
        lambda count: op.MARK + colliding(count) + op.FROZENSET,
        lambda count: call("builtins.set", op.EMPTY_LIST + op.MARK + colliding(count) + op.APPENDS),
        lambda count: call(
            "collections.OrderedDict", op.EMPTY_LIST + op.MARK + colliding(count, op.NONE + op.TUPLE2) + op.APPENDS
        ),
        lambda count: op.EMPTY_DICT + op.MARK + colliding(count, op.TUPLE1 + op.NONE) + op.SETITEMS,
    ],
)
def test_keys_of_one_hash_cannot_hold_us_up(filled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinycnn.serialization.keys._MOST_OTHERS", 100)
    assert len(obeyed(program(filled(100)), tmp_path)) == 100
    assert "more than 100 keys that are no text, nor small numbers" in refused(program(filled(101)), tmp_path)


def test_small_numbers_and_text_are_keys_without_end(tmp_path: Path) -> None:
    keys = b"".join(op.BININT2 + n.to_bytes(2, "little") + op.NONE + text(str(n)) + op.NONE for n in range(12_000))
    assert len(obeyed(program(op.EMPTY_DICT, op.MARK, keys, op.SETITEMS), tmp_path)) == 24_000


def test_keys_are_short(tmp_path: Path) -> None:
    """A tuple is hashed anew whenever it is a key, and texts of one hash are compared letter by letter."""
    for length, fits in ((8, True), (9, False)):
        pickled = program(op.EMPTY_DICT, row(*[op.NONE] * length), op.NONE, op.SETITEM)
        assert obeyed(pickled, tmp_path) if fits else "a tuple is the key" in refused(pickled, tmp_path)
    for key in (text("x" * 1001), row(text("x" * 1001))):
        assert "longer than 1000 letters" in refused(program(op.EMPTY_DICT, key, op.NONE, op.SETITEM), tmp_path)
    assert obeyed(program(op.EMPTY_DICT, text("x" * 1000), op.NONE, op.SETITEM), tmp_path)


def test_a_file_that_becomes_shorter_while_it_is_read() -> None:
    machine = Machine(io.BytesIO(program(op.BINFLOAT, bytes(3))), 100, TORCH, named)  # type: ignore[arg-type]
    with pytest.raises(Flaw, match="became shorter while it was read"):
        machine.run()


@pytest.mark.parametrize(
    "claim",
    [
        op.BINUNICODE + b"\xff\xff\xff\x7f",
        op.BINUNICODE8 + b"\0\0\0\0\0\1\0\0",
        op.BINSTRING + b"\xff\xff\xff\x7f",
        op.NONE + op.LONG_BINPUT + b"\xff\xff\xff\xff",
        op.FRAME + b"\xff" * 8,
    ],
)
def test_what_a_pickle_claims_takes_no_memory(claim: bytes, tmp_path: Path) -> None:
    for content in (zipped(program(claim)), stream(program(claim)), b"\x80\x02" + claim):
        (tmp_path / "file.pth").write_bytes(content)
        tracemalloc.start()
        try:
            with pytest.raises(FormatError):
                raise FormatError(str(tinycnn.load(tmp_path / "file.pth")))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000
