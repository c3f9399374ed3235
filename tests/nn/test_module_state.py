"""state_dict and load_state_dict: what they hold, and that loading is all or nothing."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest

import tinycnn
from tinycnn import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("scratch", tinycnn.ones(1), persistent=False)
        self.register_buffer("nothing", None)


KEYS = ["fc.weight", "fc.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
        "norm.num_batches_tracked"]  # fmt: skip


def values(net):
    return {key: tensor.numpy().copy() for key, tensor in net.state_dict().items()}


def test_the_state_is_what_is_learnt_and_what_is_kept():
    net = Net()
    state = net.state_dict()
    assert list(state) == KEYS
    assert isinstance(state, OrderedDict)
    assert not state["fc.weight"].requires_grad
    assert state["fc.weight"].array is net.fc.weight.array  # no copy
    assert net.state_dict(keep_vars=True)["fc.weight"] is net.fc.weight
    collected = OrderedDict(first=tinycnn.ones(1))
    assert net.fc.state_dict(collected, "fc.") is collected
    assert list(collected) == ["first", "fc.weight", "fc.bias"]


def test_a_state_goes_into_another_model(device):
    one, other = Net().double(), Net().to(device)
    with tinycnn.no_grad():
        one.norm.running_mean += 5
    before = [*other.parameters(), *other.buffers()]
    assert repr(other.load_state_dict(one.state_dict())) == "<All keys matched successfully>"
    assert all(a is b for a, b in zip(before, [*other.parameters(), *other.buffers()], strict=True))
    for key, tensor in other.state_dict().items():
        assert tensor.device.type == device
        assert tensor.dtype == ("int64" if key == KEYS[-1] else "float32")  # the model's, not the file's
        np.testing.assert_allclose(tensor.cpu().numpy(), one.state_dict()[key].numpy(), rtol=1e-6)
    assert other.fc.weight.requires_grad


def test_arrays_are_taken_too():
    net = nn.Linear(2, 1)
    net.load_state_dict({"weight": np.array([[1.0, 2.0]]), "bias": np.array([3.0])})
    assert net(tinycnn.tensor([1.0, 1.0])).item() == 6


def test_assign_takes_the_tensors_themselves():
    net, state = nn.Linear(2, 1).requires_grad_(False), nn.Linear(2, 1).double().state_dict()
    weight = net.weight
    net.load_state_dict(state, assign=True)
    assert net.weight.array is state["weight"].array
    assert net.weight.dtype == "float64"
    assert net.weight is weight  # which optimizers know
    assert not net.weight.requires_grad


def test_all_that_does_not_fit_is_listed_and_nothing_is_changed():
    net = Net()
    before, state = values(net), Net().double().state_dict()
    state["fc.weight"], state["norm.bias"], state["extra"] = tinycnn.ones(3, 3), tinycnn.ones(4), tinycnn.ones(1)
    del state["fc.bias"], state["norm.running_var"]
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Net:\n"
        '\tMissing key(s) in state_dict: "fc.bias", "norm.running_var".\n'
        '\tUnexpected key(s) in state_dict: "extra".\n'
        "\tsize mismatch for fc.weight: copying a param with shape (3, 3) from checkpoint,"
        " the shape in current model is (3, 2).\n"
        "\tsize mismatch for norm.bias: copying a param with shape (4,) from checkpoint,"
        " the shape in current model is (3,)."
    )
    for key, array in values(net).items():
        np.testing.assert_array_equal(array, before[key])


def test_without_strict_only_what_fits_by_name_is_loaded():
    net, state = Net(), {"fc.bias": tinycnn.tensor([1.0, 2.0, 3.0]), "extra": tinycnn.ones(1)}
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == [key for key in KEYS if key != "fc.bias"]
    assert result.unexpected_keys == ["extra"]
    assert tuple(result) == (result.missing_keys, result.unexpected_keys)
    assert repr(result).startswith("IncompatibleKeys(missing_keys=['fc.weight', ")
    assert net.fc.bias.tolist() == [1, 2, 3]
    with pytest.raises(RuntimeError, match=r"size mismatch for fc\.bias"):
        net.load_state_dict({"fc.bias": tinycnn.ones(2)}, strict=False)


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ("model.safetensors", TypeError, r"state_dict to be dict-like, got <class 'str'>; tinycnn\.load reads one"),
        ([("weight", 1)], TypeError, "expected state_dict to be dict-like"),
        ({"weight": [[1.0, 2.0]], "bias": tinycnn.ones(1)}, RuntimeError, '"weight" holds a list, expected a Tensor'),
    ],
)
def test_what_is_no_state(state, error, message):
    with pytest.raises(error, match=message):
        nn.Linear(2, 1).load_state_dict(state)


def test_loading_is_a_write_that_the_graph_notices():
    net = nn.Linear(2, 1)
    y = net(tinycnn.ones(1, 2, requires_grad=True)).sum()
    net.load_state_dict(nn.Linear(2, 1).state_dict())
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        y.backward()
