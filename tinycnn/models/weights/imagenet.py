r"""What all weights for ImageNet have in common: the 1000 classes, and the form of their entries."""

from __future__ import annotations

import functools
import os
from typing import Any

from .entry import Weights

_FILE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "data", "imagenet_classes.txt")


@functools.cache
def _names() -> tuple[str, ...]:
    with open(_FILE, encoding="utf-8") as file:
        return tuple(file.read().splitlines())


def imagenet_classes() -> list[str]:
    r"""The names of ImageNet's 1000 classes, in the order of the logits.

    Examples
    --------
    >>> imagenet_classes()[:3]
    ['tench', 'goldfish', 'great white shark']

    References
    ----------
    Russakovsky et al. (2015), "ImageNet large scale visual recognition challenge".
    """
    return list(_names())


def image_classification(*, interpolation: Any = "bilinear", **options: Any) -> Any:
    r"""The preprocessing of photographs: `tinycnn.transforms.ImageClassification`, with the interpolation by name."""
    from tinycnn.transforms import ImageClassification, InterpolationMode

    return ImageClassification(interpolation=InterpolationMode(interpolation), **options)


def imagenet1k(
    url: str,
    num_params: int,
    top1: float | None,
    top5: float | None,
    gmac: float | None,
    mib: float | None,
    *,
    min_size: tuple[int, int],
    recipe: str,
    docs: str,
    categories: bool = True,
    meta: dict[str, Any] | None = None,
    **preprocessing: Any,
) -> Weights:
    r"""An entry: a row of a family's table, and by keywords what the rows of the family share.

    Parameters
    ----------
    url : str                   where the file lies; relative to torchvision's folder
    num_params : int
    top1, top5 : float          percent of the validation images whose class comes first, or among the first five
    gmac, mib : float           10⁹ multiply-adds for one image, 2²⁰ bytes of the file
    min_size : (int, int)       the smallest image the network takes
    recipe, docs : str          how they were trained, and in words
    categories : bool           whether it tells classes at all
    meta : dict                 more facts
    **preprocessing             options of `tinycnn.transforms.ImageClassification`
    """
    metrics = {"acc@1": top1, "acc@5": top5}
    facts = {
        "num_params": num_params,
        "min_size": min_size,
        "categories": imagenet_classes() if categories else None,
        "recipe": recipe,
        "_metrics": {"ImageNet-1K": {name: value for name, value in metrics.items() if value is not None}},
        "_docs": docs,
    }
    facts |= {name: value for name, value in {"_ops": gmac, "_file_size": mib}.items() if value is not None}
    return Weights(
        url if "://" in url else f"https://download.pytorch.org/models/{url}",
        functools.partial(image_classification, **{"crop_size": 224, **preprocessing}),
        facts | (meta or {}),
    )
