r"""Large blocks of memory, kept for the next use: glibc is told not to hand each back to the system at once.

By default glibc's malloc asks the kernel for every large block anew (mmap) and returns it when it is freed. The kernel
then fills each page with zeros when it is first touched, which for a fresh result costs more than computing it: x + 1
on 51 MB takes 2.2 times as long as in memory that was there. A training step makes and frees blocks of the same sizes
over and over, so they are better kept: two settings, made once when tinycnn is imported. Whole steps take 0.83 (VGG-16,
ConvNeXt-T) to 0.94 (ResNet-18) of the time.

The price is that a process keeps the memory of its largest step, and up to a tenth more in gaps. ``TINYCNN_MALLOC=0``
in the environment leaves glibc alone (``0`` and nothing else: any other text is as if it were not there), and so do
settings of your own (``MALLOC_…``, ``GLIBC_TUNABLES``). Other systems are never touched.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # from glibc's malloc.h
LARGE = 2**30  # bytes: blocks below it are kept, and as much at the end of the heap
MOST = 2**25  # that older versions of glibc take for a block's size


def keep_large_blocks(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell glibc to keep freed blocks of up to a GiB, or as large as it can; whether that was done."""
    if environment.get("TINYCNN_MALLOC") == "0" or _has_settings(environment):
        return False
    mallopt = _mallopt()
    if mallopt is None or not any(mallopt(M_MMAP_THRESHOLD, size) for size in (LARGE, MOST)):
        return False
    return bool(mallopt(M_TRIM_THRESHOLD, LARGE))


def _has_settings(environment: Mapping[str, str]) -> bool:
    named = any(name.startswith("MALLOC_") and name.endswith("_") for name in environment)
    return named or "glibc.malloc" in environment.get("GLIBC_TUNABLES", "")


def _mallopt() -> Any:
    """glibc's function; None where the C library is another, or cannot be reached."""
    try:
        if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
            return None
        import ctypes

        return ctypes.CDLL(None).mallopt
    except (AttributeError, ImportError, OSError, ValueError):  # no confstr, no ctypes, no library, no such name
        return None
