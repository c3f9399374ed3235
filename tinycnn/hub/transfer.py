r"""A file on its way: resumed where it broke off, verified, and kept whole or not at all.

Until it is complete it lies beside its place as ``<name>.partial``. A download that broke off leaves it there, and the
next one asks the server for the rest alone (HTTP's Range). It asks for the last 64 KiB once more and compares them, so
that two versions of a file are never joined. Only what is complete, and has the hash it should have, gets its name.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from tinycnn._version import __version__
from tinycnn.errors import ConfigError, DownloadError, explain

from .bar import progress_bar

_BLOCK = 2**16  # bytes; so many are written at once, and fetched again to see whether a file is still the same
_TIMEOUT = 30.0  # seconds without a sign of the server


@dataclass(frozen=True)
class Checksum:
    r"""How the hash of a file must begin; None takes any."""

    algorithm: str
    prefix: str | None

    def flaw(self, path: str) -> str | None:
        r"""What is wrong with the file; None if nothing is."""
        import hashlib

        if self.prefix is None:
            return None
        with open(path, "rb") as file:
            got = hashlib.file_digest(file, lambda: hashlib.new(self.algorithm, usedforsecurity=False)).hexdigest()
            file.seek(0)
            page = file.read(64).lstrip().startswith(b"<")
        if got.startswith(self.prefix.lower()):
            return None
        wrong = f"its {self.algorithm} should begin with {self.prefix}, but is {got}"
        return wrong + "; it looks like a web page: of a proxy, or a login?" if page else wrong


class _Failure(Exception):
    r"""Why one place did not give the file."""


def expect_address(url: Any) -> None:
    r"""Raise a ConfigError unless it is the address of something on the web."""
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        raise ConfigError(f"{url!r} is no web address; a file of your own is read by tinycnn.load(path)")


def fetch(path: str, urls: Sequence[str], checksum: Checksum, progress: bool, keep: bool = False) -> None:
    r"""Bring the file to ``path`` from the first of ``urls`` that gives it.

    With `keep` a sound file that lies there when our turn comes is left: another process has brought it meanwhile.
    """
    if os.path.isdir(path) or not os.path.basename(path):
        raise ConfigError(f"{path} is a folder; the download needs the name of a file, such as "
                          f"{os.path.join(path, 'weights.pth')}")
    failures = {}
    for url in urls:
        expect_address(url)
        try:
            return _download(url, path, checksum, progress, keep)
        except _Failure as failure:
            failures[url] = str(failure)
    rows: dict[str, str] = {}
    for number, (url, reason) in enumerate(failures.items(), start=1):
        place = f" {number}" if len(failures) > 1 else ""
        rows |= {f"from{place}": url, f"failed{place}": reason}
    rows["belongs to"] = os.path.abspath(path)
    hint = "without a network, get the file elsewhere and put it where 'belongs to' says, under that name"
    if keep and os.path.isfile(path) and (flaw := checksum.flaw(path)):
        rows["lies there"] = f"another file: {flaw}"
        hint = "without a network, get another copy elsewhere and put it in place of the file that lies there"
    with contextlib.suppress(FileNotFoundError):
        received = os.path.getsize(f"{path}.partial")
        hint = f"run this again: it goes on behind the {received / 1e6:.1f} MB that came"
    raise DownloadError(explain(f"{os.path.basename(path)} cannot be downloaded", rows, hint))


def _download(url: str, path: str, checksum: Checksum, progress: bool, keep: bool) -> None:
    r"""From one place: receive, verify, and only then give the file its name."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with _claimed(f"{path}.partial", progress) as partial:
        if keep and os.path.isfile(path) and checksum.flaw(path) is None:
            return _remove(partial)
        try:
            _receive(url, partial, progress)
            partial.flush()
            os.fsync(partial.fileno())
        except BaseException as error:  # also a Ctrl-C
            if partial.seek(0, os.SEEK_END) == 0:
                _remove(partial)
            if reason := _reason(error):
                raise _Failure(reason) from error
            raise
        if flaw := checksum.flaw(partial.name):
            _remove(partial)
            raise _Failure(f"what came was removed: {flaw}")
        if os.name == "nt":
            partial.close()  # Windows renames no open file
        os.replace(partial.name, path)


def _reason(error: BaseException) -> str | None:
    r"""What went wrong between here and the server, in words; None if it was something else."""
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError

    if isinstance(error, HTTPError):
        error.close()
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, OSError | HTTPException | ValueError):  # ValueError: an address that is none
        told = error.reason if isinstance(error, URLError) else error
        return f"{type(told).__name__}: {told}"
    return None


@contextlib.contextmanager
def _claimed(partial: str, progress: bool) -> Iterator[IO[bytes]]:
    r"""The unfinished file, opened for this process alone.

    The lock goes with the process that holds it, however that ends. Windows has none like it; there two downloads of a
    file at once may spoil each other, which the check of the hash brings to light.
    """
    while True:
        with open(partial, "ab+") as file:
            _lock(file, progress)
            try:
                ours = os.path.samestat(os.fstat(file.fileno()), os.stat(partial))
            except FileNotFoundError:
                ours = False
            if ours:  # and not the file that another process has finished, and renamed, meanwhile
                yield file
                return


def _lock(file: IO[bytes], progress: bool) -> None:
    r"""Wait until no other process has the file."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if progress:
            print(f"waiting for another process that downloads {os.path.basename(file.name)}", file=sys.stderr)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        pass  # a file system without locks


def _remove(partial: IO[bytes]) -> None:
    if os.name == "nt":
        partial.close()
    os.remove(partial.name)


def _receive(url: str, partial: IO[bytes], progress: bool) -> None:
    r"""Append to ``partial`` what it lacks of the file."""
    import shutil

    with _response(url, partial) as response:
        total = _total(response)
        size = partial.seek(0, os.SEEK_END)
        free = shutil.disk_usage(os.path.dirname(os.path.abspath(partial.name))).free
        if total is not None and total - size > free:
            raise OSError(f"{total - size:,} bytes are to come, but the disk has room for {free:,}")
        with _bar(os.path.basename(partial.name).removesuffix(".partial"), size, total, progress) as advance:
            while block := response.read(_BLOCK):
                partial.write(block)
                advance(len(block))
        size = partial.tell()
        if total is not None and size != total:
            raise OSError(f"the connection broke off after {size:,} of {total:,} bytes")


def _response(url: str, partial: IO[bytes]) -> Any:
    r"""The server's answer, read up to where what ``partial`` holds ends; or all of it, and ``partial`` empty."""
    from urllib.error import HTTPError

    size = partial.seek(0, os.SEEK_END)
    if size:
        start = max(0, size - _BLOCK)
        partial.seek(start)
        held = partial.read()
        try:
            with contextlib.ExitStack() as closing:  # unless it is handed on
                response = closing.enter_context(_ask(url, {"Range": f"bytes={start}-"}))
                if response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                    again = response.read(len(held))
                    if again == held:
                        closing.pop_all()
                        return response
                    if held.startswith(again) and (_total(response) or 0) >= size:
                        raise OSError(f"the connection broke off before it brought anything new behind {size:,} bytes")
                # the server knows no ranges, or has another file by now
        except HTTPError as error:
            error.close()
            if error.code != 416:  # the file is shorter than what we hold
                raise
        partial.truncate(0)
    return _ask(url, {})


def _ask(url: str, headers: dict[str, str]) -> Any:
    from urllib.request import Request, urlopen

    return urlopen(Request(url, headers={"User-Agent": f"tinycnn/{__version__}", **headers}), timeout=_TIMEOUT)


def _total(response: Any) -> int | None:
    r"""The size of the whole file, if the server says it."""
    said = response.headers.get("Content-Range", "").rpartition("/")[2] or response.headers.get("Content-Length", "")
    return int(said) if said.isdecimal() else None


@contextlib.contextmanager
def _bar(name: str, size: int, total: int | None, progress: bool) -> Iterator[Any]:
    options = {"desc": name, "initial": size, "total": total, "unit": "B", "unit_scale": True}
    bar = progress_bar(sys.stderr, **options) if progress else None
    if bar is None:
        yield lambda count: None
        return
    with bar:
        yield bar.update
