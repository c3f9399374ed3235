r"""Reading safetensors: the length of a header (8 bytes, little-endian), the header (JSON), and the tensors' bytes.

    {"fc.weight": {"dtype": "F32", "shape": [10, 64], "data_offsets": [0, 2560]}, …, "__metadata__": {"tinycnn": "…"}}

Where the metadata hold what `save` wrote there, the object is put together as it was; else the tensors come by name.
"""

from __future__ import annotations

import json
import math
import os
from io import BufferedReader
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.conversion import from_numpy
from tinycnn.serialization.flaw import Flaw, shown
from tinycnn.serialization.keys import Keys
from tinycnn.serialization.storages import KINDS, MOST_DIMENSIONS, Storage

OURS = "tinycnn"  #: under which name the metadata hold the object
_MOST_HEADER_BYTES = 100_000_000  # the format's own limit

_KINDS = {
    "BOOL": KINDS["bool"],
    "U8": KINDS["uint8"],
    "I8": KINDS["int8"],
    "I16": KINDS["int16"],
    "I32": KINDS["int32"],
    "I64": KINDS["int64"],
    "F16": KINDS["float16"],
    "BF16": KINDS["bfloat16"],
    "F32": KINDS["float32"],
    "F64": KINDS["float64"],
}


def read_safetensors(file: BufferedReader) -> dict[Any, Any]:
    """What the file holds, on the CPU."""
    header, start = _header(file)
    metadata = header.pop("__metadata__", {})
    _check_layout(header, os.fstat(file.fileno()).st_size - start)
    tensors = {name: _tensor(file, start, entry) for name, entry in header.items()}
    return _restored(metadata, tensors)


def _header(file: BufferedReader) -> tuple[dict[str, Any], int]:
    r"""The header, and where in the file the tensors' bytes start."""
    first = file.read(9)
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(first[:8], "little")
    if length > size - 8:
        raise Flaw(f"the header should be {length} bytes long, but only {size - 8} follow: the file was cut short")
    if not 2 <= length <= _MOST_HEADER_BYTES:
        raise Flaw(f"a header cannot be {length} bytes long")
    try:
        header = json.loads("{" + file.read(length - 1).decode())
    except (ValueError, RecursionError) as error:
        raise Flaw(f"the header is no JSON: {error}") from error
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict):
        raise Flaw("the header's __metadata__ are no dictionary")
    return header, 8 + length


def _check_layout(header: dict[str, Any], size: int) -> None:
    r"""Every entry well-formed, and the tensors side by side in exactly ``size`` bytes."""
    spans = []
    for name, entry in header.items():
        which = f"tensor {shown(name)}"
        try:
            dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        except (TypeError, KeyError, ValueError) as error:
            raise Flaw(f"{which} needs dtype, shape and two data_offsets, but has {shown(entry)}") from error
        if not isinstance(dtype, str) or dtype not in _KINDS:
            raise Flaw(f"{which} has the dtype {shown(dtype)}, which tinycnn cannot read")
        if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
            raise Flaw(f"{which}: its shape must be a list of at most {MOST_DIMENSIONS} sizes")
        for n in (*shape, begin, end):
            if type(n) is not int or not 0 <= n < 2**63:
                raise Flaw(f"{which}: sizes and offsets must be whole numbers from 0 to 2⁶³, but one is {shown(n)}")
        wanted = math.prod(shape) * _KINDS[dtype].width
        if end - begin != wanted:
            raise Flaw(f"{which}: shape {shape} in {dtype} takes {wanted} bytes, but it has {end - begin}")
        spans.append((begin, end, name))
    reached = 0
    for begin, end, name in sorted(spans):
        if begin != reached:
            raise Flaw(f"tensor {shown(name)} starts at byte {begin} of the data, but the one before ends at {reached}")
        reached = end
    if reached != size:
        raise Flaw(f"the tensors take {reached} bytes, but the file holds {size}: it was cut short or added to")


def _tensor(file: BufferedReader, start: int, entry: dict[str, Any]) -> Tensor:
    kind = _KINDS[entry["dtype"]]
    begin, end = entry["data_offsets"]
    storage = Storage.empty(kind, (end - begin) // kind.width)
    file.seek(start + begin)
    storage.fill(file)
    try:
        return from_numpy(storage.array.reshape(entry["shape"]))
    except ValueError as error:  # more axes, or larger empty ones, than NumPy has
        raise Flaw(f"the shape {entry['shape']}: {error}") from error


def _restored(metadata: dict[str, Any], tensors: dict[str, Tensor]) -> dict[Any, Any]:
    r"""The saved object, from the plan in the metadata; without a plan, the tensors by name."""
    if OURS not in metadata:
        return dict(tensors)
    try:
        found = _value(json.loads(metadata[OURS]), tensors, Keys())
    except (ValueError, TypeError, RecursionError) as error:
        raise Flaw(f"the metadata's {OURS!r} does not describe what the file holds: {error}") from error
    if not isinstance(found, dict) or tensors:
        lacking = f"; it lacks {shown(', '.join(tensors))}" if tensors else ""
        raise Flaw(f"the metadata's {OURS!r} must describe a dictionary of all tensors{lacking}")
    return found


def _value(plan: Any, tensors: dict[str, Tensor], keys: Keys) -> Any:
    if isinstance(plan, list):
        return [_value(item, tensors, keys) for item in plan]
    if not isinstance(plan, dict):
        return plan
    (kind, content), *rest = plan.items()
    if kind == "tensor" and not rest:
        if content not in tensors:
            raise ValueError(f"there is no tensor {shown(content)}, or it is used already")
        return tensors.pop(content)
    if kind == "tuple" and not rest:
        return tuple(_value(item, tensors, keys) for item in content)
    if kind == "dict" and not rest:
        return {keys.checked(key): _value(item, tensors, keys) for key, item in content}
    raise ValueError(f"{shown(kind)} is no kind of value")
