r"""Datasets: rows of tensors, subsets, concatenations and random splits hold the samples they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn as torch
from tinycnn.utils.data import ConcatDataset, Dataset, Subset, TensorDataset, default_collate, random_split


def table(rows: int = 6) -> TensorDataset:
    return TensorDataset(torch.arange(rows * 2).reshape(rows, 2), torch.arange(rows) * 10)


def test_tensor_dataset_samples_are_rows() -> None:
    image, label = table()[2]
    assert image.tolist() == [4, 5]
    assert label.item() == 20
    assert len(table()) == 6


def test_rows_read_like_the_samples_and_collate_to_the_same_batch() -> None:
    dataset = table()
    rows = dataset.__getitems__([4, 1, 1, -1])
    assert [label.item() for _, label in rows] == [40, 10, 10, 50]
    assert rows[-1][1].item() == 50
    assert [label.item() for _, label in rows[1:3]] == [10, 10]
    at_once, one_by_one = default_collate(rows), default_collate(list(rows))
    assert (
        [t.tolist() for t in at_once]
        == [t.tolist() for t in one_by_one]
        == [[[8, 9], [2, 3], [2, 3], [10, 11]], [40, 10, 10, 50]]
    )


def test_gradients_flow_through_a_batch_fetched_at_once() -> None:
    weights = torch.ones(3, 2, requires_grad=True)
    (batch,) = default_collate(TensorDataset(weights).__getitems__([2, 2, 0]))
    batch.sum().backward()
    assert weights.grad.tolist() == [[1, 1], [0, 0], [2, 2]]


def test_a_subclass_that_makes_its_own_samples_is_never_bypassed() -> None:
    class Doubled(TensorDataset):
        def __getitem__(self, index):
            return super().__getitem__(index)[1] * 2

    class Negated(Subset):
        def __getitem__(self, index):
            return -super().__getitem__(index)

    doubled = Doubled(*table().tensors)
    assert default_collate(doubled.__getitems__([1, 3])).tolist() == [20, 60]
    assert default_collate(Negated(doubled, [3, 1]).__getitems__([0, 1])).tolist() == [-60, -20]


def test_subsets_of_subsets_still_fetch_at_once() -> None:
    inner = Subset(table(), [5, 4, 3, 2])
    outer = Subset(inner, [3, 0])
    assert [label.item() for _, label in outer] == [20, 50]
    assert default_collate(outer.__getitems__([1, 0]))[1].tolist() == [50, 20]
    assert inner[[0, 1]][1].tolist() == [50, 40]


def test_subset_of_a_plain_list() -> None:
    subset = Subset(["a", "b", "c"], [2, 0])
    assert list(subset.__getitems__([0, 1])) == ["c", "a"]
    assert len(subset) == 2


def test_concatenation_indexes_from_both_ends() -> None:
    joined = table(3) + table(2)
    assert isinstance(joined, ConcatDataset)
    assert joined.cumulative_sizes == [3, 5]
    assert [joined[i][1].item() for i in range(-5, 5)] == [0, 10, 20, 0, 10] * 2
    for index in (5, -6):
        with pytest.raises(IndexError, match="out of range for 5 samples"):
            joined[index]


def test_concatenation_skips_empty_parts() -> None:
    assert [ConcatDataset(["", "a", "", "bc"])[i] for i in range(3)] == ["a", "b", "c"]


# lengths that sum to 1 are read as fractions, as PyTorch does
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=5).filter(lambda lengths: sum(lengths) != 1), st.integers(0, 99)
)
def test_random_split_gives_each_sample_to_one_part(lengths: list[int], seed: int) -> None:
    def cut():
        return [
            part.indices for part in random_split(range(sum(lengths)), lengths, torch.Generator().manual_seed(seed))
        ]

    parts = cut()
    assert [len(part) for part in parts] == lengths
    assert sorted(index for part in parts for index in part) == list(range(sum(lengths)))
    assert cut() == parts


# recorded from torch.utils.data.random_split
@pytest.mark.parametrize(
    ("total", "fractions", "sizes"),
    [
        (10, [0.3, 0.3, 0.4], [3, 3, 4]),
        (30, [0.3, 0.3, 0.4], [9, 9, 12]),
        (7, [0.5, 0.25, 0.25], [4, 2, 1]),
        (1797, [0.8, 0.2], [1438, 359]),
    ],
)
def test_fractions_are_rounded_down_and_the_rest_goes_round(
    total: int, fractions: list[float], sizes: list[int]
) -> None:
    assert [len(part) for part in random_split(range(total), fractions)] == sizes


def test_random_split_follows_manual_seed() -> None:
    torch.manual_seed(0)
    first = random_split(range(50), [25, 25])[0].indices
    second = random_split(range(50), [25, 25])[0].indices
    torch.manual_seed(0)
    assert random_split(range(50), [25, 25])[0].indices == first != second


def test_an_empty_part_warns() -> None:
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(range(3), [1.0, 0.0])


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (
            lambda: TensorDataset(torch.zeros(3, 2), torch.zeros(2)),
            ValueError,
            r"same number of rows\n.*tensor 0.*\(3, 2\)\n.*tensor 1.*\(2,\)",
        ),
        (lambda: TensorDataset(torch.tensor(1.0)), ValueError, "first axis counts the samples"),
        (lambda: TensorDataset(), ValueError, "at least one tensor"),
        (lambda: TensorDataset(np.zeros(3)), TypeError, "argument 0 is a ndarray, not a Tensor; tinycnn.from_numpy"),
        (lambda: ConcatDataset([]), ValueError, "should not be an empty iterable"),
        (lambda: random_split(range(5), [2, 2]), ValueError, r"Sum of input lengths does not equal(.|\n)*5 samples"),
        (lambda: random_split(range(5), [7, -2]), ValueError, "lengths"),
        (lambda: random_split(range(5), [1.5, -0.5]), ValueError, "Fraction at index 0 is not between 0 and 1"),
        (lambda: table()[6], IndexError, "6"),
        (lambda: Dataset()[0], NotImplementedError, "Dataset must define __getitem__"),
    ],
)
def test_errors(make, error, says) -> None:
    with pytest.raises(error, match=says):
        make()
