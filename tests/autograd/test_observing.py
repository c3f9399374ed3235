"""An observer is told of every op, forward and back, in pairs that nest, whatever happens in between."""

from __future__ import annotations

from typing import Any

import pytest

import tinycnn as torch
from tinycnn import nn
from tinycnn.autograd import Op
from tinycnn.autograd.observing import Observer, inside, observed_by


class Diary(Observer):
    """What an observer was told, and how deep in other ops."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str, str, int]] = []  # depth, name, way, number of results; negative at the start
        self.open: list[int] = []
        self.serials: list[tuple[str, int]] = []

    def began(self, node: Op, way: str, given: tuple[Any, ...]) -> None:
        self.lines.append((len(self.open), node.name, way, -len(given)))
        self.open.append(id(node))

    def ended(self, node: Op, way: str, made: tuple[Any, ...]) -> None:
        assert self.open.pop() == id(node)
        self.lines.append((len(self.open), node.name, way, len(made)))
        self.serials.append((way, node.serial))


def test_forward_and_backward_come_in_pairs_that_nest() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with observed_by(Diary()) as diary:
        y = x.exp()
        y.backward(torch.ones(2))
    assert diary.lines == [
        (0, "Exp", "forward", -1), (0, "Exp", "forward", 1),
        (0, "Exp", "backward", -1), (1, "Mul", "forward", -2), (1, "Mul", "forward", 1), (0, "Exp", "backward", 1),
    ]  # fmt: skip


def test_a_node_has_one_number_on_both_ways() -> None:
    x = torch.tensor([1.0], requires_grad=True)
    with observed_by(Diary()) as diary:
        y = x.exp()
        y.backward()
        torch.ones(1).exp()
    assert y.grad_fn is not None
    serial = y.grad_fn.serial
    assert diary.serials == [("forward", serial), ("forward", 0), ("backward", serial), ("forward", 0)]


def test_an_op_that_raises_has_ended() -> None:
    class Wrong(Op):
        def forward(ctx, x: Any) -> Any: return x
        def backward(ctx, g: Any) -> Any: raise ZeroDivisionError

    class Never(Op):
        def forward(ctx, x: Any) -> Any: raise ZeroDivisionError
        def backward(ctx, g: Any) -> Any: return g

    x = torch.ones(1, requires_grad=True)
    with observed_by(Diary()) as diary:
        with pytest.raises(ZeroDivisionError):
            Wrong.apply(x).backward()
        with pytest.raises(ZeroDivisionError):
            Never.apply(x)
    assert diary.open == []
    assert [line for line in diary.lines if line[3] == 0] == [(0, "Wrong", "backward", 0), (0, "Never", "forward", 0)]


def test_observers_take_turns_and_leave_nothing_behind() -> None:
    with observed_by(Diary()) as outer:
        with observed_by(Diary()) as inner:
            torch.ones(1).exp()
        with pytest.raises(KeyError), observed_by(Diary()):
            raise KeyError
        torch.ones(1).log()
    torch.ones(1).sqrt()
    assert {line[1] for line in outer.lines} == {"Log"}
    assert {line[1] for line in inner.lines} == {"Exp"}


def test_modules_and_named_pieces_are_entered_and_left() -> None:
    class Places(Observer):
        def __init__(self) -> None:
            self.path: list[Any] = []
            self.seen: list[tuple[Any, ...]] = []

        def entered(self, what: Any) -> None:
            self.path.append(what if isinstance(what, str) else type(what).__name__)

        def left(self, what: Any) -> None:
            assert self.path.pop() == (what if isinstance(what, str) else type(what).__name__)

        def began(self, node: Op, way: str, given: tuple[Any, ...]) -> None:
            self.seen.append((*self.path, node.name))

    net = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Sigmoid()))
    net.register_forward_hook(lambda module, args, output: output.exp())
    with observed_by(Places()) as places, inside("a step"):
        net(torch.ones(2))
        with pytest.raises(torch.ShapeError), inside("an error"):
            nn.Linear(3, 4)(torch.ones(2))
    assert places.path == []
    assert places.seen[:2] == [("a step", "Sequential", "ReLU", "ReLU"),
                               ("a step", "Sequential", "Sequential", "Sigmoid", "Sigmoid")]  # fmt: skip
    assert places.seen[2] == ("a step", "Sequential", "Exp")


def test_a_function_of_the_users_is_an_op_with_ops_in_it() -> None:
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any: return x + x
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any: return 2 * g

    x = torch.ones(2, requires_grad=True)
    with observed_by(Diary()) as diary:
        Twice.apply(x).sum().backward()
    assert [line[:3] for line in diary.lines if line[1] in ("Twice", "Add")] == [
        (0, "Twice", "forward"), (1, "Add", "forward"), (1, "Add", "forward"), (0, "Twice", "forward"),
        (0, "Twice", "backward"), (0, "Twice", "backward"),
    ]  # fmt: skip
    with observed_by(Diary()) as diary:
        assert Twice.apply(3.0) == 6.0
    assert [line[:3] for line in diary.lines] == [(0, "Twice", "forward")] * 2
