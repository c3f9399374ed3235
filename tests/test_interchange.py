"""Tensors and the rest of the world: NumPy's arrays of every kind, DLPack, copies, pickles, other dtypes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn import nn
from tinycnn.errors import ArgumentError, DomainError, DTypeError, GraphError


def read_only(*shape: int) -> Any:
    array = np.arange(float(np.prod(shape))).reshape(shape)
    array.flags.writeable = False
    return array


# NumPy's arrays ──────────────────────────────────────────────────────────────────────────────────────────────────────

LAYOUTS: dict[str, Any] = {
    "plain": np.arange(6.0).reshape(2, 3),
    "read-only": read_only(2, 3),
    "backwards": np.arange(6.0)[::-1].reshape(2, 3)[:, ::-1],
    "Fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "sliced": np.arange(24.0).reshape(4, 6)[::2, ::2],
    "masked": np.ma.masked_array(np.arange(6.0).reshape(2, 3), False),
    "broadcast": np.broadcast_to(np.arange(3.0), (2, 3)),
}


@pytest.mark.parametrize("make", [torch.from_numpy, torch.as_tensor, torch.asarray])
@pytest.mark.parametrize("array", LAYOUTS.values(), ids=LAYOUTS)
def test_arrays_of_all_layouts_share_their_memory(make: Any, array: Any) -> None:
    t = make(array)
    assert type(t.array) is np.ndarray
    assert np.shares_memory(t.array, array)
    assert t.tolist() == array.tolist()
    assert (t @ t.mT).tolist() == (np.asarray(array) @ np.asarray(array).T).tolist()
    assert t.view(-1).tolist() == np.asarray(array).ravel().tolist()
    assert not np.shares_memory(torch.tensor(array).array, array)


def test_a_file_in_memory(tmp_path: Path) -> None:
    disk = np.memmap(tmp_path / "numbers", dtype="float32", mode="w+", shape=(3,))
    t = torch.from_numpy(disk)
    t += 1
    assert (disk.tolist(), type((t * 2).array)) == ([1, 1, 1], np.ndarray)


@pytest.mark.parametrize("write", [
    lambda t: t.__setitem__(0, 1), lambda t: t.__setitem__(t > 0, 1), lambda t: t.add_(1), lambda t: t.zero_(),
    lambda t: t.copy_(t * 2),
    lambda t: t.view(-1).mul_(2), lambda t: t[1:].fill_(3),
])  # fmt: skip
def test_read_only_memory_is_not_written_to(write: Callable[[Any], Any]) -> None:
    array = read_only(2, 3)
    with pytest.raises(GraphError, match=r"the tensor's memory is read-only, .* write to a clone\(\)"):
        write(torch.from_numpy(array))
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]
    torch.from_numpy(array).clone().add_(1)


def test_read_only_memory_can_be_a_leaf() -> None:
    t = torch.from_numpy(read_only(2, 3)).requires_grad_()
    (t * t).sum().backward()
    assert t.grad.tolist() == [[0, 2, 4], [6, 8, 10]]


@pytest.mark.parametrize("make", [torch.tensor, torch.from_numpy, torch.as_tensor, torch.asarray])
@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.arange(3, dtype="uint16"), "uint16 is not supported; tinycnn computes in bool, float16"),
        (np.array([1j]), "complex128 is not supported"),
        (np.array(["a"]), "<U1 is not supported"),
        (np.array([None]), "object is not supported"),
    ],
)
def test_what_a_tensor_cannot_hold_is_named(make: Any, array: Any, text: str) -> None:
    with pytest.raises(DTypeError, match=text):
        make(array)


@pytest.mark.parametrize("make", [torch.tensor, torch.from_numpy, torch.as_tensor, torch.asarray])
def test_bytes_in_foreign_order_are_refused(make: Any) -> None:
    text = r"foreign byte order \(>i4\); convert them with array.astype\(array.dtype.newbyteorder"
    with pytest.raises(ValueError, match=text):
        make(np.arange(3).astype(">i4"))


def test_a_method_for_each_dtype() -> None:
    x = torch.tensor([0.0, 2.5])
    for name, dtype in {"char": "int8", "byte": "uint8", "short": "int16", "int": "int32", "long": "int64",
                        "half": "float16", "double": "float64", "bool": "bool"}.items():  # fmt: skip
        made = getattr(x, name)()
        assert made.dtype == dtype
        assert made.tolist() == np.array([0.0, 2.5]).astype(dtype).tolist()


def test_asarray_copies_when_it_must_or_is_told_to() -> None:
    array, t = np.zeros(2), torch.zeros(2)
    assert torch.asarray(t) is t
    assert torch.asarray(t, copy=True) is not t
    assert not np.shares_memory(torch.asarray(array, copy=True).array, array)
    assert np.shares_memory(torch.asarray(array, copy=False).array, array)
    for make in (lambda: torch.asarray([1.0], copy=False),
                 lambda: torch.asarray(array, dtype=torch.float32, copy=False)):
        with pytest.raises(DomainError, match="asarray: a copy is needed"):
            make()
    assert torch.asarray([1.0, 2], requires_grad=True).requires_grad


def test_what_numpy_makes_of_a_tensor() -> None:
    t = torch.ones(2)
    assert np.shares_memory(np.asarray(t), t.array)
    assert not np.shares_memory(np.array(t), t.array)
    assert np.asarray(t, dtype="float64").dtype == "float64"
    with pytest.raises(ValueError, match="copy"):
        np.array(t, dtype="float64", copy=False)
    with pytest.raises(GraphError, match=r"use tensor.detach"):
        np.asarray(t.requires_grad_())


def test_functions_of_numpys_give_tensors_and_its_operators_give_way() -> None:
    t, array = torch.tensor([-1.0, 4.0]), np.array([2.0, 2.0], "float32")
    for made, expected in ((np.exp(t), np.exp(t.array)), (np.abs(t), [1, 4]), (np.isnan(t), [False, False]),
                           (np.maximum(t, 0), [0, 4]), (np.multiply(array, t), [-2, 8]), (np.argmax(t), 1)):
        assert type(made) is torch.Tensor
        assert made.tolist() == np.asarray(expected).tolist()
    assert np.exp(torch.nn.Parameter(t).data).dtype == "float32"
    w = t.clone().requires_grad_()
    (array * w).sum().backward()
    assert w.grad.tolist() == [2, 2]
    with pytest.raises(GraphError, match=r"use tensor.detach"):
        np.exp(w)  # nothing of NumPy's can be differentiated


# DLPack ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"])
def test_dlpack_lends_memory_both_ways(dtype: str) -> None:
    array = np.ones((2, 3), dtype=dtype)[:, ::2]
    t = torch.from_dlpack(array)
    assert (t.dtype, t.stride()) == (dtype, (3, 2))
    t[0] = 0
    assert array.tolist() == [[0, 0], [1, 1]]
    assert np.shares_memory(np.from_dlpack(t), array)
    assert np.shares_memory(torch.from_dlpack(t).array, array)
    assert t.__dlpack_device__() == (1, 0)
    assert not np.shares_memory(torch.from_dlpack(array, copy=True).array, array)


def test_dlpack_keeps_its_rules(device: str) -> None:
    with pytest.raises(BufferError, match=r"can't export a Tensor that requires grad; use tensor.detach"):
        torch.ones(2, device=device, requires_grad=True).__dlpack__()
    with pytest.raises(ArgumentError, match="expected an array that has __dlpack__, got list"):
        torch.from_dlpack([1.0])
    with pytest.raises(DTypeError, match="complex64 is not supported"):
        torch.from_dlpack(np.ones(2, "complex64"))
    assert torch.ones(2, device=device).__dlpack_device__() == ((1, 0) if device == "cpu" else (2, 0))


def test_read_only_memory_is_lent_as_such() -> None:
    with pytest.raises(GraphError, match="read-only"):
        torch.from_dlpack(read_only(3)).add_(1)


# Copies and pickles ──────────────────────────────────────────────────────────────────────────────────────────────────


class Labelled(torch.Tensor):
    """A user's subclass."""


@pytest.mark.parametrize("act", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_copy_is_what_the_tensor_was(act: Any, device: str) -> None:
    t = torch.arange(6.0, device=device).reshape(2, 3).t().requires_grad_()
    t.name = "weights"
    made = act(t)
    assert (made.tolist(), made.requires_grad, made.is_leaf, made.device, made.name) == (
        t.tolist(), True, True, t.device, "weights")  # fmt: skip
    assert type(act(Labelled([1.0]))) is Labelled
    assert type(act(nn.Parameter(torch.ones(1)))) is nn.Parameter


def test_a_deep_copy_keeps_strides_and_gradient_and_is_made_once(device: str) -> None:
    t = torch.ones(2, 3, device=device).t().requires_grad_()
    (t * t).sum().backward()
    one, two = copy.deepcopy([t, t])
    assert one is two
    assert one.stride() == t.stride()
    assert one.grad.tolist() == t.grad.tolist()
    assert one.grad is not t.grad


def test_copy_shares_memory_and_pickle_leaves_the_graph() -> None:
    t = torch.zeros(2)
    copy.copy(t)[0] = 1
    assert t.tolist() == [1, 0]
    w = torch.ones(2, requires_grad=True)
    made = pickle.loads(pickle.dumps(w * 2))
    assert (made.tolist(), made.requires_grad, made.is_leaf) == ([2, 2], True, True)


def first_half(module: Any, inputs: Any, output: Any) -> Any:
    return output[:1]


@pytest.mark.parametrize("act", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_module_comes_back_and_computes_the_same(act: Any, device: str) -> None:
    x = torch.randn(2, 1, 6, 6, device=device)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2)).to(device)
    model[4].tied = model[0].weight
    model(x)
    model.eval()
    model.register_forward_hook(first_half)
    made = act(model)
    assert made(x).tolist() == model(x).tolist()
    assert made(x).shape == (1, 2)
    assert made[4].tied is made[0].weight is not model[0].weight
    assert [made.training, made[1].num_batches_tracked.item()] == [False, 1]
    assert {p.device for p in made.parameters()} == {x.device}
    with torch.no_grad():
        made[4].bias.add_(1)
    assert made(x).tolist() != model(x).tolist()


# Conversions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_to_in_all_its_forms(device: str) -> None:
    x, other = torch.ones(2), torch.zeros(1, dtype=torch.float64, device=device)
    half = torch.float16
    for made in (x.to(device, half), x.to(device=device, dtype=half), x.to(other).to(half),
                 x.to(half).to(torch.device(device)),
                 x.to(device, half, False, True), x.to(half, non_blocking=True).to(device)):  # fmt: skip
        assert (made.dtype, made.device) == (half, other.device)
    assert x.to(torch.float32, False, True) is not x
    assert x.to(x) is x
    with pytest.raises(DTypeError, match=r"'float' is neither a device .* nor a dtype"):
        x.to("float")


def test_membership_is_asked_of_numbers() -> None:
    assert [2 in torch.tensor([1, 2]), torch.tensor(3) in torch.tensor([1, 2]), 0 in torch.ones(0)] == [True, False,
                                                                                                        False]
    for what in ("a", None):
        with pytest.raises(DomainError, match="in: asks for a number or a Tensor, not for"):
            what in torch.ones(2)  # noqa: B015  # that it raises is the point


def test_sizes_make_a_tensor_too() -> None:
    assert [torch.Tensor(2, 3).shape, torch.Tensor(0).shape, torch.Tensor([2, 3]).tolist()] == [(2, 3), (0,), [2, 3]]
    for data in ((1.0,), ([1], [2])):
        with pytest.raises(ArgumentError, match="Tensor: takes a list or an array, or the sizes"):
            torch.Tensor(*data)


def test_new_tensors_are_like_the_old_one(device: str) -> None:
    t = torch.ones(1, dtype=torch.float64, device=device)
    made = [t.new_zeros(2, 1), t.new_ones((2, 1)), t.new_full([2, 1], 3), t.new_tensor([[4], [5]]),
            t.new_empty(size=(2, 1))]
    assert {(m.dtype, m.device, m.shape) for m in made} == {(t.dtype, t.device, (2, 1))}
    assert [m.tolist() for m in made[:4]] == [[[0], [0]], [[1], [1]], [[3], [3]], [[4], [5]]]
    assert t.new_full((), True, dtype=torch.bool, device="cpu").item() is True


def test_what_requires_grad_becomes_an_array_where_nothing_is_recorded() -> None:
    weight = torch.ones(2, requires_grad=True)
    with pytest.raises(GraphError, match=r"can't call numpy\(\) on Tensor that requires grad; use tensor\.detach"):
        weight.numpy()
    with torch.no_grad():
        assert weight.numpy().tolist() == np.asarray(weight).tolist() == [1, 1]
