r"""What a dataset is, and how datasets are cut and joined: tensors, subsets, concatenations, random splits.

A dataset is anything with ``dataset[i]`` and ``len(dataset)``. One that can hand over many samples faster than one by
one also has ``__getitems__(indices)``, PyTorch's name for it. It returns the samples, as a list or as :class:`Rows`,
which reads like a list of samples and knows a quicker way to become a batch.
"""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError, ShapeError, explain
from tinycnn.random import Generator

from .sampler import permutation

Sample = TypeVar("Sample", covariant=True)


class Dataset(Generic[Sample]):
    r"""The base of all datasets: a subclass defines ``__getitem__(index)`` and ``__len__()``.

    Examples
    --------
    >>> class Squares(Dataset[tuple[int, int]]):
    ...     def __len__(self):
    ...         return 10
    ...     def __getitem__(self, index):
    ...         return index, index ** 2
    >>> Squares()[3]
    (3, 9)
    """

    def __getitem__(self, index: Any) -> Sample:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index), the sample at that index")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class Rows(Sequence[Any]):
    r"""The samples of ``dataset`` at ``indices``, fetched only when looked at.

    To a ``collate_fn`` it is a sequence of samples. :func:`default_collate` asks it for :meth:`batch` instead, which
    indexes whole tensors once: the same numbers as collating the samples, in a fraction of the time.

    Parameters
    ----------
    dataset : Dataset          with ``gather(indices)``, which returns the collated batch
    indices : sequence of int
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self.dataset[index] for index in self.indices[position]]
        return self.dataset[self.indices[position]]

    def batch(self) -> list[Any]:
        return list(self.dataset.gather(self.indices))


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    r"""Samples are the rows of tensors of equal length: ``dataset[i] == (t₀[i], t₁[i], …)``.

    Raises
    ------
    ShapeError    the tensors have different numbers of rows, or none
    TypeError     something is no Tensor

    Examples
    --------
    >>> import tinycnn as torch
    >>> dataset = TensorDataset(torch.zeros(3, 2), torch.arange(3))
    >>> len(dataset), dataset[2]
    (3, (tensor([0., 0.]), tensor(2)))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ShapeError("TensorDataset: needs at least one tensor")
        for position, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"TensorDataset: argument {position} is a {type(tensor).__name__}, not a Tensor; "
                    "tinycnn.from_numpy or tinycnn.tensor makes one"
                )
        if any(not tensor.shape or tensor.shape[0] != tensors[0].shape[0] for tensor in tensors):
            raise ShapeError(
                explain(
                    "TensorDataset: tensors must have the same number of rows",
                    {f"tensor {position}": tuple(tensor.shape) for position, tensor in enumerate(tensors)},
                    "the first axis counts the samples",
                )
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getitems__(self, indices: Sequence[int]) -> Sequence[tuple[Tensor, ...]]:
        if type(self).__getitem__ is not TensorDataset.__getitem__:  # a subclass makes its samples another way
            return [self[index] for index in indices]
        return Rows(self, indices)

    def gather(self, indices: Sequence[int]) -> list[Tensor]:
        r"""The rows at ``indices`` of each tensor, in one indexing step each."""
        return [tensor[list(indices)] for tensor in self.tensors]

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])


class Subset(Dataset[Sample]):
    r"""The samples of ``dataset`` at ``indices``, numbered anew from 0.

    Examples
    --------
    >>> list(Subset("abcdef", [4, 0]))
    ['e', 'a']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Sample:
        if isinstance(index, list):
            several: Sample = self.dataset[[self.indices[i] for i in index]]
            return several
        sample: Sample = self.dataset[self.indices[index]]
        return sample

    def __getitems__(self, indices: Sequence[int]) -> Sequence[Sample]:
        if type(self).__getitem__ is not Subset.__getitem__:
            return [self[index] for index in indices]
        return samples_at(self.dataset, [self.indices[index] for index in indices])

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[Any]):
    r"""Datasets one after the other; ``a + b`` makes one too.

    Examples
    --------
    >>> joined = ConcatDataset(["ab", "cde"])
    >>> len(joined), joined[3], joined[-1]
    (5, 'd', 'e')
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ConfigError("ConcatDataset: datasets should not be an empty iterable")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"ConcatDataset: index {index} is out of range for {len(self)} samples")
        index %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]


def random_split(dataset: Any, lengths: Sequence[int | float], generator: Generator | None = None) -> list[Subset[Any]]:
    r"""Cut a dataset at random into parts that share no sample.

    Parameters
    ----------
    dataset : Dataset
    lengths : sequence of int, or of float
        How many samples each part gets; or the fractions, which sum to 1. Part i then gets ⌊fᵢ·N⌋ samples, and those
        left over go to the first parts, one each.
    generator : Generator, optional      the global one if None

    Raises
    ------
    ConfigError    the lengths do not add up to ``len(dataset)``, or a fraction is not within [0, 1]

    Examples
    --------
    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    total = len(dataset)
    sizes = _sizes(lengths, total) if math.isclose(sum(lengths), 1) and sum(lengths) <= 1 else list(lengths)
    if sum(sizes) != total or any(size < 0 or size != int(size) for size in sizes):
        raise ConfigError(
            explain(
                "random_split: Sum of input lengths does not equal the length of the input dataset!",
                {"lengths": list(lengths), "their sum": sum(lengths), "dataset": f"{total} samples"},
                "give whole numbers that add up to it, or fractions that add up to 1",
            )
        )
    order = permutation(total, generator)
    ends = itertools.accumulate(int(size) for size in sizes)
    return [Subset(dataset, order[end - int(size) : end]) for end, size in zip(ends, sizes, strict=True)]


def _sizes(fractions: Sequence[float], total: int) -> list[int]:
    for position, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ConfigError(f"random_split: Fraction at index {position} is not between 0 and 1, but {fraction}")
    sizes = [math.floor(total * fraction) for fraction in fractions]
    for position in range(total - sum(sizes)):
        sizes[position % len(sizes)] += 1
    for position, size in enumerate(sizes):
        if size == 0:
            warnings.warn(
                f"random_split: Length of split at index {position} is 0. This might result in an empty dataset.",
                stacklevel=3,
            )
    return sizes


def samples_at(dataset: Any, indices: Sequence[int]) -> Sequence[Any]:
    r"""The samples at ``indices``: all at once where the dataset can, else one by one."""
    together = getattr(dataset, "__getitems__", None)
    samples: Sequence[Any] = together(indices) if together else [dataset[index] for index in indices]
    return samples
