"""The state dictionaries of optimizers: PyTorch's layout, and going on from one as if never interrupted."""

from __future__ import annotations

import pytest

import tinycnn
from tinycnn.errors import ShapeError
from tinycnn.optim import SGD, Adam, AdamW

KINDS = {
    "SGD": lambda params: SGD(params, lr=0.1),
    "momentum": lambda params: SGD(params, lr=0.1, momentum=0.9, dampening=0.2, weight_decay=0.1),
    "Adam": lambda params: Adam(params, lr=0.1, amsgrad=True),
    "AdamW": lambda params: AdamW(params, lr=0.1),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def make(request):
    return request.param


def leaf(*values, dtype=tinycnn.float64, device="cpu"):
    return tinycnn.tensor(values, dtype=dtype, device=device, requires_grad=True)


def train(optimizer, tensors, steps):
    """Steps down Σ (xᵢ − 1)², through the whole engine."""
    for _ in range(steps):
        optimizer.zero_grad()
        sum(((x - 1) ** 2).sum() for x in tensors).backward()
        optimizer.step()


def test_state_dict_has_pytorchs_layout():
    a, b, c = leaf(1.0), leaf(2.0), leaf(3.0)
    optimizer = Adam([{"params": [a, b]}, {"params": [c], "lr": 0.5}], amsgrad=True)
    c.sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    assert list(state) == ["state", "param_groups"]
    assert list(state["state"]) == [2]
    assert list(state["state"][2]) == ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
    assert state["state"][2]["step"].item() == 1
    assert [group["params"] for group in state["param_groups"]] == [[0, 1], [2]]
    assert state["param_groups"][1]["lr"] == 0.5
    assert state["param_groups"][0]["betas"] == (0.9, 0.999)


def test_sgd_remembers_only_a_momentum():
    x = leaf(1.0)
    x.sum().backward()
    plain, heavy = SGD([x]), SGD([x], momentum=0.9)
    plain.step()
    heavy.step()
    assert plain.state_dict()["state"] == {}
    assert list(heavy.state_dict()["state"][0]) == ["momentum_buffer"]
    assert heavy.state_dict()["state"][0]["momentum_buffer"].tolist() == [1.0]


def test_training_goes_on_from_a_state_dict_as_if_never_interrupted(make):
    x, y = leaf(3.0, -2.0), leaf(0.5)
    optimizer = make([x, y])
    train(optimizer, [x, y], 5)
    x2, y2 = leaf(*x.tolist()), leaf(*y.tolist())
    other = make([x2, y2])
    other.param_groups[0]["lr"] = 123.0
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["lr"] == 0.1
    assert other.param_groups[0]["params"][0] is x2
    train(optimizer, [x, y], 5)
    train(other, [x2, y2], 5)
    assert x2.tolist() == x.tolist()
    assert y2.tolist() == y.tolist()


def test_a_loaded_state_is_a_copy_in_the_parameters_dtype():
    x = leaf(1.0)
    optimizer = Adam([x])
    train(optimizer, [x], 1)
    x.grad = tinycnn.ones(1, dtype=tinycnn.float64)
    optimizer.step()
    single = leaf(1.0, dtype=tinycnn.float32)
    other = Adam([single])
    other.load_state_dict(optimizer.state_dict())
    average = other.state[single]["exp_avg"]
    assert average.dtype == tinycnn.float32
    before = average.tolist()
    optimizer.step()
    assert average.tolist() == before
    assert other.state[single]["step"].item() == 2


def test_state_goes_to_the_parameters_device(device):
    x = leaf(1.0)
    optimizer = Adam([x])
    train(optimizer, [x], 1)
    there = leaf(1.0, device=device)
    other = Adam([there])
    other.load_state_dict(optimizer.state_dict())
    train(other, [there], 1)
    assert other.state[there]["exp_avg"].device == there.device
    assert other.state[there]["step"].device.type == "cpu"  # where Python reads it without waiting


def test_options_a_saved_state_lacks_are_the_defaults():
    x = leaf(1.0)
    state = SGD([x]).state_dict()
    del state["param_groups"][0]["maximize"]
    optimizer = SGD([x], maximize=True)
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["maximize"] is True


def test_a_state_that_does_not_fit_is_refused():
    one, two = SGD([leaf(1.0)]), SGD([leaf(1.0), leaf(2.0)])
    groups = SGD([{"params": [leaf(1.0)]}, {"params": [leaf(2.0)]}])
    with pytest.raises(ValueError, match=r"doesn't match the size of optimizer's group\n.*here.*\[1\]\n.*\[2\]"):
        one.load_state_dict(two.state_dict())
    with pytest.raises(ValueError, match="different number of parameter groups"):
        two.load_state_dict(groups.state_dict())
    x = leaf(1.0, 2.0)
    saved = SGD([x], momentum=0.9)
    train(saved, [x], 1)
    with pytest.raises(ShapeError, match=r"momentum_buffer of parameter 0.*\n.*\(2,\)\n.*\(1,\)"):
        one.load_state_dict(saved.state_dict())
