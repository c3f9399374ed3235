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
    assert result.missing_keys == [key for key in KEYS[:-1] if key != "fc.bias"]  # the last may be missing, see below
    assert result.unexpected_keys == ["extra"]
    assert tuple(result) == (result.missing_keys, result.unexpected_keys)
    assert repr(result).startswith("_IncompatibleKeys(missing_keys=['fc.weight', ")
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


# States of old, and states in wrappers ──────────────────────────────────────────────────────────────────────────────


def without(state, *names):
    """The state of before PyTorch 0.4.1, as a plain dictionary: no versions, and no such names."""
    return {key: tensor for key, tensor in state.items() if not key.endswith(names)}


def test_a_state_tells_the_versions_of_the_classes_it_comes_from():
    net = Net()
    assert net.state_dict()._metadata == {"": {"version": 1}, "fc": {"version": 1}, "norm": {"version": 2}}
    assert list(net.state_dict(prefix="part.")._metadata) == ["part", "part.fc", "part.norm"]
    assert not hasattr(net.state_dict(OrderedDict()), "_metadata")


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("make", [nn.BatchNorm1d, lambda n: nn.InstanceNorm1d(n, track_running_stats=True)])
def test_a_state_without_versions_may_lack_the_number_of_batches(make, strict):
    net = nn.Sequential(make(2))
    net[0].num_batches_tracked.fill_(7)
    state = without(net.state_dict(), "num_batches_tracked")
    state["0.running_mean"] = tinycnn.ones(2)
    assert repr(net.load_state_dict(state, strict=strict)) == "<All keys matched successfully>"
    assert net[0].running_mean.tolist() == [1, 1]
    assert net[0].num_batches_tracked.item() == 7  # PyTorch leaves it as it was, too
    assert "0.num_batches_tracked" not in state
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "0\.running_var"\.'):
        net.load_state_dict(without(state, "running_var"))


@pytest.mark.parametrize(("version", "missing"), [(None, []), (1, []), (2, ["num_batches_tracked"])])
def test_the_version_decides_whether_the_number_of_batches_must_be_there(version, missing):
    net = nn.BatchNorm1d(2)
    state = net.state_dict()
    del state["num_batches_tracked"]
    state._metadata[""] = {"version": version}
    assert net.load_state_dict(state, strict=False).missing_keys == missing
    del state._metadata
    assert net.load_state_dict(state).missing_keys == []


@pytest.mark.parametrize("odd", [None, 3, {"": 3}, {"": {"version": "2"}}, {3: 4}])
def test_versions_that_are_none(odd):
    net = nn.BatchNorm1d(2)
    state = net.state_dict()
    state._metadata = odd
    assert repr(net.load_state_dict(state)) == "<All keys matched successfully>"


def test_instance_norm_refuses_the_statistics_of_a_state_from_when_it_always_kept_them():
    old = nn.InstanceNorm1d(2, track_running_stats=True).state_dict()
    for strict in (True, False):
        with pytest.raises(
            RuntimeError, match=r'"running_mean" and "running_var" for InstanceNorm1d with track_running_stats=False'
        ):
            nn.InstanceNorm1d(2).load_state_dict(without(old, "num_batches_tracked"), strict=strict)


def test_one_number_in_a_row_of_one_is_a_single_number():
    net = nn.BatchNorm1d(2)
    net.load_state_dict({**net.state_dict(), "num_batches_tracked": tinycnn.tensor([3])})
    assert net.num_batches_tracked.shape == ()
    assert net.num_batches_tracked.item() == 3


@pytest.mark.parametrize(
    ("wrap", "hint"),
    [
        (lambda state: {"model": state, "epoch": 3}, r"one level deeper: load_state_dict\(checkpoint\['model'\]\)"),
        (lambda state: {"epoch": 3, "state_dict": state}, r"load_state_dict\(checkpoint\['state_dict'\]\)"),
        (lambda state: {f"module.{key}": value for key, value in state.items()}, "'module.', which DataParallel puts"),
        (lambda state: {f"net.{key}": value for key, value in state.items()}, r"removeprefix\('net\.'\): value"),
    ],
)
def test_a_state_in_a_wrapper_is_refused_with_the_way_to_take_it_off(wrap, hint):
    with pytest.raises(RuntimeError, match=rf"Missing key(.|\n)*Unexpected key(.|\n)*\n  hint   .*{hint}"):
        Net().load_state_dict(wrap(Net().state_dict()))


def test_a_state_of_another_model_gets_no_hint():
    one = tinycnn.ones(1)
    for other in ({"conv.weight": one}, {"fc.weight": one}, {"a": {"b": 1}}, {3: one}, {}):
        with pytest.raises(RuntimeError, match="Missing key") as caught:
            Net().load_state_dict(other)
        assert "hint" not in str(caught.value)


@pytest.mark.parametrize("strict", [True, False])
def test_weights_for_more_classes_are_refused_with_the_way_to_use_them(strict):
    def make(classes):
        return nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 8, 3), head=nn.Sequential(nn.ReLU(), nn.Linear(8, classes))))

    with pytest.raises(RuntimeError, match="size mismatch") as caught:
        make(5).load_state_dict(make(1000).state_dict(), strict=strict)
    assert str(caught.value).splitlines()[-1] == (
        "  hint   these weights tell 1000 classes apart: load them into a model with num_classes=1000,"
        " and replace its last layer then: model.head[1] = nn.Linear(8, 5)"
    )


@pytest.mark.parametrize("other", [nn.Linear(3, 5), nn.Linear(2, 3, dtype="float64")])
def test_only_other_classes_get_that_hint(other):
    """Another width, and a layer before the last."""
    state = nn.Sequential(other, nn.Linear(4, 4)).state_dict()
    with pytest.raises(RuntimeError, match="size mismatch") as caught:
        nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 4)).load_state_dict(state)
    assert "hint" not in str(caught.value)


def test_of_many_that_do_not_fit_the_first_are_named_and_the_rest_counted():
    net, other = (nn.Sequential(*(nn.Linear(n, n, bias=False) for _ in range(13))) for n in (2, 3))
    with pytest.raises(RuntimeError, match=r"\tsize mismatch for 9\.weight: .*\n\t… and 3 more$"):
        net.load_state_dict(other.state_dict())
    state = {f"module.{key}": value for key, value in net.state_dict().items()}
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    _, missing, unexpected, hint = str(caught.value).splitlines()
    assert missing.endswith('"8.weight", "9.weight", … and 3 more.')
    assert unexpected.endswith('"module.9.weight", … and 3 more.')
    assert "DataParallel" in hint
    assert len(net.load_state_dict(state, strict=False).missing_keys) == 13
