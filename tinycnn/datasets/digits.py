r"""The handwritten digits that come with the package."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .tables import TableDataset

_FILE = os.path.join(os.path.dirname(__file__), "data", "optdigits.csv.gz")


class Digits(TableDataset):
    r"""1797 handwritten digits of 8×8 pixels: nothing to download, and a network learns them in seconds.

    Parameters
    ----------
    train : bool or None
        True: the 1438 images to learn from. False: the other 359, to test on. None: all 1797. The split is the same
        everywhere and always, and holds every digit in equal proportion.
    transform, target_transform : callable, optional
        What is done to an image (a Tensor, (1, 8, 8), float32) and to a label (an int) as it is fetched.

    Attributes
    ----------
    images : Tensor, (N, 1, 8, 8), float32      ink in [0, 1], in sixteenths
    targets : Tensor, (N,), int64               which digit
    classes : list of str                       "0" … "9"

    References
    ----------
    E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, 1998,
    doi 10.24432/C50P49 (the test half, by 13 writers). Each 32×32 bitmap was cut into blocks of 4×4 pixels; a pixel
    here counts the ink in one block.

    Examples
    --------
    >>> digits = Digits(train=False)
    >>> digits
    Dataset Digits
        Number of datapoints: 359
        Split: Test
    >>> image, label = digits[0]
    >>> image.shape, label
    (tinycnn.Size([1, 8, 8]), 3)
    """

    def __init__(
        self,
        train: bool | None = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(_FILE, train, transform, target_transform)
