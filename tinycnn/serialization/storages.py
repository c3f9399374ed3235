r"""Storages: the memory that tensors look into. A file holds numbers in a row; a tensor says where in them it lies.

    x[i, j, …]  =  storage[offset + i·stride₀ + j·stride₁ + …]

So a transposed tensor is stored as it was, tensors that shared memory share it again, and one number can be a tensor of
a million equal ones, by strides of 0, which takes no more memory here than it did there.
"""

from __future__ import annotations

import sys
from io import BufferedReader
from typing import Any, NamedTuple

import numpy as np

from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.conversion import from_numpy
from tinycnn.serialization.flaw import Flaw, shown

MOST_DIMENSIONS = 64  #: of a tensor; NumPy's limit


class Kind:
    """What the numbers of a storage are: their dtype here, and how many bytes each takes in the file."""

    def __init__(self, dtype: dtypes.DType, width: int) -> None:
        self.dtype, self.width = dtype, width


#: by PyTorch's name; bfloat16, which NumPy has not, is the upper half of a float32, and becomes one
KINDS = {name: Kind(np.dtype(name), np.dtype(name).itemsize) for name in dtypes.NAMES}
KINDS["bfloat16"] = Kind(dtypes.float32, 2)


class Named(NamedTuple):
    """What a pickle says of a storage: its name in the file, the kind of its numbers, how many, which part is meant."""

    key: str
    kind: Kind
    length: int
    part: Any = None


def named(identity: Any) -> Named:
    """Read a persistent id, ("storage", kind, key, device, count[, part])."""
    match identity:
        case ("storage", Kind() as kind, str() as key, _, int() as count, *part) if count >= 0 and len(part) <= 1:
            return Named(key, kind, int(count), *part)
    raise Flaw("what lies outside the pickle is not given as a storage with its name, kind and length")


class Storage:
    """Numbers in a row."""

    def __init__(self, kind: Kind, array: Any) -> None:
        self.kind, self.array = kind, array

    @classmethod
    def empty(cls, kind: Kind, count: int) -> Storage:
        """Room for so many numbers, without values yet. Whoever asks has compared the size with the file's."""
        return cls(kind, np.empty(count, kind.dtype))

    def expected(self, kind: Kind, count: int) -> Storage:
        """This storage, if it is what it is said to be when it is named again."""
        if self.kind is not kind or self.array.size != count:
            raise Flaw("two tensors name the same storage, but say different things of it")
        return self

    def part(self, where: Any) -> Storage:
        """All of it for None; for (name, start, length) a storage that lies in this one."""
        match where:
            case None:
                return self
            case (_, int() as start, int() as length) if 0 <= start <= start + length <= self.array.size:
                return Storage(self.kind, self.array[start : start + length])
        raise Flaw(f"a part is asked for that a storage of {self.array.size} numbers has not")

    def seen_as(self, kind: Kind) -> Storage:
        """The same bytes, taken for numbers of another kind."""
        if self.kind.dtype != np.uint8 or kind.dtype == bool or self.array.size % kind.width:
            raise Flaw(f"{self.array.size} numbers of {self.kind.dtype} cannot be taken for {kind.dtype}")
        return Storage(kind, self.array.view(kind.dtype))

    def fill(self, file: BufferedReader, byteorder: str = "little") -> None:
        """Read the numbers from where the file stands, straight into their place."""
        wide = self.kind.width != self.array.itemsize
        raw = np.empty(self.array.size, np.uint16) if wide else self.array
        if file.readinto(raw.view(np.uint8).data) != raw.nbytes:
            raise Flaw("the file became shorter while it was read")
        if byteorder != sys.byteorder:
            raw.byteswap(inplace=True)
        if wide:
            bits = self.array.view(np.uint32)
            bits[:] = raw
            bits <<= 16
        elif self.array.dtype == bool:
            np.not_equal(raw.view(np.uint8), 0, out=self.array)  # a bool of value 2 would be neither true nor false

    def tensor(self, offset: int, size: tuple[Any, ...], stride: tuple[Any, ...]) -> Tensor:
        """The tensor that lies there, if all of it lies in the storage."""
        if len(size) != len(stride) or len(size) > MOST_DIMENSIONS:
            raise Flaw(f"a tensor has {len(size)} sizes and {len(stride)} strides")
        for number in (offset, *size, *stride):
            if type(number) is not int or not 0 <= number < 2**63:
                raise Flaw(f"offset, sizes and strides of a tensor are from 0 to 2⁶³, but one is {shown(number)}")
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        if 0 in size:
            offset = 0  # no element lies anywhere
        elif last >= self.array.size:
            raise Flaw(f"a tensor of size {size} reaches number {last} of a storage that has {self.array.size}")
        width = self.array.itemsize
        try:
            array = np.ndarray(size, self.array.dtype, self.array, offset * width, [step * width for step in stride])
        except (ValueError, OverflowError) as error:  # larger than NumPy can count
            raise Flaw(f"a tensor of size {size} and strides {stride}: {error}") from error
        return from_numpy(array)
