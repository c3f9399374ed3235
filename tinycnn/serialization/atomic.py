"""Files written whole or not at all: under another name first, which then replaces the old file in one step."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(f: str | os.PathLike[str]) -> Iterator[str]:
    r"""A temporary name beside ``f`` to write to; it becomes ``f`` if the block ends well, and is removed if not.

    The bytes are on the disk before the name changes, so no crash leaves half a file under the name ``f``.
    """
    path = os.path.realpath(f)
    temporary = f"{path}.{os.urandom(4).hex()}.tmp"
    try:
        try:
            with open(temporary, "xb") as file:
                mode = os.fstat(file.fileno()).st_mode
        except OSError as error:
            error.filename = path  # nobody asked for the temporary name
            raise
        yield temporary
        os.chmod(temporary, mode)  # some writers make a file of their own, which only its owner may read
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)
