r"""What lives in :mod:`tinycnn.data`, under PyTorch's name for it."""

from __future__ import annotations

from tinycnn.data import *  # noqa: F403  the whole point of this module
from tinycnn.data import __all__ as __all__
