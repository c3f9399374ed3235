"""Transforms beside torchvision's: the same calls to both, with images and arguments that Hypothesis draws."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import tinycnn
from tinycnn import transforms as ours

theirs = pytest.importorskip("torchvision", reason="compares with torchvision, which is not installed").transforms
torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

MODES = {"L": (1, "uint8"), "RGB": (3, "uint8"), "RGBA": (4, "uint8"), "LA": (2, "uint8"), "CMYK": (4, "uint8"),
         "1": (1, "bool"), "I": (1, "int32"), "F": (1, "float32"), "P": (1, "uint8"), "HSV": (3, "uint8"),
         "YCbCr": (3, "uint8"), "I;16": (1, "uint16")}  # fmt: skip
INTERPOLATIONS = ["NEAREST", "NEAREST_EXACT", "BILINEAR", "BICUBIC", "BOX", "HAMMING", "LANCZOS"]
FLOATS = ("float32", "float64", "float16")

sides, seeds = st.integers(1, 24), st.integers(0, 2**32 - 1)
widths = st.integers(-4, 9)


@st.composite
def pillow_images(draw: Any, modes: tuple[str, ...] = tuple(MODES)) -> Any:
    mode = draw(st.sampled_from(modes))
    channels, dtype = MODES[mode]
    shape = (draw(sides), draw(sides), channels)
    random = np.random.default_rng(draw(seeds))
    if dtype == "bool":
        return Image.fromarray(random.random(shape[:2]) < 0.5)
    if dtype == "float32":
        return Image.fromarray(random.normal(size=shape[:2]).astype("float32"))
    top = {"uint8": 256, "int32": 100_000, "uint16": 65536}[dtype]
    pixels = random.integers(0, top, shape).astype(dtype)
    if mode in ("L", "P", "I", "I;16"):
        image = Image.fromarray(pixels[:, :, 0])
        if mode == "P":
            image.putpalette(random.integers(0, 256, 768).astype("uint8").tobytes())
        return image
    return Image.frombytes(mode, shape[1::-1], pixels.tobytes())


@st.composite
def arrays(draw: Any, dtypes: tuple[str, ...] = ("uint8", "float32"), channels: tuple[int, ...] = (1, 3)) -> Any:
    shape = (draw(st.sampled_from(channels)), draw(sides), draw(sides))
    if draw(st.booleans()):
        shape = (draw(st.integers(1, 3)), *shape)
    random = np.random.default_rng(draw(seeds))
    dtype = draw(st.sampled_from(dtypes))
    if dtype in FLOATS:
        return random.random(shape).astype(dtype)
    return random.integers(0, 2 if dtype == "bool" else min(np.iinfo(dtype).max, 100_000) + 1, shape).astype(dtype)


images = st.one_of(pillow_images(), arrays())


def outcome(lib: Any, call: Any, image: Any) -> Any:
    if isinstance(image, np.ndarray):
        image = torch.from_numpy(image.copy()) if lib is theirs else tinycnn.from_numpy(image.copy())
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return call(lib, image)
        except Exception as error:
            return error


def compare(call: Any, image: Any, atol: float = 0.0, steps: int = 0) -> Any:
    """Both give the same, or both refuse; floating numbers within `atol`, integers within `steps`."""
    wanted, got = outcome(theirs, call, image), outcome(ours, call, image)
    if isinstance(wanted, Exception) or isinstance(got, Exception):
        assert isinstance(wanted, Exception), (wanted, got)
        assert isinstance(got, Exception), (wanted, got)
        assert isinstance(got, tinycnn.errors.TinycnnError | ValueError), (wanted, got)
        return None
    same(wanted, got, atol, steps)
    return got


def same(wanted: Any, got: Any, atol: float, steps: int) -> None:
    if isinstance(wanted, tuple):
        assert len(wanted) == len(got)
        for one, other in zip(wanted, got, strict=True):
            same(one, other, atol, steps)
    elif isinstance(wanted, Image.Image):
        assert (wanted.mode, wanted.size, wanted.getpalette()) == (got.mode, got.size, got.getpalette())
        assert np.array_equal(np.asarray(wanted), np.asarray(got))
    elif isinstance(wanted, torch.Tensor):
        want, have = wanted.numpy(), got.numpy()
        assert (str(want.dtype), want.shape) == (str(have.dtype), have.shape)
        if want.dtype.kind == "f":
            tolerance = {"float16": 1e-3, "float64": 1e-12}.get(str(want.dtype), atol) if atol else 0
            assert np.allclose(want, have, rtol=0, atol=tolerance, equal_nan=True), abs(want - have).max()
        else:
            differ = abs(want.astype("int64") - have.astype("int64"))
            assert differ.max(initial=0) <= steps, differ.max()
    else:
        assert wanted == got


sizes = st.integers(0, 30) | st.tuples(sides) | st.tuples(sides, sides) | st.lists(sides, min_size=1, max_size=3)
limits = st.none() | st.integers(1, 40)
antialias = st.sampled_from([True, False, None])
interpolations = st.sampled_from(INTERPOLATIONS)


@given(pillow_images(), sizes, interpolations, limits, antialias)
def test_resize_of_pillow_images(image, size, mode, limit, antialias):
    def call(lib, x):
        return lib.functional.resize(x, size, getattr(lib.InterpolationMode, mode), limit, antialias)

    compare(call, image)


@given(arrays(("uint8", "float32", "float64", "int16", "float16")), sizes, interpolations, limits, antialias)
def test_resize_of_tensors(image, size, mode, limit, antialias):
    def call(lib, x):
        return lib.functional.resize(x, size, getattr(lib.InterpolationMode, mode), limit, antialias)

    got = outcome(ours, call, image)
    if isinstance(got, Exception) or got.shape[-1] > 1:  # to one column PyTorch gives all rows the weights of the first
        compare(call, image, atol=2e-6, steps=1)


paddings = st.one_of(widths, st.lists(widths, min_size=1, max_size=5), st.tuples(widths, widths, widths, widths))


borders = st.sampled_from(["constant", "edge", "reflect", "symmetric", "mirror"])


@given(images, paddings, st.sampled_from([0, 7, None, (1, 2, 3)]), borders)
def test_pad(image, padding, fill, mode):
    got = outcome(ours, lambda lib, x: lib.functional.pad(x, padding, fill, mode), image)
    if not isinstance(got, tinycnn.Tensor) or got.numel():  # where nothing is left, PyTorch may refuse
        compare(lambda lib, x: lib.functional.pad(x, padding, fill, mode), image)


@given(images, st.integers(-30, 30), st.integers(-30, 30), st.integers(0, 30), st.integers(0, 30))
def test_crop(image, top, left, height, width):
    if top + height >= 0 and left + width >= 0:  # above and left of the image torchvision counts from its other end
        compare(lambda lib, x: lib.functional.crop(x, top, left, height, width), image)


@pytest.mark.parametrize("name", ["center_crop", "five_crop", "ten_crop"])
@given(image=images, size=sizes)
def test_crops_of_a_size(name, image, size):
    compare(lambda lib, x: getattr(lib.functional, name)(x, size), image)


@pytest.mark.parametrize("name", ["hflip", "vflip", "get_dimensions", "get_image_size", "get_image_num_channels",
                                  "rgb_to_grayscale", "to_grayscale", "to_tensor"])  # fmt: skip
@given(image=images)
def test_what_takes_no_options(name, image):
    compare(lambda lib, x: getattr(lib.functional, name)(x), image, atol=1e-6)


@given(pillow_images(tuple(mode for mode in MODES if mode != "I;16")))
def test_pil_to_tensor(image):
    compare(lambda lib, x: lib.functional.pil_to_tensor(x), image)


coloured = st.one_of(pillow_images(), arrays(("uint8", "float32", "float64", "int16"), (1, 2, 3)))


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation", "gamma"])
@given(image=coloured, factor=st.integers(-5, 30))
def test_adjustments(name, image, factor):
    compare(lambda lib, x: getattr(lib.functional, f"adjust_{name}")(x, factor / 10), image, atol=1e-6, steps=1)


@given(coloured, st.floats(-0.6, 0.6))
def test_hue(image, factor):
    compare(lambda lib, x: lib.functional.adjust_hue(x, factor), image, atol=1e-6)


kinds = ("uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "bool")


@given(arrays(kinds), st.sampled_from(kinds))
def test_convert_image_dtype(image, dtype):
    image = image * image.dtype.type(0.9) if image.dtype.kind == "f" else image  # 1.0 may overflow, as it likes
    compare(lambda lib, x: lib.functional.convert_image_dtype(x, getattr(torch if lib is theirs else tinycnn, dtype)),
            image)  # fmt: skip


@given(arrays(kinds, (1, 2, 3, 4)), st.lists(st.floats(-1, 1), min_size=1, max_size=4),
       st.lists(st.sampled_from([0.0, 0.5, 0.229, 1e-3]), min_size=1, max_size=4))  # fmt: skip
def test_normalize(image, mean, std):
    compare(lambda lib, x: lib.functional.normalize(x, mean, std), image, atol=1e-6)


@given(arrays(("uint8", "float32", "int16", "int32", "int64"), (1, 2, 3, 4, 5)),
       st.sampled_from([None, "L", "LA", "RGB", "RGBA", "F", "I"]))  # fmt: skip
def test_to_pil_image(image, mode):
    if mode is None or image.dtype in ("uint8", "float32"):  # others become what their bytes happen to be
        compare(lambda lib, x: lib.functional.to_pil_image(x, mode), image)


@given(coloured, st.permutations(range(4)), st.tuples(*[st.none() | st.floats(0, 0.5)] * 4))
def test_jitter_with_the_same_factors(image, order, factors):
    def call(lib, x):
        class Fixed(lib.ColorJitter):
            @staticmethod
            def get_params(*limits):
                return (torch if lib is theirs else tinycnn).tensor(order), *factors

        return Fixed()(x)

    compare(call, image, atol=1e-5, steps=2)


boxes = st.tuples(st.integers(0, 3), st.integers(0, 3), sides, sides)


@given(images, boxes, sizes, st.booleans())
def test_crops_at_the_same_place(image, box, size, resized):
    def call(lib, x):
        class Fixed(lib.RandomResizedCrop if resized else lib.RandomCrop):
            @staticmethod
            def get_params(*given):
                return box

        return Fixed(size)(x) if resized else Fixed(size, 2, True, 3)(x)

    got = outcome(ours, call, image)
    if not isinstance(got, tinycnn.Tensor) or got.shape[-1] > 1:
        compare(call, image, atol=2e-6, steps=1)


@pytest.mark.parametrize("shape", [(30, 10), (10, 30), (12, 13)])
def test_the_crop_that_is_taken_where_none_fits(shape):
    got, wanted = (lib.RandomResizedCrop.get_params(tensors.zeros(3, *shape), [4.0, 4.0], [3 / 4, 4 / 3])
                   for lib, tensors in ((ours, tinycnn), (theirs, torch)))  # fmt: skip
    assert got == wanted


@given(pillow_images(("RGB", "L")) | arrays(), st.sampled_from(["BILINEAR", "BICUBIC", "NEAREST"]), st.integers(1, 20),
       st.integers(4, 24))  # fmt: skip
def test_the_preset(image, mode, crop, resize):
    presets = pytest.importorskip("torchvision.transforms._presets", reason="where torchvision keeps it")

    def call(lib, x):
        make = presets.ImageClassification if lib is theirs else lib.ImageClassification
        grey = lib.functional.get_image_num_channels(x) == 1
        statistics = {"mean": [0.4], "std": [0.2]} if grey else {}
        return make(crop_size=crop, resize_size=resize, interpolation=getattr(lib.InterpolationMode, mode),
                    **statistics)(x)  # fmt: skip

    got = outcome(ours, call, image)
    if not isinstance(got, tinycnn.Tensor) or got.shape[-1] > 1:
        compare(call, image, atol=0.021, steps=1)  # one step of a byte, over a standard deviation of 0.2
