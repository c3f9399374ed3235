r"""Datasets from a user's file: what each format yields, and what every kind of bad file is told."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinycnn as torch
from tinycnn import datasets
from tinycnn.datasets import Digits, TableDataset
from tinycnn.datasets.tables import stratified_split
from tinycnn.errors import FormatError

FOUR = "0,1,2,3,0\n4,5,6,7,1\n8,9,10,16,1\n0,0,0,0,3\n"


def written(folder: Path, content: str | bytes, name: str = "letters.csv") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def archive(folder: Path, **arrays: Any) -> str:
    np.savez(folder / "letters.npz", **arrays)
    return str(folder / "letters.npz")


def test_csv_rows_become_square_images_in_the_unit_range(tmp_path: Path) -> None:
    letters = TableDataset(written(tmp_path, FOUR), None)
    assert letters.images.shape == (4, 1, 2, 2)
    assert letters.images.dtype == torch.float32
    assert letters.scale == 16
    assert (letters.images[2, 0] * 16).tolist() == [[8, 9], [10, 16]]
    assert letters.targets.tolist() == [0, 1, 1, 3]
    assert letters.classes == ["0", "1", "2", "3"]


def test_gzip_is_recognised_by_content(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(FOUR.encode(), mtime=0), "letters.dat")
    assert TableDataset(path, None).images.tolist() == TableDataset(written(tmp_path, FOUR), None).images.tolist()


def test_the_digits_file_gives_the_digits() -> None:
    path = os.path.join(os.path.dirname(datasets.__file__), "data", "optdigits.csv.gz")
    for train in (True, False, None):
        ours, theirs = TableDataset(path, train), Digits(train)
        assert ours.images.tolist() == theirs.images.tolist()
        assert ours.targets.tolist() == theirs.targets.tolist()


@pytest.mark.parametrize(
    ("shape", "options", "images"),
    [
        ((5, 9), {}, (5, 1, 3, 3)),
        ((5, 6), {"shape": (2, 3)}, (5, 1, 2, 3)),
        ((5, 12), {"shape": (3, 2, 2)}, (5, 3, 2, 2)),
        ((5, 4, 6), {}, (5, 1, 4, 6)),
        ((5, 3, 4, 6), {}, (5, 3, 4, 6)),
        ((5, 3, 4, 6), {"shape": (4, 6)}, None),
        ((5, 4, 6), {"shape": (4, 6)}, (5, 1, 4, 6)),
        ((5, 4, 6), {"shape": (6, 4)}, None),
        ((5, 8), {}, None),
        ((5, 8), {"shape": (3, 3)}, None),
        ((5, 8), {"shape": (8,)}, None),
    ],
)
def test_shapes(
    tmp_path: Path, shape: tuple[int, ...], options: dict[str, Any], images: tuple[int, ...] | None
) -> None:
    path = archive(tmp_path, images=np.arange(np.prod(shape), dtype=np.uint8).reshape(shape), labels=np.arange(5))
    if images is None:
        with pytest.raises(FormatError, match=r"do not make images(.|\n)*a row(.|\n)*give shape=\(H, W\)"):
            TableDataset(path, None, **options)
    else:
        assert TableDataset(path, None, **options).images.shape == images


@pytest.mark.parametrize(
    ("pixels", "scale", "largest"),
    [
        (np.array([[0, 51, 255, 0]], np.uint8), None, 1.0),
        (np.array([[0.0, 0.25, 0.5, 0.5]]), None, 0.5),
        (np.array([[-2.0, 0.0, 1.0, 2.0]]), None, 2.0),
        (np.array([[0, 1, 1, 0]]), None, 1.0),
        (np.array([[0, 0, 0, 0]]), None, 0.0),
        (np.array([[0, 8, 0, 0]]), 16, 0.5),
        (np.array([[True, False, True, False]]), None, 1.0),
    ],
)
def test_scale(tmp_path: Path, pixels: Any, scale: float | None, largest: float) -> None:
    letters = TableDataset(archive(tmp_path, images=pixels, labels=[0]), None, scale=scale)
    assert letters.images.max().item() == largest


def test_scale_comes_from_the_whole_file_not_from_one_part(tmp_path: Path) -> None:
    pixels = np.ones((10, 4), np.int64)
    pixels[3] = 100
    path = archive(tmp_path, images=pixels, labels=np.zeros(10, np.int64))
    assert TableDataset(path, True).scale == TableDataset(path, False).scale == 100
    with pytest.raises(ValueError, match="scale must be positive, but it is 0"):
        TableDataset(path, scale=0)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
def test_the_split_is_stratified_and_the_same_again(labels: list[int]) -> None:
    train, test = stratified_split(np.array(labels))
    assert sorted([*train, *test]) == list(range(len(labels)))
    assert train.tolist() == sorted(train)
    assert test.tolist() == sorted(test)
    for label in set(labels):
        assert abs(np.count_nonzero(np.array(labels)[test] == label) - labels.count(label) / 5) <= 0.5
    again = stratified_split(np.array(labels))
    assert again[0].tolist() == train.tolist()
    assert again[1].tolist() == test.tolist()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "the file is empty"),
        ("\n \n", "holds no row"),
        ("0,1,2,3,0\n0,1,2,3\n", r"same number of values\n +row 1 += 5\n +row 2 += 4"),
        ("0,1,x,3,0\n", "could not convert string 'x'.*row 0(.|\n)*without a header"),
        ("label,a,b,c,d\n0,1,2,3,4\n", "could not convert string 'label'"),
        ("0,1,,3,0\n", "could not convert string ''"),
        ("0 1 2 3 0\n", "separated by commas; row 1 is '0 1 2 3 0'"),
        ("0,1,2,0\n", "do not make images, for they are not square"),
        ("0,1,2,3,0\n0,nan,2,3,0\n", "a pixel of row 2 is no finite number"),
        ("0,inf,2,3,0\n", "a pixel of row 1 is no finite number"),
        ("0,1e300,2,3.5,0\n", "a pixel of row 1 is no finite number in float32"),
        ("0,1,2,3,0\n0,1,2,3,-1\n", r"class index, a whole number(.|\n)*row 2 += -1"),
        ("0,1,2,3,0.5\n", r"row 1 += 0\.5"),
        ("0,1,2,3,nan\n", "row 1 += nan"),
        ("0,1,2,3,1e9\n", "from 0 to 99999"),
        (b"\xff\xfe\x00", "neither a CSV table nor a NumPy archive"),
        (gzip.compress(FOUR.encode(), mtime=0)[:-9], "gzip data that cannot be unpacked"),
        (b"\x1f\x8b nonsense", "gzip data that cannot be unpacked"),
        (b"PK\x03\x04 nonsense", "a NumPy archive that cannot be read"),
    ],
)
def test_bad_files(tmp_path: Path, content: str | bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says) as caught:
        TableDataset(written(tmp_path, content))
    assert "letters.csv: " in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"images": np.zeros((2, 4))}, r"needs the arrays 'images' and 'labels', but it holds \['images'\]"),
        ({"images": np.zeros((2, 4)), "labels": np.zeros(3)}, r"do not fit\n +images += \(2, 4\)\n +labels += \(3,\)"),
        ({"images": np.zeros(2), "labels": np.zeros(2)}, "do not fit"),
        ({"images": np.zeros((2, 4)), "labels": np.zeros((2, 1))}, "do not fit"),
        ({"images": np.zeros((0, 4)), "labels": np.zeros(0)}, "no images in it"),
        ({"images": np.array([["a"] * 4]), "labels": np.zeros(1)}, "images must be numbers, but their dtype is <U1"),
        ({"images": np.zeros((1, 4)), "labels": np.array([{}])}, "cannot be read: Object arrays cannot be loaded"),
        ({"images": np.full((2, 2, 2), np.nan), "labels": np.zeros(2)}, "a pixel of row 1 is no finite number"),
        ({"images": np.zeros((2, 2, 2)), "labels": np.array([0, -3])}, "row 2 += -3"),
        ({"images": np.zeros((2, 8, 9, 3)), "labels": np.zeros(2)}, r"is this N H W C\? images.transpose"),
    ],
)
def test_bad_archives(tmp_path: Path, arrays: dict[str, Any], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        TableDataset(archive(tmp_path, **arrays))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv"):
        TableDataset(tmp_path / "nothing.csv")


@pytest.mark.parametrize("kind", ["csv", "gzip", "npz"])
def test_damaged_bytes_are_read_or_refused_and_nothing_else(kind: str, tmp_path: Path) -> None:
    if kind == "npz":
        with open(archive(tmp_path, images=np.arange(16).reshape(4, 4), labels=np.arange(4)), "rb") as file:
            sound = file.read()
    else:
        sound = gzip.compress(FOUR.encode(), mtime=0) if kind == "gzip" else FOUR.encode()

    @settings(max_examples=150)
    @given(
        st.lists(st.tuples(st.integers(0, len(sound) - 1), st.integers(0, 255)), max_size=4), st.integers(0, len(sound))
    )
    def damage(changes: list[tuple[int, int]], length: int) -> None:
        content = bytearray(sound)
        for place, value in changes:
            content[place] = value
        try:
            letters = TableDataset(written(tmp_path, bytes(content[:length])), None)
        except FormatError:
            return
        assert len(letters) == len(letters.images) >= 1

    damage()
