"""Where arrays live and who computes with them: NumPy on the CPU, CuPy on a CUDA device.

A `Backend` is an array module (``xp``), its kernels, and the ways in and out. The maths above asks an array
for its backend and never which device it is on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from tinycnn.backend import reference, steps
from tinycnn.errors import DeviceError

Array = Any  # a numpy.ndarray or a cupy.ndarray; NumPy's own stubs could not say "either"

__all__ = ["Array", "Backend", "Kernels", "device", "get", "install", "of", "why_not_cuda"]


class Kernels:
    """The kernels of one backend: those of `reference` and `steps`, but for the ones it brings of its own."""

    def __init__(self, xp: Any, *own: ModuleType) -> None:
        for room in (reference, steps, *own):
            for name in room.KERNELS:
                setattr(self, name, partial(getattr(room, name), xp))

    def __getattr__(self, name: str) -> Any:  # reached only for names that are not there
        raise AttributeError(f"no backend has a kernel {name!r}; there are {', '.join(sorted(self.__dict__))}")


class Backend:
    """Arrays of one kind: the module that computes with them, the kernels, the way in and out."""

    def __init__(
        self,
        name: str,
        xp: Any,
        kernels: Kernels,
        asnumpy: Callable[[Array], Any] = lambda array: array,
        synchronize: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.xp = xp
        self.ndarray = xp.ndarray
        self.kernels = kernels
        self.asnumpy = asnumpy
        self.synchronize = synchronize
        self.device = device(name)

    def asarray(self, host: Any) -> Array:
        """The host array on this backend; no copy is made if it is there already."""
        return self.xp.asarray(host)

    def __repr__(self) -> str:
        return f"<Backend {self.name}: {getattr(self.xp, '__name__', self.xp)}>"


class device:
    """A place for tensors: ``device("cpu")``, ``device("cuda")`` or ``device("cuda", 0)``.

    Examples
    --------
    >>> device("cuda:0").type, device("cpu")
    ('cuda', device(type='cpu'))
    """

    __slots__ = ("index", "type")

    def __init__(self, type: str | device, index: int | None = None) -> None:
        kind, _, number = str(type).partition(":")
        if kind not in ("cpu", "cuda") or (number and not number.isdigit()):
            raise DeviceError(f"device: there is no device {str(type)!r}; it is 'cpu' or 'cuda'")
        self.type = kind
        self.index = int(number) if number else index
        if self.index:
            raise DeviceError(f"device: tinycnn uses one device a kind, number 0; asked for {self}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and self.type == other.type

    def __hash__(self) -> int:
        return hash(self.type)

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type={self.type!r}{'' if self.index is None else f', index={self.index}'})"


_installed: dict[str, Backend] = {}
_by_array_type: dict[type, Backend] = {}


def install(name: str, backend: Backend | None) -> None:
    """Make `backend` the one that `name` means; None takes it out again."""
    old = _installed.pop(name, None)
    if old is not None:
        del _by_array_type[old.ndarray]
    if backend is not None:
        _installed[name] = backend
        _by_array_type[backend.ndarray] = backend


def get(name: str | device | None) -> Backend:
    """The backend of a device, CuPy's being loaded on first use.

    Raises
    ------
    DeviceError
        If there is no such device; for "cuda" it says whether CuPy or the GPU is missing and what to do.
    """
    kind = name.type if isinstance(name, device) else "cpu" if name is None else device(name).type
    if kind not in _installed:
        from tinycnn.backend import cuda  # only "cuda" is not installed from the start

        install(kind, cuda.load())
    return _installed[kind]


def of(array: Array) -> Backend:
    """The backend whose arrays are of this type."""
    try:
        return _by_array_type[type(array)]
    except KeyError:
        for kind, backend in _by_array_type.items():  # a subclass, such as numpy.memmap
            if isinstance(array, kind):
                return backend
        raise TypeError(f"no backend computes with arrays of type {type(array).__name__}") from None


def why_not_cuda() -> str | None:
    """None if CUDA is available, else the reason in one sentence."""
    try:
        get("cuda")
    except DeviceError as error:
        return str(error)
    return None


def _load_cpu() -> Backend:
    from tinycnn.backend import cpu
    from tinycnn.backend.cpu.memory import keep_large_blocks

    keep_large_blocks()
    return Backend("cpu", np, Kernels(np, cpu))


install("cpu", _load_cpu())
