r"""Images that lie in folders, one folder a class."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tinycnn.errors import ConfigError, explain

from .photographs import load_image
from .pictures import Transform, VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class DatasetFolder(VisionDataset):
    r"""Samples in folders, one a class; `ImageFolder` is the one for images.

    Parameters
    ----------
    root : str or PathLike                    the folder that holds a folder for each class
    loader : callable                         makes a sample of a path
    extensions : str or several, optional     how names of files end, in lower case; others are passed over
    transform, target_transform : callable    what is done to a sample and to its label as it is fetched
    is_valid_file : callable, optional        whether to take a file, by its path; in place of ``extensions``
    allow_empty : bool                        whether a class may have no file

    Attributes
    ----------
    classes : list of str                     the names of the folders, sorted
    class_to_idx : dict                       the label of each
    samples : list of (str, int)              path and label, sorted by class and path
    targets : list of int                     the labels

    Raises
    ------
    FileNotFoundError    there is no such folder, no class in it, or no file in a class
    ConfigError          ``extensions`` and ``is_valid_file`` are both given, or neither
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        loader: Callable[[str], Any],
        extensions: Sequence[str] | str | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform, target_transform)
        if (extensions is None) == (is_valid_file is None):
            raise ConfigError(f"{type(self).__name__}: give either extensions or is_valid_file")
        ends = extensions if isinstance(extensions, str) else tuple(extensions or ())
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples: list[tuple[str, int]] = []
        for name in sorted(self.class_to_idx):
            folder, label = os.path.join(self.root, name), self.class_to_idx[name]
            found = [
                path for path in _files_under(folder)
                if (is_valid_file(path) if is_valid_file else path.lower().endswith(ends))
            ]
            if not found and not allow_empty:
                raise FileNotFoundError(explain(
                    f"{type(self).__name__}: the class {name!r} has no file that could be taken",
                    {"folder": folder, "extensions": extensions or "is_valid_file decides"},
                    "remove the folder, or give allow_empty=True to keep the class without samples",
                ))
            self.samples += [(path, label) for path in found]
        self.loader = loader
        self.extensions = extensions
        self.targets = [label for _, label in self.samples]

    def find_classes(self, directory: str | os.PathLike[str]) -> tuple[list[str], dict[str, int]]:
        r"""The names of the classes, and the label of each; a subclass may take only some of the folders."""
        with os.scandir(directory) as entries:
            classes = sorted(entry.name for entry in entries if entry.is_dir())
        if not classes:
            raise FileNotFoundError(explain(
                f"{type(self).__name__}: there is no folder of a class in {os.fspath(directory)}",
                {"wanted": f"{os.path.join(directory, 'cat', '1.jpg')}, {os.path.join(directory, 'dog', '1.jpg')}, …"},
                "every class has a folder of its own, whose name is the name of the class",
            ))
        return classes, {name: label for label, name in enumerate(classes)}

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self.transformed(self.loader(path), target)


class ImageFolder(DatasetFolder):
    r"""Images in folders, one a class: ``root/cat/1.jpg``, ``root/dog/more/7.png``.

    Parameters
    ----------
    root : str or PathLike                    the folder that holds a folder for each class
    transform, target_transform : callable    what is done to an image (Pillow, RGB) and to a label as it is fetched
    loader : callable                         makes an image of a path; `open_photograph` turns photographs upright
    is_valid_file : callable, optional        whether to take a file, by its path; if None, those whose names end as
                                              images' do: .jpg, .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff, .webp
    allow_empty : bool                        whether a class may have no image

    Attributes
    ----------
    classes : list of str                     the names of the folders, sorted
    class_to_idx : dict                       the label of each
    samples, imgs : list of (str, int)        path and label, sorted by class and path
    targets : list of int                     the labels

    Raises
    ------
    FileNotFoundError    there is no such folder, no class in it, or no image in a class
    FormatError          (as an image is fetched) it is damaged; the message names the file

    Examples
    --------
    >>> import os, tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("cat", "dog"):
    ...         os.mkdir(f"{root}/{name}")
    ...         Image.new("RGB", (4, 3)).save(f"{root}/{name}/1.png")
    ...     images = ImageFolder(root)
    ...     images.classes, images[1][0].size, images[1][1]
    (['cat', 'dog'], (4, 3), 1)
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[str], Any] = load_image,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples


def _files_under(folder: str) -> Iterator[str]:
    r"""All files below, folder by folder, each sorted; links are followed."""
    for place, _, names in sorted(os.walk(folder, followlinks=True)):
        yield from (os.path.join(place, name) for name in sorted(names))
