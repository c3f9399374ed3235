"""How exactly products of float32 matrices, and the convolutions made of them, are computed: the user's choice."""

from __future__ import annotations

from tinycnn.errors import ArgumentError, ConfigError

_NAMES = ("highest", "high", "medium")
_chosen = "highest"


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was last told: at first "highest"."""
    return _chosen


def set_float32_matmul_precision(precision: str) -> None:
    """Say how exact products in float32 must be: "highest", or "high" or "medium", which are faster.

    "highest" keeps all 24 bits. With "high" and "medium", which are one and the same on a CPU, some convolutions take a
    way with larger rounding errors, of some millionths of the largest value; other products stay as they are. (PyTorch,
    too, takes it for a permission. There it is about TensorFloat32 on a GPU, whose errors are 1e-3.)

    Raises
    ------
    ArgumentError, ConfigError
        If it is no string, or none of the three.

    Examples
    --------
    >>> set_float32_matmul_precision("high")
    >>> get_float32_matmul_precision()
    'high'
    >>> set_float32_matmul_precision("highest")
    """
    global _chosen
    if not isinstance(precision, str):
        raise ArgumentError(f"set_float32_matmul_precision expects a str, but got {type(precision).__name__}")
    if precision not in _NAMES:
        raise ConfigError(f"{precision} is not one of 'highest', 'high', or 'medium'")
    _chosen = precision
