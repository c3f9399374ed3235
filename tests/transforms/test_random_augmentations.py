"""What is drawn to turn, erase and blur images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.transforms.calls import pillow_images
from tinycnn import transforms as T
from tinycnn.transforms import functional as F

EVERY_ONE = [
    T.RandomRotation(30), T.RandomAffine(9, (0.1, 0.2), (0.5, 2), 9), T.GaussianBlur(3), T.RandomInvert(),
    T.RandomPosterize(2), T.RandomSolarize(128), T.RandomAutocontrast(), T.RandomEqualize(), T.RandomAdjustSharpness(3),
]  # fmt: skip


@pytest.mark.parametrize("transform", EVERY_ONE, ids=lambda transform: type(transform).__name__)
def test_a_seed_makes_it_come_again(transform: Any) -> None:
    image = pillow_images()["RGB"].convert("L").resize((40, 30))
    runs = []
    for _ in range(2):
        tinycnn.manual_seed(5)
        runs.append([np.asarray(transform(image)) for _ in range(20)])
    assert all(map(np.array_equal, *runs))
    assert any((x != y).any() for x, y in zip(runs[0], runs[0][1:], strict=False))


def test_angles_shifts_and_scales_are_of_their_ranges() -> None:
    drawn = [T.RandomAffine.get_params((-10, 20), (0.1, 0.5), (0.5, 2), (1, 2, -4, -3), (40, 20)) for _ in range(300)]
    rows = [(angle, *shift, scale, *shear) for angle, shift, scale, shear in drawn]
    low, high = np.min(rows, axis=0), np.max(rows, axis=0)
    assert (low >= [-10, -4, -10, 0.5, 1, -4]).all()
    assert (high <= [20, 4, 10, 2, 2, -3]).all()
    assert (high - low > [25, 7, 17, 1.2, 0.8, 0.8]).all()


def test_a_rectangle_of_its_area_is_erased() -> None:
    x = tinycnn.ones(3, 40, 50)
    erase = T.RandomErasing(1.0, scale=(0.1, 0.2), ratio=(0.5, 2.0), value=(5, 6, 7))
    for _ in range(50):
        y = erase(x)
        assert sorted({*y.flatten().tolist()}) == [1, 5, 6, 7]
        assert 0.08 < (y[0] == 5).float().mean() < 0.22
        rows, columns = (np.flatnonzero((y[0] == 5).numpy().any(axis=axis)) for axis in (1, 0))
        assert (y[2, rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1] == 7).all()
    assert tinycnn.equal(x, tinycnn.ones(3, 40, 50))
    assert T.RandomErasing(0.0)(x) is x
    assert T.RandomErasing(1.0, inplace=True)(x) is x
    noise = T.RandomErasing(1.0, value="random", scale=(0.3, 0.3), ratio=(1.0, 1.0))(tinycnn.full((3, 50, 50), 9.0))
    assert abs(noise[noise != 9].mean()) < 0.15


def test_gradients_pass_through_turns_and_blurs() -> None:
    x = tinycnn.rand(2, 5, 6, dtype=tinycnn.float64).requires_grad_()

    def change(x: Any) -> Any:
        return F.erase(F.gaussian_blur(F.rotate(x, 25, T.InterpolationMode.BILINEAR, fill=1), 3), 1, 1, 2, 2, 0.5)

    assert tinycnn.autograd.gradcheck(change, (x,))
