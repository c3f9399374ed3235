"""Clipping of gradients, parameters as one vector, and modules without starting values."""

from __future__ import annotations

import math
import re
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tinycnn import nn
from tinycnn.nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    get_total_norm,
    parameters_to_vector,
    skip_init,
    vector_to_parameters,
)


def with_gradients(*gradients, device="cpu", dtype="float64"):
    """Leaves that have these gradients."""
    leaves = []
    for values in gradients:
        leaf = tinycnn.zeros(np.shape(values), device=device, dtype=dtype, requires_grad=True)
        leaf.grad = tinycnn.tensor(values, device=device, dtype=dtype)
        leaves.append(leaf)
    return leaves


gradients = st.lists(st.lists(st.floats(-10, 10), min_size=1, max_size=4), min_size=1, max_size=4)


@given(gradients, st.sampled_from([1.0, 2.0, 3.0, 0.5, math.inf]), st.floats(0, 20))
def test_a_long_gradient_is_shortened_and_keeps_its_direction(values, p, most):
    leaves, together = with_gradients(*values), np.concatenate(values)
    length = np.abs(together).max() if p == math.inf else (np.abs(together) ** p).sum() ** (1 / p)
    assert clip_grad_norm_(iter(leaves), most, p).item() == pytest.approx(length, abs=1e-12)
    clipped = np.concatenate([leaf.grad.numpy() for leaf in leaves])
    np.testing.assert_allclose(clipped, together * min(1, most / (length + 1e-6)), rtol=1e-9, atol=1e-300)


def test_clipping_on_every_device_skips_what_has_no_gradient(device):
    a, b = with_gradients([3.0], [[0.0, 4.0]], device=device)
    idle = tinycnn.zeros(2, device=device, requires_grad=True)
    memory = a.grad
    assert clip_grad_norm_([a, idle, b], 1.0).item() == pytest.approx(5)
    assert a.grad is memory  # in place
    assert b.grad.cpu().tolist() == [[0, pytest.approx(0.8, rel=1e-6)]]
    assert idle.grad is None
    clip_grad_value_((p for p in (a, idle, b)), 0.5)
    assert a.grad.item() == b.grad.max().item() == 0.5
    clip_grad_value_(b, 0.25)  # one tensor
    assert b.grad.max().item() == 0.25


def test_the_norm_of_nothing_is_0_and_an_empty_generator_is_told():
    assert get_total_norm([]).item() == 0
    assert clip_grad_norm_([], 1.0).item() == 0
    with pytest.warns(UserWarning, match="the generator was empty"):
        clip_grad_norm_((p for p in ()), 1.0)


def test_a_gradient_without_a_number_is_found_before_anything_changes():
    leaves = with_gradients([2.0], [[1.0, math.nan]])
    with pytest.raises(RuntimeError, match=re.escape("number 1 of 2, shape (1, 2)")):
        clip_grad_norm_(leaves, 1.0, error_if_nonfinite=True)
    assert leaves[0].grad.item() == 2
    assert math.isnan(clip_grad_norm_(leaves, 1.0).item())
    assert math.isnan(leaves[0].grad.item())  # as in PyTorch


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: clip_grad_norm_(nn.Linear(2, 2), 1.0), TypeError, r"model\.parameters\(\)"),
    (lambda: clip_grad_norm_([1.0], 1.0), TypeError, "float 1.0"),
    (lambda: clip_grad_norm_(nn.Linear(2, 2).named_parameters(), 1.0), TypeError, r"got tuple; .*model\.param"),
    (lambda: clip_grad_norm_([], None), TypeError, "max_norm must be a number, not NoneType"),
    (lambda: parameters_to_vector(nn.Linear(2, 2)), TypeError, r"got Linear; .*model\.parameters\(\)"),
    (lambda: vector_to_parameters(tinycnn.ones(6), nn.Linear(2, 2)), TypeError, r"got Linear; .*parameters\(\)"),
    (lambda: clip_grad_norm_([], -1.0), ValueError, "max_norm must not be negative"),
    (lambda: clip_grad_value_([], -1.0), ValueError, "clip_value must not be negative"),
])  # fmt: skip
def test_what_is_not_taken(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_parameters_to_a_vector_and_back(device):
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).to(device)
    before = {name: p.clone() for name, p in model.named_parameters()}
    vector = parameters_to_vector(model.parameters())
    assert vector.shape == (3 * 2 + 2 + 2 + 2,)
    vector.sum().backward()
    assert all((p.grad == 1).all() for p in model.parameters())  # the vector is in the graph
    vector_to_parameters(2 * vector, model.parameters())
    for name, parameter in model.named_parameters():
        assert tinycnn.equal(parameter, 2 * before[name])
        assert isinstance(parameter, nn.Parameter)
        assert parameter.requires_grad


@pytest.mark.parametrize("size", [(7,), (9,), (8, 1)])
def test_a_vector_of_another_size_changes_nothing(size):
    layer = nn.Linear(3, 2)
    before = parameters_to_vector(layer.parameters())
    with pytest.raises(tinycnn.ShapeError, match=rf"vec += {re.escape(str(size))}\n  parameters  = 2, of 8 elements"):
        vector_to_parameters(tinycnn.zeros(size), layer.parameters())
    assert tinycnn.equal(parameters_to_vector(layer.parameters()), before)
    with pytest.raises(TypeError, match="vec must be a Tensor"):
        vector_to_parameters([0.0] * 8, layer.parameters())


def drawn(make):
    """How far the random numbers moved on."""
    tinycnn.manual_seed(0)
    make()
    return tinycnn.get_rng_state() != tinycnn.manual_seed(0).get_state()


def test_a_module_without_starting_values_draws_nothing():
    assert drawn(lambda: nn.Conv2d(3, 4, 3))
    assert not drawn(lambda: skip_init(nn.Conv2d, 3, 4, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for init in (nn.init.orthogonal_, nn.init.trunc_normal_, nn.init.kaiming_normal_, nn.init.xavier_uniform_,
                     nn.init.eye_, nn.init.normal_):  # fmt: skip
            assert not drawn(lambda init=init: skip_init(lambda: (init(tinycnn.empty(2, 2)), nn.Identity())[1]))
    assert drawn(lambda: nn.Conv2d(3, 4, 3))


def test_it_is_the_module_in_all_else():
    made = skip_init(nn.Conv2d, 4, 6, kernel_size=3, groups=2, dtype="float64")
    assert repr(made) == repr(nn.Conv2d(4, 6, kernel_size=3, groups=2))
    assert made.weight.dtype == "float64"
    assert made.weight.requires_grad
    tidy = nn.Conv2d(4, 6, 3, groups=2).double()
    made.load_state_dict(tidy.state_dict())
    x = tinycnn.rand(1, 4, 5, 5, dtype=tinycnn.float64)
    assert tinycnn.equal(made(x), tidy(x))
    made.reset_parameters()  # outside, values are drawn as ever
    assert made.weight.abs().max().item() <= 1 / math.sqrt(18)
    norm = skip_init(nn.BatchNorm2d, 3)
    assert norm.running_var.tolist() == [1, 1, 1]


def test_memory_that_is_not_written_to_is_not_there():
    resource = pytest.importorskip("resource", reason="only Unix tells how much memory a process has had")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    layer = skip_init(nn.Linear, 20_000, 20_000)
    assert layer.weight.nbytes == 1_600_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes, on a Mac bytes


def test_the_switch_goes_back_after_an_error_and_is_off_in_other_threads():
    seen = []

    def build():
        thread = threading.Thread(target=lambda: seen.append(nn.init.ones_(tinycnn.zeros(2)).tolist()))
        thread.start()
        thread.join()
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        skip_init(build)
    assert seen == [[1, 1]]
    assert nn.init.ones_(tinycnn.empty(3)).tolist() == [1, 1, 1]


@pytest.mark.parametrize(("what", "message"), [
    (lambda: nn.Linear(4, 2), r"got Linear; give it the class"),
    (lambda: "Linear", "got str Linear"),
    (lambda: dict, "made dict"),
])  # fmt: skip
def test_what_makes_no_module(what, message):
    with pytest.raises(TypeError, match=message):
        skip_init(what())
