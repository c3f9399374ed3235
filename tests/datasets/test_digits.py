r"""The embedded digits: the right pixels, a split that never changes, and batches as fast as they come."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn import datasets
from tinycnn.datasets import Digits
from tinycnn.utils.data import DataLoader

FILE = os.path.join(os.path.dirname(datasets.__file__), "data", "optdigits.csv.gz")


def table() -> Any:
    with gzip.open(FILE, "rt") as file:
        return np.array([[int(value) for value in line.split(",")] for line in file])


def test_all_of_them_are_the_file() -> None:
    digits = Digits(train=None)
    assert digits.images.shape == (1797, 1, 8, 8)
    assert digits.images.dtype == torch.float32
    assert digits.targets.dtype == torch.int64
    assert digits.classes == list("0123456789")
    np.testing.assert_array_equal(digits.images.numpy().reshape(1797, 64) * 16, table()[:, :64])
    np.testing.assert_array_equal(digits.targets.numpy(), table()[:, 64])


def test_how_many_there_are_of_each_digit() -> None:
    counts = np.bincount(Digits(None).targets.numpy())
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # the publisher's own count


def test_the_two_parts_share_nothing_and_make_up_the_whole() -> None:
    train, test = Digits(True), Digits(False)
    assert (len(train), len(test)) == (1438, 359)
    parts = [np.c_[part.images.numpy().reshape(-1, 64) * 16, part.targets.numpy()] for part in (train, test)]
    assert sorted(map(tuple, np.concatenate(parts))) == sorted(map(tuple, table()))


def test_a_fifth_of_every_digit_is_tested_on() -> None:
    tested, counts = (np.bincount(Digits(train).targets.numpy()) for train in (False, None))
    assert (abs(tested - counts / 5) <= 0.5).all()


def test_the_split_never_changes() -> None:
    rows = (Digits(False).images.numpy().reshape(-1, 64) * 16).astype(np.uint8)
    assert (
        hashlib.sha256(rows.tobytes()).hexdigest() == "44761d89f8e49daebc987fa4f848a40a0485a849c9da5b13a4d9f9d78b6ef9cb"
    )


def test_samples_are_an_image_and_a_plain_int() -> None:
    image, label = Digits(False)[-1]
    assert isinstance(image, torch.Tensor)
    assert image.shape == (1, 8, 8)
    assert type(label) is int
    assert image.min().item() >= 0
    assert image.max().item() <= 1


def test_transforms_are_applied_one_sample_at_a_time() -> None:
    plain = Digits(False)
    changed = Digits(False, lambda image: image + 1, target_transform=str)
    assert changed[3][0].tolist() == (plain[3][0] + 1).tolist()
    assert changed[3][1] == str(plain[3][1])
    images, labels = next(iter(DataLoader(changed, 4)))
    assert images.tolist() == (plain.images[:4] + 1).tolist()
    assert labels == tuple(map(str, plain.targets[:4].tolist()))


def test_a_transform_in_place_leaves_the_dataset_alone() -> None:
    digits = Digits(False, transform=lambda image: image.add_(1))
    assert digits[0][0].tolist() == digits[0][0].tolist()


def test_a_batch_fetched_at_once_is_the_batch_of_its_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = Digits(False)
    at_once = list(DataLoader(digits, 64))
    one_by_one = list(DataLoader([digits[i] for i in range(len(digits))], 64))
    for (images, labels), (same_images, same_labels) in zip(at_once, one_by_one, strict=True):
        assert images.dtype == same_images.dtype
        assert labels.dtype == same_labels.dtype
        np.testing.assert_array_equal(images.numpy(), same_images.numpy())
        assert labels.tolist() == same_labels.tolist()


def test_the_loader_indexes_a_whole_batch_and_no_single_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered = []

    def gather(self: Digits, indices: Sequence[int]) -> Any:
        gathered.append(len(indices))
        return original(self, indices)

    original = Digits.gather
    monkeypatch.setattr(Digits, "gather", gather)
    assert sum(1 for _ in DataLoader(Digits(False), 100)) == 4
    assert gathered == [100, 100, 100, 59]


@pytest.mark.parametrize("train", ["./data", "test", 2])
def test_a_folder_or_a_name_is_not_taken_for_a_split(train: Any) -> None:
    with pytest.raises(ValueError, match=r"Digits: train must be True, False or None(.|\n)*no folder"):
        Digits(train)


def test_repr() -> None:
    assert repr(Digits()) == "Dataset Digits\n    Number of datapoints: 1438\n    Split: Train"
    digits = Digits(None, transform=torch.float32, target_transform=3)
    assert repr(digits).splitlines()[1:] == [
        "    Number of datapoints: 1797",
        "    Split: All",
        f"    Transform: {torch.float32!r}",
        "    Target transform: 3",
    ]


def test_the_attribution_lies_beside_the_file() -> None:
    with open(os.path.join(os.path.dirname(FILE), "README.md"), encoding="utf-8") as file:
        text = file.read()
    assert "Alpaydin" in text
    assert "10.24432/C50P49" in text
