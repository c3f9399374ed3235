r"""Small colour photographs: CIFAR-10 and CIFAR-100, 32×32 pixels, from their binary files.

A file is a row of records without a header. A record is the label and then the pixels, plane by plane:

    CIFAR-10     1 byte: the class                        3 × 32 × 32 bytes     3073 bytes
    CIFAR-100    2 bytes: one of 20 groups, the class     3 × 32 × 32 bytes     3074 bytes

The files are read out of the archive as it was published; nothing is unpacked to the disk, and nothing unpickled.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

import numpy as np

from tinycnn import hub
from tinycnn.errors import DownloadError, FormatError, explain

from .archive import read_members
from .pictures import SplitDataset, Transform


class CIFAR10(SplitDataset):
    r"""60,000 photographs of ten kinds of things, 32×32 pixels: 50,000 to learn from, 10,000 to test on.

    Parameters
    ----------
    root : str or PathLike
        Where cifar-10-binary.tar.gz lies; or, unpacked, the folder cifar-10-batches-bin that is in it.
    train : bool
        The part to learn from, or the part to test on.
    transform, target_transform : callable, optional
        What is done to an image (Pillow, RGB) and to a label (an int) as it is fetched.
    download : bool
        Fetch the archive if it is missing, and verify it.

    Attributes
    ----------
    data : ndarray, (N, 32, 32, 3), uint8
    targets : list of int
    classes : list of str           "airplane" … "truck"
    class_to_idx : dict

    Raises
    ------
    DownloadError    a file is not there; the message says which, and where it belongs
    FormatError      a file is damaged

    References
    ----------
    A. Krizhevsky (2009), "Learning multiple layers of features from tiny images".
    """

    mirrors: ClassVar[list[str]] = ["https://www.cs.toronto.edu/~kriz/"]
    filename: ClassVar[str] = "cifar-10-binary.tar.gz"
    tgz_md5: ClassVar[str] = "c32a1d4ab5d03f1284b67883e8d87530"  #: as published
    base_folder: ClassVar[str] = "cifar-10-batches-bin"
    pickled: ClassVar[tuple[str, str]] = ("cifar-10-python.tar.gz", "cifar-10-batches-py")  #: torchvision's; not read
    train_list: ClassVar[list[str]] = [f"data_batch_{number}.bin" for number in range(1, 6)]
    test_list: ClassVar[list[str]] = ["test_batch.bin"]
    names_file: ClassVar[str] = "batches.meta.txt"
    num_classes: ClassVar[int] = 10
    label_bytes: ClassVar[int] = 1  #: of which the last is the class

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, train, transform, target_transform)
        if download:
            self.download()
        files = self.train_list if train else self.test_list
        contents = self._read([*files, self.names_file])
        records = np.concatenate([self._records(name, contents[name]) for name in files])  # N, label and 3·32·32
        labels, pixels = records[:, self.label_bytes - 1], records[:, self.label_bytes :]
        self.data = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy()              # N, 32, 32, 3
        self.targets: list[int] = labels.tolist()
        self.classes = self._names(contents[self.names_file])
        self.class_to_idx = {name: label for label, name in enumerate(self.classes)}

    def download(self) -> None:
        r"""Fetch the archive if neither it nor its folder is there, from the first mirror that has it."""
        if self._missing():
            urls = [mirror + self.filename for mirror in self.mirrors]
            hub.ensure_file(os.path.join(self.root, self.filename), urls, algorithm="md5", digest=self.tgz_md5)

    def _missing(self) -> list[str]:
        r"""Which files the unpacked folder lacks."""
        names = [*self.train_list, *self.test_list, self.names_file]
        return [name for name in names if not os.path.exists(os.path.join(self.root, self.base_folder, name))]

    def _read(self, names: list[str]) -> dict[str, bytes]:
        folder, archive = (os.path.join(self.root, name) for name in (self.base_folder, self.filename))
        if set(names).isdisjoint(self._missing()):
            contents = {}
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    contents[name] = file.read()
            return contents
        if not os.path.exists(archive):
            facts = {"belongs to": archive, "is to be had from": self.mirrors[0] + self.filename}
            if beside := [name for name in self.pickled if os.path.exists(os.path.join(self.root, name))]:
                facts["is no substitute"] = f"{beside[0]}, for it must be unpickled: the binary version is needed"
            raise DownloadError(explain(
                f"{type(self).__name__}: {self.filename} is not there",
                facts,
                f"download=True fetches it; or {folder} must hold {', '.join(names)}",
            ))
        members = read_members(archive, [f"{self.base_folder}/{name}" for name in names], md5=self.tgz_md5)
        return {name: members[f"{self.base_folder}/{name}"] for name in names}

    def _records(self, name: str, content: bytes) -> Any:
        size = self.label_bytes + 3 * 32 * 32
        if not content or len(content) % size:
            raise FormatError(explain(
                f"{self.root}: {name} was cut short, or is no file of {type(self).__name__}",
                {"a record": f"{size} bytes", "the file": f"{len(content):,} bytes"},
                "a whole number of records is wanted",
            ))
        records = np.frombuffer(content, np.uint8).reshape(-1, size)
        largest = records[:, self.label_bytes - 1].max()
        if largest >= self.num_classes:
            raise FormatError(f"{self.root}: {name} has the label {largest}, but there are {self.num_classes} classes")
        return records

    def _names(self, content: bytes) -> list[str]:
        names = content.decode(errors="replace").split()
        if len(names) != self.num_classes:
            raise FormatError(
                f"{self.root}: {self.names_file} should name {self.num_classes} classes, but names {len(names)}"
            )
        return names

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self.transformed(Image.fromarray(self.data[index]), self.targets[index])


class CIFAR100(CIFAR10):
    r"""60,000 photographs of a hundred kinds of things, in the form of `CIFAR10`.

    The archive is cifar-100-binary.tar.gz, the folder in it cifar-100-binary. Labels are the fine ones.
    """

    filename = "cifar-100-binary.tar.gz"
    tgz_md5 = "03b5dce01913d631647c71ecec9e9cb8"
    base_folder = "cifar-100-binary"
    pickled = ("cifar-100-python.tar.gz", "cifar-100-python")
    train_list: ClassVar[list[str]] = ["train.bin"]
    test_list: ClassVar[list[str]] = ["test.bin"]
    names_file = "fine_label_names.txt"
    num_classes = 100
    label_bytes = 2
