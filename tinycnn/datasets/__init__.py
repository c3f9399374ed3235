r"""Images with labels, as datasets: the embedded digits, a table or a folder of one's own, MNIST and CIFAR."""

from __future__ import annotations

from .cifar import CIFAR10, CIFAR100
from .digits import Digits
from .folder import DatasetFolder, ImageFolder
from .mnist import MNIST, FashionMNIST
from .photographs import open_photograph
from .pictures import VisionDataset
from .tables import TableDataset

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "MNIST",
    "DatasetFolder",
    "Digits",
    "FashionMNIST",
    "ImageFolder",
    "TableDataset",
    "VisionDataset",
    "open_photograph",
]
