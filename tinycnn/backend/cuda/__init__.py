"""The CuPy backend: how it is found, and the kernels it brings of its own."""

from __future__ import annotations

import sys
from typing import Any

from tinycnn.backend import Backend, Kernels
from tinycnn.backend.precision import half_in_single
from tinycnn.errors import DeviceError

KERNELS: tuple[str, ...] = ("erf",)


@half_in_single  # of which CuPy makes float64
def erf(xp: Any, x: Any) -> Any:
    """CuPy has the error function that NumPy lacks."""
    from cupyx.scipy.special import erf

    return erf(x)


def load() -> Backend:
    """The backend "cuda", if both CuPy and a GPU are there.

    Raises
    ------
    DeviceError
        Naming the one of the two that is missing, and what to install.
    """
    try:
        import cupy
    except ImportError as error:
        raise DeviceError(
            "device 'cuda' needs CuPy, which cannot be imported here"
            f" ({error}): python -m pip install 'tinycnn[cuda12x]', or [cuda13x] for a CUDA 13 driver"
        ) from None
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # CuPy's own CUDARuntimeError; whichever it is, the reason is what matters
        count, reason = 0, f" ({error})"
    else:
        reason = ""
    if not count:
        raise DeviceError(
            f"device 'cuda' needs an NVIDIA GPU with its driver, and CuPy {cupy.__version__} finds none{reason}:"
            " see whether nvidia-smi lists one; device='cpu' works everywhere"
        )
    return Backend(
        "cuda",
        cupy,
        Kernels(cupy, sys.modules[__name__]),
        asnumpy=cupy.asnumpy,
        synchronize=lambda: cupy.cuda.get_current_stream().synchronize(),
    )
