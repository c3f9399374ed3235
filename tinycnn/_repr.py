"""How a tensor prints: PyTorch's layout, four decimals, large ones shortened."""

from __future__ import annotations

import math
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
    notes = [] if tensor.backend.name == "cpu" else [f"device='{tensor.backend.name}:0'"]
    if host.size == 0 and host.ndim != 1:
        notes.append(f"size={tuple(host.shape)}")
    understood = (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_)  # by how their elements look
    if host.dtype not in understood[: 3 if host.size else 1]:
        notes.append(f"dtype=tinycnn.{host.dtype}")
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn={tensor.grad_fn!r}")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    if host.size:
        short = host.size > _options["threshold"]
        body = _nested(host, *_writer(_edges(host) if short else host), len(prefix), short)
    else:
        body = "[]"
    return _with_notes(prefix + body, notes, len(prefix)) + ")"


def _nested(host: Any, write: Callable[[Any], str], width: int, indent: int, short: bool) -> str:
    """The elements in brackets, those of one dimension as many to a line as fit."""
    if not host.ndim:
        return write(host.item())
    edge = _options["edgeitems"]
    cut = short and len(host) > 2 * edge
    kept = np.concatenate([host[:edge], host[-edge:]]) if cut else host
    if host.ndim > 1:
        parts = [_nested(row, write, width, indent + 1, short) for row in kept]
        between = "," + "\n" * int(host.ndim - 1)
        parts = [*parts[:edge], "...", *parts[edge:]] if cut else parts
    else:
        words, between = [write(x) for x in kept.tolist()], ",\n"
        words = [*words[:edge], " ...", *words[edge:]] if cut else words
        fit = max(1, (_options["linewidth"] - indent) // (width + 2))
        parts = [", ".join(words[i : i + fit]) for i in range(0, len(words), fit)]
    return "[" + (between + " " * (indent + 1)).join(parts) + "]"


def _with_notes(text: str, notes: list[str], indent: int) -> str:
    """The text with its notes behind it, on a new line where they would reach over the margin."""
    used = len(text) - (text.rfind("\n") + 1) + 2
    for note in notes:
        fits = used + len(note) + 2 <= _options["linewidth"]
        text += (", " if fits else ",\n" + " " * indent) + note
        used = used + len(note) + 2 if fits else indent + len(note)
    return text


def _edges(host: Any) -> Any:
    """The elements at the edges, which are all that a shortened print shows."""
    edge = _options["edgeitems"]
    for axis, size in enumerate(host.shape):
        if size > 2 * edge:
            host = np.take(host, [*range(edge), *range(size - edge, size)], axis=axis)
    return host


def _writer(host: Any) -> tuple[Callable[[Any], str], int]:
    """What writes one number, and the width of the longest; zeros, infinities and NaN do not count for it."""
    if host.dtype.kind != "f":
        width = max(len(str(x)) for x in host.ravel().tolist())
        return lambda x: str(x).rjust(width), width
    numbers = host[np.isfinite(host) & (host != 0)].astype("float64")
    size, precision = np.abs(numbers), _options["precision"]
    whole = bool((size == np.ceil(size)).all())
    scientific = bool(size.size) and bool(size.max() / size.min() > 1000 or size.max() > 1e8 or size.min() < 1e-4)
    if _options["sci_mode"] is not None and size.size:
        scientific = _options["sci_mode"]

    def plain(x: float) -> str:
        if scientific:
            return f"{x:.{precision}e}"
        if whole:
            return f"{x:.0f}." if math.isfinite(x) else f"{x:.0f}"
        return f"{x:.{precision}f}"

    longest = max((len(plain(x)) for x in numbers.tolist()), default=1)
    return lambda x: plain(x).rjust(longest), longest
