"""Which machine this is, and which versions run on it: numbers mean nothing without."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

ZEN = {23: "Zen 1 or 2", 25: "Zen 3 or 4", 26: "Zen 5"}  # by AMD's families, where the name hides the model


def machine() -> dict[str, Any]:
    """The processor, the cores that this process may use, and the memory."""
    system = f"{platform.system()} {platform.machine()}"
    return {"cpu": cpu(), "cores": cores(), "memory_gb": memory_gb(), "system": system}


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu() -> str:
    """The processor's name, with what the system knows besides where that name hides it."""
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict([part.strip() for part in line.split(":", 1)] for line in lines if ":" in line)
    name = facts.get("model name", platform.machine())
    generation = ZEN.get(int(facts.get("cpu family", 0))) if name == "AMD EPYC" else None
    return f"{name} ({generation})" if generation else name


def memory_gb() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (AttributeError, ValueError, OSError):
        return None


def slug(facts: dict[str, Any], gpu: str | None = None) -> str:
    """A folder's name: amd-epyc-zen-5-2-cores."""
    name = gpu or f"{re.sub(r'@.*|CPU|Processor|[(](R|TM)[)]', ' ', facts['cpu'])} {facts['cores']} cores"
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def versions() -> dict[str, str | None]:
    """Of everything that the numbers depend on; None for what is not installed."""
    from threadpoolctl import threadpool_info

    import tinycnn  # the library that multiplies matrices is loaded with it

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    blas = [" ".join(filter(None, (pool["internal_api"], pool["version"], pool.get("architecture")))) for pool in pools]
    commit = _output("git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD")
    return {
        "tinycnn": tinycnn.__version__ + (f" ({commit})" if commit else ""),
        "Python": platform.python_version(),
        **{name: _version(package) for name, package in
           {"NumPy": "numpy", "PyTorch": "torch", "CuPy": "cupy-cuda12x"}.items()},
        "BLAS": ", ".join(blas) or None,
        "libc": " ".join(platform.libc_ver()).strip() or None,
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return _version("cupy-cuda13x") if package == "cupy-cuda12x" else None


def gpu() -> str:
    """The name of the first GPU.

    Raises
    ------
    RuntimeError    there is none that tinycnn can use; why, it says
    """
    from tinycnn import backend

    reason = backend.why_not_cuda()
    if reason is not None:
        raise RuntimeError(reason)
    import cupy

    name: bytes = cupy.cuda.runtime.getDeviceProperties(0)["name"]
    return name.decode()


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
