"""Recording is on or off: by context, by decorator, at once, and for each thread by itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

import tinycnn as torch
from tinycnn.autograd import engine, grad_mode
from tinycnn.errors import GraphError

X = torch.ones(2, requires_grad=True)


def recorded() -> bool:
    return (X * 2).requires_grad


def test_contexts_nest_and_put_back_what_was() -> None:
    assert (recorded(), torch.is_grad_enabled()) == (True, True)
    with torch.no_grad():
        assert (recorded(), torch.is_grad_enabled()) == (False, False)
        with torch.enable_grad():
            assert recorded()
            with torch.set_grad_enabled(False):
                assert not recorded()
            assert recorded()
        assert not recorded()
    assert recorded()


def test_an_exception_puts_back_what_was() -> None:
    with pytest.raises(ZeroDivisionError), torch.no_grad():
        raise ZeroDivisionError
    assert recorded()


def test_set_grad_enabled_acts_at_once() -> None:
    torch.set_grad_enabled(False)
    try:
        assert not recorded()
    finally:
        torch.set_grad_enabled(True)
    assert recorded()


@pytest.mark.parametrize(
    ("switch", "inside"),
    [
        (torch.no_grad, False), (torch.no_grad(), False), (torch.inference_mode, False),
        (torch.inference_mode(), False), (torch.inference_mode(False), True), (torch.enable_grad, True),
        (torch.enable_grad(), True), (torch.set_grad_enabled(True), True),
    ],
)  # fmt: skip
def test_decorators_with_and_without_parentheses(switch: Any, inside: bool) -> None:
    @switch
    def f(a: int, *, b: int) -> tuple[bool, int]:
        """About f."""
        return recorded(), a + b

    with torch.set_grad_enabled(not inside):
        assert f(1, b=2) == (inside, 3)
        assert f(1, b=2) == (inside, 3)  # and once more
        assert recorded() != inside
    assert (f.__name__, f.__doc__) == ("f", "About f.")
    assert recorded()


def test_set_grad_enabled_as_a_decorator_acts_inside_the_function_only() -> None:
    @torch.set_grad_enabled(False)
    def f() -> bool:
        return recorded()

    assert (recorded(), f(), recorded()) == (True, False, True)


def test_a_method_can_be_decorated() -> None:
    class Model:
        @torch.no_grad()
        def predict(self) -> Any:
            return self, recorded()

    model = Model()
    assert model.predict() == (model, False)


def test_a_generator_is_switched_around_each_step() -> None:
    log: list[Any] = []

    @torch.no_grad()
    def steps(n: int) -> Iterator[Any]:
        try:
            for i in range(n):
                try:
                    log.append((yield i, recorded()))
                except KeyError:
                    log.append("caught")
        finally:
            log.append(("closed", recorded()))
        return "done"

    assert list(steps(2)) == [(0, False), (1, False)]
    assert recorded()
    iterator: Any = steps(9)
    assert next(iterator) == (0, False)
    assert iterator.send("sent") == (1, False)
    assert iterator.throw(KeyError()) == (2, False)
    assert recorded()
    iterator.close()
    assert log == [None, None, ("closed", False), "sent", "caught", ("closed", False)]

    def outer() -> Any:
        return (yield from steps(0))

    with pytest.raises(StopIteration) as stop:
        next(outer())
    assert stop.value.value == "done"


def test_what_no_grad_computes_is_a_leaf_that_needs_no_gradient() -> None:
    with torch.no_grad():
        y = X * 2
    assert (y.requires_grad, y.is_leaf, y.grad_fn) == (False, True, None)
    with pytest.raises(GraphError, match=r"does not require grad .* outside of no_grad\(\)"):
        y.sum().backward()
    with torch.inference_mode():
        assert torch.is_inference_mode_enabled()
    assert not torch.is_inference_mode_enabled()


def test_each_thread_has_its_own_switch() -> None:
    seen: dict[str, bool] = {}
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        seen["at first"] = recorded()
        with torch.no_grad():
            inside.set()
            done.wait(10)
            seen["in no_grad"] = recorded()

    with torch.no_grad():
        thread = threading.Thread(target=other)
        thread.start()
        inside.wait(10)
    seen["here"] = recorded()
    done.set()
    thread.join()
    assert seen == {"at first": True, "in no_grad": False, "here": True}


def test_threads_backpropagate_at_once() -> None:
    results: dict[int, float] = {}

    def work(seed: int) -> None:
        x = torch.tensor(float(seed), requires_grad=True)
        for _ in range(20):
            y = x
            for _ in range(20):
                y = y + x * x
            x.grad = None
            y.backward()
        results[seed] = x.grad.item()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {seed: 1 + 40 * seed for seed in range(4)}


def test_an_interrupt_wherever_it_comes_in_backward_leaves_recording_on() -> None:
    """As Ctrl-C, and a notebook's stop button, may cause: where a function begins, or one written in C has ended."""
    files = {engine.__file__, grad_mode.__file__}

    def interrupt(frame: FrameType, event: str, _: Any) -> None:
        nonlocal left
        if event in ("call", "c_return") and frame.f_code.co_filename in files:
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

    places, done = 0, False
    while not done:
        loss, left = (torch.ones(2, requires_grad=True) * 2).sum(), places
        sys.setprofile(interrupt)
        try:
            loss.backward()
            done = True
        except KeyboardInterrupt:
            places += 1
        finally:
            sys.setprofile(None)
        assert torch.is_grad_enabled(), places
    assert places > 20
