"""The networks whose training steps are timed, and how many times PyTorch's step tinycnn's may take, at most.

They are those of `tinycnn.models`. Beside PyTorch the same source builds them: `stand_in` runs it with `torch.nn`.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Net:
    """A network, the batch that is timed, and the goals: the ratio by default, and with precision "high"."""

    name: str    # the function of tinycnn.models that makes it
    label: str
    batch: int
    size: int    # H and W of the images
    goal: float
    high_goal: float | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        return self.name, self.batch, self.size

    @property
    def images(self) -> str:
        return f"{self.batch} of {self.size}²"


NETS = (
    Net("lenet",         "lecture Net", 64, 32,  1.0),
    Net("resnet18",      "ResNet-18",   64, 32,  0.9,  0.8),
    Net("alexnet",       "AlexNet",     16, 224, 0.8,  0.75),
    Net("vgg11",         "VGG-11",      4,  224, 0.8,  0.65),
    Net("vgg16",         "VGG-16",      2,  224, 0.8,  0.65),
    Net("resnet18",      "ResNet-18",   8,  224, 0.85, 0.7),
    Net("resnet50",      "ResNet-50",   4,  224, 1.0),
    Net("convnext_tiny", "ConvNeXt-T",  2,  224, 1.0),
)

SOURCES = {
    "lenet": "lecture", "alexnet": "alexnets", "vgg11": "vgg", "vgg16": "vgg", "convnext_tiny": "convnext",
    **{f"resnet{layers}": "resnet" for layers in (18, 34, 50, 101, 152)},
    **{f"resnet{layers}": "cifar" for layers in (20, 32, 44, 56, 110)},
}


def plain(word: str) -> str:
    """A name as it is compared with others: neither capitals nor what joins its parts.

    Examples
    --------
    >>> plain("ResNet-18"), plain("convnext_tiny")
    ('resnet18', 'convnexttiny')
    """
    return re.sub(r"[-_ ]", "", word.lower())


#: by what one may call it: the tables' label, a word of that, or the name of the function
NAMES = {plain(called): net.name for net in NETS for called in (net.label, *net.label.split())}
NAMES |= {plain(name): name for name in SOURCES}


def classes(size: int) -> int:
    """How many a network tells apart: ten of small images, as CIFAR-10 has, else a thousand."""
    return 10 if size <= 64 else 1000


def build(name: str, size: int) -> Any:
    """The network from its file in `tinycnn.models`, of whichever library stands behind that name in this process."""
    source = importlib.import_module(f"tinycnn.models.{SOURCES[name]}")
    return getattr(source, name)(num_classes=classes(size))
