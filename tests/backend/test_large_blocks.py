"""glibc is told to keep large blocks, unless its user, or another C library, says otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tinycnn.backend.cpu import memory


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    made: list[tuple[int, int]] = []
    monkeypatch.setattr(memory, "_mallopt", lambda: lambda *settings: made.append(settings) or 1)
    return made


def test_both_thresholds_are_set(calls: list[tuple[int, int]]) -> None:
    assert memory.keep_large_blocks({"PATH": "/bin", "TINYCNN_MALLOC": "1", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2"})
    assert calls == [(-3, 2**30), (-1, 2**30)]


@pytest.mark.parametrize("text", ["1", "", "abc", "00", "no"])
def test_nothing_but_a_0_turns_it_off(text: str, calls: list[tuple[int, int]]) -> None:
    assert memory.keep_large_blocks({"TINYCNN_MALLOC": text})
    assert len(calls) == 2


@pytest.mark.parametrize("environment", [
    {"TINYCNN_MALLOC": "0"}, {"MALLOC_MMAP_THRESHOLD_": "65536"}, {"MALLOC_TRIM_THRESHOLD_": "0"},
    {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=65536"},
])  # fmt: skip
def test_who_sets_something_is_left_alone(environment: dict[str, str], calls: list[tuple[int, int]]) -> None:
    assert not memory.keep_large_blocks(environment)
    assert calls == []


@pytest.mark.parametrize("library", [None, "musl 1.2", ""])
def test_another_c_library_is_left_alone(library: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def confstr(name: str) -> str:
        if library is None:
            raise ValueError("unrecognized configuration name")
        return library

    monkeypatch.setattr(os, "confstr", confstr, raising=False)
    assert not memory.keep_large_blocks({})
    monkeypatch.delattr(os, "confstr")
    assert not memory.keep_large_blocks({})


def test_an_older_glibc_keeps_blocks_as_large_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses a threshold above 32 MiB."""
    kept: dict[int, int] = {}

    def mallopt(option: int, value: int) -> bool:
        taken = option != -3 or value <= 2**25
        kept.update({option: value} if taken else {})
        return taken

    monkeypatch.setattr(memory, "_mallopt", lambda: mallopt)
    assert memory.keep_large_blocks({})
    assert kept == {-3: 2**25, -1: 2**30}


def test_what_glibc_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_mallopt", lambda: lambda *settings: 0)
    assert not memory.keep_large_blocks({})


FREED = """
import resource
import numpy as np
import tinycnn
for _ in range(2):
    np.ones(2**26, "uint8")
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(2**26, "uint8")
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 5)
"""


@pytest.mark.skipif(not memory._mallopt(), reason="only glibc is told something")
@pytest.mark.parametrize("kept", [True, False])
def test_memory_is_used_again_without_new_pages(kept: bool) -> None:
    """Pages that the kernel has to bring in for one block of 64 MiB: none, or all (at least 32, if they are huge)."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    environment["TINYCNN_MALLOC"] = "1" if kept else "0"
    done = subprocess.run([sys.executable, "-c", FREED], env=environment, capture_output=True, text=True, check=True)
    assert (int(done.stdout) < 5) is kept
