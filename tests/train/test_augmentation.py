r"""Random distortions: each image is read through one affine map of its own, which stays within its limits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn as torch
from tinycnn.train import RandomAffine, TrainConfig, bilinear
from tinycnn.train.augmentation import make_augmentation


def by_hand(image: Any, y: float, x: float) -> float:
    r"""The pixels around a point, each weighted by how near it is; beyond the image there is nothing."""
    total = 0.0
    for i, row in enumerate(image):
        for j, pixel in enumerate(row):
            total += pixel * max(0.0, 1 - abs(y - i)) * max(0.0, 1 - abs(x - j))
    return total


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 999))
def test_reading_between_pixels(height: int, width: int, seed: int) -> None:
    host = np.random.default_rng(seed)
    images = host.random((2, 3, height, width))
    rows, columns = host.uniform(-3, 6, (2, 2, 5, 2))
    rows[0, 0, 0], columns[0, 0, 0] = host.integers(-2, 6, 2)  # right on a pixel, or on the edge
    read = bilinear(*(torch.from_numpy(array) for array in (images, rows, columns)))
    assert read.shape == (2, 3, 5, 2)
    for n, c, i, j in np.ndindex(2, 3, 5, 2):
        assert read[n, c, i, j].item() == pytest.approx(by_hand(images[n, c], rows[n, i, j], columns[n, i, j]))


def maps(distort: RandomAffine, n: int, side: int = 31) -> Any:
    r"""The affine maps that `distort` reads `n` images through: (n, 2, 3), from 1, y, x to y', x'.

    Interpolation is exact on a slope. So an image whose pixels are their own y, and one whose pixels are their own x,
    come back as the places they were read from.
    """
    reach = side // 2
    y, x = (axis.astype(float) for axis in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    images = torch.from_numpy(np.broadcast_to(np.stack([y, x]), (n, 2, side, side)).copy())
    inner = (slice(reach - 5, reach + 6),) * 2
    read = distort(images).numpy()[(slice(None), slice(None), *inner)].reshape(n, 2, -1)
    places = np.stack([np.ones(121), y[inner].ravel(), x[inner].ravel()], axis=1)
    fitted, residual, *_ = np.linalg.lstsq(places, read.reshape(2 * n, -1).T)
    assert residual.max() < 1e-20  # it was affine indeed
    return fitted.T.reshape(n, 2, 3)


def test_every_image_has_a_map_of_its_own_within_the_limits() -> None:
    found = maps(RandomAffine(20, 0.25, 0.3, 0.1, torch.Generator().manual_seed(0)), n=500)
    scale = np.hypot(found[:, 0, 1], found[:, 0, 2])
    angle = np.degrees(np.arctan2(-found[:, 0, 2], found[:, 0, 1]))
    slant = (found[:, 1, 1] + found[:, 0, 2]) / scale
    assert found[:, 1, 2] == pytest.approx(found[:, 0, 1])  # both are s cos α
    v, u = found[:, :, 0].T / 31
    for drawn, limit in ((np.log(scale), math.log(1.25)), (angle, 20), (slant, 0.3), (v, 0.1), (u, 0.1)):
        assert -limit <= drawn.min() < -0.9 * limit  # all of the range is drawn from ...
        assert 0.9 * limit < drawn.max() <= limit
        assert drawn.mean() == pytest.approx(0, abs=0.12 * limit)  # ... evenly
    assert abs(np.corrcoef([scale, angle, slant, v, u]) - np.eye(5)).max() < 0.2  # and each for itself


def test_without_distortion_images_stay_as_they_are() -> None:
    images = torch.rand(3, 2, 8, 5)
    assert torch.equal(RandomAffine(0, 0, 0, 0)(images), images)


def test_a_seed_repeats_it_on_any_device(device: str) -> None:
    images = torch.rand(4, 1, 6, 6, dtype=torch.float64)
    here = RandomAffine(10, 0.1, 0.1, 0.1, torch.Generator().manual_seed(5))(images)
    there = RandomAffine(10, 0.1, 0.1, 0.1, torch.Generator().manual_seed(5))(images.to(device))
    assert (str(there.device), there.dtype) == (device, images.dtype)
    assert torch.allclose(there.cpu(), here, atol=1e-14)


def test_the_configuration_says_how_strong() -> None:
    generator = torch.Generator()
    assert make_augmentation(TrainConfig(augment=0.0), generator) is None
    assert repr(make_augmentation(TrainConfig(augment=2.0), generator)) == "RandomAffine(20, 0.2, 0.2, 0.175)"
