r"""Reading pixels and labels from a CSV table or a NumPy archive, and checking every number."""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from typing import Any

import numpy as np

from tinycnn.errors import FormatError, explain

#: More classes than this is a column of something else, taken for labels.
MOST_CLASSES = 100_000


def read_table(path: str) -> tuple[Any, Any]:
    r"""Pixels, (N, …) of numbers, and labels, (N,), int64. See :class:`TableDataset` for the formats and the errors."""
    with open(path, "rb") as file:
        content = file.read()
    if not content:
        raise FormatError(f"{path}: the file is empty")
    if content.startswith(b"PK"):
        pixels, labels = _from_npz(content, path)
    else:
        pixels, labels = _from_csv(_unzipped(content, path), path)
    _check(pixels, labels, path)
    return pixels, labels.astype(np.int64)


def _unzipped(content: bytes, path: str) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"{path}: gzip data that cannot be unpacked: {error}") from error


def _from_csv(content: bytes, path: str) -> tuple[Any, Any]:
    try:
        lines = [line for line in content.decode().splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: neither a CSV table nor a NumPy archive: {error}") from error
    if not lines:
        raise FormatError(f"{path}: the file holds no row")
    columns = lines[0].count(",") + 1
    for number, line in enumerate(lines, start=1):
        if line.count(",") + 1 != columns:
            raise FormatError(
                explain(
                    f"{path}: every row must have the same number of values",
                    {"row 1": columns, f"row {number}": line.count(",") + 1},
                    "is a row cut short?",
                )
            )
    if columns < 2:
        raise FormatError(
            f"{path}: a row is pixels and, last, a label, separated by commas; row 1 is {lines[0][:40]!r}"
        )
    try:
        table = np.loadtxt(lines, delimiter=",", comments=None, ndmin=2)
    except ValueError as error:
        raise FormatError(
            explain(f"{path}: {error}", hint="a table of numbers is wanted, without a header; rows count from 0 here")
        ) from error
    return table[:, :-1], table[:, -1]


def _from_npz(content: bytes, path: str) -> tuple[Any, Any]:
    try:
        with warnings.catch_warnings(), np.load(io.BytesIO(content), allow_pickle=False) as archive:
            warnings.simplefilter("ignore")  # NumPy may warn of an odd header before it refuses it
            held = {name: archive[name] for name in ("images", "labels") if name in archive}
            names = list(archive)
    except Exception as error:  # whatever goes wrong in decoding, it is the file that is wrong
        raise FormatError(f"{path}: a NumPy archive that cannot be read: {error}") from error
    if len(held) < 2:
        raise FormatError(f"{path}: an archive needs the arrays 'images' and 'labels', but it holds {names}")
    images, labels = held["images"], held["labels"]
    for name, array in held.items():
        if array.dtype.kind not in "biuf":
            raise FormatError(f"{path}: {name} must be numbers, but their dtype is {array.dtype}")
    if images.ndim not in (2, 3, 4) or labels.ndim != 1 or len(images) != len(labels):
        raise FormatError(
            explain(
                f"{path}: images and labels do not fit",
                {"images": images.shape, "labels": labels.shape},
                "images are (N, pixels), (N, H, W) or (N, C, H, W), and labels are (N,)",
            )
        )
    if images.ndim == 4 and images.shape[3] in (1, 3, 4) and images.shape[1] not in (1, 3, 4):
        raise FormatError(
            explain(
                f"{path}: images must be N C H W, channels before height and width",
                {"images": images.shape},
                "is this N H W C? images.transpose(0, 3, 1, 2) puts the channels first",
            )
        )
    return images, labels


def _check(pixels: Any, labels: Any, path: str) -> None:
    if pixels.size == 0:
        raise FormatError(f"{path}: there are no images in it")
    finite = (np.abs(pixels.reshape(len(pixels), -1)) <= np.finfo(np.float32).max).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite)) + 1
        raise FormatError(f"{path}: a pixel of row {row} is no finite number in float32 (NaN, infinite, too large)")
    usable = (labels >= 0) & (labels < MOST_CLASSES) & (labels == np.floor(labels))
    if not usable.all():
        row = int(np.argmin(usable))
        raise FormatError(
            explain(
                f"{path}: a label must be a class index, a whole number from 0 to {MOST_CLASSES - 1}",
                {f"row {row + 1}": labels[row]},
                "the label is the last value of a row",
            )
        )
