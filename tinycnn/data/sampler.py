r"""In which order samples are drawn: one after the other, shuffled, weighted, in batches. A sampler yields indices."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from tinycnn import random
from tinycnn.errors import ConfigError
from tinycnn.random import Generator

Index = TypeVar("Index", covariant=True)


class Sampler(Generic[Index]):
    r"""The base of all samplers: a subclass defines ``__iter__()``, and ``__len__()`` where the length is known."""

    def __iter__(self) -> Iterator[Index]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__(), an iterator over indices")


class SequentialSampler(Sampler[int]):
    r"""0, 1, 2, … in order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    r"""The samples shuffled anew each time, or drawn one by one with replacement.

    Parameters
    ----------
    data_source : Sized
    replacement : bool               whether a sample may be drawn again
    num_samples : int, optional      how many to draw, ``len(data_source)`` if None; without replacement, whole
                                     shuffles follow each other until there are enough
    generator : Generator, optional  if None, one seeded by a single draw from the global generator: what else is
                                     drawn during the epoch changes nothing here

    Raises
    ------
    ConfigError    nothing to draw: ``num_samples`` or the data source is not positive
    TypeError      ``replacement`` is no bool
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"RandomSampler: replacement should be a boolean value, but got replacement={replacement}")
        _positive("RandomSampler", "num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        total, count = len(self.data_source), self.num_samples
        generator = self.generator or Generator().manual_seed(fresh_seed())
        if self.replacement:
            yield from generator.host.integers(total, size=count).tolist()
        else:
            while count > 0:
                yield from permutation(total, generator)[:count]
                count -= total

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    r"""The given indices, shuffled anew each time."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for position in permutation(len(self.indices), self.generator):
            yield self.indices[position]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    r"""Index i with probability wᵢ / Σⱼ wⱼ: how rare classes are shown as often as common ones.

    Parameters
    ----------
    weights : sequence of float      not negative; they need not sum to 1
    num_samples : int                how many to draw
    replacement : bool               if False, an index drawn is out, and the others share its probability
    generator : Generator, optional  the global one if None

    Raises
    ------
    ConfigError    weights that are no distribution, or, without replacement, fewer than ``num_samples`` above 0

    Examples
    --------
    >>> list(WeightedRandomSampler([0.0, 0.0, 2.5], num_samples=4))
    [2, 2, 2, 2]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _positive("WeightedRandomSampler", "num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ConfigError(
                f"WeightedRandomSampler: replacement should be a boolean value, but got replacement={replacement}"
            )
        self.weights = np.asarray(weights, dtype=np.float64)
        if self.weights.ndim != 1:
            raise ConfigError(
                "WeightedRandomSampler: weights should be a 1d sequence but given weights have shape "
                f"{self.weights.shape}"
            )
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all() and self.weights.any()):
            raise ConfigError("WeightedRandomSampler: weights must be finite, not negative, and not all 0")
        available = int(np.count_nonzero(self.weights))
        if not replacement and num_samples > available:
            raise ConfigError(
                f"WeightedRandomSampler: cannot draw {num_samples} samples without replacement from {available} "
                "weights above 0"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        host = random.host(self.generator)
        probabilities = self.weights / self.weights.sum()
        drawn = host.choice(len(self.weights), self.num_samples, replace=self.replacement, p=probabilities)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    r"""The indices of another sampler, ``batch_size`` at a time.

    Examples
    --------
    >>> list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    >>> list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=True))
    [[0, 1], [2, 3]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        _positive("BatchSampler", "batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ConfigError(f"BatchSampler: drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler: Any = sampler  # to iterate; its length is needed only where ours is asked for
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole if self.drop_last else whole + (rest > 0)


def permutation(count: int, generator: Generator | None = None) -> list[int]:
    r"""The numbers 0 … count − 1 in random order, drawn from ``generator`` or else from the global one."""
    order: list[int] = random.host(generator).permutation(count).tolist()
    return order


def fresh_seed(generator: Generator | None = None) -> int:
    r"""A seed for a generator of its own, in one draw."""
    return int(random.host(generator).integers(2**63))


def _positive(who: str, what: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ConfigError(f"{who}: {what} should be a positive integer value, but got {what}={value}")
