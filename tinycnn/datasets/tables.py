r"""A dataset of images and labels in one file: a CSV table or a NumPy archive."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.conversion import from_numpy
from tinycnn.data.dataset import Dataset, Rows
from tinycnn.errors import ConfigError, FormatError, explain

from .files import read_table

#: What the split is drawn with. Fixed before anything was ever trained on it; changing it would change every result.
SPLIT_SEED = 0
TEST_FRACTION = 0.2


class TableDataset(Dataset[tuple[Any, Any]]):
    r"""Images and labels from a file, split once and for all into four fifths to learn from and one fifth to test on.

    Parameters
    ----------
    path : str or PathLike
        A ``.csv`` or ``.csv.gz``: one image a row, its pixels row by row, then its label; no header. Or a ``.npz``
        with ``images``, (N, pixels), (N, H, W) or (N, C, H, W), and ``labels``, (N,). The content counts, not the name.
    train : bool or None
        True: the part to learn from. False: the part to test on. None: all.
    transform, target_transform : callable, optional
        What is done to an image (a Tensor, (C, H, W)) and to a label (an int) as it is fetched.
    shape : tuple of int, optional, keyword only
        (H, W) or (C, H, W) of an image whose pixels come as a row; square with one channel if None.
    scale : float, optional, keyword only
        What pixels are divided by. If None: whole numbers that are not negative by the largest in the file, so that
        they end in [0, 1]; other numbers by 1.

    Attributes
    ----------
    images : Tensor, (N, C, H, W), float32
    targets : Tensor, (N,), int64
    classes : list of str       one for each label from 0 to the largest in the file
    scale : float               what pixels were divided by

    Raises
    ------
    FormatError    a file that is none of these, rows of different length or that make no image, a pixel that is no
                   finite number, a label that is no class index; the message says where
    ConfigError    ``train`` is none of the three, or ``scale`` is not positive
    OSError        no such file, or none that may be read

    Notes
    -----
    The split is stratified: of each class, ⌊n/5⌉ images go to the test part. It is drawn from a seed fixed in this
    module, class by class, and depends on the labels alone.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        train: bool | None = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        *,
        shape: Sequence[int] | None = None,
        scale: float | None = None,
    ) -> None:
        if train not in (True, False, None):
            raise ConfigError(
                f"{type(self).__name__}: train must be True, False or None, not {train!r}; nothing is downloaded, so "
                "there is no folder to name"
            )
        if scale is not None and not (np.isfinite(scale) and scale > 0):
            raise ConfigError(f"{type(self).__name__}: scale must be positive, but it is {scale}")
        pixels, labels = read_table(os.fspath(path))
        pixels = _as_images(pixels, shape, os.fspath(path))
        self.scale = _usual_scale(pixels) if scale is None else float(scale)
        rows = np.arange(len(labels)) if train is None else stratified_split(labels)[0 if train else 1]
        self.images = from_numpy((pixels[rows] / self.scale).astype(np.float32))
        self.targets = from_numpy(labels[rows])
        self.classes = [str(label) for label in range(int(labels.max()) + 1)]
        self.train = train
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image: Any = Tensor.wrap(self.images.array[index].copy())  # a transform may change it in place
        target: Any = int(self.targets.array[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __getitems__(self, indices: Sequence[int]) -> Sequence[tuple[Any, Any]]:
        plain = self.transform is None and self.target_transform is None
        if plain and type(self).__getitem__ is TableDataset.__getitem__:
            return Rows(self, indices)
        return [self[index] for index in indices]

    def gather(self, indices: Sequence[int]) -> list[Any]:
        r"""The images and the labels at ``indices``, in one indexing step each."""
        return [self.images[list(indices)], self.targets[list(indices)]]

    def __repr__(self) -> str:
        split = {True: "Train", False: "Test", None: "All"}[self.train]
        lines = [f"Number of datapoints: {len(self)}", f"Split: {split}"]
        for name in ("transform", "target_transform"):
            if (transform := getattr(self, name)) is not None:
                lines.append(f"{name.replace('_', ' ').capitalize()}: {transform!r}".replace("\n", "\n    "))
        return "\n    ".join([f"Dataset {type(self).__name__}", *lines])


def stratified_split(labels: Any) -> tuple[Any, Any]:
    r"""The rows to learn from and the rows to test on, each in rising order: of every class, ⌊n/5⌉ rows to test on.

    Examples
    --------
    >>> import numpy as np
    >>> train, test = stratified_split(np.repeat([0, 1], [10, 20]))
    >>> len(train), len(test), int((test < 10).sum())
    (24, 6, 2)
    """
    host = np.random.RandomState(SPLIT_SEED)  # the old generator: its stream is promised never to change
    test = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        test[host.permutation(rows)[: round(TEST_FRACTION * len(rows))]] = True
    return np.flatnonzero(~test), np.flatnonzero(test)


def _usual_scale(pixels: Any) -> float:
    largest = float(pixels.max(initial=0))
    whole = (pixels >= 0).all() and (pixels == np.floor(pixels)).all()
    return largest if whole and largest > 1 else 1.0


def _as_images(pixels: Any, shape: Sequence[int] | None, path: str) -> Any:
    count, found = len(pixels), pixels.shape[1:]
    if shape is None:
        side = round(np.sqrt(found[0]))
        wanted = {1: (1, side, side), 2: (1, *found), 3: found}[len(found)]
    else:
        wanted = (1, *shape) if len(shape) == 2 else tuple(shape)
    if len(wanted) != 3 or np.prod(wanted) != np.prod(found) or (len(found) > 1 and found != wanted[-len(found) :]):
        raise FormatError(
            explain(
                f"{path}: its rows do not make images" + ("" if shape else ", for they are not square"),
                {"a row": tuple(found), "an image (C, H, W)": wanted if shape else "?"},
                "give shape=(H, W) or (C, H, W); pixels come first in a row, the label last",
            )
        )
    return pixels.reshape(count, *wanted)
