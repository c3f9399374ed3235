r"""Files from the network: downloaded once, resumed where they broke off, verified, and kept whole or not at all."""

from __future__ import annotations

import os
from typing import Any


def get_dir() -> str:
    r"""The folder of all downloads: what `set_dir` said, $TINYCNN_HOME, $XDG_CACHE_HOME/tinycnn or ~/.cache/tinycnn."""
    raise NotImplementedError


def set_dir(d: str | os.PathLike[str]) -> None:
    r"""Keep downloads in the folder ``d`` from now on."""
    raise NotImplementedError


def download_url_to_file(url: str, dst: Any, hash_prefix: str | None = None, progress: bool = True) -> None:
    r"""Download ``url`` to the file ``dst``."""
    raise NotImplementedError


def load_state_dict_from_url(
    url: str,
    model_dir: Any = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
) -> dict[str, Any]:
    r"""What `tinycnn.load` reads from the file at ``url``, which is downloaded if it is not in the cache yet."""
    raise NotImplementedError
