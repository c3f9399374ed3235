"""Files that PyTorch wrote, and others like them, are read as PyTorch reads them."""

from __future__ import annotations

import json
import pickle as op
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.serialization.description import described
from tests.serialization.programs import (
    call,
    named,
    numbers,
    old_parameters,
    program,
    row,
    storage,
    stream,
    tensor,
    text,
    whole,
)
from tests.serialization.programs import zipped as archive
from tinycnn import nn, optim
from tinycnn.errors import FormatError

FILES = Path(__file__).with_name("files")
EXPECTED = json.loads((FILES / "expected.json").read_text())
FORMS = ["zip", "stream", "protocol4"]
FLOATS = np.arange(4, dtype="<f4").tobytes()


def same(found: Any, expected: Any) -> bool:
    """As JSON, in which NaN is one text and every number is told apart."""
    return json.dumps(found) == json.dumps(expected)


def loaded(content: bytes, folder: Path) -> Any:
    (folder / "file.pth").write_bytes(content)
    return tinycnn.load(folder / "file.pth")


# What PyTorch wrote ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_read_is_what_pytorch_reads(name: str, form: str) -> None:
    assert same(described(tinycnn.load(FILES / f"{name}.{form}.pth")), EXPECTED[name])


@pytest.mark.parametrize("form", FORMS)
def test_tensors_share_memory_as_they_did(form: str) -> None:
    views = tinycnn.load(FILES / f"views.{form}.pth")
    views["base"][1, 2, 3] = -1
    assert views["one number"].item() == -1
    assert views["transposed"][3, 1, 2].item() == -1
    assert views["twice"][0] is views["base"]
    assert views["row"].tolist() == [16, 17, 18, 19]


@pytest.mark.parametrize("form", FORMS)
def test_a_checkpoint_goes_into_model_and_optimizer(form: str) -> None:
    checkpoint = tinycnn.load(FILES / f"checkpoint.{form}.pth", weights_only=True)
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    optimizer = optim.Adam(net.parameters())
    assert repr(net.load_state_dict(checkpoint["model"])) == "<All keys matched successfully>"
    optimizer.load_state_dict(checkpoint["optimizer"])
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert net[1].num_batches_tracked.item() == 1
    for ours, theirs in zip(net.parameters(), checkpoint["parameters"], strict=True):
        assert ours.tolist() == theirs.tolist()
    del checkpoint["model"]["1.num_batches_tracked"]  # the state says that it is of a version that has it
    with pytest.raises(RuntimeError, match="Missing key"):
        net.load_state_dict(checkpoint["model"])


@pytest.mark.parametrize("form", FORMS)
def test_loaded_tensors_can_be_computed_with(form: str) -> None:
    found = tinycnn.load(FILES / f"checkpoint.{form}.pth")
    leaf = found["leaf"]
    (leaf * leaf).sum().backward()
    assert leaf.grad.tolist() == [2, 2]
    assert not found["frozen"].requires_grad
    assert type(found["parameters"][0]) is tinycnn.Tensor  # which a module makes a parameter of
    for tensor_ in found["model"].values():
        tensor_.add_(1)


@pytest.mark.parametrize("form", FORMS)
def test_map_location_moves_every_tensor(form: str, device: str) -> None:
    for name, expected in EXPECTED.items():
        found = tinycnn.load(FILES / f"{name}.{form}.pth", map_location=device)
        if name == "tensor":
            assert found.device.type == device
        if name == "checkpoint":
            assert found["model"]["0.weight"].device.type == device
            assert found["parameters"][0].requires_grad
        if name in ("checkpoint", "tensor", "plain"):
            assert same(described(found), expected)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    for form in FORMS:
        (tmp_path / "x.safetensors").write_bytes((FILES / f"tensor.{form}.pth").read_bytes())
        assert tinycnn.load(tmp_path / "x.safetensors").tolist() == [0, 1, 2]


# What others wrote ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stream_of_2017_from_python_2(tmp_path: Path) -> None:
    """Text is bytes, a dictionary a list of pairs, the function _rebuild_tensor, a storage part of another."""

    def old(value: str) -> bytes:
        return op.SHORT_BINSTRING + bytes([len(value)]) + value.encode()

    def weight(*part: bytes) -> bytes:
        view = row(old("7"), *map(whole, (2, 2))) if part else op.NONE
        identity = row(old("storage"), named("torch.FloatStorage"), old("5"), old("cuda:0"), whole(4), view)
        size, stride = (numbers(2), numbers(1)) if part else (numbers(2, 2), numbers(1, 2))
        return call("torch._utils._rebuild_tensor", identity + op.BINPERSID, whole(0), size, stride)

    pairs = [(old("fc.weight"), weight()), (old("fc.bias"), weight(b"part"))]
    listed = op.EMPTY_LIST + b"".join(op.EMPTY_LIST + k + op.APPEND + v + op.APPEND + op.APPEND for k, v in pairs)
    found = loaded(stream(program(call("collections.OrderedDict", listed)), ("5", 4, FLOATS)), tmp_path)
    assert {name: value.tolist() for name, value in found.items()} == {
        "fc.weight": [[0, 2], [1, 3]],
        "fc.bias": [2, 3],
    }
    found["fc.weight"][0, 1] = 9
    assert found["fc.bias"].tolist() == [9, 3]


@pytest.mark.parametrize("way", old_parameters())
def test_parameters_of_before_pytorch_0_4(way: str, tmp_path: Path) -> None:
    found = loaded(archive(program(old_parameters()[way]), {"data/0": FLOATS}), tmp_path)
    assert found.tolist() == [0, 3]
    assert found.requires_grad == (way != "frozen")
    odd = program(old_parameters()[way], text("state"), op.BUILD)
    with pytest.raises(FormatError, match=r"sets attributes of a Tensor \(BUILD\), which are not known"):
        loaded(archive(odd, {"data/0": FLOATS}), tmp_path)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("Float", "f4"), ("Double", "f8"), ("Half", "f2"), ("Short", "i2"), ("Int", "i4"), ("Long", "i8"), ("Byte", "u1")],
)
def test_the_order_of_the_bytes(kind: str, dtype: str, tmp_path: Path) -> None:
    pickled = program(tensor(storage(f"torch.{kind}Storage", 3), 0, [3], [1]))
    for order, sign in (("big", ">"), ("little", "<"), (None, "<")):
        data = np.array([1, 2, 77], sign + dtype).tobytes()
        records = {"data/0": data} if order is None else {"byteorder": order.encode(), "data/0": data}
        assert loaded(archive(pickled, records), tmp_path).tolist() == [1, 2, 77]
    with pytest.raises(FormatError, match="the byte order is b'middle', neither little nor big"):
        loaded(archive(pickled, {"byteorder": b"middle", "data/0": data}), tmp_path)


def test_bfloat16_of_the_other_order_and_bools_that_are_neither(tmp_path: Path) -> None:
    half = program(tensor(storage("torch.BFloat16Storage", 2), 0, [2], [1]))
    found = loaded(archive(half, {"byteorder": b"big", "data/0": b"\x3f\x80\xc0\x20"}), tmp_path)
    assert found.tolist() == [1, -2.5]
    truth = program(tensor(storage("torch.BoolStorage", 3), 0, [3], [1]))
    found = loaded(archive(truth, {"data/0": b"\x00\x01\x02"}), tmp_path)
    assert found.numpy().view(np.uint8).tolist() == [0, 1, 1]


def test_a_storage_of_bytes_is_taken_for_the_dtype_that_is_given(tmp_path: Path) -> None:
    def of_bytes(dtype: str, count: int = 16) -> bytes:
        stored = storage("torch.storage.UntypedStorage", count)
        more = (op.NEWTRUE, op.NONE, named(dtype))
        pickled = program(call("torch._utils._rebuild_tensor_v3", stored, whole(1), numbers(2), numbers(2), *more))
        return archive(pickled, {"data/0": FLOATS[:count]})

    found = loaded(of_bytes("torch.float32"), tmp_path)
    assert found.tolist() == [1, 3]
    assert found.requires_grad
    with pytest.raises(FormatError, match="15 numbers of uint8 cannot be taken for float32"):
        loaded(of_bytes("torch.float32", 15), tmp_path)
    with pytest.raises(FormatError, match=r"asks for torch\.uint16"):
        loaded(of_bytes("torch.uint16"), tmp_path)
    with pytest.raises(FormatError, match="reaches number 3 of a storage that has 2"):
        loaded(of_bytes("torch.int64"), tmp_path)


def test_one_number_can_stand_for_many_without_memory(tmp_path: Path) -> None:
    for content in (
        archive(program(tensor(storage("torch.FloatStorage", 1), 0, [10**6, 10**6], [0, 0])), {"data/0": FLOATS[:4]}),
        stream(
            program(tensor(storage("torch.FloatStorage", 1, "0", op.NONE), 0, [10**6, 10**6], [0, 0])),
            ("0", 1, FLOATS[4:8]),
        ),
    ):
        tracemalloc.start()
        found = loaded(content, tmp_path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found.shape == (10**6, 10**6)
        assert found[-1, -1].item() in (0, 1)
        assert peak < 1_000_000


def test_many_of_one_number_are_not_moved_to_where_each_takes_its_own_place(device: str, tmp_path: Path) -> None:
    many = program(tensor(storage("torch.FloatStorage", 1), 0, [10**6, 10**6], [0, 0]))
    (tmp_path / "file.pth").write_bytes(archive(many, {"data/0": FLOATS[:4]}))
    if device == "cpu":
        assert tinycnn.load(tmp_path / "file.pth", map_location=device).shape == (10**6, 10**6)
        return
    with pytest.raises(FormatError, match="share memory, and on cuda would take 4000000000000 bytes"):
        tinycnn.load(tmp_path / "file.pth", map_location=device)
