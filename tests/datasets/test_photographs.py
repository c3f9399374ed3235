r"""Photographs of every kind come out upright and in red, green and blue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tinycnn.datasets import open_photograph
from tinycnn.datasets.photographs import in_colour, load_image
from tinycnn.errors import FormatError

RED, GREEN = (200, 10, 10), (10, 200, 10)


def halves() -> Any:
    """Red on the left, green on the right; twice as wide as high."""
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20], pixels[:, 20:] = RED, GREEN
    return Image.fromarray(pixels)


@pytest.mark.parametrize(("orientation", "corner", "size"), [
    (1, RED, (40, 20)), (2, GREEN, (40, 20)), (3, GREEN, (40, 20)), (4, RED, (40, 20)),
    (5, RED, (20, 40)), (6, RED, (20, 40)), (7, GREEN, (20, 40)), (8, GREEN, (20, 40)),
])  # fmt: skip
def test_it_stands_as_it_was_taken(orientation: int, corner: Any, size: Any, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    halves().save(tmp_path / "photo.png", exif=exif)
    photo = open_photograph(tmp_path / "photo.png")
    assert (photo.mode, photo.size) == ("RGB", size)
    assert photo.getpixel((1, 1)) == corner


@pytest.mark.parametrize(("mode", "format"), [("L", "png"), ("RGB", "jpeg"), ("RGBA", "png"), ("LA", "png"),
                                              ("CMYK", "jpeg"), ("P", "gif"), ("1", "png"), ("YCbCr", "jpeg"),
                                              ("RGB", "webp"), ("RGB", "tiff"), ("RGB", "bmp")])  # fmt: skip
def test_modes_and_formats(mode: str, format: str, tmp_path: Path) -> None:
    halves().convert(mode).save(tmp_path / "photo", format=format)
    photo = open_photograph(tmp_path / "photo")
    wanted = halves().convert(mode).convert("RGB")
    assert (photo.mode, photo.size) == ("RGB", (40, 20))
    assert np.abs(np.asarray(photo, int) - np.asarray(wanted, int)).mean() < 12


def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 200).astype(np.uint16).reshape(10, 20)
    for format in ("png", "tiff"):
        Image.fromarray(ramp).save(tmp_path / "photo", format=format)
        photo = np.asarray(open_photograph(tmp_path / "photo"))
        np.testing.assert_array_equal(photo, np.repeat((ramp >> 8)[..., None], 3, axis=2))


@pytest.mark.parametrize(("pixels", "wanted"), [([0.0, 0.5, 1.0], [0, 127, 255]), ([0.0, 100.0, 300.0], [0, 100, 255]),
                                                ([np.nan, 1.0, 0.0], [0, 255, 0])])  # fmt: skip
def test_floating_numbers(pixels: list[float], wanted: list[int]) -> None:
    image = Image.fromarray(np.array([pixels], np.float32))
    assert np.asarray(in_colour(image))[0, :, 0].tolist() == wanted


def test_what_is_transparent_shows_white() -> None:
    image = halves().convert("RGBA")
    image.putalpha(Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 20, axis=1).repeat(20, axis=0)))
    photo = in_colour(image)
    assert photo.getpixel((0, 0)) == (255, 255, 255)
    assert photo.getpixel((39, 0)) == GREEN


def test_of_an_animation_comes_the_first_picture(tmp_path: Path) -> None:
    halves().save(tmp_path / "a.gif", save_all=True, append_images=[Image.new("RGB", (40, 20), "blue")])
    red, _, blue = open_photograph(tmp_path / "a.gif").getpixel((2, 2))
    assert red > 150 > blue


def test_damaged_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"")
    with pytest.raises(FormatError, match=r"photo\.jpg: no image"):
        open_photograph(path)
    halves().save(path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(FormatError, match=r"photo\.jpg: the image cannot be read"):
        open_photograph(path)
    with pytest.raises(FileNotFoundError):
        open_photograph(tmp_path / "gone.jpg")


@pytest.mark.parametrize("opening", [load_image, open_photograph])
def test_what_pillow_warns_of_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opening: Any) -> None:
    Image.new("RGB", (4, 3)).save(tmp_path / "1.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # to hide it, the threads of a loader would change each other's
    with pytest.warns(Image.DecompressionBombWarning):  # filters of warnings, and leave them changed
        assert opening(tmp_path / "1.png").size == (4, 3)
