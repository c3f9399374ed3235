r"""The inputs that a model is tried with: their sizes as the user says them, and random tensors of these sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd.node import is_tensor
from tinycnn.conversion import as_tensor
from tinycnn.dtypes import is_floating
from tinycnn.errors import ArgumentError, ConfigError, ShapeError, described, explain
from tinycnn.nn import Module
from tinycnn.random import Generator, rand

Shape = tuple[int, ...]


def listed(input_size: Any, op: str = "summary") -> list[Shape]:
    r"""One size, or a list or tuple of sizes, as a list of sizes.

    Raises
    ------
    ArgumentError    it is no list or tuple, or its entries are no integers
    ConfigError      it is empty, or a size is not positive

    Examples
    --------
    >>> listed((1, 3, 32, 32))
    [(1, 3, 32, 32)]
    >>> listed([(1, 3, 8, 8), (1, 5)])
    [(1, 3, 8, 8), (1, 5)]
    """
    hint = "say all of it with the batch, (1, 3, 224, 224); for a model of several inputs, a list of such sizes"
    if not isinstance(input_size, list | tuple):
        raise ArgumentError(explain(f"{op}: input_size must be a tuple, or a list of tuples",
                                    {"input_size": described(input_size)}, hint))
    sizes = list(input_size) if input_size and isinstance(input_size[0], list | tuple) else [input_size]
    shown = {"input_size": input_size}
    if not all(isinstance(size, list | tuple) for size in sizes):
        raise ArgumentError(explain(f"{op}: input_size mixes numbers and tuples", shown, hint))
    numbers = [n for size in sizes for n in size]
    if not all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in numbers):
        raise ArgumentError(explain(f"{op}: input_size must be made of integers", shown, hint))
    if not numbers or min(numbers) < 1:
        raise ConfigError(explain(f"{op}: all of input_size must be at least 1", shown, hint))
    return [tuple(map(int, size)) for size in sizes]


def expect_model(op: str, model: Any) -> None:
    r"""Raise an ArgumentError unless it is a module."""
    if isinstance(model, Module):
        return
    hint = None
    if callable(model):
        hint = f"call it first: {getattr(model, '__name__', 'it')}() makes one"
    elif isinstance(model, str):
        hint = f"tinycnn.models.get_model({model!r}) makes one, if it is the name of a model"
    raise ArgumentError(explain(f"{op}: model must be a Module", {"model": described(model)}, hint))


@contextmanager
def reminding(sizes: Any) -> Iterator[None]:
    r"""Add to an error about shapes that the batch may be missing, where an input has three sizes."""
    try:
        yield
    except ShapeError as error:
        for size in sizes if isinstance(sizes, list) else ():
            if isinstance(size, tuple) and len(size) == 3:
                error.add_note(f"was the batch forgotten? input_size says it too: {(1, *size)}")
        raise


def drawn(
    model: Module, sizes: Sequence[Shape], dtypes: Sequence[Any] | None = None, device: Any = None,
    batch_dim: int | None = None,
) -> list[Tensor]:
    r"""A tensor of each size, uniform on [0, 1), of the model's own dtype and device unless said otherwise.

    Of an integer dtype they are zeros, which every table of embeddings has. A `batch_dim` is added, of size 1.
    """
    if dtypes is not None and not isinstance(dtypes, list | tuple):
        raise ArgumentError(f"dtypes must be a list, of one dtype for each input: [{dtypes!r}]")
    if dtypes is not None and len(dtypes) != len(sizes):
        raise ConfigError(explain("dtypes and input_size must name as many inputs",
                                  {"dtypes": len(dtypes), "input_size": len(sizes)}))
    first = next((p for p in model.parameters() if is_floating(p.array.dtype)), None)
    usual: Any = "float32" if first is None else first.dtype
    apart = Generator().manual_seed(0)  # so that the user's random numbers go on as if nothing had been drawn
    made = []
    for size, dtype in zip(sizes, dtypes or [usual] * len(sizes), strict=True):
        x = rand(*size, generator=apart)
        x = x if batch_dim is None else x.unsqueeze(batch_dim)
        home = device if device is not None else "cpu" if first is None else first.device
        made.append(x.to(home).to(dtype))
    return made


def tensors_in(data: Any) -> Iterator[Tensor]:
    r"""All tensors in nested lists, tuples and dicts; arrays count as tensors."""
    if is_tensor(data):
        yield data
    elif isinstance(data, np.ndarray):
        yield as_tensor(data)
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from tensors_in(value)
    elif isinstance(data, list | tuple | set | frozenset):
        for value in data:
            yield from tensors_in(value)


def converted(data: Any, device: Any = None) -> Any:
    r"""The same lists and dicts with tensors for arrays, all on one device if it is given."""
    if is_tensor(data) or isinstance(data, np.ndarray):
        x = data if is_tensor(data) else as_tensor(data)
        return x if device is None else x.to(device)
    return _rebuilt(data, lambda part: converted(part, device))


def shapes_of(data: Any) -> Any:
    r"""The same lists and dicts with sizes in place of tensors."""
    if is_tensor(data) or isinstance(data, np.ndarray):
        return tuple(data.shape)
    return _rebuilt(data, shapes_of)


def _rebuilt(data: Any, fn: Callable[[Any], Any]) -> Any:
    if isinstance(data, Mapping):
        return {name: fn(part) for name, part in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(fn, data))
    return type(data)(map(fn, data)) if isinstance(data, list | tuple) else data
