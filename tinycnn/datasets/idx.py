r"""Reading IDX files, the format of MNIST: a magic number, the sizes, then one byte a value; packed by gzip or plain.

    offset 0   0 0        always
           2   8          the values are unsigned bytes
           3   d          so many axes: 1 for labels, 3 for images
           4   n₁ … n_d   the sizes, 4 bytes each, big-endian
      4 + 4d   n₁·…·n_d   bytes, the last axis fastest
"""

from __future__ import annotations

import gzip
import math
import zlib
from typing import IO, Any

import numpy as np

from tinycnn.errors import FormatError, explain

_MOST_BYTES = 2**30  # MNIST takes 47 MB; whatever says it is larger than this is damaged, or malicious


def read_idx(path: str, axes: int) -> Any:
    r"""The array in an IDX file, uint8, with this many axes.

    Raises
    ------
    FormatError    the file is none, has another number of axes, is cut short, or goes on behind its end
    """
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        try:
            if not packed:
                return _array(file, path, axes)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _array(unpacked, path, axes)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise FormatError(f"{path}: gzip data that cannot be unpacked: {error}") from error


def _array(file: IO[bytes] | gzip.GzipFile, path: str, axes: int) -> Any:
    head = file.read(4 + 4 * axes)
    wanted = bytes([0, 0, 8, axes])
    if head[:4] != wanted:
        other = {b"\0\0\x08\1": "labels", b"\0\0\x08\3": "images"}.get(head[:4])
        raise FormatError(explain(
            f"{path}: no IDX file of {axes} axes",
            {"should begin with": wanted.hex(" "), "begins with": head[:4].hex(" ") or "nothing: it is empty"},
            other and f"it holds {other}: were two files exchanged?",
        ))
    if len(head) < 4 + 4 * axes:
        raise FormatError(f"{path}: the file was cut short: it ends after {len(head)} bytes, within its sizes")
    shape = tuple(np.frombuffer(head, ">u4", offset=4).tolist())
    size = math.prod(shape)
    if size > _MOST_BYTES:
        raise FormatError(f"{path}: sizes that cannot be: {shape}")
    content = file.read(size + 1)  # one more, to see that it ends there
    if len(content) != size:
        more = "more" if len(content) > size else f"{len(content):,}"
        raise FormatError(explain(
            f"{path}: the file was {'added to' if len(content) > size else 'cut short'}",
            {"sizes": shape, "bytes wanted": f"{size:,}", "bytes found": more},
        ))
    return np.frombuffer(content, np.uint8).reshape(shape).copy()
