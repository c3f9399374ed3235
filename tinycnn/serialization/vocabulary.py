r"""What the names in PyTorch's pickles mean. There are no others, so nothing else can be asked for.

A tensor is written as a call of ``torch._utils._rebuild_tensor_v2`` with a storage, an offset, sizes and strides, its
storage as the persistent id ``("storage", torch.FloatStorage, key, device, count)``.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.conversion import from_numpy
from tinycnn.serialization.flaw import Flaw, shown
from tinycnn.serialization.pickles import Collection, Function, Vocabulary
from tinycnn.serialization.storages import KINDS, Storage
from tinycnn.shapes import Size


def _tensor(arguments: tuple[Any, ...]) -> Tensor:
    """(storage, offset, sizes, strides), as until 2017; or more, whether it requires grad and its hooks."""
    match arguments:
        case (Storage() as storage, offset, tuple() as size, tuple() as stride):
            return storage.tensor(offset, size, stride)
        case (Storage() as storage, offset, tuple() as size, tuple() as stride, requires_grad, _):
            return _wanting_grad(storage.tensor(offset, size, stride), requires_grad)
        case (_, _, _, _, _, _, dict()):
            raise Flaw("a tensor is to be read as the negative or conjugate of what is stored, which tinycnn cannot")
    raise _unfit("_rebuild_tensor", arguments)


def _tensor_of_bytes(arguments: tuple[Any, ...]) -> Tensor:
    """The same, of a storage of bytes, with the dtype to take them for."""
    match arguments:
        case (Storage() as storage, offset, size, stride, requires_grad, hooks, np.dtype() as dtype, *more):
            return _tensor((storage.seen_as(KINDS[dtype.name]), offset, size, stride, requires_grad, hooks, *more))
    raise _unfit("_rebuild_tensor_v3", arguments)


def _parameter(arguments: tuple[Any, ...]) -> Tensor:
    """(tensor, requires_grad, hooks): a tensor of the same memory. It becomes a parameter in a module."""
    match arguments:
        case (Tensor() as data, requires_grad, _):
            return _wanting_grad(data.detach(), requires_grad)
    raise _unfit("_rebuild_parameter", arguments)


def _old_parameter(arguments: tuple[Any, ...]) -> Tensor:
    """Until PyTorch 0.4 the class itself was called, with the tensor or with nothing; BUILD told the rest."""
    match arguments:
        case ():
            return from_numpy(np.empty(0, np.float32))
        case (Tensor() as data,):
            return data.detach()
        case (Tensor() as data, requires_grad):  # 0.4.0
            return _wanting_grad(data.detach(), requires_grad)
    raise _unfit("Parameter", arguments)


def _wanting_grad(tensor: Tensor, requires_grad: Any) -> Tensor:
    if requires_grad is True and not tensor.is_floating_point():
        raise Flaw(f"a tensor of {tensor.dtype} is said to want a gradient")
    return tensor.requires_grad_(requires_grad is True)


def _size(arguments: tuple[Any, ...]) -> Size:
    match arguments:
        case (tuple() as sizes,) if all(type(size) is int for size in sizes):
            return Size(sizes)
    raise _unfit("Size", arguments)


def _build(target: Any, state: Any) -> None:
    """What BUILD does: the versions of the modules for a state dict, and what else there is of an old Parameter."""
    match target, state:
        case OrderedDict(), {"_metadata": _, **others} if not others:
            vars(target).update(state)
        case Tensor(), (Tensor() as data, _, _, requires_grad, _):  # the tensor, its creator, hooks, …, volatile
            target.array = data.array
            _wanting_grad(target, requires_grad)
        case Tensor(), (requires_grad, _, _):  # …, volatile, hooks
            _wanting_grad(target, requires_grad)
        case _:
            raise Flaw(f"the pickle sets attributes of {shown(target)} (BUILD), which are not known")


def _unfit(name: str, arguments: tuple[Any, ...]) -> Flaw:
    return Flaw(f"{name} is called with what it does not take: {', '.join(map(shown, arguments[:9])) or 'nothing'}")


_STORAGES = {
    "BoolStorage": "bool",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
}

_NAMES: dict[str, Any] = {
    "collections.OrderedDict": Collection(OrderedDict),
    "builtins.set": Collection(set),
    "__builtin__.set": Collection(set),  # Python 2's name, which protocol 2 keeps
    "torch.Size": Function(_size),
    "torch._utils._rebuild_tensor": Function(_tensor),  # until 2017
    "torch._utils._rebuild_tensor_v2": Function(_tensor),
    "torch._utils._rebuild_tensor_v3": Function(_tensor_of_bytes),  # for dtypes that have no storage of their own
    "torch._utils._rebuild_parameter": Function(_parameter),
    "torch.nn.parameter.Parameter": Function(_old_parameter),
    "torch.storage.UntypedStorage": KINDS["uint8"],
    **{f"torch.{name}": KINDS[kind] for name, kind in _STORAGES.items()},
    **{f"torch.{name}": np.dtype(name) for name in dtypes.NAMES},  # bfloat16 is not among them
}


TORCH = Vocabulary(_NAMES, _build)


def tensors_in(found: Any) -> list[Tensor]:
    """All tensors in what a pickle held, after a look whether it holds nothing but values. Each object comes once."""
    tensors, seen, waiting = [], set(), [found]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Tensor):
            tensors.append(value)
        elif isinstance(value, dict):
            waiting += [*value.values(), getattr(value, "_metadata", None)]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        elif not isinstance(value, str | int | float | np.dtype | None):
            raise Flaw(f"it holds a {type(value).__name__} where a value should be")
    return tensors
