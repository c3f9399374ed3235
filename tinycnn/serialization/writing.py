r"""save: tensors, and the plain values around them, in one safetensors file.

What is no tensor, such as an optimizer's learning rate, has no place in such a file but the metadata, which map text
to text. So ``save`` writes the object there as JSON, every tensor replaced by its name in the file. JSON has neither
tuples nor keys that are numbers; these are written as an object with one key that says what it is:

    {"dict": [[key, value], …]}     {"tuple": [value, …]}     {"tensor": name}
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.errors import FormatError, explain
from tinycnn.serialization.atomic import replacing
from tinycnn.serialization.safetensors_file import OURS

_WRITTEN = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")


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
            save_file(arrays, temporary, metadata={OURS: plan})
        except SafetensorError as error:
            raise OSError(f"{os.fspath(f)} cannot be written: {error}") from error


def _check_flat(obj: Mapping[Any, Any]) -> None:
    for key, value in obj.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise FormatError(
                f"save: {key!r} holds a {type(value).__name__}; a file takes names with Tensors, or optimizer state:"
                " give weights and optimizer files of their own, and numbers to tinycnn.tensor"
            )


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
