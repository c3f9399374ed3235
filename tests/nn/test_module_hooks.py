"""Hooks around forward and backward; the order and the gradients are those that PyTorch 2.13 gives the same hooks."""

from __future__ import annotations

import copy

import pytest

import tinycnn
from tinycnn import nn
from tinycnn.errors import ShapeError


class Scaled(nn.Module):
    def forward(self, x, scale=1.0):
        return x * scale


class Pair(nn.Module):
    def forward(self, x, unused):
        return x * 2, x * 3


def rounded(tensors):
    return [None if t is None else [round(float(v), 4) for v in t.detach().reshape(-1)] for t in tensors]


def network():
    """A layer, tanh, a layer, with small known weights."""
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    with tinycnn.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(tinycnn.arange(p.numel()).reshape(p.shape) * 0.1 - 0.2 * i)
    return net


# Around forward ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_hooks_come_in_their_order_and_see_what_goes_in_and_out():
    net, seen, x = Scaled(), [], tinycnn.ones(1)
    net.register_forward_hook(lambda m, args, out: seen.append(("after", args == (x,), out.item())))
    net.register_forward_hook(lambda m, args, kwargs, out: seen.append(("kwargs", kwargs)), with_kwargs=True)
    net.register_forward_hook(lambda m, args, out: seen.append("first after"), prepend=True)
    net.register_forward_pre_hook(lambda m, args: seen.append(("before", m is net)))
    net.register_forward_pre_hook(lambda m, args, kwargs: seen.append(("before", kwargs)), with_kwargs=True)
    net.register_forward_pre_hook(lambda m, args: seen.append("first before"), prepend=True)
    assert net(x, scale=2.0).item() == 2
    assert seen == [
        "first before", ("before", True), ("before", {"scale": 2.0}), "first after", ("after", True, 2),
        ("kwargs", {"scale": 2.0}),
    ]


def test_what_a_hook_returns_replaces():
    net, x = Scaled(), tinycnn.ones(1)
    handles = [
        net.register_forward_pre_hook(lambda m, args: args[0] + 1),
        net.register_forward_pre_hook(lambda m, args: (args[0] * 10,)),
        net.register_forward_pre_hook(lambda m, args, kwargs: (args, {"scale": 3.0}), with_kwargs=True),
        net.register_forward_hook(lambda m, args, out: out + args[0]),
        net.register_forward_hook(lambda m, args, kwargs, out: out + kwargs["scale"], with_kwargs=True),
    ]
    assert net(x, scale=5.0).item() == 20 * 3 + 20 + 3
    for handle in handles:
        handle.remove()
    assert net(x).item() == 1
    with net.register_forward_hook(lambda m, args, out: out * 7):
        assert net(x).item() == 7
    assert net(x).item() == 1


def test_a_pre_hook_with_kwargs_returns_both_or_nothing():
    net = Scaled()
    net.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\)"):
        net(tinycnn.ones(1))


def test_a_hook_that_is_always_called_sees_the_failure_too():
    net, seen = nn.Linear(2, 2), []
    net.register_forward_hook(lambda m, args, out: seen.append("only after success"))
    net.register_forward_hook(lambda m, args, out: seen.append(("always", out)), always_call=True)
    with pytest.raises(ShapeError):
        net(tinycnn.ones(1, 7))
    assert seen == [("always", None)]
    net(tinycnn.ones(1, 2))
    assert seen[1] == "only after success"
    assert seen[2][1].shape == (1, 2)


def test_an_error_in_a_hook_shows_the_module_it_hung_on():
    net = nn.Sequential(nn.Identity(), nn.ReLU())
    net[1].register_forward_hook(lambda m, args, out: out @ out)
    with pytest.raises(ShapeError, match=r"matmul: inner sizes differ(.|\n)*in module  1 \(ReLU\)"):
        net(tinycnn.ones(2, 3))


# Around backward ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_backward_hooks_see_the_gradients_on_both_sides_and_may_replace_them():
    net, seen = network(), []

    def note(name):
        return lambda m, grad_input, grad_output: seen.append((name, rounded(grad_input), rounded(grad_output)))

    def doubled(m, grad_output):
        seen.append(("pre", rounded(grad_output)))
        return (grad_output[0] * 2,)

    def tenfold(m, grad_input, grad_output):
        seen.append(("out", rounded(grad_input), rounded(grad_output)))
        return (grad_input[0] * 10,)

    net[1].register_full_backward_hook(note("act"))
    net[0].register_full_backward_hook(note("fc"))
    net.register_full_backward_hook(note("net"))
    net[2].register_full_backward_pre_hook(doubled)
    net[2].register_full_backward_hook(tenfold)
    x = tinycnn.tensor([[1.0, 2.0]], requires_grad=True)
    (net(x) * 3).sum().backward()
    assert seen == [  # PyTorch's
        ("pre", [[3.0, 3.0]]),
        ("out", [[-3.0, -1.8, -0.6]], [[6.0, 6.0]]),
        ("act", [[-30.0, -11.4253, -1.2969]], [[-30.0, -18.0, -6.0]]),
        ("fc", [[-2.8038, -7.0761]], [[-30.0, -11.4253, -1.2969]]),
        ("net", [[-2.8038, -7.0761]], [[3.0, 3.0]]),
    ]
    assert rounded([x.grad]) == [[-2.8038, -7.0761]]
    assert rounded(p.grad for p in net.parameters()) == [
        [-30.0, -60.0, -11.4253, -22.8506, -1.2969, -2.5938], [-30.0, -11.4253, -1.2969],
        [0.0, 3.6262, 5.3121, 0.0, 3.6262, 5.3121], [6.0, 6.0],
    ]


def test_of_a_tuple_the_unused_output_has_no_gradient():
    net, seen = Pair(), []
    net.register_full_backward_hook(lambda m, *grads: seen.append([rounded(g) for g in grads]))
    first, _ = net(tinycnn.ones(2, requires_grad=True), "no tensor")
    first.sum().backward()
    assert seen == [[[[2, 2], None], [[1, 1], None]]]


def test_where_no_input_has_a_gradient_the_hook_sees_that_of_the_output():
    net, seen = nn.Linear(2, 1), []
    net.register_full_backward_hook(lambda m, *grads: seen.append([rounded(g) for g in grads]))
    net(tinycnn.ones(2)).backward()
    assert seen == [[[None], [[1]]]]
    with tinycnn.no_grad():
        net(tinycnn.ones(2))
    assert len(seen) == 1


def test_second_derivatives_pass_the_hooks():
    net, seen = network()[:2], []
    x = tinycnn.tensor([[1.0, 2.0]], requires_grad=True)

    def products():
        (g,) = tinycnn.autograd.grad(net(x).pow(2).sum(), x, create_graph=True)
        return rounded([g, *tinycnn.autograd.grad(g.pow(2).sum(), x)])

    without = products()
    net[1].register_full_backward_hook(lambda m, *grads: seen.append("act"))
    assert products() == without
    assert seen == ["act", "act"]


def test_a_wrong_number_of_gradients_is_refused():
    net = nn.Linear(2, 1)
    net.register_full_backward_hook(lambda m, grad_input, grad_output: (*grad_input, *grad_output))
    with pytest.raises(RuntimeError, match="a backward hook returned an invalid number of grad_input, 2 for 1"):
        net(tinycnn.ones(2, requires_grad=True)).backward()


def test_an_output_that_backward_hooks_cannot_follow_is_warned_of():
    net = nn.Identity()
    net.register_full_backward_hook(lambda m, *grads: None)
    with pytest.warns(UserWarning, match="module output should be a Tensor or a tuple of Tensors but received"):
        net([tinycnn.ones(1, requires_grad=True)])


def test_what_passed_a_gate_is_not_overwritten_unnoticed():
    """The gate hands its input on; writing to it would change what an op before it has saved."""
    net = nn.ReLU(inplace=True)
    net.register_full_backward_hook(lambda m, *grads: None)
    x = tinycnn.tensor([1.0, -1.0], requires_grad=True)
    y = net(x.exp()).sum()
    with pytest.raises(RuntimeError, match="Exp: one of the variables needed for gradient computation"):
        y.backward()


def test_hooks_are_copied_with_the_module():
    net, seen = network(), []
    net[0].register_forward_hook(lambda m, args, out: seen.append(m))
    net[1].register_full_backward_hook(lambda m, *grads: seen.append(m))
    twin = copy.deepcopy(net)
    twin(tinycnn.ones(1, 2)).sum().backward()
    assert seen == [twin[0], twin[1]]
