r"""Residual networks for the 8×8 digits, with and without squeeze-and-excitation."""

from __future__ import annotations

from typing import Any

from tinycnn.models.cifar import SmallResNet
from tinycnn.models.residual import BasicBlock, SEBasicBlock, projection
from tinycnn.models.weights.entry import pretrained


def resnet_digits(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 1, **options: Any
) -> SmallResNet:
    r"""A residual network for images of 8×8: three blocks of 16, 32 and 64 channels at 8×8, 4×4 and 2×2.

    It has 77,754 parameters; `SmallResNet` says which options there are.

    Examples
    --------
    >>> import tinycnn as torch
    >>> tuple(resnet_digits()(torch.zeros(5, 1, 8, 8)).shape)
    (5, 10)
    """
    return pretrained(
        None, weights, progress, SmallResNet, BasicBlock, (1, 1, 1),
        num_classes=num_classes, in_channels=in_channels, shortcut=projection, **options,
    )


def se_resnet_digits(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 1, **options: Any
) -> SmallResNet:
    r"""`resnet_digits` with squeeze-and-excitation: each block weighs its channels by what the whole image shows.

    It has 79,682 parameters; `SmallResNet` says which options there are.
    """
    return pretrained(
        None, weights, progress, SmallResNet, SEBasicBlock, (1, 1, 1),
        num_classes=num_classes, in_channels=in_channels, shortcut=projection, **options,
    )
