"""What all optimizers share: stepping, parameter groups, zero_grad, closures, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tests import strict_cupy
from tinycnn.optim import SGD, Adam, AdamW, Optimizer

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


# Stepping ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_optimizer_goes_downhill(make, device):
    x = leaf(3.0, -2.0, dtype=tinycnn.float32, device=device)
    memory = x.array
    train(make([x]), [x], 60)
    assert x.array is memory  # in place
    assert x.dtype == tinycnn.float32
    assert abs(x.detach().cpu().numpy() - 1).max() < 1


def test_a_tensor_without_a_gradient_is_left_alone(make):
    x, frozen = leaf(1.0), leaf(5.0)
    optimizer = make([x, frozen])
    x.sum().backward()
    optimizer.step()
    assert frozen.item() == 5.0
    assert x.item() != 1.0
    assert 1 not in optimizer.state_dict()["state"]


def test_a_scalar_parameter_is_trained(make):
    temperature = tinycnn.tensor(3.0, requires_grad=True)
    train(make([temperature]), [temperature], 3)
    assert temperature.shape == ()
    assert temperature.item() < 3.0


def test_a_parameter_may_be_a_strided_view_of_memory(make):
    memory = np.arange(12.0).reshape(3, 4)
    strided, plain = tinycnn.from_numpy(memory.T[::2]).requires_grad_(), leaf(*memory.T[::2].ravel())
    train(make([strided]), [strided], 3)
    train(make([plain]), [plain], 3)
    np.testing.assert_allclose(memory.T[::2].ravel(), plain.detach().numpy(), rtol=1e-15)


def test_the_step_does_not_touch_the_gradient(make):
    x = leaf(1.0, 2.0)
    optimizer = make([x])
    for g in ([3.0, -4.0], [1.0, 1.0]):
        x.grad = tinycnn.tensor(g, dtype=tinycnn.float64)
        optimizer.step()
        assert x.grad.tolist() == g


@pytest.mark.parametrize("dtype", [tinycnn.float16, tinycnn.float32, tinycnn.float64], ids=str)
def test_options_may_be_numpy_numbers_and_dtypes_stay(dtype, device):
    for build in (
        lambda x, number: SGD([x], lr=number(0.1), momentum=number(0.9), dampening=number(0.3), weight_decay=number(1)),
        lambda x, number: SGD([x], lr=number(0.1), momentum=number(0.9), nesterov=True),
        lambda x, number: Adam([x], lr=number(0.1), betas=(number(0.9), number(0.99)), eps=number(1e-4), amsgrad=True),
        lambda x, number: AdamW([x], lr=number(0.1), weight_decay=number(0.1)),
    ):
        x, twin = leaf(1.1, 2.3, dtype=dtype, device=device), leaf(1.1, 2.3, dtype=dtype, device=device)
        optimizer = build(x, np.float64)
        train(optimizer, [x], 3)
        train(build(twin, float), [twin], 3)
        assert x.tolist() == twin.tolist()  # to the last bit
        assert x.dtype == dtype
        assert all(value.dtype == dtype for key, value in optimizer.state[x].items() if key != "step")


def test_closure_is_run_with_gradients_on_and_its_loss_returned(make):
    x = leaf(2.0)
    optimizer = make([x])

    def closure():
        optimizer.zero_grad()
        loss = (x**2).sum()
        loss.backward()
        return loss

    with tinycnn.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert x.item() < 2.0
    assert optimizer.step() is None


def test_a_step_never_waits_for_the_device(make, device):
    x, y = leaf(1.0, 2.0, device=device), leaf(3.0, device=device)
    optimizer = make([x, y])
    (x.sum() + y.sum()).backward()
    with strict_cupy.count_syncs() as waits:
        for _ in range(3):
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
    assert waits == 0


def test_a_training_that_diverges_does_so_quietly(make):
    x = leaf(1.0)
    optimizer = make([x])
    for g in (1e308, float("inf"), float("nan")):
        x.grad = tinycnn.tensor([g], dtype=tinycnn.float64)
        optimizer.step()  # a warning would be an error here
    assert np.isnan(x.item())


def test_a_step_between_forward_and_backward_is_noticed(make):
    x = leaf(1.0, 2.0)
    optimizer = make([x])
    x.sum().backward()
    loss = (x**2).sum()
    optimizer.step()
    with pytest.raises(RuntimeError, match=r"inplace|in place"):
        loss.backward()


def test_zero_grad():
    x, y = leaf(1.0), leaf(2.0)
    optimizer = SGD([x, y], lr=0.1)
    x.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert x.grad.tolist() == [0.0]
    assert y.grad is None
    optimizer.zero_grad()
    assert x.grad is None


def test_zero_grad_lets_go_of_the_graph_of_a_gradient():
    x = leaf(2.0)
    (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    SGD([x]).zero_grad(set_to_none=False)
    assert not x.grad.requires_grad


# Groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_groups_have_their_own_options_and_the_defaults_for_the_rest():
    a, b, c = leaf(1.0), leaf(1.0), leaf(1.0)
    optimizer = SGD([{"params": [a]}, {"params": iter([b]), "lr": 0.5}], lr=0.1, weight_decay=0.0)
    optimizer.add_param_group({"params": c, "weight_decay": 1.0})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5, 0.1]
    assert optimizer.defaults["lr"] == 0.1
    (a + b + c).sum().backward()
    optimizer.step()
    assert [x.item() for x in (a, b, c)] == pytest.approx([0.9, 0.5, 0.8])
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    assert a.item() == pytest.approx(0.9)


def test_the_users_dictionaries_stay_as_they_are():
    given = {"params": [leaf(1.0)], "lr": 0.5}
    before = dict(given)
    SGD([given], lr=0.1)
    assert given == before


def test_repr_lists_the_groups():
    assert repr(SGD([leaf(1.0)], lr=0.1, momentum=0.9)) == (
        "SGD (\n"
        "Parameter Group 0\n"
        "    dampening: 0\n"
        "    lr: 0.1\n"
        "    maximize: False\n"
        "    momentum: 0.9\n"
        "    nesterov: False\n"
        "    weight_decay: 0\n"
        ")"
    )


REFUSED = {
    "a tensor": (lambda: SGD(leaf(1.0)), TypeError, r"iterable of Tensors or dicts, but got \w+: .*\[tensor\]"),
    "a model": (lambda: SGD(object()), TypeError, r"got object: give it model\.parameters\(\)"),
    "numbers": (lambda: SGD([1.0]), TypeError, "can only optimize Tensors, but one of the params is float"),
    "arrays": (lambda: SGD([np.ones(2)]), TypeError, "one of the params is ndarray"),
    "names": (lambda: SGD([("w", leaf(1.0))]), TypeError, r"is tuple; .* not model\.named_parameters\(\)"),
    "a set": (lambda: SGD([{"params": {leaf(1.0)}}]), TypeError, "ordered collections"),
    "nothing": (lambda: SGD([]), ValueError, r"empty parameter list\n  hint .*nn\.ModuleList"),
    "a used generator": (lambda: SGD(x for x in ()), ValueError, "good for one pass"),
    "a non-leaf": (lambda: SGD([leaf(1.0) * 2]), ValueError, "can't optimize a non-leaf Tensor"),
    "two kinds": (lambda: SGD([{"params": [leaf(1.0)]}, leaf(1.0)]), TypeError, "param_group must be a dict"),
    "no params": (lambda: SGD([{"lr": 0.1}]), KeyError, r"under 'params', but this one has \['lr'\]"),
    "lr": (lambda: SGD([leaf(1.0)], lr=-1), ValueError, "Invalid learning rate: -1"),
    "lr, NaN": (lambda: SGD([leaf(1.0)], lr=float("nan")), ValueError, "Invalid learning rate: nan"),
    "lr of a group": (lambda: SGD([{"params": [leaf(1.0)], "lr": -0.5}]), ValueError, r"Invalid learning rate: -0\.5"),
    "momentum": (lambda: SGD([leaf(1.0)], momentum=-1), ValueError, "Invalid momentum value: -1"),
    "weight_decay": (lambda: SGD([leaf(1.0)], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
    "nesterov": (lambda: SGD([leaf(1.0)], nesterov=True), ValueError, "Nesterov momentum requires a momentum and zero"),
    "nesterov, dampened": (
        lambda: SGD([leaf(1.0)], 0.1, 0.9, 0.1, nesterov=True), ValueError, r"zero dampening.*dampening is 0\.1",
    ),
    "Adam's lr": (lambda: Adam([leaf(1.0)], lr=-1), ValueError, "Invalid learning rate: -1"),
    "eps": (lambda: Adam([leaf(1.0)], eps=-1), ValueError, "Invalid epsilon value: -1"),
    "beta 0": (lambda: Adam([leaf(1.0)], betas=(1.0, 0.9)), ValueError, r"Invalid beta parameter at index 0: 1\.0"),
    "beta 1": (lambda: Adam([leaf(1.0)], betas=(0.9, -0.1)), ValueError, r"Invalid beta parameter at index 1: -0\.1"),
    "one beta": (lambda: Adam([leaf(1.0)], betas=(0.9,)), ValueError, "Invalid betas"),
    "Adam's decay": (lambda: Adam([leaf(1.0)], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
    "AdamW's decay": (lambda: AdamW([leaf(1.0)], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
}


@pytest.mark.parametrize(("build", "kind", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trained_is_refused(build, kind, message):
    with pytest.raises(kind, match=message):
        build()


def test_a_tensor_may_not_lie_in_two_groups():
    x = leaf(1.0)
    with pytest.raises(ValueError, match="more than one parameter group"):
        SGD([{"params": [x]}, {"params": [leaf(2.0), x]}])
    optimizer = SGD([x])
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group({"params": [x]})
    assert len(optimizer.param_groups) == 1


def test_a_tensor_twice_in_one_group_warns():
    x = leaf(1.0)
    with pytest.warns(UserWarning, match="same tensor twice"):
        SGD([x, x])


# Optimizers of one's own ─────────────────────────────────────────────────────────────────────────────────────────────


class SignDescent(Optimizer):
    """Written as this module would."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    def _update(self, p, group):
        self.state[p]["steps"] = self.state[p].get("steps", 0) + 1
        p.array -= group["lr"] * p.backend.xp.sign(p.grad.array)


class PyTorchStyle(Optimizer):
    """Written as one would for PyTorch."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @tinycnn.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p -= group["lr"] * p.grad.sign()


@pytest.mark.parametrize("kind", [SignDescent, PyTorchStyle])
def test_an_optimizer_of_ones_own(kind):
    x = leaf(1.0, -1.0)
    optimizer = kind([x], lr=0.25)
    train(optimizer, [x], 2)
    assert x.tolist() == [1.0, -0.5]  # sign(0) = 0 at the minimum
    optimizer.load_state_dict(optimizer.state_dict())
    train(optimizer, [x], 1)
    assert x.tolist() == [1.0, -0.25]


def test_the_base_says_what_to_write():
    x = leaf(1.0)
    x.sum().backward()
    with pytest.raises(NotImplementedError, match="Optimizer must define _update"):
        Optimizer([x], {}).step()
