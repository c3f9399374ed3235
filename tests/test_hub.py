r"""Downloads, against a server on this machine: whole, resumed, verified, and what is said when they fail."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.loopback import Server, closed_port, serving
from tinycnn import hub
from tinycnn.errors import ConfigError, DeviceError, DownloadError, FormatError

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        running.files["big.bin"] = CONTENT
        yield running


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "*")  # the server is on this machine
    return tmp_path / "home"


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_of_downloads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert hub.get_dir() == str(tmp_path / "home")
    monkeypatch.delenv("TINYCNN_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert hub.get_dir() == "/somewhere/tinycnn"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/ada")
    assert hub.get_dir() == "/home/ada/.cache/tinycnn"
    monkeypatch.setattr("tinycnn.hub.cache._chosen_dir", None)  # and afterwards as it was
    hub.set_dir("~/weights")
    assert hub.get_dir() == "/home/ada/weights"


def test_a_file_comes_whole_and_alone(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "big.bin"
    hub.download_url_to_file(f"{server.url}/big.bin", target, SHA[:8], progress=False)
    assert target.read_bytes() == CONTENT
    assert files_in(target.parent) == ["big.bin"]


def test_progress_names_the_file_and_quiet_is_quiet(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin", progress=False)
    assert capsys.readouterr() == ("", "")
    hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin")  # into no terminal
    assert capsys.readouterr() == ("", "")
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals")
    ours, theirs = pty.openpty()  # of 0 columns, as the one of `script`
    with open(theirs, "w", encoding="utf-8") as err:
        monkeypatch.setattr(sys, "stderr", err)
        hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin")
        shown = os.read(ours, 10_000)
    os.close(ours)
    assert b"big.bin" in shown
    assert b"300k/300k" in shown


@pytest.mark.parametrize("says_length", [True, False])
@pytest.mark.parametrize("content", [b"three", b""])
def test_an_empty_file_and_one_without_a_length(
    server: Server, tmp_path: Path, content: bytes, says_length: bool
) -> None:
    server.says_length = says_length
    server.files["small.txt"] = content
    hub.download_url_to_file(f"{server.url}/small.txt", tmp_path / "small.txt", progress=False)
    assert (tmp_path / "small.txt").read_bytes() == content
    assert files_in(tmp_path) == ["small.txt"]


@pytest.mark.parametrize("target", ["", "new/"])
def test_a_folder_is_no_name_for_a_file(server: Server, tmp_path: Path, target: str) -> None:
    with pytest.raises(ConfigError, match=r"is a folder; the download needs the name of a file"):
        hub.download_url_to_file(f"{server.url}/big.bin", f"{tmp_path}/{target}", progress=False)
    assert files_in(tmp_path) == server.asked == []


@pytest.mark.parametrize("cut_after", [1000, 200_000])  # less than is fetched twice, and more
def test_what_broke_off_goes_on_where_it_stopped(server: Server, tmp_path: Path, cut_after: int) -> None:
    target = tmp_path / "big.bin"
    server.cut_after = cut_after
    wanted = rf"broke off after {cut_after:,} of 300,000 bytes(.|\n)*{re.escape(str(target))}(.|\n)*run this again"
    with pytest.raises(DownloadError, match=wanted):
        hub.download_url_to_file(f"{server.url}/big.bin", target, SHA, progress=False)
    assert files_in(tmp_path) == ["big.bin.partial"]
    server.cut_after = None
    hub.download_url_to_file(f"{server.url}/big.bin", target, SHA, progress=False)
    assert target.read_bytes() == CONTENT
    assert server.asked[-1] == ("big.bin", f"bytes={max(0, cut_after - 65536)}-")  # the rest, and a little more
    assert files_in(tmp_path) == ["big.bin"]


def test_what_came_is_kept_when_the_next_try_brings_nothing_new(server: Server, tmp_path: Path) -> None:
    (tmp_path / "big.bin.partial").write_bytes(CONTENT[:200_000])
    server.cut_after = 1000
    with pytest.raises(DownloadError, match="before it brought anything new behind 200,000 bytes"):
        hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin", SHA, progress=False)
    assert (tmp_path / "big.bin.partial").read_bytes() == CONTENT[:200_000]


def test_a_server_without_ranges_sends_all_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "big.bin.partial").write_bytes(CONTENT[:200_000])
    server.ranges = False
    hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin", SHA, progress=False)
    assert (tmp_path / "big.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "partial", [CONTENT[::-1][:200_000], CONTENT + bytes(10), CONTENT + bytes(100_000), CONTENT],
    ids=["another version", "a little longer", "much longer", "complete already"],
)
def test_a_partial_file_that_is_not_the_beginning_is_given_up(server: Server, tmp_path: Path, partial: bytes) -> None:
    (tmp_path / "big.bin.partial").write_bytes(partial)
    hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin", progress=False)  # no hash to go by
    assert (tmp_path / "big.bin").read_bytes() == CONTENT
    assert files_in(tmp_path) == ["big.bin"]


def test_a_wrong_hash_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(b"the old one")
    with pytest.raises(DownloadError, match=f"sha256 should begin with deadbeef, but is {SHA}"):
        hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin", "deadbeef", progress=False)
    assert files_in(tmp_path) == ["big.bin"]
    assert (tmp_path / "big.bin").read_bytes() == b"the old one"
    server.files["big.bin"] = b"<!DOCTYPE html><html>Please log in</html>"
    with pytest.raises(DownloadError, match="looks like a web page"):
        hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin", SHA, progress=False)


@pytest.mark.parametrize("status", [403, 404, 503])
def test_what_the_server_refuses(server: Server, tmp_path: Path, status: int) -> None:
    server.status["big.bin"] = status
    with pytest.raises(DownloadError, match=rf"big\.bin cannot be downloaded\n(.|\n)*the server answers {status}"):
        hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin", progress=False)
    assert files_in(tmp_path) == []


def test_redirects_are_followed(server: Server, tmp_path: Path) -> None:
    server.redirects["here"] = f"{server.url}/big.bin"
    (tmp_path / "big.bin.partial").write_bytes(CONTENT[:200_000])
    hub.download_url_to_file(f"{server.url}/here", tmp_path / "big.bin", SHA, progress=False)
    assert server.asked[-1] == ("big.bin", "bytes=134464-")  # the redirected request asks for the rest too
    assert (tmp_path / "big.bin").read_bytes() == CONTENT


def test_a_server_that_falls_silent(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinycnn.hub.transfer._TIMEOUT", 0.5)
    server.hold = threading.Event()
    with pytest.raises(DownloadError, match=r"TimeoutError: timed out(.|\n)*goes on behind the 0\.1 MB"):
        hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin", progress=False)
    server.hold.set()
    assert files_in(tmp_path) == ["big.bin.partial"]


def test_without_a_network_one_error_says_which_file_belongs_where(home: Path) -> None:
    url = f"{closed_port()}/resnet50-11ad3fa6.pth"
    with pytest.raises(DownloadError) as caught:
        hub.load_state_dict_from_url(url, progress=False, check_hash=True)
    reason = re.search(r"ConnectionRefusedError: .*", str(caught.value))
    assert reason
    assert str(caught.value) == (
        "resnet50-11ad3fa6.pth cannot be downloaded\n"
        f"  from        = {url}\n"
        f"  failed      = {reason[0]}\n"
        f"  belongs to  = {home / 'checkpoints' / 'resnet50-11ad3fa6.pth'}\n"
        "  hint        without a network, get the file elsewhere and put it where 'belongs to' says, under that name"
    )
    assert isinstance(caught.value, OSError)  # as urllib's own
    assert files_in(home / "checkpoints") == []


def test_another_file_under_the_name_is_not_to_be_put_there_again(home: Path) -> None:
    path = home / "checkpoints" / "resnet50-11ad3fa6.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    with (
        pytest.warns(UserWarning, match="is damaged and is downloaded anew"),
        pytest.raises(DownloadError) as caught,
    ):
        hub.load_state_dict_from_url(f"{closed_port()}/{path.name}", progress=False, check_hash=True)
    told = str(caught.value)
    assert f"  lies there  = another file: its sha256 should begin with 11ad3fa6, but is {SHA}\n" in told
    assert "get another copy elsewhere and put it in place of the file that lies there" in told
    assert "weights.get_state_dict(check_hash=False)" in told
    assert f"tinycnn.load({str(path)!r})" in told
    assert path.read_bytes() == CONTENT


def test_a_full_disk_is_noticed_before_it_is_full(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**6, 10**6 - 1000, 1000))
    with pytest.raises(DownloadError, match="300,000 bytes are to come, but the disk has room for 1,000"):
        hub.download_url_to_file(f"{server.url}/big.bin", tmp_path / "big.bin", progress=False)
    assert files_in(tmp_path) == []


def test_two_at_once_fetch_it_once(server: Server, tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="Windows has no such locks")
    server.hold = threading.Event()
    failures: list[BaseException] = []

    def get() -> None:
        try:
            hub.ensure_file(tmp_path / "big.bin", [f"{server.url}/big.bin"], digest=SHA, progress=False)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    server.hold.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (tmp_path / "big.bin").read_bytes() == CONTENT
    assert files_in(tmp_path) == ["big.bin"]
    assert len(server.asked) == 1


def test_mirrors_are_tried_in_turn(server: Server, tmp_path: Path) -> None:
    with serving() as bad:
        bad.files["big.bin"] = b"something else"
        urls = [f"{closed_port()}/big.bin", f"{bad.url}/big.bin", f"{server.url}/big.bin"]
        path = hub.ensure_file(tmp_path / "big.bin", urls, digest=SHA, progress=False)
        assert Path(path).read_bytes() == CONTENT
        with pytest.raises(DownloadError) as caught:
            hub.ensure_file(tmp_path / "new.bin", urls[:2], digest=SHA, progress=False)
        answers = r"from 1 .*\n +failed 1 .*= ConnectionRefusedError.*\n +from 2 .*\n +failed 2 .*= what came was rem"
        assert re.search(answers, str(caught.value)), caught.value


def test_a_sound_file_in_the_cache_is_left_alone_and_a_damaged_one_comes_anew(server: Server, tmp_path: Path) -> None:
    path, url = tmp_path / "big.bin", f"{server.url}/big.bin"
    path.write_bytes(CONTENT)
    md5 = hashlib.md5(CONTENT).hexdigest()
    hub.ensure_file(path, [url], algorithm="md5", digest=md5.upper(), progress=False)
    assert server.asked == []
    path.write_bytes(CONTENT[:-1])
    with pytest.warns(UserWarning, match=r"big\.bin is damaged and is downloaded anew: its md5 should begin"):
        hub.ensure_file(path, [url], algorithm="md5", digest=md5, progress=False)
    assert path.read_bytes() == CONTENT


def saved(tmp_path: Path, **state: Any) -> bytes:
    tinycnn.save(state, tmp_path / "saved")
    return (tmp_path / "saved").read_bytes()


def test_weights_from_a_url_are_kept_in_the_cache(server: Server, tmp_path: Path, home: Path) -> None:
    content = saved(tmp_path, weight=tinycnn.ones(2))
    name = f"net-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    server.files[name] = content
    for _ in range(2):
        state = hub.load_state_dict_from_url(f"{server.url}/{name}", progress=False, check_hash=True)
        assert state["weight"].tolist() == [1, 1]
    assert len(server.asked) == 1
    assert files_in(home / "checkpoints") == [name]
    hub.load_state_dict_from_url(
        f"{server.url}/{name}", tmp_path / "other", "cpu", progress=False, file_name="mine.pth"
    )
    assert files_in(tmp_path / "other") == ["mine.pth"]


def test_the_hash_in_a_name_and_the_place_of_the_tensors_are_heeded(server: Server, tmp_path: Path) -> None:
    server.files["net-deadbeef.pth"] = saved(tmp_path, weight=tinycnn.ones(2))
    url = f"{server.url}/net-deadbeef.pth"
    with pytest.raises(DownloadError, match="sha256 should begin with deadbeef"):
        hub.load_state_dict_from_url(url, progress=False, check_hash=True)
    with pytest.raises(DeviceError, match="gpu"):
        hub.load_state_dict_from_url(url, map_location="gpu", progress=False)
    assert hub.load_state_dict_from_url(url, map_location="cpu", progress=False)["weight"].device.type == "cpu"


def test_a_file_that_is_no_weights_is_named_with_what_to_do(server: Server, home: Path) -> None:
    server.files["net.pth"] = b"not weights at all"
    with pytest.raises(FormatError, match=rf"{re.escape(str(home))}.*net\.pth(.|\n)*delete it: it comes anew"):
        hub.load_state_dict_from_url(f"{server.url}/net.pth", progress=False)


def test_addresses_that_are_none() -> None:
    with pytest.raises(ConfigError, match=r"no web address; a file of your own is read by tinycnn\.load"):
        hub.load_state_dict_from_url("/home/ada/net.pth", progress=False)
    with pytest.raises(ConfigError, match=r"PosixPath|WindowsPath"):
        hub.load_state_dict_from_url(Path("net.pth"), progress=False)  # type: ignore[arg-type]
    for url in ("https://example.org/", "https://example.org/weights/.."):
        with pytest.raises(ConfigError, match="names no file; give a file_name"):
            hub.load_state_dict_from_url(url, progress=False)
    for url in ("http://127.0.0.1:none/net.pth", "http://127.0.0.1/a b.pth", "http://127.0.0.1:1/ü.pth"):
        with pytest.raises(DownloadError, match="cannot be downloaded"):
            hub.load_state_dict_from_url(url, progress=False)
