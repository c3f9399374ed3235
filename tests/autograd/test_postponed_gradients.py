"""Large gradients, of linear layers and of kernels on maps of a pixel, are there when one looks: nobody can tell."""

from __future__ import annotations

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn import nn
from tinycnn.backend.cpu import postponing
from tinycnn.backend.cpu import steps as tiled
from tinycnn.nn import functional as F
from tinycnn.ops.linalg import LinearBackward

X, G = np.arange(6, dtype="float32").reshape(2, 3), np.array([[1, -2, 3, 0], [2, 1, 0, -1]], dtype="float32")
WANTED = G.T @ X


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four by three weights are many, and two examples few."""
    for room, name in ((postponing, "_LARGE"), (postponing, "_SLIMMER"), (tiled, "_WHOLE"), (tiled, "_TILE")):
        monkeypatch.setattr(room, name, 1)


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look would be an error."""
    monkeypatch.setattr(postponing.Postponed, "whole", lambda self: pytest.fail("it was computed"))


def layer() -> Any:
    made = nn.Linear(3, 4)
    with torch.no_grad():
        made.weight.fill_(1)
        made.bias.fill_(0)
    return made


def back(linear: Any, x: Any = None, **options: Any) -> Any:
    linear(torch.tensor(X) if x is None else x).backward(torch.tensor(G), **options)
    return linear.weight


def test_it_is_a_tensor_like_any_other() -> None:
    g = back(layer()).grad
    assert g._postponed is not None
    assert isinstance(g, torch.Tensor)
    assert (type(g).__name__, type(g).__module__) == ("Tensor", "tinycnn._tensor")
    assert g.tolist() == WANTED.tolist()
    assert type(g) is torch.Tensor
    assert g._postponed is None
    assert g.array is g.array


def test_threads_that_look_at_the_same_time_find_the_same_array(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, g = postponing.Postponed.whole, back(layer()).grad
    monkeypatch.setattr(postponing.Postponed, "whole", lambda self: time.sleep(0.05) or whole(self))
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(lambda _: g.array, range(4))
    assert all(other is first for other in others)
    assert first.tolist() == WANTED.tolist()


@pytest.mark.parametrize("make", [
    lambda ps: torch.optim.SGD(ps, lr=0.5), lambda ps: torch.optim.SGD(ps, lr=0.5, momentum=0.5, weight_decay=0.5),
    lambda ps: torch.optim.Adam(ps), lambda ps: torch.optim.AdamW(ps, amsgrad=True),
])  # fmt: skip
def test_optimizers_step_as_if_it_was_there(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = []
    for look in (False, True):
        linear = layer()
        optimizer = make(linear.parameters())
        for _ in range(3):
            optimizer.zero_grad()
            p = back(linear)
            assert not look or p.grad.sum()
            optimizer.step()
        assert (p.grad._postponed is None) is look
        weights.append(p.detach().numpy())
    np.testing.assert_array_equal(*weights)


def test_forgetting_it_computes_nothing(unseen: None) -> None:
    linear = layer()
    optimizer = torch.optim.SGD(linear.parameters(), momentum=0.9)
    for forget in (optimizer.zero_grad, linear.zero_grad):
        back(linear)
        optimizer.step()
        forget()
        assert linear.weight.grad is None


def test_where_nothing_else_is_asked_for_nothing_is_multiplied(unseen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinearBackward, "apply_all", lambda *_, **__: pytest.fail("a product was made"))
    weight = torch.ones(4, 3, requires_grad=True)
    F.linear(torch.tensor(X), weight).backward(torch.tensor(G))
    assert weight.grad._postponed is not None


def test_the_batch_may_change_before_anyone_looks() -> None:
    linear, x = layer(), torch.tensor(X)
    p = back(linear, x)
    x.zero_()
    assert p.grad.tolist() == WANTED.tolist()


def test_gradients_add_up() -> None:
    linear = layer()
    back(linear)
    assert back(linear).grad.tolist() == (2 * WANTED).tolist()
    x = torch.tensor(X)
    linear.zero_grad()
    (linear(x) + linear(x)).backward(torch.tensor(G))  # twice in one pass
    assert linear.weight.grad.tolist() == (2 * WANTED).tolist()
    linear.zero_grad(set_to_none=False)
    assert back(linear).grad.tolist() == WANTED.tolist()


def test_hooks_see_it_and_may_replace_it() -> None:
    linear, seen = layer(), []
    linear.weight.register_hook(lambda g: seen.append(g.tolist()) or 2 * g)
    assert back(linear).grad.tolist() == (2 * WANTED).tolist()
    assert seen == [WANTED.tolist()]


def test_it_goes_on_through_what_made_the_weights() -> None:
    w = torch.ones(3, 4, requires_grad=True)
    F.linear(torch.tensor(X), 2 * w.T).backward(torch.tensor(G))
    assert w.grad.tolist() == (2 * WANTED.T).tolist()


def test_asked_for_by_itself_and_for_a_second_derivative() -> None:
    linear, x = layer(), torch.tensor(X, requires_grad=True)
    (g,) = torch.autograd.grad(linear(x), linear.weight, torch.tensor(G))
    assert g.tolist() == WANTED.tolist()
    (g,) = torch.autograd.grad(linear(x), linear.weight, torch.tensor(G), create_graph=True)
    assert g._postponed is None
    g.sum().backward()
    assert x.grad.tolist() == np.repeat(G.sum(1)[:, None], 3, 1).tolist()


def test_what_diverged_does_so_quietly() -> None:
    linear = layer()
    linear(torch.tensor(X)).backward(torch.tensor([[np.inf, -np.inf, 0, 0]] * 2))
    expected = [[np.nan, np.inf, np.inf], [np.nan, -np.inf, -np.inf], [0, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(linear.weight.grad.numpy(), np.array(expected, "float32"))


def test_what_is_done_with_gradients() -> None:
    p = back(layer())
    assert copy.deepcopy(p.grad).tolist() == WANTED.tolist()
    p = back(layer())
    nn.utils.clip_grad_norm_([p], 1.0)
    assert p.grad.norm().item() == pytest.approx(1, rel=1e-5)
    p = back(layer())
    p.grad.data = torch.zeros(4, 3)
    assert p.grad.tolist() == np.zeros((4, 3)).tolist()
    p = back(layer())
    p.grad.mul_(2)
    assert p.grad.tolist() == (2 * WANTED).tolist()


def test_another_tensor_may_have_it_for_its_gradient_if_it_fits(unseen: None) -> None:
    p, fits = back(layer()), torch.ones(4, 3, requires_grad=True)
    fits.grad = p.grad
    with pytest.raises(RuntimeError, match=r"\(3, 4\) and float32, but this one is of \(4, 3\) and float32"):
        torch.ones(3, 4, requires_grad=True).grad = p.grad


def test_a_profile_does_not_look(unseen: None) -> None:
    """Nor does it count operations that were not done: for the weights, and for a batch that wants no gradient."""
    linear = layer()
    with torch.profiler.profile(with_flops=True) as prof:
        assert back(linear).grad._postponed is not None
    (event,) = (event for event in prof.key_averages() if event.key == "Linear")
    assert (event.flops, event.backward_flops) == (2 * 2 * 3 * 4, 0)


def test_double_and_half_precision_have_theirs_at_once() -> None:
    for dtype in ("float64", "float16"):
        linear = layer().to(dtype)
        assert back_in(linear, dtype).grad._postponed is None


def back_in(linear: Any, dtype: str) -> Any:
    linear(torch.tensor(X).to(dtype)).backward(torch.tensor(G).to(dtype))
    return linear.weight


# Kernels of which one entry meets the only pixel of a map ─────────────────────────────────────────────────────────────

PIXELS = np.arange(12, dtype="float32").reshape(3, 4, 1, 1)


def convolved(dtype: str = "float32") -> Any:
    made = nn.Conv2d(4, 32, 3, padding=1, dtype=dtype)
    with torch.no_grad():
        made.weight.fill_(1)
    made(torch.tensor(PIXELS).to(dtype)).backward(torch.ones(3, 32, 1, 1, dtype=dtype))
    return made.weight


def among_zeros() -> Any:
    wanted = np.zeros((32, 4, 3, 3))
    wanted[:, :, 1, 1] = PIXELS.sum((0, 2, 3))
    return wanted


def test_entries_that_meet_no_pixel_get_their_zeros_when_somebody_looks() -> None:
    g = convolved().grad
    assert g._postponed is not None
    np.testing.assert_array_equal(g.numpy(), among_zeros())
    assert g._postponed is None
    g = convolved("float64").grad
    assert g._postponed is None
    np.testing.assert_array_equal(g.numpy(), among_zeros())


@pytest.mark.parametrize("make", [
    lambda ps: torch.optim.SGD(ps, lr=0.5, momentum=0.5, weight_decay=0.5),
    lambda ps: torch.optim.SGD(ps, lr=0.5, momentum=0.5, nesterov=True, maximize=True),
    lambda ps: torch.optim.Adam(ps), lambda ps: torch.optim.AdamW(ps, amsgrad=True),
])  # fmt: skip
@pytest.mark.parametrize("last", [False, True])
def test_optimizers_put_zeros_around_them(last: bool, make: Any) -> None:
    weights = []
    for look in (False, True):
        p = convolved()
        if last:
            p.data = p.data.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
        optimizer = make([p])
        for _ in range(2):
            p.grad = convolved().grad
            assert p.grad._postponed is not None
            assert not look or p.grad.sum()
            optimizer.step()
        weights.append(p.detach().numpy())
    np.testing.assert_array_equal(*weights)


def test_rows_of_equal_kernels_do_not_share_their_zeros() -> None:
    made = np.arange(1.0, 9, dtype="float32").reshape(4, 2, 1, 1)
    several = [(postponing.AmongZeros(made, corner, (3, 3)), corner) for corner in ((0, 0), (1, 1), (2, 1))]
    for rows in (slice(0, 2), slice(2, 4), slice(0, 2)):
        for gradient, (top, left) in several:
            wanted = np.zeros((2, 2, 3, 3), "float32")
            wanted[:, :, top, left] = made[rows, :, 0, 0]
            np.testing.assert_array_equal(gradient[rows], wanted)
            np.testing.assert_array_equal(gradient.whole()[rows], wanted)


def test_what_such_kernels_gradient_needs_was_multiplied() -> None:
    with torch.profiler.profile(with_flops=True) as prof:
        convolved()
    (event,) = (event for event in prof.key_averages() if event.key == "Conv2d")
    assert event.backward_flops == event.flops == 2 * (3 * 32) * (4 * 9)
