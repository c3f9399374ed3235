r"""Handwritten digits, and articles of clothing: MNIST and Fashion-MNIST, 28×28 pixels in grey."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from tinycnn import hub
from tinycnn.conversion import from_numpy
from tinycnn.errors import DownloadError, FormatError, explain

from .idx import read_idx
from .pictures import SplitDataset, Transform


class MNIST(SplitDataset):
    r"""70,000 handwritten digits of 28×28 pixels: 60,000 to learn from, 10,000 to test on.

    Parameters
    ----------
    root : str or PathLike
        The files lie in ``<root>/MNIST/raw``: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte
        and t10k-labels-idx1-ubyte, as they are or packed (.gz).
    train : bool
        The part to learn from, or the part to test on.
    transform, target_transform : callable, optional
        What is done to an image (Pillow, grey) and to a label (an int) as it is fetched.
    download : bool
        Fetch the files that are missing, and verify them.

    Attributes
    ----------
    data : Tensor, (N, 28, 28), uint8
    targets : Tensor, (N,), int64
    classes : list of str           "0 - zero" … "9 - nine"
    class_to_idx : dict

    Raises
    ------
    DownloadError    a file is not there; the message says which, and where it belongs
    FormatError      a file is damaged

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), "Gradient-based learning applied to document recognition", section III.
    """

    mirrors: ClassVar[list[str]] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    #: each file, packed, and its md5 as published
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    classes: ClassVar[list[str]] = [
        f"{digit} - {name}" for digit, name in
        enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
    ]

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
        part = "train" if train else "t10k"
        images = read_idx(self._file(f"{part}-images-idx3-ubyte.gz"), axes=3)
        labels = read_idx(self._file(f"{part}-labels-idx1-ubyte.gz"), axes=1)
        if len(images) != len(labels):
            raise FormatError(f"{self.raw_folder}: {len(images)} images of {part}, but {len(labels)} labels")
        if len(labels) and labels.max() >= len(self.classes):
            raise FormatError(
                f"{self.raw_folder}: {part} has the label {labels.max()}, but there are {len(self.classes)} classes"
            )
        self.data = from_numpy(images)                    # N, 28, 28
        self.targets = from_numpy(labels.astype("int64"))  # N

    @property
    def raw_folder(self) -> str:
        r"""Where the files lie."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: label for label, name in enumerate(self.classes)}

    def download(self) -> None:
        r"""Fetch the files that are missing, from the first mirror that has them."""
        for name, md5 in self.resources:
            path = os.path.join(self.raw_folder, name)
            if not os.path.exists(path.removesuffix(".gz")):
                hub.ensure_file(path, [mirror + name for mirror in self.mirrors], algorithm="md5", digest=md5)

    def _file(self, name: str) -> str:
        path = os.path.join(self.raw_folder, name)
        for found in (path.removesuffix(".gz"), path):
            if os.path.exists(found):
                return found
        raise DownloadError(explain(
            f"{type(self).__name__}: {name} is not there",
            {"belongs to": path, "is to be had from": self.mirrors[0] + name},
            "download=True fetches all files",
        ))

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self.transformed(Image.fromarray(self.data.array[index]), int(self.targets.array[index]))


class FashionMNIST(MNIST):
    r"""70,000 articles of clothing of 28×28 pixels, in the form of `MNIST`; files lie in ``<root>/FashionMNIST/raw``.

    References
    ----------
    Xiao, Rasul, Vollgraf (2017), "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms".
    """

    mirrors: ClassVar[list[str]] = [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes: ClassVar[list[str]] = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]
