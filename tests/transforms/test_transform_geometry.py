"""What resizing, cropping, padding and conversion do, by their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import tinycnn
from tests.transforms.calls import arrays, pillow_images
from tinycnn import transforms as T
from tinycnn.transforms import functional as F
from tinycnn.transforms.functional.resampling import new_size, resampling_matrix

BILINEAR, BICUBIC = T.InterpolationMode.BILINEAR, T.InterpolationMode.BICUBIC
sides = st.integers(1, 40)
kinds = st.sampled_from([BILINEAR, BICUBIC])


def image(height: int, width: int, channels: int = 3) -> Any:
    """Every pixel another number."""
    return tinycnn.arange(channels * height * width).reshape(channels, height, width)


@given(old=st.tuples(sides, sides), size=sides, limit=st.none() | sides)
def test_the_shorter_side_gets_the_size(old: tuple[int, int], size: int, limit: int | None) -> None:
    if limit is not None and limit <= size:
        return
    height, width = new_size(old, size, limit)
    if limit is None or max(old) * size // min(old) <= limit:
        assert min(height, width) == size
        assert max(height, width) == int(size * max(old) / min(old))
    else:
        assert max(height, width) == limit
    assert (height >= width) if old[0] > old[1] else (height <= width)


def test_where_the_longer_side_is_limited_the_shorter_one_is_rounded_down() -> None:
    assert new_size((5, 8), 6, max_size=7) == (4, 7)  # as torchvision has it; 7 · 6/9 = 4.67


def test_the_mirror_image_of_ten_crops_may_be_upside_down() -> None:
    x = image(4, 5)
    for vertical, mirror in ((False, F.hflip), (True, F.vflip)):
        views = F.ten_crop(x, (2, 3), vertical_flip=vertical)
        assert all(map(tinycnn.equal, views, (*F.five_crop(x, (2, 3)), *F.five_crop(mirror(x), (2, 3)))))


@given(n=sides, m=sides, mode=kinds, antialias=st.booleans())
def test_resizing_keeps_what_is_constant(n: int, m: int, mode: Any, antialias: bool) -> None:
    matrix = resampling_matrix(n, m, mode, antialias)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    np.testing.assert_allclose(matrix[::-1, ::-1], matrix, atol=1e-12)  # and does not know left from right


@given(n=st.integers(4, 30), mode=kinds, times=st.integers(1, 3))
def test_an_antialiased_ramp_stays_a_ramp(n: int, mode: Any, times: int) -> None:
    matrix = resampling_matrix(times * n, n, mode, antialias=True)
    ramp = matrix @ (np.arange(times * n) + 0.5)
    np.testing.assert_allclose(np.diff(ramp)[2:-2], times, rtol=1e-9)


def test_every_pixel_of_the_image_has_its_say_only_if_antialiased() -> None:
    assert (resampling_matrix(100, 9, BILINEAR, antialias=True).sum(axis=0) > 0).all()
    assert (resampling_matrix(100, 9, BILINEAR, antialias=False).sum(axis=0) > 0).sum() == 18


def test_one_column_is_resized_as_its_neighbours_would_be() -> None:
    x = tinycnn.rand(1, 20, 1)
    wide = x.expand(1, 20, 3).contiguous()
    assert F.resize(x, (7, 1)).allclose(F.resize(wide, (7, 3))[..., :1])


@given(mode=kinds, antialias=st.booleans(), size=st.tuples(sides, sides))
def test_batches_are_resized_image_by_image(mode: Any, antialias: bool, size: tuple[int, int]) -> None:
    batch = tinycnn.from_numpy(arrays()["batch"])
    together = F.resize(batch, size, mode, antialias=antialias)
    assert together.shape == (2, 3, *size)
    for one, x in zip(together, batch, strict=True):
        assert one.allclose(F.resize(x, size, mode, antialias=antialias), atol=1e-6)


@pytest.mark.parametrize("mode", [BILINEAR, BICUBIC])
def test_bytes_are_resized_as_pillow_does_it(mode: Any) -> None:
    pillow = pillow_images()["RGB"]
    difference = np.asarray(F.resize(pillow, 6, mode), int).transpose(2, 0, 1) \
        - F.resize(F.pil_to_tensor(pillow), 6, mode).numpy().astype(int)
    assert abs(difference).max() <= 1


def test_bicubic_bytes_stay_bytes_beside_an_edge() -> None:
    edge = tinycnn.tensor([[[0] * 6 + [255] * 6]], dtype=tinycnn.uint8)
    overshooting = F.resize(edge.float(), (1, 40), BICUBIC)
    assert overshooting.min() < -1
    assert overshooting.max() > 256
    assert tinycnn.equal(F.resize(edge, (1, 40), BICUBIC), overshooting.clamp(0, 255).round().to(tinycnn.uint8))


def test_gradients_pass_through_what_happens_to_tensors() -> None:
    x = tinycnn.rand(3, 4, 5, dtype=tinycnn.float64)

    def preprocess(x: Any) -> Any:
        x = F.adjust_contrast(F.crop(F.resize(x, (3, 7), BICUBIC), -1, 2, 3, 3), 0.7)
        return F.normalize(F.pad(F.hflip(x), 1, padding_mode="symmetric"), (0.4, 0.5, 0.6), (0.1, 0.2, 0.3))

    assert tinycnn.autograd.gradcheck(preprocess, (0.3 + 0.4 * x).detach().requires_grad_())


@given(shape=st.tuples(sides, sides), top=st.integers(-50, 50), left=st.integers(-50, 50), size=st.tuples(sides, sides))
def test_crops_show_the_image_where_it_is_and_zeros_elsewhere(
    shape: tuple[int, int], top: int, left: int, size: tuple[int, int]
) -> None:
    x = image(*shape, channels=1) + 1
    y = F.crop(x, top, left, *size)
    canvas = np.zeros((200, 200), int)
    canvas[80:80 + shape[0], 80:80 + shape[1]] = x[0].numpy()
    np.testing.assert_array_equal(y[0].numpy(), canvas[80 + top:80 + top + size[0], 80 + left:80 + left + size[1]])


@given(shape=st.tuples(sides, sides), size=st.tuples(sides, sides))
def test_the_middle_is_in_the_middle(shape: tuple[int, int], size: tuple[int, int]) -> None:
    y = F.center_crop(image(*shape, channels=1) + 1, size)
    assert y.shape == (1, *size)
    mask = y[0].numpy() > 0
    for axis in (0, 1):
        seen = np.flatnonzero(mask.any(axis=1 - axis))
        before, after = seen[0], size[axis] - 1 - seen[-1]
        assert abs(before - after) <= 1
        assert len(seen) == min(shape[axis], size[axis])


@given(widths=st.tuples(*[st.integers(0, 5)] * 4), mode=st.sampled_from(["constant", "edge", "reflect", "symmetric"]))
def test_borders_are_those_of_numpy(widths: tuple[int, ...], mode: str) -> None:
    left, top, right, bottom = widths
    x = image(7, 6, channels=2)
    wanted = np.pad(x.numpy(), ((0, 0), (top, bottom), (left, right)), mode)  # type: ignore[call-overload]
    np.testing.assert_array_equal(F.pad(x, widths, padding_mode=mode).numpy(), wanted)


def test_borders_of_pillow_images_are_of_their_kind() -> None:
    assert F.pad(Image.new("F", (2, 3)), 1, 3.5).getpixel((0, 0)) == 3.5
    assert F.pad(Image.new("L", (2, 3)), 1, 3.5).getpixel((0, 0)) == 3
    few_colours = pillow_images()["P"]
    for mode in ("constant", "edge", "reflect", "symmetric"):
        assert F.pad(few_colours, 2, padding_mode=mode).getpalette() == few_colours.getpalette()


@pytest.mark.parametrize("mode", list(pillow_images()))
def test_to_tensor_and_back(mode: str) -> None:
    pillow = pillow_images()[mode]
    if mode == "P":  # its colours lie in the palette
        pillow = pillow.convert("RGB")
    tensor = F.to_tensor(pillow)
    assert tensor.is_contiguous()
    back = F.to_pil_image(tensor, mode="F" if mode == "F" else None)
    np.testing.assert_array_equal(np.asarray(back), np.asarray(pillow).astype(int) * (255 if mode == "1" else 1)
                                  if mode != "F" else np.asarray(pillow))


def test_sixteen_bits_are_read_with_a_sign() -> None:
    """As in torchvision, for want of unsigned ones."""
    pillow = Image.fromarray(np.array([[0, 300, 32767, 40000]], np.uint16))
    tensor = F.to_tensor(pillow)
    assert tensor.dtype == tinycnn.int16
    assert tensor.tolist() == [[[0, 300, 32767, 40000 - 65536]]]


def test_a_tensor_shares_no_memory_with_the_image() -> None:
    array = np.zeros((4, 5, 3), np.float32)
    tensor = F.to_tensor(array)
    array += 1
    assert tensor.max() == 0


@given(st.integers(0, 255))
def test_bytes_survive_other_numbers(value: int) -> None:
    x = tinycnn.tensor([[value]], dtype=tinycnn.uint8)
    for dtype in (tinycnn.float32, tinycnn.float64, tinycnn.int16, tinycnn.int32, tinycnn.int64):
        assert F.convert_image_dtype(F.convert_image_dtype(x, dtype), tinycnn.uint8).item() == value


def test_where_numbers_between_two_bytes_go() -> None:
    """As in torchvision: a Pillow image has the byte below 255 x, another dtype 256 steps of the same width."""
    x = tinycnn.tensor([[[0.0, 0.5, 0.997, 0.998, 1.0]]])
    assert np.asarray(F.to_pil_image(x)).tolist() == [[0, 127, 254, 254, 255]]
    assert F.convert_image_dtype(x, tinycnn.uint8).tolist() == [[[0, 127, 255, 255, 255]]]


def test_normalize_leaves_its_input_alone_unless_told() -> None:
    x = tinycnn.ones(3, 2, 2)
    y = F.normalize(x, [1.0] * 3, [2.0] * 3)
    assert (x.sum(), y.sum()) == (12, 0)
    assert T.Normalize([1.0] * 3, [2.0] * 3, inplace=True)(x) is x
    assert x.sum() == 0


def test_the_preset_is_its_five_steps() -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 41, 3), dtype=np.uint8))
    preset = T.ImageClassification(crop_size=24, resize_size=30, interpolation=BICUBIC)
    steps = T.Compose([T.Resize(30, BICUBIC), T.CenterCrop(24), T.ToTensor(),
                       T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])  # fmt: skip
    assert preset(picture).shape == (3, 24, 24)
    assert preset(picture).allclose(steps(picture), atol=1e-6)
    batch = tinycnn.stack([F.pil_to_tensor(picture)] * 2)
    preset = T.ImageClassification(crop_size=24, resize_size=30)
    assert preset(batch)[1].allclose(preset(picture), atol=0.04)  # Pillow rounds to bytes twice


def test_what_is_not_a_number_stays_where_it_is_taken_to() -> None:
    """The border is read from nowhere, and not from the first pixel times 0."""
    image = tinycnn.ones(1, 3, 3)
    image[0, 0, 0] = float("nan")
    moved = F.affine(image, 0.0, (1, 0), 1.0, 0.0)
    assert moved[0, :, 0].tolist() == [0, 0, 0]
    assert moved.isnan().sum().item() == 1
