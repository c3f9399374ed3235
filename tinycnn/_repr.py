"""How a tensor prints: PyTorch's layout, four decimals, large ones shortened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn import dtypes

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

_options: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print: decimals, from how many elements on they are shortened, how many stay at each edge."""
    profiles = {"default": (4, 1000, 3, 80), "short": (2, 1000, 2, 80), "full": (4, 2**62, 3, 80)}
    if profile is not None:
        _options.update(zip(("precision", "threshold", "edgeitems", "linewidth"), profiles[profile], strict=True))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options.update({name: value for name, value in given.items() if value is not None})
    _options["sci_mode"] = sci_mode


def tensor_repr(tensor: Tensor) -> str:
    """The text of ``repr(tensor)``."""
    prefix, host = "tensor(", tensor.backend.asnumpy(tensor.array)
    notes = []
    if host.size == 0:
        body = "[]" if host.ndim == 1 else str(np.empty((0,)).tolist())
        if host.ndim != 1:
            notes.append(f"size={tuple(host.shape)}")
    else:
        short = host.size > _options["threshold"]
        body = np.array2string(
            host,
            formatter={"all": _formatter(_shown(host) if short else host)},
            separator=", ",
            prefix=prefix,
            max_line_width=_options["linewidth"],
            threshold=_options["threshold"],
            edgeitems=_options["edgeitems"],
        )
    if tensor.backend.name != "cpu":
        notes.append(f"device='{tensor.backend.name}:0'")
    if host.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_) or (
        host.size == 0 and host.dtype != dtypes.get_default_dtype()
    ):
        notes.append(f"dtype=tinycnn.{host.dtype}")
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn={tensor.grad_fn!r}")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    return ", ".join([prefix + body, *notes]) + ")"


def _shown(host: Any) -> Any:
    """The elements at the edges, which are all that a shortened print shows."""
    edge = _options["edgeitems"]
    for axis, size in enumerate(host.shape):
        if size > 2 * edge:
            host = np.take(host, [*range(edge), *range(size - edge, size)], axis=axis)
    return host


def _formatter(host: Any) -> Callable[[Any], str]:
    """One number's text; all get the width of the longest."""
    if host.dtype.kind == "b":
        return _aligned(host, lambda x: "True" if x else "False")
    if host.dtype.kind in "iu":
        return _aligned(host, lambda x: str(int(x)))
    size = np.abs(host[np.isfinite(host) & (host != 0)].astype("float64"))
    precision = _options["precision"]
    whole = bool((size == np.ceil(size)).all())
    high, low = (float(size.max()), float(size.min())) if size.size else (0.0, 1.0)
    scientific = high / low > 1000 or high > 1e8 or (not whole and low < 1e-4)
    if _options["sci_mode"] is not None:
        scientific = _options["sci_mode"]
    if scientific:
        return _aligned(host, lambda x: f"{x:.{precision}e}")
    if whole:
        return _aligned(host, lambda x: f"{x:.0f}." if np.isfinite(x) else f"{x:.0f}")
    return _aligned(host, lambda x: f"{x:.{precision}f}")


def _aligned(host: Any, text: Callable[[Any], str]) -> Callable[[Any], str]:
    width = max(len(text(x)) for x in host.ravel()) if host.ndim else 0
    return lambda x: text(x).rjust(width)
