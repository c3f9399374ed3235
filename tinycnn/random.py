"""Random numbers. All are drawn on the host, so that a seed gives the same ones on every device."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinycnn import backend as backends
from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.autograd.node import is_tensor
from tinycnn.errors import DomainError, DTypeError
from tinycnn.ops.arguments import checked
from tinycnn.shapes import broadcast, integer, new_shape, spread


class Generator:
    """A source of random numbers with a seed of its own: ``Generator().manual_seed(0)``.

    Its ``host`` is the `numpy.random.Generator` that does the drawing.
    """

    def __new__(cls, device: Any = "cpu") -> Generator:
        """One more to be waited for, be it made, copied or unpickled."""
        with _noting:
            _generators.add(generator := super().__new__(cls))
        return generator

    def __init__(self, device: Any = "cpu") -> None:
        self.seed()

    def manual_seed(self, seed: int) -> Generator:
        """Start again from this seed: the same numbers follow."""
        self._seed = int(seed)
        with _noting:
            self.host = np.random.default_rng(self._seed % 2**64)
        return self

    def seed(self) -> int:
        """Start from a seed that no one knows, and tell it."""
        self.manual_seed(int(np.random.SeedSequence().generate_state(1, dtype="uint64")[0]) >> 1)
        return self._seed

    def initial_seed(self) -> int:
        """The seed it started from."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """Where it stands, for `set_state`."""
        return {"seed": self._seed, "bits": self.host.bit_generator.state}

    def set_state(self, state: dict[str, Any]) -> Generator:
        """Go back to where it stood."""
        self.manual_seed(state["seed"])
        self.host.bit_generator.state = state["bits"]
        return self


_generators: weakref.WeakSet[Generator] = weakref.WeakSet()
_noting = threading.RLock()  # none is added, or started again, while the process forks
_still: list[Any] = []  # locks of NumPy's


def _stand_still() -> None:
    """Wait until no thread draws: its forked child has no such thread, and would wait for its lock for ever."""
    _noting.acquire()
    hosts = [generator.host for generator in list(_generators) if hasattr(generator, "host")]
    for lock in {host.bit_generator.lock for host in hosts}:  # a copy may share another's
        lock.acquire()
        _still.append(lock)


def _go_on() -> None:
    while _still:
        _still.pop().release()
    _noting.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_stand_still, after_in_parent=_go_on, after_in_child=_go_on)

_default: Generator | None = None
_borrowed = threading.local()


@contextlib.contextmanager
def drawing_from(generator: Generator) -> Iterator[None]:
    """Within the block, and in this thread alone, make `generator` the one used where none is given."""
    before, _borrowed.generator = getattr(_borrowed, "generator", None), generator
    try:
        yield
    finally:
        _borrowed.generator = before


def _default_generator() -> Generator:
    """The generator used where none is given, made on first use: importing numpy.random takes its time."""
    global _default
    if (borrowed := getattr(_borrowed, "generator", None)) is not None:
        return borrowed  # type: ignore[no-any-return]  # only a Generator is ever put there
    if _default is None:
        _default = Generator()
    return _default


def __getattr__(name: str) -> Any:
    if name == "default_generator":
        return _default_generator()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def manual_seed(seed: int) -> Generator:
    """Start the default generator from this seed; weights, shuffles and dropout follow it."""
    return _default_generator().manual_seed(seed)


def initial_seed() -> int:
    """The seed the default generator started from."""
    return _default_generator().initial_seed()


def get_rng_state() -> dict[str, Any]:
    """Where the default generator stands."""
    return _default_generator().get_state()


def set_rng_state(new_state: dict[str, Any]) -> None:
    """Put the default generator back to where it stood."""
    _default_generator().set_state(new_state)


def host(generator: Generator | None = None) -> np.random.Generator:
    """The NumPy generator behind `generator`, or behind the default one."""
    return (generator or _default_generator()).host


def _made(values: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    made = backends.get(device).asarray(np.asarray(values).astype(dtype))
    return Tensor.wrap(made).requires_grad_(requires_grad)


def _floating(op: str, dtype: Any) -> dtypes.DType:
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    if not dtypes.is_floating(kind):
        raise DTypeError(f"{op}: draws floating numbers, not {kind}; randint draws integers")
    return kind


# By shape ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@spread
def rand(
    size: Sequence[int], *, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from the uniform distribution on [0, 1)."""
    kind = _floating("rand", dtype)
    return _made(_uniform(new_shape("rand", size), kind, generator), kind, device, requires_grad)


def _uniform(shape: tuple[int, ...], kind: dtypes.DType, generator: Generator | None) -> Any:
    if kind == dtypes.float16:  # of 11 bits, lest a number just below 1 be rounded to it
        return host(generator).integers(0, 2048, shape) / 2048
    return host(generator).random(shape, dtype="float64" if kind == dtypes.float64 else "float32")


@spread
def randn(
    size: Sequence[int], *, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from the normal distribution of mean 0 and variance 1."""
    values = host(generator).standard_normal(new_shape("randn", size))
    return _made(values, _floating("randn", dtype), device, requires_grad)


def randint(
    low: Any = 0, high: Any = None, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:
    """Integers from low (0 if left out) up to, but without, high: ``randint(10, (2, 3))``, ``randint(3, 5, (4,))``."""
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    first, last = integer("randint", "low", low), integer("randint", "high", high)
    kind = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    if first >= last:
        raise DomainError(f"randint: expects low < high, but got {first} and {last}")
    if kind.kind in "iu" and not np.iinfo(kind).min <= first < last <= np.iinfo(kind).max + 1:
        raise DomainError(f"randint: {first} to {last - 1} is out of bounds for {kind}")
    return _made(host(generator).integers(first, last, new_shape("randint", size)), kind, device, requires_grad)


def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    """The numbers 0 … n − 1 in random order."""
    (count,) = new_shape("randperm", (n,))
    return _made(host(generator).permutation(count), dtypes.int64 if dtype is None else dtypes.as_dtype(dtype), device,
                 False)


def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:
    """Numbers from the normal distribution of this mean and standard deviation.

    Each is a number or a Tensor; Tensors are broadcast, and each element is drawn with its own.
    """
    given: list[Tensor] = [x for x in (mean, std) if is_tensor(x)]
    if bool((std < 0).any()) if is_tensor(std) else std < 0:
        raise DomainError("normal: expects a standard deviation of at least 0")
    if given:
        size = broadcast("normal", *(x.array.shape for x in given))
        dtype, device = given[0].array.dtype, given[0].backend.device
    with no_grad():
        made: Tensor = randn(size, generator=generator, dtype=dtype, device=device) * std + mean
    return made.requires_grad_(requires_grad)


# Like another tensor ─────────────────────────────────────────────────────────────────────────────────────────────────


@checked
def rand_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`rand` of input's shape, dtype and device."""
    return rand(input.array.shape, dtype=dtype or input.array.dtype, device=device or input.device,
                requires_grad=requires_grad)


@checked
def randn_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`randn` of input's shape, dtype and device."""
    return randn(input.array.shape, dtype=dtype or input.array.dtype, device=device or input.device,
                 requires_grad=requires_grad)


@checked
def randint_like(input: Tensor, low: Any = 0, high: Any = None, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`randint` of input's shape, dtype and device."""
    return randint(low, high, input.array.shape, dtype=dtype or input.array.dtype, device=device or input.device)


@checked
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that each element gives, or with probability p, else 0."""
    kind = input.array.dtype
    if p is not None:
        return drawn(input, "binomial", 1, p, generator=generator)
    _floating("bernoulli", kind)
    if bool(((input < 0) | (input > 1)).any()):
        raise DomainError("bernoulli: the elements must be probabilities, from 0 to 1")
    draw = _uniform(input.array.shape, dtypes.float64, generator)
    return (Tensor.wrap(input.backend.asarray(draw)) < input.detach()).to(kind)


_RANGES: dict[str, tuple[str, Callable[[float, float], bool]]] = {  # what NumPy's generator must be given
    "normal": ("normal_: expects a standard deviation of at least 0", lambda mean, std: std >= 0),
    "uniform": ("uniform_: expects that the range does not end before it starts", lambda a, b: a <= b),
    "binomial": ("bernoulli_: expects a probability from 0 to 1", lambda n, p: 0 <= p <= 1),
}


def drawn(like: Tensor, how: str, *parameters: float, generator: Generator | None = None) -> Tensor:
    """Numbers of like's shape, dtype and device, by the method `how` of NumPy's generator; ``normal_`` calls this."""
    rule, holds = _RANGES[how]
    if not holds(*parameters):
        raise DomainError(f"{rule}, but got {parameters}")
    values = getattr(host(generator), how)(*parameters, like.array.shape)
    return Tensor.wrap(like.backend.asarray(np.asarray(values).astype(like.array.dtype)))
