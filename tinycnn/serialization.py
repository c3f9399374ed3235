r"""save and load: tensors, and the plain values around them, in one safetensors file. Nothing is ever unpickled.

A safetensors file is the length of its header (8 bytes, little-endian), the header (JSON), and the tensors' bytes:

    {"fc.weight": {"dtype": "F32", "shape": [10, 64], "data_offsets": [0, 2560]}, …, "__metadata__": {"tinycnn": "…"}}

What is no tensor, such as an optimizer's learning rate, has no place in it but the metadata, which map text to text.
So ``save`` writes the object there as JSON, every tensor replaced by its name in the file. JSON has neither tuples nor
keys that are numbers; these are written as an object with one key that says what it is:

    {"dict": [[key, value], …]}     {"tuple": [value, …]}     {"tensor": name}
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from io import BufferedReader
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.conversion import from_numpy
from tinycnn.errors import FormatError, explain

#: how a file's dtypes are read; truth values are then compared with 0, and bfloat16, which NumPy has not, is widened
_DTYPES = {
    "BOOL": "u1",
    "U8": "u1",
    "I8": "i1",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "F16": "<f2",
    "BF16": "<u2",
    "F32": "<f4",
    "F64": "<f8",
}
_WRITTEN = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
_OURS = "tinycnn"  # under which name the metadata hold the object
_MOST_HEADER_BYTES = 100_000_000  # the format's own limit


def save(obj: Mapping[Any, Any], f: str | os.PathLike[str]) -> None:
    r"""Write a flat dictionary of tensors, or an optimizer's state, to a file.

    Parameters
    ----------
    obj : dict
        Names and Tensors, as ``module.state_dict()`` gives them; or what ``optimizer.state_dict()`` gives, its keys
        "state" and "param_groups": in it also None, bool, int, float, str, and dictionaries, lists and tuples of these.
        Weights and optimizer go to files of their own.
    f : str or PathLike
        Where to. The file is written whole or not at all: under another name in the same folder, then renamed.

    Raises
    ------
    FormatError    something else is in it; the message names the key and what it holds
    TypeError      ``obj`` is no dictionary, or ``f`` no path
    OSError        the file cannot be written

    Notes
    -----
    The values of a tensor are written, whatever its device, strides and ``requires_grad``. Any program that reads
    safetensors reads the tensors by name; in nested dictionaries the keys are joined: ``state.0.momentum_buffer``.
    A tensor under two keys (tied weights) is written twice.

    Examples
    --------
    >>> import tempfile, tinycnn as torch
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save({"weight": torch.ones(2), "bias": torch.zeros(1)}, f"{folder}/state.safetensors")
    ...     torch.load(f"{folder}/state.safetensors")
    {'weight': tensor([1., 1.]), 'bias': tensor([0.])}
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    if not isinstance(obj, Mapping):
        hint = "save model.state_dict()" if hasattr(obj, "state_dict") else "put it into one: {'name': …}"
        raise TypeError(f"save: a dictionary is wanted, not a {type(obj).__name__}; {hint}")
    arrays: dict[str, Any] = {}
    plan = json.dumps(_described(obj, (), arrays))
    if set(obj) != {"state", "param_groups"}:
        _check_flat(obj)
    with replacing(f) as temporary:
        try:
            save_file(arrays, temporary, metadata={_OURS: plan})
        except SafetensorError as error:
            raise OSError(f"{os.fspath(f)} cannot be written: {error}") from error


def _check_flat(obj: Mapping[Any, Any]) -> None:
    for key, value in obj.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise FormatError(
                f"save: {key!r} holds a {type(value).__name__}; a file takes names with Tensors, or optimizer state:"
                " give weights and optimizer files of their own, and numbers to tinycnn.tensor"
            )


def load(f: str | os.PathLike[str], map_location: Any = None, *, weights_only: bool = True) -> dict[Any, Any]:
    r"""Read what :func:`save` wrote, or any other safetensors file, as a dictionary of Tensors.

    Parameters
    ----------
    f : str or PathLike
        The content decides what it is, not the name.
    map_location : str or device, optional
        Where the tensors go; the CPU if None.
    weights_only : bool
        Accepted so that code written for PyTorch runs; nothing is ever unpickled.

    Returns
    -------
    dict
        Equal to what was saved: keys that are int stay int, tuples stay tuples. bfloat16 is read as float32.

    Raises
    ------
    FormatError    the file is no safetensors file, or not a sound one; the message says what is wrong
    OSError        there is no such file, or it cannot be read
    """
    path = os.fspath(f)
    with open(path, "rb") as file:
        try:
            header, start = _header(file)
            metadata = header.pop("__metadata__", {})
            _check_layout(header, os.fstat(file.fileno()).st_size - start)
            tensors = {name: _tensor(file, start, entry, map_location) for name, entry in header.items()}
            return _restored(metadata, tensors)
        except _Flaw as flaw:
            raise FormatError(f"{path}: {flaw}") from flaw


@contextlib.contextmanager
def replacing(f: str | os.PathLike[str]) -> Iterator[str]:
    r"""A temporary name beside ``f`` to write to; it becomes ``f`` if the block ends well, and is removed if not.

    The bytes are on the disk before the name changes, so no crash leaves half a file under the name ``f``.
    """
    path = os.path.realpath(f)
    temporary = f"{path}.{os.urandom(4).hex()}.tmp"
    try:
        try:
            with open(temporary, "xb") as file:
                mode = os.fstat(file.fileno()).st_mode
        except OSError as error:
            error.filename = path  # nobody asked for the temporary name
            raise
        yield temporary
        os.chmod(temporary, mode)  # some writers make a file of their own, which only its owner may read
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def _described(value: Any, keys: tuple[Any, ...], arrays: dict[str, Any]) -> Any:
    r"""``value`` as JSON can hold it; its tensors go to ``arrays``. ``keys`` lead to it from the saved object."""
    if isinstance(value, Tensor):
        name = ".".join(map(str, keys)).encode(errors="backslashreplace").decode()  # half a surrogate pair is no UTF-8
        while name in arrays or name == "__metadata__":  # {"a.b": …, "a": {"b": …}}
            name += "'"
        arrays[name] = _as_written(value, keys)
        return {"tensor": name}
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise FormatError(f"save: keys must be str or int, but {_place(keys)} has the key {key!r}")
        return {"dict": [[key, _described(item, (*keys, key), arrays)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        items = [_described(item, (*keys, place), arrays) for place, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    if value is None or isinstance(value, bool | int | float | str):
        return value
    hint = None
    if isinstance(value, np.ndarray):
        hint = "tinycnn.from_numpy makes it a Tensor"
    elif isinstance(value, np.generic):
        hint = "value.item() makes it a plain number"
    elif hasattr(value, "state_dict"):
        hint = "save its state_dict()"
    headline = f"save: {_place(keys)} holds a {type(value).__name__}, which cannot be written"
    raise FormatError(explain(headline, hint=hint))


def _place(keys: tuple[Any, ...]) -> str:
    return "the dictionary" + "".join(f"[{key!r}]" for key in keys)


def _as_written(tensor: Tensor, keys: tuple[Any, ...]) -> Any:
    array = tensor.backend.asnumpy(tensor.array)
    if array.dtype.name not in _WRITTEN:
        raise FormatError(f"save: {_place(keys)} holds a tensor of dtype {array.dtype}, which cannot be written")
    # the writer copies memory as it lies, whatever the strides say; ascontiguousarray gives 0-d arrays an axis
    return np.ascontiguousarray(array).reshape(array.shape)


class _Flaw(Exception):
    r"""What is wrong with a file that is being read."""


def _header(file: BufferedReader) -> tuple[dict[str, Any], int]:
    r"""The header, and where in the file the tensors' bytes start."""
    first = file.read(9)
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(first[:8], "little")
    if first[8:] != b"{":
        raise _Flaw(_what_else(first))
    if length > size - 8:
        raise _Flaw(f"the header should be {length} bytes long, but only {size - 8} follow: the file was cut short")
    if not 2 <= length <= _MOST_HEADER_BYTES:
        raise _Flaw(f"a header cannot be {length} bytes long")
    try:
        header = json.loads(b"{" + file.read(length - 1))
    except (ValueError, RecursionError) as error:
        raise _Flaw(f"the header is no JSON: {error}") from error
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict):
        raise _Flaw("the header's __metadata__ are no dictionary")
    return header, 8 + length


def _what_else(first: bytes) -> str:
    if first.startswith(b"PK\x03\x04"):
        kind = "a zip archive, as torch.save writes"
    elif first.startswith(tuple(b"\x80" + bytes([protocol]) for protocol in range(1, 6))):
        kind = "a Python pickle, as torch.save once wrote"
    elif not first:
        return "the file is empty"
    else:
        return "no safetensors file, for it does not begin with a header's length and '{'"
    return (
        f"{kind}. Unpickling runs whatever code the file holds, so tinycnn unpickles nothing; where PyTorch is "
        "installed, safetensors.torch.save_file(torch.load(path), new_path) makes a file that can be read"
    )


def _check_layout(header: dict[str, Any], size: int) -> None:
    r"""Every entry well-formed, and the tensors side by side in exactly ``size`` bytes."""
    spans = []
    for name, entry in header.items():
        try:
            dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        except (TypeError, KeyError, ValueError) as error:
            raise _Flaw(f"tensor {name!r} needs dtype, shape and two data_offsets, but has {entry!r}") from error
        if not isinstance(dtype, str) or dtype not in _DTYPES:
            raise _Flaw(f"tensor {name!r} has the dtype {dtype!r}, which tinycnn cannot read")
        if not isinstance(shape, list) or any(type(n) is not int or n < 0 for n in [*shape, begin, end]):
            raise _Flaw(f"tensor {name!r}: sizes and offsets must be whole numbers, but its entry is {entry!r}")
        wanted = np.dtype(_DTYPES[dtype]).itemsize
        for n in shape:
            wanted *= n
        if end - begin != wanted:
            raise _Flaw(f"tensor {name!r}: shape {shape} in {dtype} takes {wanted} bytes, but it has {end - begin}")
        spans.append((begin, end, name))
    reached = 0
    for begin, end, name in sorted(spans):
        if begin != reached:
            raise _Flaw(f"tensor {name!r} starts at byte {begin} of the data, but the one before ends at {reached}")
        reached = end
    if reached != size:
        raise _Flaw(f"the tensors take {reached} bytes, but the file holds {size}: it was cut short or added to")


def _tensor(file: BufferedReader, start: int, entry: dict[str, Any], map_location: Any) -> Tensor:
    begin, end = entry["data_offsets"]
    try:
        array = np.empty(entry["shape"], dtype=_DTYPES[entry["dtype"]])
    except ValueError as error:  # more axes, or larger empty ones, than NumPy has
        raise _Flaw(f"the shape {entry['shape']}: {error}") from error
    file.seek(start + begin)
    if file.readinto(array.reshape(-1).view(np.uint8).data) != end - begin:
        raise _Flaw("the file became shorter while it was read")
    if entry["dtype"] == "BOOL":
        array = array != 0
    elif entry["dtype"] == "BF16":  # the upper half of a float32
        array = (array.astype(np.uint32) << 16).view(np.float32)
    tensor = from_numpy(np.asarray(array.astype(array.dtype.newbyteorder("="), copy=False)))
    return tensor if map_location is None else tensor.to(map_location)


def _restored(metadata: dict[str, Any], tensors: dict[str, Tensor]) -> dict[Any, Any]:
    r"""The saved object, from the plan in the metadata; without a plan, the tensors by name."""
    if _OURS not in metadata:
        return dict(tensors)
    try:
        found = _value(json.loads(metadata[_OURS]), tensors)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _Flaw(f"the metadata's {_OURS!r} does not describe what the file holds: {error!r}") from error
    if not isinstance(found, dict) or tensors:
        raise _Flaw(f"the metadata's {_OURS!r} must describe a dictionary of all tensors; it lacks {list(tensors)}")
    return found


def _value(plan: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(plan, list):
        return [_value(item, tensors) for item in plan]
    if not isinstance(plan, dict):
        return plan
    (kind, content), *rest = plan.items()
    if kind == "tensor" and not rest:
        return tensors.pop(content)
    if kind == "tuple" and not rest:
        return tuple(_value(item, tensors) for item in content)
    if kind == "dict" and not rest:
        return {key: _value(item, tensors) for key, item in content}
    raise ValueError(f"{kind!r} is no kind of value")
