r"""Reading files out of a .tar.gz, without unpacking it to the disk and without trusting what it says of itself."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Sequence
from typing import IO, Any, cast

from tinycnn.errors import FormatError, explain

_MOST_BYTES = 2**29  # CIFAR-10 takes 185 MB, unpacked


def read_members(path: str, names: Sequence[str], md5: str) -> dict[str, bytes]:
    r"""The contents of the files ``names`` in the archive at ``path``.

    Raises
    ------
    FormatError    the archive is not the one with this md5, or none at all, or lacks one of the files
    """
    with open(path, "rb") as file:
        got = hashlib.file_digest(file, lambda: hashlib.new("md5", usedforsecurity=False)).hexdigest()
        if got != md5:
            raise FormatError(explain(
                f"{path} is damaged, or another file of this name",
                {"md5 should be": md5, "md5 is": got},
                "delete it, and download=True fetches it anew",
            ))
        file.seek(0)
        contents: dict[str, bytes] = {}
        try:
            with gzip.GzipFile(fileobj=file) as unpacked, tarfile.open(
                fileobj=cast(IO[bytes], _Bounded(unpacked)), mode="r|"  # once through, from front to back
            ) as archive:
                for member in archive:
                    name = member.name.removeprefix("./")
                    if name in names and name not in contents and member.isreg():
                        contents[name] = cast(IO[bytes], archive.extractfile(member)).read()
                    if len(contents) == len(set(names)):
                        break
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise FormatError(f"{path}: an archive that cannot be unpacked: {error}") from error
    if lacking := [name for name in names if name not in contents]:
        raise FormatError(f"{path}: the archive lacks {', '.join(lacking)}")
    return contents


class _Bounded:
    r"""A stream that ends with an error where an archive unpacks to much more than it should: a decompression bomb."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._left = stream, _MOST_BYTES

    def read(self, count: int) -> bytes:
        content: bytes = self._stream.read(count)
        self._left -= len(content)
        if self._left < 0:
            raise tarfile.TarError(f"it unpacks to more than {_MOST_BYTES:,} bytes")
        return content
