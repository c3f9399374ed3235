"""``xp.cuda``: one pretended GPU. It computes nothing; it can be counted, chosen and waited for."""

from __future__ import annotations

from typing import Any, NoReturn

from .names import VERSION
from .syncs import synchronised


class CUDARuntimeError(RuntimeError):
    """What CuPy raises where there is no GPU or no driver."""


class _Strict:
    """Has what is written here and nothing besides."""

    def __getattr__(self, name: str) -> NoReturn:
        owner = type(self).__name__
        raise AttributeError(f"the double of {VERSION} has no {owner}.{name}; if CuPy has, add it to {__name__}")

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def use(self) -> Any:
        return self


class Device(_Strict):
    """The GPU of number 0."""

    compute_capability = "90"
    mem_info = (8 << 30, 8 << 30)

    def __init__(self, device: int | None = None) -> None:
        if device not in (None, 0):
            raise CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal")
        self.id = 0

    def synchronize(self) -> None:
        synchronised("Device.synchronize()")

    def __int__(self) -> int:
        return self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device)

    def __hash__(self) -> int:
        return self.id

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"


class Stream(_Strict):
    """A queue of work; all of it is done by the time it is asked for."""

    null: Stream

    def __init__(self, null: bool = False, non_blocking: bool = False) -> None:
        self.done, self.ptr = True, 0

    def synchronize(self) -> None:
        synchronised("Stream.synchronize()")

    def record(self, event: Event | None = None) -> Event:
        return event or Event()

    def wait_event(self, event: Event) -> None:
        """The device waits, not the host."""


Stream.null = Stream(null=True)


class Event(_Strict):
    """A mark in a queue."""

    done = True

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        pass

    def record(self, stream: Stream | None = None) -> None:
        pass

    def synchronize(self) -> None:
        synchronised("Event.synchronize()")


class MemoryPool(_Strict):
    """Memory that is never short."""

    def used_bytes(self) -> int:
        return 0

    def total_bytes(self) -> int:
        return 0

    def free_bytes(self) -> int:
        return 0

    def free_all_blocks(self) -> None:
        pass


class Runtime(_Strict):
    """The calls of the CUDA runtime that ask after the GPU."""

    CUDARuntimeError = CUDARuntimeError

    def getDeviceCount(self) -> int:
        return 1

    def getDevice(self) -> int:
        return 0

    def setDevice(self, device: int) -> None:
        Device(device)

    def deviceSynchronize(self) -> None:
        synchronised("deviceSynchronize()")

    def memGetInfo(self) -> tuple[int, int]:
        return Device.mem_info

    def getDeviceProperties(self, device: int) -> dict[str, Any]:
        return {"name": b"strict double", "major": 9, "minor": 0, "totalGlobalMem": Device.mem_info[1]}

    def runtimeGetVersion(self) -> int:
        return 12090

    def driverGetVersion(self) -> int:
        return 12090


class Cuda(_Strict):
    """The module itself."""

    Device, Stream, Event, MemoryPool = Device, Stream, Event, MemoryPool
    runtime = Runtime()

    def is_available(self) -> bool:
        return True

    def get_current_stream(self) -> Any:
        return Stream.null

    def get_device_id(self) -> int:
        return 0
