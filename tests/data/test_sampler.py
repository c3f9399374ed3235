r"""Samplers: each sample once, the same order for the same seed, the right frequencies, the errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn as torch
from tinycnn.utils.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.integers(1, 50), st.integers(0, 1000))
def test_a_shuffle_draws_every_sample_once_and_its_seed_decides_the_order(count: int, seed: int) -> None:
    drawn = list(RandomSampler(range(count), generator=seeded(seed)))
    assert sorted(drawn) == list(range(count))
    assert drawn == list(RandomSampler(range(count), generator=seeded(seed)))
    assert all(type(index) is int for index in drawn)


def test_epochs_are_shuffled_differently_and_manual_seed_repeats_them() -> None:
    sampler = RandomSampler(range(20))
    torch.manual_seed(3)
    first, second = list(sampler), list(sampler)
    torch.manual_seed(3)
    assert (list(sampler), list(sampler)) == (first, second)
    assert first != second


def test_what_is_drawn_during_an_epoch_leaves_its_order_alone() -> None:
    torch.manual_seed(3)
    undisturbed = list(RandomSampler(range(20)))
    torch.manual_seed(3)
    disturbed = []
    for index in RandomSampler(range(20)):
        disturbed.append(index)
        torch.rand(3)
    assert disturbed == undisturbed


def test_more_samples_than_there_are_without_replacement_are_whole_shuffles() -> None:
    drawn = list(RandomSampler(range(4), num_samples=10, generator=seeded()))
    assert sorted(drawn[:4]) == sorted(drawn[4:8]) == [0, 1, 2, 3]
    assert len(drawn) == len(set(drawn[8:])) + 8 == 10


def test_replacement_draws_uniformly() -> None:
    sampler = RandomSampler(range(4), replacement=True, num_samples=4000, generator=seeded())
    counts = np.bincount(list(sampler), minlength=4)
    assert len(sampler) == counts.sum() == 4000
    assert (abs(counts - 1000) < 150).all()  # five standard deviations are 137


def test_subset_random_sampler_shuffles_its_own_indices() -> None:
    sampler = SubsetRandomSampler([5, 7, 11, 13], seeded())
    epochs = [tuple(sampler) for _ in range(20)]
    assert len(sampler) == 4
    assert all(sorted(epoch) == [5, 7, 11, 13] for epoch in epochs)
    assert len(set(epochs)) > 5


def test_weights_are_the_frequencies() -> None:
    sampler = WeightedRandomSampler([1.0, 0.0, 3.0], 4000, generator=seeded())
    counts = np.bincount(list(sampler), minlength=3)
    assert counts[1] == 0
    assert abs(counts[2] - 3000) < 140


def test_weights_without_replacement_draw_each_index_at_most_once() -> None:
    sampler = WeightedRandomSampler([1.0, 5.0, 0.0, 2.0], 3, replacement=False, generator=seeded())
    assert all(sorted(sampler) == [0, 1, 3] for _ in range(10))


@given(st.integers(0, 30), st.integers(1, 8), st.booleans())
def test_batches_hold_every_index_in_order(count: int, batch_size: int, drop_last: bool) -> None:
    sampler = BatchSampler(SequentialSampler(range(count)), batch_size, drop_last)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    flat = [index for batch in batches for index in batch]
    assert flat == list(range(count - count % batch_size if drop_last else count))
    assert all(len(batch) == batch_size for batch in batches[:-1])


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (
            lambda: RandomSampler([]),
            ValueError,
            "num_samples should be a positive integer value, but got num_samples=0",
        ),
        (lambda: RandomSampler([1], num_samples=-1), ValueError, "but got num_samples=-1"),
        (lambda: RandomSampler([1], replacement=1), TypeError, "replacement should be a boolean value"),
        (lambda: BatchSampler([1], 0, False), ValueError, "batch_size should be a positive integer value"),
        (lambda: BatchSampler([1], True, False), ValueError, "but got batch_size=True"),
        (lambda: BatchSampler([1], 2, 1), ValueError, "drop_last should be a boolean value"),
        (lambda: WeightedRandomSampler([1.0], 0), ValueError, "num_samples should be a positive integer value"),
        (lambda: WeightedRandomSampler([[1.0]], 1), ValueError, r"given weights have shape \(1, 1\)"),
        (lambda: WeightedRandomSampler([-1.0, 2.0], 1), ValueError, "not negative"),
        (lambda: WeightedRandomSampler([0.0], 1), ValueError, "not all 0"),
        (lambda: WeightedRandomSampler([float("nan")], 1), ValueError, "finite"),
        (lambda: WeightedRandomSampler([1.0, 0.0], 2, False), ValueError, "cannot draw 2 .* from 1 weights above 0"),
        (lambda: WeightedRandomSampler([1.0], 1, 1), ValueError, "replacement should be a boolean value"),
        (lambda: iter(Sampler()), NotImplementedError, r"Sampler must define __iter__"),
    ],
)
def test_errors(make, error, says) -> None:
    with pytest.raises(error, match=says):
        make()
