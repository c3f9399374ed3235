"""Transforms by chance: what they may draw, that a seed makes them come again, and that loaders do not disturb them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import tinycnn
from tests.transforms.calls import pillow_images
from tinycnn import transforms as T
from tinycnn.transforms import functional as F
from tinycnn.utils.data import DataLoader, Dataset

EVERY_ONE = [
    T.RandomCrop(8), T.RandomCrop((9, 20), padding=2, pad_if_needed=True, padding_mode="edge"), T.RandomResizedCrop(7),
    T.RandomHorizontalFlip(), T.RandomVerticalFlip(), T.ColorJitter(0.4, 0.4, 0.4, 0.2), T.RandomGrayscale(0.5),
    T.RandomApply([T.RandomVerticalFlip()], 0.5), T.RandomChoice([T.Pad(1), T.Pad(2)]),
    T.RandomOrder([T.Pad(1), T.Resize(9)]),
]  # fmt: skip


@pytest.mark.parametrize("transform", EVERY_ONE, ids=lambda transform: type(transform).__name__)
def test_a_seed_makes_it_come_again(transform: Any) -> None:
    picture = pillow_images()["RGB"]
    runs = []
    for _ in range(2):
        tinycnn.manual_seed(5)
        runs.append([np.asarray(transform(picture)) for _ in range(20)])
    assert all(map(np.array_equal, *runs))
    assert any(x.shape != y.shape or (x != y).any() for x, y in zip(runs[0], runs[0][1:], strict=False))


@pytest.mark.parametrize("transform", EVERY_ONE, ids=lambda transform: type(transform).__name__)
def test_pillow_images_and_tensors_are_treated_alike(transform: Any) -> None:
    picture = pillow_images()["RGB"]
    for seed in range(5):
        tinycnn.manual_seed(seed)
        pillow = np.asarray(transform(picture)).astype(int).transpose(2, 0, 1)
        tinycnn.manual_seed(seed)
        tensor = transform(F.pil_to_tensor(picture)).numpy().astype(int)
        assert pillow.shape == tensor.shape
        coarse = isinstance(transform, T.ColorJitter)  # Pillow rounds after each of the four, and its hues are bytes
        assert abs(pillow - tensor).max() <= (14 if coarse else 1)


@given(shape=st.tuples(st.integers(4, 30), st.integers(4, 30)), size=st.tuples(st.integers(1, 4), st.integers(1, 4)))
def test_random_crops_lie_inside(shape: tuple[int, int], size: tuple[int, int]) -> None:
    x = tinycnn.zeros(1, *shape)
    top, left, height, width = T.RandomCrop.get_params(x, size)
    assert (height, width) == size
    assert 0 <= top <= shape[0] - height
    assert 0 <= left <= shape[1] - width


def test_random_crops_lie_everywhere() -> None:
    seen = Counter(T.RandomCrop.get_params(tinycnn.zeros(1, 4, 5), (3, 3))[:2] for _ in range(600))
    assert len(seen) == 6
    assert min(seen.values()) > 50


@given(shape=st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_resized_crops_have_their_area_and_shape(shape: tuple[int, int]) -> None:
    top, left, height, width = T.RandomResizedCrop.get_params(tinycnn.zeros(1, *shape), (0.2, 0.5), (0.5, 2.0))
    assert 0 <= top <= shape[0] - height
    assert 0 <= left <= shape[1] - width
    assert height > 0
    assert width > 0
    if min(shape) > 20 and max(shape) < 2 * min(shape):
        assert 0.15 < height * width / (shape[0] * shape[1]) < 0.55
        assert 0.45 < width / height < 2.2


@pytest.mark.parametrize(("shape", "box"), [((30, 10), (8, 0, 13, 10)), ((10, 30), (0, 8, 10, 13)),
                                            ((10, 11), (0, 0, 10, 11))])  # fmt: skip
def test_where_no_crop_fits_the_middle_is_taken(shape: tuple[int, int], box: tuple[int, ...]) -> None:
    assert T.RandomResizedCrop.get_params(tinycnn.zeros(1, *shape), (4.0, 4.0), (3 / 4, 4 / 3)) == box


def test_flips_are_as_frequent_as_said() -> None:
    x = tinycnn.arange(2).reshape(1, 1, 2)
    flipped = sum(T.RandomHorizontalFlip(0.3)(x)[0, 0, 0].item() for _ in range(2000))
    assert 500 < flipped < 700
    assert T.RandomVerticalFlip(0.0)(x) is x


def test_areas_may_begin_at_nothing() -> None:
    x = tinycnn.rand(3, 3, 5)
    crop = T.RandomResizedCrop(4, scale=(0.0, 1.0))
    assert all(crop(x).shape == (3, 4, 4) for _ in range(20))
    nothing = T.RandomResizedCrop.get_params(x, (0.0, 0.0), (0.5, 1.2))  # no crop has that area
    assert nothing == (0, 0, 3, 4)  # the middle, less wide, round(3 · 1.2)


def test_resized_crops_lie_everywhere_and_are_as_often_wide_as_high() -> None:
    x = tinycnn.zeros(1, 60, 60)
    boxes = np.array([T.RandomResizedCrop.get_params(x, (0.1, 0.2), (0.25, 4.0)) for _ in range(600)])
    top, left, height, width = boxes.T
    for first, side in ((top, height), (left, width)):
        assert 0.4 < (first / (60 - side)).mean() < 0.6      # uniform on [0, 1] has ½, and the mean's σ is 0.012
    assert abs(np.log(width / height).mean()) < 0.25         # uniform on ±log 4 has 0, and the mean's σ is 0.033


def test_transforms_are_applied_as_frequently_as_said() -> None:
    mark = T.RandomApply([T.Lambda(lambda x: 1)], 0.2)
    assert 120 < sum(mark(0) for _ in range(1000)) < 280
    x = tinycnn.arange(3.0).reshape(3, 1, 1)
    grey = T.RandomGrayscale(0.2)
    assert 120 < sum(not tinycnn.equal(grey(x), x) for _ in range(1000)) < 280


def test_adjustments_come_in_every_order() -> None:
    orders = Counter(tuple(T.ColorJitter.get_params(None, None, None, None)[0].tolist()) for _ in range(600))
    assert len(orders) == 24


def test_options_reach_what_they_are_for() -> None:
    """The border of a crop, and whether it is antialiased as it is resized."""
    x = tinycnn.rand(1, 4, 5)
    border = T.RandomCrop((8, 9), padding=2, fill=7)(x)
    assert tinycnn.equal(border, F.pad(x, 2, fill=7))
    assert tinycnn.equal(T.RandomCrop((8, 9), padding=2, padding_mode="edge")(x), F.pad(x, 2, padding_mode="edge"))
    x = tinycnn.rand(3, 40, 40)
    for antialias in (True, False):
        wanted = F.resize(x, 7, antialias=antialias)
        whole = T.RandomResizedCrop(7, scale=(1.0, 1.0), ratio=(1.0, 1.0), antialias=antialias)
        plain = T.ImageClassification(crop_size=7, resize_size=7, mean=[0.0] * 3, std=[1.0] * 3, antialias=antialias)
        assert tinycnn.equal(whole(x), wanted)
        assert tinycnn.equal(plain(x), wanted)


def test_choices_follow_their_weights() -> None:
    marks = [T.Lambda(lambda x, mark=mark: mark) for mark in "abc"]
    seen = Counter(T.RandomChoice(marks, p=[1, 0, 3])(None) for _ in range(1000))
    assert seen.keys() == {"a", "c"}
    assert 180 < seen["a"] < 320
    orders = Counter(T.RandomOrder([T.Lambda(lambda x, mark=mark: x + mark) for mark in "abc"])("") for _ in range(300))
    assert len(orders) == 6


def test_jitter_is_of_the_four_adjustments_in_the_order_drawn() -> None:
    x = tinycnn.rand(3, 6, 5)
    jitter = T.ColorJitter(brightness=0.5, contrast=(0.2, 0.9), saturation=0.3, hue=0.4)
    tinycnn.manual_seed(3)
    order, *factors = jitter.get_params(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
    assert sorted(order.tolist()) == [0, 1, 2, 3]
    for factor, (low, high) in zip(factors, [(0.5, 1.5), (0.2, 0.9), (0.7, 1.3), (-0.4, 0.4)], strict=True):
        assert low <= factor <= high
    y = x
    adjust = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
    for number in order.tolist():
        y = adjust[number](y, factors[number])
    tinycnn.manual_seed(3)
    assert tinycnn.equal(jitter(x), y)


class Pictures(Dataset[Any]):
    def __init__(self, transform: Any) -> None:
        self.transform = transform

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> Any:
        pixels = np.random.default_rng(index).integers(0, 256, (20 + index, 30, 3), dtype=np.uint8)
        return self.transform(Image.fromarray(pixels)), index % 3


def test_a_loader_makes_batches_of_pictures_the_same_with_any_number_of_workers() -> None:
    augment = T.Compose([T.RandomResizedCrop(16), T.RandomHorizontalFlip(), T.ColorJitter(0.2), T.ToTensor(),
                         T.Normalize((0.5,) * 3, (0.25,) * 3)])  # fmt: skip
    epochs = []
    for workers in (0, 3):
        tinycnn.manual_seed(1)
        epochs.append(list(DataLoader(Pictures(augment), batch_size=4, shuffle=True, num_workers=workers)))
    for (x, labels), (y, same_labels) in zip(*epochs, strict=True):
        assert x.shape == (4, 3, 16, 16)
        assert x.dtype == tinycnn.float32
        assert tinycnn.equal(x, y)
        assert tinycnn.equal(labels, same_labels)
