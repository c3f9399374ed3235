r"""The name ``tinycnn.utils.data``, which code written for PyTorch imports."""

from __future__ import annotations

from . import data

__all__ = ["data"]
