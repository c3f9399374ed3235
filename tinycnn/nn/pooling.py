r"""Pooling layers, which make an image smaller: the largest value or the mean of each window. They have no weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.geometry import Sizes
from tinycnn.nn import functional as F
from tinycnn.nn.module import Module

__all__ = ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool2d", "MaxPool2d"]


class MaxPool2d(Module):
    r"""The largest value of each window: whether a feature was found there, no matter where exactly.

        y[n,c,p,q] = max_{i,j} x[n, c, s·p + d·i − pad, s·q + d·j − pad]

    Parameters
    ----------
    kernel_size, stride, padding, dilation : int or (int, int)
        One number, or (height, width). The stride is the kernel size if left out, so that windows tile the image.
        Padding, at most half the kernel, is −∞: it never wins.
    return_indices : bool
        Also return where each winner stands in its H·W plane, counted row by row.
    ceil_mode : bool
        Round the output size up, letting the last window reach over the edge.

    References
    ----------
    Krizhevsky, Sutskever and Hinton 2012, "ImageNet classification with deep convolutional neural networks",
    section 3.4.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> nn.MaxPool2d(2)(tinycnn.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        """(N, C, H, W) → (N, C, oH, oW), or one image without its N; with `return_indices`, a pair of these."""
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        """The geometry of the windows."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding},"
            f" dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    r"""The mean of each window.

        y[n,c,p,q] = 1/(kH·kW) · Σ_{i,j} x[n, c, s·p + i − pad, s·q + j − pad]

    Parameters
    ----------
    kernel_size, stride, padding : int or (int, int)
        One number, or (height, width). The stride is the kernel size if left out.
    ceil_mode : bool
        Round the output size up; what of a window reaches past the padding does not count.
    count_include_pad : bool
        Whether the zeros of the padding count as entries.
    divisor_override : int, optional
        Divide by this, not by the number of entries.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> nn.AvgPool2d(2)(tinycnn.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.ceil_mode, self.count_include_pad, self.divisor_override = ceil_mode, count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C, oH, oW), or one image without its N."""
        return F.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding,
            self.ceil_mode, self.count_include_pad, self.divisor_override,
        )

    def extra_repr(self) -> str:
        """The geometry of the windows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Module):
    r"""The mean over an oH × oW grid of windows, chosen to cover an image of any size; oH = oW = 1 is global pooling.

    Window p spans rows ⌊p·H/oH⌋ to ⌈(p + 1)·H/oH⌉ − 1; windows overlap where oH does not divide H.

    Parameters
    ----------
    output_size : int, or a pair of int and None
        oH and oW; None in the pair keeps the input's size.

    References
    ----------
    Lin, Chen and Yan 2014, "Network in network", section 3.2 (global average pooling).

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> nn.AdaptiveAvgPool2d(1)(tinycnn.arange(6.0).reshape(1, 2, 3))
    tensor([[[2.5000]]])
    """

    def __init__(self, output_size: int | Sequence[int | None]) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C, oH, oW), or one image without its N."""
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        """The size of the grid."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool2d(Module):
    """The largest value of each window of the grid that `AdaptiveAvgPool2d` describes.

    Parameters
    ----------
    output_size : int, or a pair of int and None
        oH and oW; None in the pair keeps the input's size.
    return_indices : bool
        Also return where each winner stands in its H·W plane, counted row by row.
    """

    def __init__(self, output_size: int | Sequence[int | None], return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Any:
        """(N, C, H, W) → (N, C, oH, oW), or one image without its N; with `return_indices`, a pair of these."""
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """The size of the grid."""
        return f"output_size={self.output_size}"
