r"""The cache of downloads: where it is, and a file that is in it or gets there."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from typing import Any

from tinycnn.errors import ConfigError, DownloadError, FormatError
from tinycnn.serialization import load

from .transfer import Checksum, expect_address, fetch

_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,})\.")  # resnet50-11ad3fa6.pth
_chosen_dir: str | None = None


def get_dir() -> str:
    r"""The folder of all downloads: what `set_dir` said, $TINYCNN_HOME, $XDG_CACHE_HOME/tinycnn or ~/.cache/tinycnn."""
    if _chosen_dir is not None:
        return _chosen_dir
    if home := os.environ.get("TINYCNN_HOME"):
        return os.path.expanduser(home)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    return os.path.join(os.path.expanduser(cache), "tinycnn")


def set_dir(d: str | os.PathLike[str]) -> None:
    r"""Keep downloads in the folder ``d`` from now on; it need not be there yet."""
    global _chosen_dir
    _chosen_dir = os.path.expanduser(os.fspath(d))


def load_state_dict_from_url(
    url: str,
    model_dir: str | os.PathLike[str] | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = True,
) -> dict[Any, Any]:
    r"""What `tinycnn.load` reads from the file at ``url``, which is downloaded if it is not in the cache yet.

    Parameters
    ----------
    url : str
    model_dir : str or PathLike, optional     the cache; ``<get_dir()>/checkpoints`` if None
    map_location : str or device, optional    where the tensors go
    progress : bool                           show how the download goes on
    check_hash : bool                         the name is ``name-<hash>.ext``: compare the first digits of the sha256
    file_name : str, optional                 the name in the cache; the URL's if None
    weights_only : bool                       accepted so that code written for PyTorch runs; nothing is unpickled

    Raises
    ------
    DownloadError    the file cannot be had; the message says which it is, and where to put it by hand
    FormatError      it holds no weights, or not as they should be

    Notes
    -----
    A file that is in the cache is verified as well. If it is damaged a warning says so, and it is downloaded anew.
    """
    from urllib.parse import urlsplit

    expect_address(url)
    name = file_name or os.path.basename(urlsplit(url).path)
    if not name.strip("."):
        raise ConfigError(f"load_state_dict_from_url: {url!r} names no file; give a file_name")
    digest = hash_in_name(name) if check_hash else None
    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else os.path.expanduser(model_dir)
    path = os.path.join(folder, name)
    try:
        ensure_file(path, [url], digest=digest, progress=progress)
    except DownloadError as error:
        if os.path.isfile(path):  # with another hash, or nothing would have been downloaded
            raise DownloadError(f"{error}; or, if you trust the one that lies there, leave check_hash out, as in"
                                " weights.get_state_dict(check_hash=False), or give the model"
                                f" tinycnn.load({path!r})") from error
        raise
    try:
        state: dict[Any, Any] = load(path, map_location)
    except FormatError as error:
        raise FormatError(f"{error}\n  if the file is damaged, delete it: it comes anew from {url}") from error
    return state


def hash_in_name(name: str) -> str | None:
    r"""How the sha256 of a file of this name must begin, if the name says it.

    Examples
    --------
    >>> hash_in_name("resnet50-11ad3fa6.pth")
    '11ad3fa6'
    """
    found = _HASH_IN_NAME.search(name)
    return None if found is None else found[1]


def download_url_to_file(
    url: str, dst: str | os.PathLike[str], hash_prefix: str | None = None, progress: bool = True
) -> None:
    r"""Download ``url`` to the file ``dst``, which is replaced if it is there.

    Parameters
    ----------
    url : str
    dst : str or PathLike          missing folders on the way are made
    hash_prefix : str, optional    how the file's sha256 must begin
    progress : bool                show how the download goes on

    Raises
    ------
    DownloadError    it cannot be had, or has another hash; nothing then lies at ``dst`` that was not there before
    """
    fetch(os.path.expanduser(dst), [url], Checksum("sha256", hash_prefix), progress)


def ensure_file(
    path: str | os.PathLike[str],
    urls: Sequence[str],
    *,
    algorithm: str = "sha256",
    digest: str | None = None,
    progress: bool = True,
) -> str:
    r"""The file at ``path``: as it lies there if it is sound, else from the first of ``urls`` that gives it.

    Parameters
    ----------
    path : str or PathLike      where it belongs
    urls : sequence of str      the places that have it, the best first
    algorithm : str             "sha256" or "md5", or another that hashlib knows
    digest : str, optional      how its hash must begin
    progress : bool             show how the download goes on

    Returns
    -------
    str    the path

    Raises
    ------
    DownloadError    no place gives it; the message says what each of them answered
    """
    path = os.path.expanduser(path)
    checksum = Checksum(algorithm, digest)
    if os.path.isfile(path):
        flaw = checksum.flaw(path)
        if flaw is None:
            return path
        warnings.warn(f"{path} is damaged and is downloaded anew: {flaw}", stacklevel=2)
    fetch(path, urls, checksum, progress, keep=True)
    return path
