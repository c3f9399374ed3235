r"""What all datasets of photographs share: a folder, two transforms, and how they are printed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from tinycnn.data.dataset import Dataset
from tinycnn.errors import ArgumentError, ConfigError, described

Transform = Callable[[Any], Any]


class VisionDataset(Dataset[tuple[Any, Any]]):
    r"""The base of datasets whose items are a Pillow image and a label.

    Parameters
    ----------
    root : str or PathLike                        the folder; ``~`` is one's home
    transform, target_transform : callable        what is done to an image and to a label as it is fetched
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        self.root = os.path.expanduser(root)
        for name, given in (("transform", transform), ("target_transform", target_transform)):
            if given is not None and not callable(given):
                raise ArgumentError(f"{type(self).__name__}: {name} must be a function or None, not {described(given)}"
                                    "; several go into one with transforms.Compose")
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__()")

    def transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        r"""The item, from an image and a label as they were read."""
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def extra_repr(self) -> str:
        r"""More lines of the printout."""
        return ""

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}", f"Root location: {self.root}", *self.extra_repr().splitlines()]
        transforms = {"Transform: ": self.transform, "Target transform: ": self.target_transform}
        if any(transform is not None for transform in transforms.values()):
            body.append("StandardTransform")
        lines = [f"Dataset {type(self).__name__}", *(f"    {line}" for line in body)]
        for head, transform in transforms.items():
            if transform is not None:
                lines.append(head + repr(transform).replace("\n", "\n" + " " * len(head)))
        return "\n".join(lines)


class SplitDataset(VisionDataset):
    r"""A dataset that comes in two parts, one to learn from and one to test on."""

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        super().__init__(root, transform, target_transform)
        if train not in (True, False):
            raise ConfigError(f"{type(self).__name__}: train must be True or False, not {train!r}")
        self.train = train

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"
