r"""One's own photographs, in folders: which are learnt from, which judge, and how they are made fit for a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from tinycnn import transforms
from tinycnn._tensor import Tensor
from tinycnn.data import Dataset
from tinycnn.datasets import ImageFolder, open_photograph
from tinycnn.datasets.folder import IMG_EXTENSIONS
from tinycnn.errors import ConfigError, FormatError, explain

SPLIT_SEED = 0  # the same images judge every run, whatever its seed
_TRAIN, _VALIDATION, _TEST = ("train",), ("val", "valid", "validation"), ("test",)
_HIDDEN = (".", "@eaDir", "__MACOSX", "$RECYCLE")  # what file managers, notebooks and disk stations leave about
_PREDICTED = ".prediction.png"  # the pictures that tinycnn predict draws beside the photographs


@dataclass(frozen=True)
class Preprocessing:
    r"""From a photograph to what a network takes. The test images' part is `transforms.ImageClassification`.

    Parameters
    ----------
    crop_size, resize_size : int      side of the square that is cut out of the middle; the shorter side before that
    mean, std : tuple of float        of each channel, which are 3 for colours and 1 for grey
    interpolation : str               "bilinear", "bicubic" or "nearest"
    """

    crop_size: int
    resize_size: int
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    interpolation: str = "bilinear"

    @classmethod
    def of(cls, preset: Any) -> Preprocessing:
        r"""What an `ImageClassification` says, as weights have it."""
        (crop,), (resize,) = preset.crop_size, preset.resize_size
        return cls(crop, resize, tuple(preset.mean), tuple(preset.std), preset.interpolation.value)

    @classmethod
    def read(cls, config: dict[str, Any]) -> Preprocessing:
        r"""What a config.json holds under "preprocessing"."""
        return cls(**{**config, "mean": tuple(config["mean"]), "std": tuple(config["std"])})

    def resized(self, crop_size: int | None, resize_size: int | None) -> Preprocessing:
        r"""For images of another size; the shorter side keeps its proportion to the square if nothing else is said."""
        if crop_size is None and resize_size is None:
            return self
        crop = crop_size or self.crop_size
        resize = resize_size or round(crop * self.resize_size / self.crop_size)
        if resize < crop:
            raise ConfigError(f"resize size must be at least the crop size {crop}, but it is {resize}")
        return replace(self, crop_size=crop, resize_size=resize)

    @property
    def channels(self) -> int:
        return len(self.mean)

    def for_learning(self) -> Callable[[Any], Tensor]:
        r"""A part of the image, another one each time, its sides as 3:4 to 4:3, sometimes mirrored.

        At least a third of the area, not the twelfth that is usual for ImageNet: an animal in a corner of the picture
        would mostly be cut away, and its label be wrong.
        """
        mode = transforms.InterpolationMode(self.interpolation)
        return self._ending_in_tensors(
            transforms.RandomResizedCrop(self.crop_size, scale=(1 / 3, 1.0), interpolation=mode),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(self.mean, self.std),
        )

    def for_judging(self) -> Callable[[Any], Tensor]:
        r"""The middle of the image, always the same."""
        return self._ending_in_tensors(transforms.ImageClassification(
            crop_size=self.crop_size, resize_size=self.resize_size, mean=self.mean, std=self.std,
            interpolation=transforms.InterpolationMode(self.interpolation),
        ))

    def for_showing(self) -> Callable[[Any], Tensor]:
        r"""What `for_judging` cuts out, in its own colours."""
        plain = replace(self, mean=(0.0,) * self.channels, std=(1.0,) * self.channels)
        return plain.for_judging()

    def _ending_in_tensors(self, *steps: Any) -> Callable[[Any], Tensor]:
        grey = [transforms.Grayscale()] if self.channels == 1 else []
        composed: Callable[[Any], Tensor] = transforms.Compose([*grey, *steps])
        return composed

    def as_dict(self) -> dict[str, Any]:
        r"""For config.json."""
        return asdict(self)


class Folders(NamedTuple):
    r"""The images of a folder in their parts: paths and class indices."""

    classes: list[str]
    train: list[tuple[str, int]]
    validation: list[tuple[str, int]]
    test: list[tuple[str, int]]  #: empty if there is no folder for it
    split: bool  #: whether validation images were drawn from the others, for they had no folder of their own
    damaged: list[str]  #: the files that could not be read, and are in no part


class Photographs(Dataset[tuple[Tensor, int]]):
    r"""Images by their paths, made fit as they are fetched, with their class indices."""

    def __init__(self, samples: Sequence[tuple[str, int]], prepare: Callable[[Any], Tensor]) -> None:
        self.samples, self.prepare = samples, prepare

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        path, label = self.samples[index]
        return self.prepare(open_photograph(path)), label


class Pictures(Photographs):
    r"""The images alone, to be shown."""

    def __getitem__(self, index: int) -> Any:
        return super().__getitem__(index)[0]


def find_images(
    root: str, share: float = 0.2, through: Callable[[list[str]], Iterable[str]] = lambda paths: paths
) -> Folders:
    r"""Look through a folder of images: ``root/cat/1.jpg``, or ``root/train/cat/1.jpg`` beside ``root/val/cat/2.jpg``.

    In the first case a share of each class, drawn once and for all, is for validation. In the second there may be
    ``root/test`` as well. Every image is decoded, at a fraction of its size; one that is damaged is left out.

    Parameters
    ----------
    share : float          of each class, for validation
    through : callable     what the paths are gone through with, such as a bar of progress

    Raises
    ------
    ConfigError          classes that are not those of the training images, one class alone, a class without images,
                         or no image to judge by
    FileNotFoundError    there is no such folder, or nothing in it
    FormatError          a class has damaged images alone
    """
    parts = _parts(root)
    folders = {part: _ClassFolders(path) for part, path in parts.items()}
    classes = folders["train"].classes
    _check_classes(folders["train"])
    for folder in folders.values():
        if strange := sorted({*folder.classes} - {*classes}):
            raise ConfigError(explain(
                f"{folder.root} holds classes that are not learnt",
                {"classes": ", ".join(strange), parts["train"]: ", ".join(classes)},
                "the folders of both must have the same names",
            ))
    damaged = {
        path for path in through([path for folder in folders.values() for path, _ in folder.samples])
        if not _readable(path)
    }
    samples = {
        part: [(path, classes.index(folder.classes[label])) for path, label in folder.samples if path not in damaged]
        for part, folder in folders.items()
    }
    if lost := sorted({*range(len(classes))} - {label for _, label in samples["train"]}):
        raise FormatError(f"{root}: every image of the class {classes[lost[0]]!r} is damaged")
    split = "validation" not in samples
    if split:
        samples["train"], samples["validation"] = stratified(samples["train"], share)
    if not samples["validation"]:
        raise ConfigError(f"{root}: there are too few images to judge by; a class needs two at least to give one away")
    return Folders(classes, samples["train"], samples["validation"], samples.get("test", []), split, sorted(damaged))


def stratified(samples: Sequence[tuple[str, int]], share: float) -> tuple[list[Any], list[Any]]:
    r"""The samples in two parts, a share of each class in the second: one at least, if the class has two.

    Examples
    --------
    >>> first, second = stratified([("a", 0), ("b", 0), ("c", 0), ("d", 1), ("e", 1), ("f", 2)], 0.2)
    >>> [label for _, label in first], [label for _, label in second]
    ([0, 0, 1, 2], [0, 1])
    """
    host = np.random.default_rng(SPLIT_SEED)
    labels = np.array([label for _, label in samples])
    given: set[int] = set()
    for label in np.unique(labels):
        members = host.permutation(np.flatnonzero(labels == label))
        count = min(len(members) - 1, max(1, round(share * len(members))))
        given.update(members[:count].tolist())
    return ([s for i, s in enumerate(samples) if i not in given], [s for i, s in enumerate(samples) if i in given])


def _parts(root: str) -> dict[str, str]:
    r"""The folder of each part, by its name; the whole is for training if it is not divided."""
    if not os.path.isdir(root):
        raise FileNotFoundError(f"there is no folder {root}")
    there = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
    found = {
        part: os.path.join(root, name)
        for part, names in (("train", _TRAIN), ("validation", _VALIDATION), ("test", _TEST))
        for name in names if name in there
    }
    if "train" in found and "validation" not in found and {*there} <= {"train", "test"}:
        raise ConfigError(explain(
            f"{root} has a folder train, but none for validation",
            {"folders": ", ".join(there)},
            f"add {os.path.join(root, 'val')}, or give {found['train']} alone, to have it split",
        ))
    return found if "train" in found and "validation" in found else {"train": root}


class _ClassFolders(ImageFolder):
    r"""Passes over hidden folders and files, of which `._1.jpg` is no image, and the pictures of predictions."""

    def __init__(self, root: str) -> None:
        super().__init__(root, is_valid_file=self._is_photograph, allow_empty=True)

    def find_classes(self, directory: str | os.PathLike[str]) -> tuple[list[str], dict[str, int]]:
        try:
            found, _ = super().find_classes(directory)
        except FileNotFoundError:  # in the words of whoever gave a folder of images
            raise FileNotFoundError(explain(
                f"there is no folder of a class in {self.root}",
                {"wanted": f"{self.root}/cat/1.jpg, {self.root}/dog/1.jpg, …"},
                "every class has a folder of its own in it; is this the folder of one class?",
            )) from None
        names = [name for name in found if not name.startswith(_HIDDEN)]
        return names, {name: label for label, name in enumerate(names)}

    def _is_photograph(self, path: str) -> bool:
        parts = os.path.relpath(path, self.root).split(os.sep)
        ending = path.lower().endswith
        return ending(IMG_EXTENSIONS) and not ending(_PREDICTED) and not any(p.startswith(_HIDDEN) for p in parts)


def _check_classes(folder: _ClassFolders) -> None:
    if len(folder.classes) < 2:
        there = f"{folder.classes[0]!r} alone; there is nothing to tell it from" if folder.classes else "no class"
        raise ConfigError(f"{folder.root}: every class has a folder of its own in it, but there is {there}")
    if empty := sorted({*range(len(folder.classes))} - {*folder.targets}):
        raise ConfigError(explain(
            f"{folder.root}: there is no image of the class {folder.classes[empty[0]]!r}",
            {"names of images end in": " ".join(IMG_EXTENSIONS)},
            "remove its folder, or put images into it",
        ))


def _readable(path: str) -> bool:
    r"""Whether the image can be decoded to its end; a JPEG at an eighth of its size, in a fraction of the time."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.draft("RGB", (1, 1))
            image.load()
    except Exception:  # whatever a decoder stumbles over
        return False
    return True
