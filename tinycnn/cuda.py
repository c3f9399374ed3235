"""Questions to the GPU: is there one, how many, wait for it."""

from __future__ import annotations

from tinycnn import backend


def is_available() -> bool:
    """Whether tensors can live on a GPU here."""
    return backend.why_not_cuda() is None


def device_count() -> int:
    """How many GPUs tinycnn uses: one, or none."""
    return int(is_available())


def synchronize(device: object = None) -> None:
    """Wait until the GPU has done all it was given; time nothing without it.

    Raises
    ------
    DeviceError
        If CuPy or a GPU is missing.
    """
    backend.get("cuda").synchronize()
