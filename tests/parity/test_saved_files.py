"""What PyTorch saves is loaded as PyTorch does it, and goes into a module, or is refused, as there. Needs PyTorch."""

from __future__ import annotations

import re
import warnings
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinycnn
from tests.serialization.description import described
from tests.serialization.programs import old_parameters, program, zipped

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

DTYPES = ["float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool"]


@st.composite
def tensors(draw):
    """Of any dtype and shape; and views, which share a storage with the tensors drawn before."""
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    seed = draw(st.integers(0, 2**32 - 1))
    values = np.random.default_rng(seed).integers(0 if draw(st.booleans()) else -9, 9, shape)
    base = torch.tensor(values).to(getattr(torch, draw(st.sampled_from(DTYPES))))
    view = draw(st.sampled_from(["itself", "transposed", "step", "last", "expanded", "flat", "grad", "parameter"]))
    match view:
        case "transposed":
            return base.permute(tuple(reversed(range(base.ndim))))
        case "step" if base.ndim:
            return [base, base[draw(st.integers(0, shape[0])) :: 2]]
        case "last" if base.numel():
            return base[(-1,) * draw(st.integers(0, base.ndim))]
        case "expanded":
            return base.expand(draw(st.integers(0, 5)), *shape)
        case "flat":
            return [base, base.reshape(-1), base.unsqueeze(0)]
        case "grad" if base.is_floating_point():
            return base.requires_grad_()
        case "parameter":
            return torch.nn.Parameter(base, requires_grad=base.is_floating_point() and draw(st.booleans()))
    return base


plain = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5)
keys = st.text(max_size=5) | st.integers(-3, 300)
objects = st.recursive(
    tensors() | plain,
    lambda inner: (
        st.dictionaries(keys, inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4).map(OrderedDict)
        | st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
    ),
    max_leaves=10,
)


@settings(max_examples=200)
@given(value=objects, as_zip=st.booleans(), protocol=st.sampled_from([2, 2, 3, 4, 5]))
def test_what_torch_saves_is_loaded_as_torch_does(value, as_zip, protocol, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "file.pth"
    torch.save(value, path, pickle_protocol=protocol, _use_new_zipfile_serialization=as_zip)
    theirs = torch.load(path, weights_only=protocol == 2)  # which PyTorch allows only the old protocol
    assert repr(described(tinycnn.load(path))) == repr(described(theirs))


@pytest.mark.parametrize("as_zip", [True, False])
def test_a_tensor_of_bytes_that_names_its_dtype(as_zip, tmp_path, monkeypatch):
    """So PyTorch writes dtypes that have no storage of their own; here it is made to for one that has."""
    monkeypatch.setattr(torch.storage, "_new_dtypes", lambda: {torch.float32})
    value = {"w": torch.arange(6.0).reshape(2, 3).t(), "p": torch.nn.Parameter(torch.ones(2))}
    torch.save(value, tmp_path / "file.pth", _use_new_zipfile_serialization=as_zip)
    monkeypatch.undo()
    assert b"_rebuild_tensor_v3" in (tmp_path / "file.pth").read_bytes()
    assert described(tinycnn.load(tmp_path / "file.pth")) == described(value)


@pytest.mark.parametrize("way", old_parameters())
def test_parameters_of_before_0_4(way, tmp_path):
    numbers = np.arange(4, dtype="<f4").tobytes()
    (tmp_path / "file.pth").write_bytes(zipped(program(old_parameters()[way]), {"data/0": numbers, "version": b"3\n"}))
    theirs = torch.load(tmp_path / "file.pth", weights_only=True)
    assert described(tinycnn.load(tmp_path / "file.pth")) == described(theirs)


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        (torch.nn.Linear(2, 1), r"a whole object of the class torch\.nn\.modules\.linear\.Linear.*state_dict\(\)"),
        ({"model": torch.nn.ReLU()}, r"a whole object of the class torch\.nn\.modules\.activation\.ReLU"),
        ({"z": torch.zeros(2, dtype=torch.complex64)}, r"asks for torch\.ComplexFloatStorage"),
        ({"w": torch.zeros(2, dtype=torch.uint16)}, r"asks for torch\.(_utils\._rebuild_tensor_v3|uint16)"),
        ({"neg": torch.ones(2)._neg_view()}, "negative or conjugate"),
        ({"best": np.float64(3)}, r"asks for numpy\._core\.multiarray\.scalar"),
        ({"device": torch.device("cpu")}, r"asks for torch\.device"),
        ({"sparse": torch.eye(2).to_sparse()}, r"asks for torch\._utils\._rebuild_sparse_tensor"),
    ],
)
def test_what_is_more_than_tensors_is_refused_by_name(value, says, as_zip, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the source of a class is not saved
        torch.save(value, tmp_path / "file.pth", _use_new_zipfile_serialization=as_zip)
    with pytest.raises(tinycnn.FormatError, match=says):
        tinycnn.load(tmp_path / "file.pth")


def test_torchscript_is_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is old
        torch.jit.script(torch.nn.Linear(2, 1)).save(tmp_path / "file.pt")
    with pytest.raises(tinycnn.FormatError, match="it is TorchScript"):
        tinycnn.load(tmp_path / "file.pt")


# Into a module ───────────────────────────────────────────────────────────────────────────────────────────────────────

NETS = {
    "batch": lambda nn: nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)),
    "tracking": lambda nn: nn.Sequential(nn.InstanceNorm2d(2, track_running_stats=True)),
    "instance": lambda nn: nn.Sequential(nn.InstanceNorm2d(2, affine=True), nn.Linear(2, 1)),
}


def answer(net, state, strict):
    """What `load_state_dict` returns or raises, in one wording: ours shows shapes as tuples, and ends with hints."""
    try:
        return repr(net.load_state_dict(state, strict=strict))
    except RuntimeError as error:
        text = re.sub(r"\(((?:\d[\d, ]*?)?),?\)", r"torch.Size([\1])", str(error).split("\n  hint")[0])
        return [line.strip().split(" for InstanceNorm2d")[0] for line in text.splitlines()]


@settings(max_examples=150)
@given(
    names=st.tuples(st.sampled_from(list(NETS)), st.sampled_from(list(NETS))),
    dropped=st.sets(st.sampled_from(["num_batches_tracked", "running_mean", "weight", "bias"])),
    version=st.sampled_from(["none", "as saved", 1, 2]),
    resized=st.booleans(),
    strict=st.booleans(),
)
def test_a_state_is_taken_or_refused_as_there(names, dropped, version, resized, strict, tmp_path_factory):
    source, target = names
    state = NETS[source](torch.nn).state_dict()
    for key in list(state):
        if key.rpartition(".")[2] in dropped:
            del state[key]
    if resized:
        state.update({key: torch.zeros(3) for key in list(state)[-1:]})
    if version == "none":
        state = OrderedDict(state)
    elif version != "as saved":
        for found in state._metadata.values():
            found["version"] = version
    path = tmp_path_factory.getbasetemp() / "state.pth"
    torch.save(state, path)
    ours, theirs = NETS[target](tinycnn.nn), NETS[target](torch.nn)
    expected = answer(theirs, torch.load(path), strict)
    assert answer(ours, tinycnn.load(path), strict) == expected
    if isinstance(expected, str):
        for a, b in zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True):
            assert a[0] == b[0]
            if a[0] in state:
                assert a[1].tolist() == b[1].tolist()


@pytest.mark.parametrize("name", NETS)
def test_a_state_tells_the_versions_as_there(name):
    for prefix in ("", "part."):
        ours, theirs = (NETS[name](library).state_dict(prefix=prefix) for library in (tinycnn.nn, torch.nn))
        assert ours._metadata == theirs._metadata
        assert list(ours) == list(theirs)
