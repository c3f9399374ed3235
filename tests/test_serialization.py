r"""save and load: equal structures, files that other programs read, nothing half-written, and no trust in a file."""

from __future__ import annotations

import json
import math
import os
import pickle
import stat
import zipfile
from collections import OrderedDict, namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinycnn as torch
from tinycnn.errors import FormatError

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")


def same(a: Any, b: Any) -> bool:
    r"""Equal in structure, in types, and bit by bit."""
    if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor):
        x, y = a.detach().numpy(), b.detach().numpy()
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def saved(obj: Any, folder: Path, name: str = "state.safetensors") -> str:
    path = str(folder / name)
    torch.save(obj, path)
    return path


def optimizer_state() -> dict[str, Any]:
    return {
        "state": {
            0: {"momentum_buffer": torch.ones(2, 3), "step": 7},
            1: {"momentum_buffer": None, "exp_avg": torch.tensor(0.5), "step": torch.tensor(3.0)},
        },
        "param_groups": [
            {"lr": 0.1, "betas": (0.9, 0.999), "nesterov": False, "maximize": None, "name": "ünïcode", "params": [0, 1]}
        ],
    }


tensors = hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)).map(
    lambda array: torch.from_numpy(np.asarray(array))
)
keys = st.text(max_size=4) | st.integers(-3, 3) | st.sampled_from(["a.b", "a", "b", "__metadata__", "\ud800"])
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    tensors | plain,
    lambda inner: (
        st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(
    st.dictionaries(st.text(max_size=4) | st.sampled_from(["a.b", "__metadata__", "\ud800"]), tensors, max_size=4)
    | st.fixed_dictionaries({"state": st.dictionaries(keys, values, max_size=4), "param_groups": st.lists(values)})
)
def test_what_is_loaded_equals_what_was_saved(tmp_path_factory: Any, obj: dict[Any, Any]) -> None:
    path = saved(obj, tmp_path_factory.getbasetemp())
    assert same(torch.load(path), obj)


def test_an_optimizers_state(tmp_path: Path) -> None:
    assert same(torch.load(saved(optimizer_state(), tmp_path)), optimizer_state())


@pytest.mark.parametrize(
    ("obj", "says"),
    [
        ({"w": torch.ones(1), "epoch": 3}, "'epoch' holds a int"),
        ({"model": {"w": torch.ones(1)}}, "'model' holds a dict; .* weights and optimizer files of their own"),
        ({"w": None}, "'w' holds a NoneType"),
        ({"name": "text"}, "'name' holds a str"),
        ({"rows": [torch.ones(1)]}, "'rows' holds a list"),
        ({1: torch.ones(1)}, "save: 1 holds a Tensor; a file takes names with Tensors"),
        ({"state": {}, "param_groups": [], "epoch": 1}, "'state' holds a dict"),
    ],
)
def test_neither_flat_nor_an_optimizers_state(obj: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=says):
        torch.save(obj, tmp_path / "state")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("dtype", DTYPES)
def test_other_programs_read_our_files_and_we_read_theirs(dtype: str, tmp_path: Path) -> None:
    arrays = {"b": np.arange(6).reshape(2, 3).astype(dtype), "a": np.array(1, dtype), "none": np.zeros((0, 2), dtype)}
    path = saved({name: torch.from_numpy(array) for name, array in arrays.items()}, tmp_path)
    theirs = safetensors.numpy.load_file(path)
    assert theirs.keys() == arrays.keys()
    safetensors.numpy.save_file(arrays, tmp_path / "theirs", metadata={"format": "np"})
    ours = torch.load(tmp_path / "theirs")
    for name, array in arrays.items():
        for found in (theirs[name], ours[name].numpy()):
            assert found.dtype == array.dtype
            assert found.shape == array.shape
            assert found.tolist() == array.tolist()


def test_names_in_the_file_are_the_paths_of_keys(tmp_path: Path) -> None:
    assert set(safetensors.numpy.load_file(saved(optimizer_state(), tmp_path))) == {
        "state.0.momentum_buffer",
        "state.1.exp_avg",
        "state.1.step",
    }


def test_strided_tensors_are_written_by_value(tmp_path: Path) -> None:
    base = torch.arange(24).reshape(2, 3, 4)
    views = {
        "t": base.permute(2, 0, 1),
        "step": base[:, ::2],
        "back": torch.from_numpy(base.numpy()[::-1]),
        "one": base[1, 2, 3],
    }
    loaded = torch.load(saved(views, tmp_path))
    for name, view in views.items():
        assert loaded[name].tolist() == view.tolist()
        assert loaded[name].shape == view.shape


def test_tied_weights_are_saved_under_both_names(tmp_path: Path) -> None:
    weight = torch.ones(2, 2, requires_grad=True)
    loaded = torch.load(saved({"embed.weight": weight, "head.weight": weight}, tmp_path))
    assert loaded["embed.weight"].tolist() == loaded["head.weight"].tolist() == [[1, 1], [1, 1]]
    assert not loaded["head.weight"].requires_grad


def test_loaded_tensors_are_ordinary_ones(tmp_path: Path) -> None:
    loaded = torch.load(saved({"w": torch.zeros(3)}, tmp_path), map_location="cpu", weights_only=True)["w"]
    loaded.add_(1)
    assert loaded.tolist() == [1, 1, 1]
    assert loaded.device.type == "cpu"


def test_tensors_of_a_device_are_saved_and_loaded_there(device: str, tmp_path: Path) -> None:
    weights = {"w": torch.arange(6, device=device).reshape(2, 3).t(), "b": torch.tensor(1.5, device=device)}
    path = saved(weights, tmp_path)
    for place in (device, torch.device(device)):
        loaded = torch.load(path, map_location=place)
        assert {name: tensor.device.type for name, tensor in loaded.items()} == {"w": device, "b": device}
        assert loaded["w"].tolist() == [[0, 3], [1, 4], [2, 5]]
        assert loaded["b"].item() == 1.5
    assert torch.load(path)["w"].device.type == "cpu"


def test_dictionaries_come_back_plain_and_in_order(tmp_path: Path) -> None:
    pair = namedtuple("pair", "x y")
    loaded = torch.load(saved(OrderedDict(b=torch.ones(1), a=torch.zeros(1), c=torch.ones(2)), tmp_path))
    assert list(loaded) == ["b", "a", "c"]
    assert type(loaded) is dict
    state = OrderedDict(state=OrderedDict(b=pair(1, 2)), param_groups=[])
    assert torch.load(saved(state, tmp_path))["state"] == {"b": (1, 2)}
    assert torch.load(saved({}, tmp_path)) == {}


@pytest.mark.parametrize("shape", [(2, 2), (4, 1, 1), ()])
def test_bfloat16_is_read_as_float32(shape: tuple[int, ...], tmp_path: Path) -> None:
    numbers = np.array([1.0, -2.5, 3.140625, np.inf], np.float32)[: np.prod(shape, dtype=int)].reshape(shape)
    data = (np.asarray(numbers).view(np.uint32) >> 16).astype("<u2").tobytes()
    path = written({"w": {"dtype": "BF16", "shape": shape, "data_offsets": [0, len(data)]}}, data, tmp_path)
    loaded = torch.load(path)["w"]
    assert loaded.dtype == torch.float32
    assert loaded.tolist() == numbers.tolist()


@pytest.mark.parametrize(
    ("obj", "says"),
    [
        ({"model": {"fc": object()}}, r"the dictionary\['model'\]\['fc'\] holds a object, which cannot be written"),
        ({"lr": [0.1, {1, 2}]}, r"the dictionary\['lr'\]\[1\] holds a set"),
        ({"w": np.zeros(2)}, "holds a ndarray(.|\n)*tinycnn.from_numpy makes it a Tensor"),
        ({"step": np.int64(3)}, r"holds a int64(.|\n)*value\.item\(\)"),
        ({"w": torch.zeros(1), ("a", 1): 2}, r"keys must be str or int, but the dictionary has the key \('a', 1\)"),
        ({"groups": {None: 1}}, r"the dictionary\['groups'\] has the key None"),
        ({True: 1}, "has the key True"),
        ({"z": torch.Tensor.wrap(np.zeros(2, complex))}, r"\['z'\] holds a tensor of dtype complex128"),
    ],
)
def test_what_cannot_be_saved_is_named(obj: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=says):
        torch.save(obj, tmp_path / "state")
    assert os.listdir(tmp_path) == []


def test_only_dictionaries_are_saved(tmp_path: Path) -> None:
    class Model:
        def state_dict(self) -> dict[str, Any]:
            return {}

    with pytest.raises(TypeError, match=r"not a Model; save model\.state_dict\(\)"):
        torch.save(Model(), tmp_path / "model")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not a Tensor; put it into one"):
        torch.save(torch.ones(1), tmp_path / "tensor")  # type: ignore[arg-type]
    with pytest.raises(FormatError, match=r"\['model'\] holds a Model(.|\n)*save its state_dict\(\)"):
        torch.save({"model": Model()}, tmp_path / "model")


@pytest.mark.parametrize(
    "error", [OSError("no space left"), KeyboardInterrupt(), safetensors.SafetensorError("no space left")]
)
def test_a_failed_save_leaves_the_old_file_and_nothing_else(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(arrays: Any, path: str, metadata: Any) -> None:
        with open(path, "wb") as file:
            file.write(b"half a file")
        raise error

    path = saved({"w": torch.ones(2)}, tmp_path)
    monkeypatch.setattr(safetensors.numpy, "save_file", broken)
    with pytest.raises((OSError, KeyboardInterrupt)):
        torch.save({"w": torch.zeros(2)}, path)
    assert os.listdir(tmp_path) == ["state.safetensors"]
    assert torch.load(path)["w"].tolist() == [1, 1]


def test_bytes_are_on_the_disk_before_the_name_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (steps.append("fsync"), fsync(number)))
    monkeypatch.setattr(os, "replace", lambda a, b: (steps.append("replace"), replace(a, b)))
    saved({"w": torch.ones(2)}, tmp_path)
    assert steps == ["fsync", "replace"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has neither a umask nor links for everyone")
def test_permissions_are_those_of_any_new_file_and_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "ordinary").touch()
    path = saved({"w": torch.ones(2)}, tmp_path)
    assert stat.S_IMODE(os.stat(path).st_mode) == stat.S_IMODE(os.stat(tmp_path / "ordinary").st_mode)
    os.symlink(path, tmp_path / "link")
    torch.save({"w": torch.zeros(2)}, tmp_path / "link")
    assert os.path.islink(tmp_path / "link")
    assert torch.load(path)["w"].tolist() == [0, 0]


def test_no_such_folder_and_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        torch.save({}, tmp_path / "nowhere" / "state")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        torch.load(tmp_path / "nowhere")


def written(header: Any, data: bytes, folder: Path) -> str:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = folder / "file.pth"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return str(path)


def entry(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def plan(value: Any) -> dict[str, Any]:
    return {"w": entry(), "__metadata__": {"tinycnn": value if isinstance(value, str) else json.dumps(value)}}


@pytest.mark.parametrize(
    ("header", "data", "says"),
    [
        ({"w": entry()}, b"1234567", "take 8 bytes, but the file holds 7: it was cut short"),
        ({"w": entry()}, b"123456789", "take 8 bytes, but the file holds 9: .* or added to"),
        ({"w": entry(shape=[3])}, b"12345678", r"tensor 'w': shape \[3\] in F32 takes 12 bytes, but it has 8"),
        ({"w": entry(shape=[2**40], offsets=[0, 2**42])}, b"", "but the file holds 0"),
        ({"w": entry(shape=[-2])}, b"12345678", "must be whole numbers"),
        ({"w": entry(shape=[2.0])}, b"12345678", "must be whole numbers"),
        ({"w": entry(shape=[True, 2])}, b"12345678", "must be whole numbers"),
        ({"w": entry(shape=2)}, b"12345678", "must be a list of at most 64 sizes"),
        ({"w": entry(offsets=[4, 12])}, b"1" * 12, "starts at byte 4 of the data, but the one before ends at 0"),
        ({"v": entry(), "w": entry()}, b"12345678", "tensor 'w' starts at byte 0 of the data, but .* ends at 8"),
        ({"w": entry(offsets=[0, 8, 8])}, b"12345678", "needs dtype, shape and two data_offsets"),
        ({"w": 3}, b"", "needs dtype, shape and two data_offsets"),
        ({"w": entry(dtype="F8_E4M3")}, b"12345678", "has the dtype 'F8_E4M3', which tinycnn cannot read"),
        ({"w": entry(dtype=["F32"])}, b"12345678", "which tinycnn cannot read"),
        ({"w": entry(shape=[0] * 65, offsets=[0, 0])}, b"", "must be a list of at most 64 sizes"),
        ({"w": entry(shape=[0, 2**70], offsets=[0, 0])}, b"", "from 0 to 2⁶³, but one is 1180591620717411303424"),
        ({"w": entry(shape=[0, 2**62, 2**62], offsets=[0, 0])}, b"", "the shape .*too big"),
        ({"w": entry(shape=[10**18] * 300)}, b"", "must be a list of at most 64 sizes"),  # 5400 digits if multiplied
        ({"__metadata__": []}, b"", "__metadata__ are no dictionary"),
        (b"{nonsense}", b"", "the header is no JSON"),
        (b'{"a":' + b"[" * 100_000, b"", "the header is no JSON"),
        (plan({"tensor": "w"}), b"12345678", "must describe a dictionary"),
        (plan({"dict": []}), b"12345678", "all tensors; it lacks 'w'"),
        (plan({"dict": [["w", {"tensor": "v"}]]}), b"12345678", "what the file holds: there is no tensor 'v'"),
        (plan({"dict": [[n, {"tensor": "w"}] for n in (1, 2)]}), b"12345678", "no tensor 'w', or it is used already"),
        (plan({"dict": [["w", {"tensor": ["w"]}]]}), b"12345678", "does not describe"),
        (plan({"tuple": 5}), b"12345678", "does not describe"),
        (plan({"dict": [["w", {"pickle": "w"}]]}), b"12345678", "'pickle' is no kind of value"),
        (plan({"dict": [[[1], {"tensor": "w"}]]}), b"12345678", "a list is the key of a dictionary"),
        (plan({"dict": [[n * (2**61 - 1), 0] for n in range(10_002)]}), b"12345678", "more than 10000 keys that"),
        (plan([{"tensor": "w"}]), b"12345678", "must describe a dictionary of all tensors$"),
        (plan({}), b"12345678", "does not describe"),
        (plan("nonsense"), b"12345678", "does not describe"),
    ],
)
def test_unsound_files(header: Any, data: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=says) as caught:
        torch.load(written(header, data, tmp_path))
    assert "file.pth: " in str(caught.value)


LONG = "x" * 100_000


@pytest.mark.parametrize(
    "header",
    [
        {LONG: entry(shape=[3])},
        {LONG: entry(offsets=[4, 12])},
        {LONG: LONG},
        {"w": entry(dtype=LONG)},
        {"w": entry(shape=[LONG])},
        {"w": [LONG] * 100},
        {"w": entry(offsets=[0, 10**4000])},
        plan({"tensor": LONG}),
        plan({LONG: 1}),
        plan({"dict": [[LONG, 1]]}),
        {**{f"{LONG}{n}": entry(shape=[0], offsets=[0, 0]) for n in range(9)}, **plan({"dict": []})},
    ],
)
def test_a_message_repeats_little_of_the_file(header: Any, tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        torch.load(written(header, b"12345678" * 2, tmp_path))
    assert len(str(caught.value)) < 800


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_pipes_devices_and_folders(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(FormatError, match="it is a pipe or a device, and no file"):  # and does not wait for it
            torch.load(path)
    with pytest.raises(IsADirectoryError):
        torch.load(tmp_path)


class Trap:
    def __reduce__(self) -> Any:
        return os.mkdir, ("trapped",)


@pytest.mark.parametrize("protocol", range(1, 6))
def test_pickles_are_refused_and_not_run(protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Trap(), protocol))
    with pytest.raises(FormatError, match=r"(posix|nt)\.mkdir" if protocol > 1 else "neither a safetensors file"):
        torch.load("model.safetensors")
    with zipfile.ZipFile("model.safetensors", "w") as file:
        file.writestr("model/data.pkl", pickle.dumps(Trap(), protocol))
    with pytest.raises(FormatError, match=r"(posix|nt)\.mkdir"):
        torch.load("model.safetensors")
    assert os.listdir() == ["model.safetensors"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\x08\x00", "neither a safetensors file"),
        (b"\n<!DOCTYPE html><html>Not found</html>", "file.pth: it is a web page"),
        (b"not tensors at all", "neither a safetensors file.*nor one of PyTorch's"),
        (b"\xff\xff\x00\x00\x00\x00\x00\x00{}", "should be 65535 bytes long, but only 2 follow"),
        (bytes(8) + b"{}", "a header cannot be 0 bytes long"),
        (b"\xff" * 8 + b"{}", "the file was cut short"),
    ],
)
def test_other_files(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "file.pth").write_bytes(content)
    with pytest.raises(FormatError, match=says):
        torch.load(tmp_path / "file.pth")


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    path = saved({"w": torch.ones(2)}, tmp_path, "weights.pth")
    assert torch.load(path)["w"].tolist() == [1, 1]


def test_a_header_as_long_as_a_pickles_first_bytes(tmp_path: Path) -> None:
    text = json.dumps({"w": entry()}).encode()
    path = written(text + b" " * (0x0280 - len(text)), b"\0" * 8, tmp_path)  # its first bytes are 80 02
    assert torch.load(path)["w"].tolist() == [0, 0]


@settings(max_examples=400)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.getbasetemp()
    state = optimizer_state()
    state["state"][2] = {"flags": torch.tensor([True, False])}
    content = bytearray(Path(saved(state, folder)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = folder / "damaged"
    damaged.write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
    try:
        loaded = torch.load(damaged)
    except FormatError:
        return
    assert isinstance(loaded, dict)
