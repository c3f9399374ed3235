"""Turned, blurred, erased and toned images beside torchvision's: the same calls to both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tests.parity.test_transforms import FLOATS, arrays, compare, ours, pillow_images, sides, theirs, torch

angles = st.sampled_from([0, 90, 180, -270.0, 45]) | st.floats(-400, 400)
centres = st.none() | st.tuples(st.floats(-3, 25), st.floats(-3, 25))
fills = st.sampled_from([None, 0, 7, 0.5, [3], (1, 2, 3)])
warped = st.one_of(pillow_images(), arrays(("uint8", "float32", "float64", "int16"), (1, 2, 3)))
ways = st.sampled_from(["NEAREST", "BILINEAR", "BICUBIC", "LANCZOS"])


def compare_warps(call, image, mode):
    """Exactly; between pixels of tensors to five digits of what they reach, or a step of a byte."""
    between = mode == "BILINEAR" and isinstance(image, np.ndarray)
    compare(call, image, atol=1e-5 if between else 0.0, steps=int(between))


@given(warped, angles, ways, st.booleans(), centres, fills)
def test_rotate(image, angle, mode, expand, center, fill):
    def call(lib, x):
        return lib.functional.rotate(x, angle, getattr(lib.InterpolationMode, mode), expand, center, fill)

    compare_warps(call, image, mode)


@given(warped, angles, st.tuples(st.integers(-9, 9), st.integers(-9, 9)), st.floats(0.3, 3),
       st.floats(-60, 60) | st.tuples(st.floats(-60, 60), st.floats(-60, 60)), ways, centres, fills)  # fmt: skip
def test_affine(image, angle, translate, scale, shear, mode, center, fill):
    def call(lib, x):
        return lib.functional.affine(x, angle, translate, scale, shear, getattr(lib.InterpolationMode, mode), fill,
                                     center)  # fmt: skip

    compare_warps(call, image, mode)


blurred = st.one_of(pillow_images(), arrays(("uint8", "float32", "float64", "int16"), (1, 2, 3)))
odd = st.sampled_from([1, 3, 5, 7, 2, -1])


@given(blurred, odd | st.tuples(odd, odd) | st.just([3]),
       st.none() | st.floats(-0.1, 4) | st.lists(st.floats(0.05, 4), min_size=1, max_size=3))  # fmt: skip
def test_gaussian_blur(image, size, sigma):
    compare(lambda lib, x: lib.functional.gaussian_blur(x, size, sigma), image, atol=1e-5, steps=1)


@given(arrays(("uint8", "float32", "float64", "int16")), st.tuples(st.integers(0, 9), st.integers(0, 9), sides, sides),
       st.integers(0, 90))  # fmt: skip
def test_erase(image, box, value):
    compare(lambda lib, x: lib.functional.erase(x, *box, (torch if lib is theirs else tinycnn).tensor(value)), image)


tones = st.one_of(pillow_images(), arrays(("uint8", "float32", "float64"), (1, 2, 3)))


@pytest.mark.parametrize("name", ["invert", "autocontrast", "equalize"])
@given(image=tones)
def test_tones(name, image):
    compare(lambda lib, x: getattr(lib.functional, name)(x), image, atol=1e-6)


@pytest.mark.parametrize(("name", "limit"), [("posterize", 10), ("solarize", 260), ("adjust_sharpness", 5)])
@given(image=tones, share=st.floats(-0.1, 1))
def test_tones_with_an_option(name, limit, image, share):
    option = share if name == "solarize" and getattr(image, "dtype", None) in FLOATS else round(limit * share)
    sharpness = name == "adjust_sharpness"
    compare(lambda lib, x: getattr(lib.functional, name)(x, option), image, 1e-6, 1 if sharpness else 0)


def test_augmentations_print_alike():
    for make in (lambda lib: lib.RandomRotation((1, 2), center=(1, 2), fill=(1, 2, 3), expand=True),
                 lambda lib: lib.RandomRotation(30, lib.InterpolationMode.BILINEAR), lambda lib: lib.RandomAffine(5),
                 lambda lib: lib.RandomAffine(5, (.1, .2), (.5, 1), (1, 2, 3, 4), 2, 3, (4, 5)),
                 lambda lib: lib.RandomErasing(value="random"), lambda lib: lib.GaussianBlur([3, 5], 1.0),
                 lambda lib: lib.GaussianBlur(3), lambda lib: lib.RandomInvert(), lambda lib: lib.RandomPosterize(2),
                 lambda lib: lib.RandomSolarize(3), lambda lib: lib.RandomAdjustSharpness(2),
                 lambda lib: lib.RandomAutocontrast(), lambda lib: lib.RandomEqualize(0.2)):  # fmt: skip
        assert repr(make(ours)) == repr(make(theirs))
