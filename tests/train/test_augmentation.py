r"""Random shifts: every image is moved as a whole, by no more than it may be, and anew each time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn as torch
from tinycnn.train import RandomShift


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:  # type: ignore[type-arg]
    out = np.zeros_like(image)
    h, w = image.shape[1:]
    for y in range(h):
        for x in range(w):
            if 0 <= y + down < h and 0 <= x + right < w:
                out[:, y, x] = image[:, y + down, x + right]
    return out


@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.integers(1, 2), st.integers(0, 99))
def test_each_image_is_one_shift_of_itself(n: int, h: int, w: int, pixels: int, seed: int) -> None:
    images = torch.arange(1, n * 2 * h * w + 1, dtype=torch.float32).reshape(n, 2, h, w)
    shifted = RandomShift(pixels, torch.Generator().manual_seed(seed))(images).numpy()
    places = range(-pixels, pixels + 1)
    for before, after in zip(images.numpy(), shifted, strict=True):
        assert any(np.array_equal(after, moved(before, dy, dx)) for dy in places for dx in places)


def test_all_shifts_are_equally_likely() -> None:
    spot = torch.zeros(1800, 1, 5, 5)
    spot[:, :, 2, 2] = 1
    where = RandomShift(1, torch.Generator().manual_seed(0))(spot).sum(0)[0]
    assert where[1:4, 1:4].sum().item() == 1800
    assert where[1:4, 1:4].flatten().tolist() == pytest.approx([200] * 9, abs=60)  # four standard deviations


def test_a_seed_repeats_it_on_any_device(device: str) -> None:
    images = torch.rand(4, 1, 6, 6)
    here = RandomShift(2, torch.Generator().manual_seed(5))(images)
    there = RandomShift(2, torch.Generator().manual_seed(5))(images.to(device))
    assert str(there.device) == device
    assert torch.equal(there.cpu(), here)
