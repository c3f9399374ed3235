r"""From a list of samples to one batch: :func:`default_collate`; and :func:`default_convert` for a sample alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.conversion import from_numpy, tensor
from tinycnn.errors import ShapeError, explain
from tinycnn.ops.joining import stack

from .dataset import Rows

_NUMBERS = (np.bool_, np.number)


def default_collate(batch: Sequence[Any]) -> Any:
    r"""Put samples into one batch: a new first axis counts them.

    ========================  ==========================================================
    samples                   batch
    ========================  ==========================================================
    Tensors, arrays           one Tensor, (N, …)
    numbers                   one Tensor, (N,): float64, int64 or bool; NumPy scalars keep their dtype
    str, bytes                the samples as they are
    dictionaries              one dictionary of batches, key by key
    tuples, lists             a list of batches, place by place; a named tuple stays one
    ========================  ==========================================================

    Raises
    ------
    ShapeError    samples of different shapes, containers of different lengths, dictionaries without a key of the first
    TypeError     anything else in a sample, an image object for example

    Examples
    --------
    >>> default_collate([(1.5, "a"), (2.5, "b")])
    [tensor([1.5000, 2.5000], dtype=tinycnn.float64), ('a', 'b')]
    """
    if isinstance(batch, Rows):
        return batch.batch()
    if len(batch) == 0:
        raise ShapeError("default_collate: a batch needs at least one sample, but the list is empty")
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(_alike(batch))
    if isinstance(first, np.ndarray) and first.dtype.kind in "biuf":
        return from_numpy(np.stack(_alike(batch)))
    if isinstance(first, _NUMBERS):
        return from_numpy(np.stack(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=dtypes.float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return _rebuilt(first, {key: default_collate([sample[key] for sample in _same_keys(batch)]) for key in first})
    if isinstance(first, Sequence):
        columns = [default_collate(column) for column in zip(*_same_lengths(batch), strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"{type(first).__name__}: turn it into a Tensor in the dataset's transform, or pass the loader a collate_fn"
    )


def default_convert(data: Any) -> Any:
    r"""Make Tensors of the arrays and NumPy scalars in one sample, and leave all else (``batch_size=None``)."""
    if isinstance(data, Tensor | str | bytes):
        return data
    if isinstance(data, np.ndarray | np.generic):
        return from_numpy(np.asarray(data)) if data.dtype.kind in "biuf" else data
    if isinstance(data, Mapping):
        return _rebuilt(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple | list):
        return [default_convert(value) for value in data]
    return data


def _rebuilt(mapping: Mapping[Any, Any], content: dict[Any, Any]) -> Any:
    r"""``content`` in a mapping of the samples' own kind, where that can be made from a dictionary."""
    make: Callable[..., Any] = type(mapping)
    try:
        return make(content)
    except TypeError:
        return content


def _alike(batch: Sequence[Any]) -> Sequence[Any]:
    shapes: dict[tuple[int, ...], int] = {}  # each shape, and the first sample that has it
    for position, sample in enumerate(batch):
        shapes.setdefault(tuple(getattr(sample, "shape", ())), position)
    if len(shapes) > 1:
        raise ShapeError(
            explain(
                "default_collate: the samples of a batch must have one shape",
                {f"sample {position}": shape for shape, position in list(shapes.items())[:5]},
                "resize, crop or pad them in the dataset's transform, or pass the loader a collate_fn",
            )
        )
    return batch


def _same_lengths(batch: Sequence[Any]) -> Sequence[Any]:
    for position, sample in enumerate(batch):
        if len(sample) != len(batch[0]):
            raise ShapeError(
                "default_collate: each element in list of batch should be of equal size, but sample 0 has "
                f"{len(batch[0])} parts and sample {position} has {len(sample)}"
            )
    return batch


def _same_keys(batch: Sequence[Any]) -> Sequence[Any]:
    for position, sample in enumerate(batch):
        if not sample.keys() >= batch[0].keys():
            raise ShapeError(
                explain(
                    "default_collate: every dictionary of a batch needs the keys of the first",
                    {"sample 0": list(batch[0]), f"sample {position}": list(sample)},
                )
            )
    return batch
