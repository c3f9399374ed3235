"""The calls whose answers are recorded from PyTorch: one file a family, in each CALLS and REFUSALS."""

from __future__ import annotations

import importlib
import pkgutil

from .call import Call

FAMILIES = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in ("call", "dtypes"))


def of_family(family: str) -> tuple[list[Call], list[Call]]:
    """The calls that PyTorch answers, and those that it refuses."""
    module = importlib.import_module(f"{__name__}.{family}")
    return module.CALLS, module.REFUSALS
