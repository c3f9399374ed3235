r"""``tinycnn info``: what computes here, and why CUDA does or does not."""

from __future__ import annotations

import argparse
import os
import platform
from importlib import metadata

import numpy as np

from tinycnn import backend
from tinycnn._version import __version__

_OPTIONAL = {
    "matplotlib": "draws the pictures",
    "tqdm": "shows the progress bar",
    "safetensors": "saves and loads weights",
    "threadpoolctl": "counts and limits BLAS threads",
    "cupy": "computes on a GPU",
}
_CUPY_WHEELS = ("cupy-cuda12x", "cupy-cuda13x", "cupy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""It has no options."""


def run(options: argparse.Namespace) -> int:
    r"""Print it."""
    rows = [
        ("tinycnn", f"{__version__}, in {os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}"),
        ("Python", f"{platform.python_version()} on {platform.platform()}"),
        ("NumPy", np.__version__),
        *((name, _version(name) or f"not installed; it {what}") for name, what in _OPTIONAL.items()),
        ("BLAS", _blas()),
        ("CPUs", f"{_cpus()} for this process, {os.cpu_count()} in the machine"),
        ("backend cpu", "available"),
        ("backend cuda", _cuda()),
    ]
    width = max(len(name) for name, _ in rows)
    print("\n".join(f"{name:<{width}}  {what}" for name, what in rows))
    return 0


def _version(name: str) -> str | None:
    for wheel in _CUPY_WHEELS if name == "cupy" else (name,):
        try:
            return metadata.version(wheel) + (f" ({wheel})" if wheel != name else "")
        except metadata.PackageNotFoundError:
            pass
    return None


def _blas() -> str:
    r"""Which library multiplies matrices, and with how many threads."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{built['name']} {built['version']}; threadpoolctl is needed to count its threads"
    found = [
        f"{pool['internal_api']} {pool.get('version') or ''} ({pool.get('architecture', 'unknown kernels')}),"
        f" {pool['num_threads']} thread{'s' * (pool['num_threads'] != 1)}"
        for pool in threadpool_info() if pool["user_api"] == "blas"
    ]
    return "; ".join(found) or "none that threadpoolctl knows"


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cuda() -> str:
    reason = backend.why_not_cuda()
    if reason is not None:
        return f"not available: {reason}"
    cupy = backend.get("cuda").xp
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"]
    return f"available: {name.decode() if isinstance(name, bytes) else name}"
