"""Every recorded call gives what torchvision gave: the same bytes, and floating numbers to their last digits."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.transforms.calls import CALLS, RECORDED, arrays, digest, pillow_images
from tinycnn import transforms

with open(RECORDED, encoding="utf-8") as file:
    ANSWERS = json.load(file)

IMAGES: dict[str, Any] = pillow_images() | {name: tinycnn.from_numpy(array) for name, array in arrays().items()}
EXACT = ("NEAREST", "rotate NEAREST", "affine NEAREST", "posterize", "solarize", "invert", "equalize",
         "pad", "crop", "hflip", "vflip", "to_", "pil_to", "five", "ten")


def test_every_call_has_its_answer() -> None:
    assert CALLS.keys() == ANSWERS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_answer(name: str) -> None:
    image, call = CALLS[name]
    _compare(name, call(transforms, IMAGES[image]))


TENSORS = {name: (image, call) for name, (image, call) in CALLS.items() if image in arrays()}


@pytest.mark.parametrize("name", TENSORS)
def test_answer_on_a_device(name: str, device: str) -> None:
    image, call = TENSORS[name]
    answer = call(transforms, IMAGES[image].to(device))
    if isinstance(answer, tinycnn.Tensor):
        assert str(answer.device).startswith(device)
        answer = answer.cpu()
    _compare(name, answer)


def _compare(name: str, answer: Any) -> None:
    got, wanted = digest(answer), ANSWERS[name]
    assert (got["dtype"], got["shape"]) == (wanted["dtype"], wanted["shape"])
    if not isinstance(answer, tinycnn.Tensor) or name.startswith(EXACT):
        assert got == wanted
    else:  # a sum in another order may end in another digit, or a byte be rounded up instead of down
        atol = 1.0 if answer.dtype == tinycnn.uint8 else 2e-6
        np.testing.assert_allclose(got["pixels"], wanted["pixels"], rtol=0, atol=atol)
        np.testing.assert_allclose(got["mean"], wanted["mean"], rtol=0, atol=atol / 4)
