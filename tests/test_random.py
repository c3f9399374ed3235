"""Random numbers: their ranges, their forms, and what cannot be drawn."""

from __future__ import annotations

import os
from typing import Any

import pytest

import tinycnn as torch
from tests.backend.sharing import python
from tinycnn.errors import ArgumentError, DomainError, DTypeError, ShapeError


def test_forms_of_sizes_and_bounds(device: str) -> None:
    assert [torch.rand(2, 3, device=device).shape, torch.rand((2, 3)).shape, torch.randn(size=[2]).shape] == [
        (2, 3), (2, 3), (2,)]  # fmt: skip
    for made in (torch.randint(3, (40,)), torch.randint(1, 3, (40,)), torch.randint(high=3, size=(40,)),
                 torch.randint(3, size=[40])):
        assert set(made.tolist()) in ({0, 1, 2}, {1, 2})
        assert made.dtype == torch.int64
    assert torch.randint(0, 256, (9,), dtype=torch.uint8).dtype == torch.uint8
    assert sorted(torch.randperm(5).tolist()) == [0, 1, 2, 3, 4]
    x = torch.zeros(2, 3, dtype=torch.float64, device=device)
    for made in (torch.rand_like(x), torch.randn_like(x), torch.randint_like(x, 3), torch.bernoulli(x)):
        assert (made.shape, made.dtype, made.device) == (x.shape, x.dtype, x.device)


def test_normal_of_numbers_and_tensors(device: str) -> None:
    torch.manual_seed(0)
    mean = torch.tensor([0.0, 100.0], device=device)
    std = torch.tensor([[1.0], [0.0]], device=device, requires_grad=True)
    made = torch.normal(mean, std)
    assert (made.shape, made.device, made.requires_grad) == ((2, 2), mean.device, False)
    assert made[1].tolist() == [0, 100]
    assert abs(made[0, 1].item() - 100) < 6
    assert torch.normal(mean).shape == (2,)
    assert torch.normal(2.0, std).shape == (2, 1)
    assert torch.normal(5.0, 0.0, (3,)).tolist() == [5, 5, 5]


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda: torch.randint(5, 5, (2,)), DomainError, "randint: expects low < high, but got 5 and 5"),
        (lambda: torch.randint(0, 300, (2,), dtype=torch.uint8), DomainError,
         "randint: 0 to 299 is out of bounds for uint8"),
        (lambda: torch.randint(1.5, (2,)), ArgumentError, "randint: high must be an integer, not float 1.5"),
        (lambda: torch.randperm(-1), ShapeError, "randperm: trying to create a tensor with a negative dimension"),
        (lambda: torch.rand(2, dtype=torch.int64), DTypeError, "rand: draws floating numbers, not int64; randint"),
        (lambda: torch.rand(-1), ShapeError, "rand: trying to create a tensor with a negative dimension"),
        (lambda: torch.normal(0.0, -1.0, (2,)), DomainError, "normal: expects a standard deviation of at least 0"),
        (lambda: torch.normal(torch.zeros(2), torch.zeros(3)), ShapeError, "normal: shapes do not broadcast"),
        (lambda: torch.bernoulli(torch.tensor([2.0])), DomainError, "bernoulli: the elements must be probabilities"),
        (lambda: torch.bernoulli(torch.tensor([1])), DTypeError, "bernoulli: draws floating numbers, not int64"),
        (lambda: torch.zeros(2).normal_(0, -1), DomainError,
         r"normal_: expects a standard deviation .*, but got \(0, -1\)"),
        (lambda: torch.zeros(2).uniform_(2, 1), DomainError, "uniform_: expects that the range does not end before"),
        (lambda: torch.zeros(2).bernoulli_(2), DomainError, "bernoulli_: expects a probability from 0 to 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(act: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        act()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("generator", [
    "torch.random.default_generator", "torch.Generator()", "copy.deepcopy(torch.Generator())",
    "pickle.loads(pickle.dumps(torch.Generator()))", "copy.copy(torch.random.default_generator)",
])
@pytest.mark.parametrize("again", ["", "generator.manual_seed(1)"])
def test_a_child_forked_while_another_thread_draws_can_draw(generator: str, again: str) -> None:
    """NumPy's generator is locked meanwhile; in the child nobody would unlock it."""
    assert python(f"""if True:
        import copy, os, pickle, signal, threading, time, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a process with threads forks
        import tinycnn as torch
        generator = {generator}
        drawing, forking = threading.Event(), threading.Event()
        def draw():
            with generator.host.bit_generator.lock:
                drawing.set()
                forking.wait()
                time.sleep(0.3)
            if {again!r}:
                {again or "pass"}
                with generator.host.bit_generator.lock:
                    time.sleep(0.3)
        os.register_at_fork(before=forking.set)
        other = threading.Thread(target=draw)
        other.start()
        drawing.wait()
        if not (pid := os.fork()):
            signal.alarm(10)
            torch.rand(2, generator=generator)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        other.join()
        torch.rand(2, generator=generator)
        print("drawn")
    """) == "drawn\n"
