r"""Parts of images painted over."""

from __future__ import annotations

from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.ops.copying import clone
from tinycnn.transforms.functional.description import expect_image

__all__ = ["erase"]


def erase(img: Any, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Tensor:
    r"""The image with a rectangle painted over.

    Parameters
    ----------
    img : Tensor, (…, C, H, W)
    i, j : int                 row and column of its upper left corner
    h, w : int                 its height and width
    v : Tensor or number       what is painted; of a shape that expands to (…, C, h, w)
    inplace : bool             whether the image itself is changed

    Raises
    ------
    ArgumentError    `img` is no Tensor
    ShapeError       `v` does not expand to the rectangle

    Examples
    --------
    >>> import tinycnn
    >>> erase(tinycnn.ones(1, 2, 3), 0, 1, 2, 2, 0.0)
    tensor([[[1., 0., 0.],
             [1., 0., 0.]]])
    """
    x = expect_image("erase", img, tensors_only=True)
    y = x if inplace else clone(x)
    y[..., i:i + h, j:j + w] = v
    return y
