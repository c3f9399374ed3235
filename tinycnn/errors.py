"""The exceptions of tinycnn, and the one way their messages are laid out.

    TinycnnError
    ├── ShapeError    (RuntimeError, ValueError)   shapes that do not fit the op
    │   └── RankError (also IndexError)            too few or too many dimensions
    ├── DTypeError    (RuntimeError, TypeError)    dtypes that do not fit the op
    ├── DomainError   (RuntimeError, ValueError)   values outside what the op is defined for
    ├── ArgumentError (TypeError)                  an argument of a type the function does not take
    ├── IndexRangeError (IndexError, RuntimeError) an index, a label or a dimension out of range
    ├── DeviceError   (RuntimeError)               no such device, or tensors on two devices
    ├── GraphError    (RuntimeError)               the graph used against its rules
    ├── StateError    (RuntimeError)               a state dict that does not fit the module
    ├── FormatError   (ValueError)                 a file or its data that cannot be read
    ├── DownloadError (OSError, RuntimeError)      a file that cannot be had from the network
    └── ConfigError   (ValueError)                 options that contradict each other

Each also derives from the built-in exceptions PyTorch raises in its place, so ``except RuntimeError`` written for
PyTorch catches it. Being of one family, each tells where in a model it arose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class TinycnnError(Exception):
    """The root of every error tinycnn raises on its own account."""

    # Where in a model the error arose, filled in by ``nn.Module`` as it passes through from the inside out:
    module_path: str = ""  # names from the outermost module to the innermost
    module_kind: str = ""  # the innermost one's class
    signed_by: Any = None  # the module it passed last

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}\n  in module  {self.module_path} ({self.module_kind})" if self.module_path else message


class ShapeError(TinycnnError, RuntimeError, ValueError):
    """Shapes that do not fit the operation, or each other."""


class DTypeError(TinycnnError, RuntimeError, TypeError):
    """A dtype the operation does not take, or dtypes that do not fit each other."""


class DomainError(TinycnnError, RuntimeError, ValueError):
    """Values outside what the operation is defined for."""


class ArgumentError(TinycnnError, TypeError):
    """An argument of a type that the function does not take."""


class IndexRangeError(TinycnnError, IndexError, RuntimeError):
    """An index, a label or a dimension that is out of range."""


class RankError(ShapeError, IndexRangeError):
    """Too few or too many dimensions. PyTorch counts them here, and there runs into one that is out of range."""


class DeviceError(TinycnnError, RuntimeError):
    """A device that is not there, or tensors of two devices in one operation."""


class GraphError(TinycnnError, RuntimeError):
    """The autograd graph used against its rules: a freed graph, a changed tensor, a gradient of the wrong shape."""


class StateError(TinycnnError, RuntimeError):
    """A state dict whose keys or shapes do not fit the module."""


class FormatError(TinycnnError, ValueError):
    """A file, or data, that is not what it should be."""


class DownloadError(TinycnnError, OSError, RuntimeError):
    """A file that cannot be had from the network, or comes damaged."""


class ConfigError(TinycnnError, ValueError):
    """Options that are out of range or contradict each other."""


def explain(headline: str, rows: Mapping[str, Any] | None = None, hint: str | None = None) -> str:
    """Lay out an error message: what went wrong, the facts in a column, the likely mistake.

    Examples
    --------
    >>> facts = {"input": (2, 3), "other": (4, 5)}
    >>> print(explain("matmul: inner sizes differ, 3 ≠ 4", facts, "transpose one of them?"))
    matmul: inner sizes differ, 3 ≠ 4
      input  = (2, 3)
      other  = (4, 5)
      hint   transpose one of them?
    """
    rows = dict(rows or {})
    width = max((len(name) for name in [*rows, "hint"]), default=0)
    lines = [headline] + [f"  {name:<{width}}  = {_plain(value)}" for name, value in rows.items()]
    if hint:
        lines.append(f"  {'hint':<{width}} {hint}" if not rows else f"  {'hint':<{width}}  {hint}")
    return "\n".join(lines)


def described(value: Any) -> str:
    """A wrong argument as an error shows it: numbers and text as they are, arrays and tensors by their shape alone.

    Examples
    --------
    >>> import numpy as np
    >>> described(1.5), described((1, 2, 3)), described(np.zeros((64, 3, 32, 32)))
    ('float 1.5', '(1, 2, 3)', 'ndarray of shape (64, 3, 32, 32)')
    """
    kind = type(value).__name__
    if isinstance(value, bool | int | float | str):
        return f"{kind} {value}"
    if isinstance(value, tuple | list) and len(value) < 9 and all(isinstance(part, int | float) for part in value):
        return str(value)
    shape = getattr(value, "shape", None)
    return kind if shape is None else f"{kind} of shape {tuple(shape)}"


def _plain(value: Any) -> str:
    return str(tuple(value)) if isinstance(value, tuple) else str(value)
