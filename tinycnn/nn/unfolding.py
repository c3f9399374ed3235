r"""Layers that lay the windows of an image out as columns, and add columns back to an image. They have no weights."""

from __future__ import annotations

from tinycnn._tensor import Tensor
from tinycnn.geometry import Sizes
from tinycnn.nn import functional as F
from tinycnn.nn.module import Module

__all__ = ["Fold", "Unfold"]


class Unfold(Module):
    r"""Every window of the image as a column ("im2col"): a convolution is a product of matrices with these.

        y[n, (c, i, j), (p, q)] = x[n, c, s·p + d·i − pad, s·q + d·j − pad]

    Parameters
    ----------
    kernel_size, dilation, padding, stride : int or (int, int)
        One number, or (height, width).

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> x, conv = tinycnn.randn(1, 3, 8, 8), nn.Conv2d(3, 4, 3, bias=False)
    >>> y = conv.weight.reshape(4, -1) @ nn.Unfold(3)(x)                  # 1 4 36
    >>> y.reshape(1, 4, 6, 6).allclose(conv(x), atol=1e-5)
    True
    """

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C·kH·kW, oH·oW), or without N."""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The geometry of the windows."""
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )


class Fold(Module):
    """Columns added back to the pixels of their windows ("col2im"): the adjoint of `Unfold`.

    Parameters
    ----------
    output_size : int or (int, int)
        H and W of the image.
    kernel_size, dilation, padding, stride : int or (int, int)
        One number, or (height, width).
    """

    def __init__(
        self, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ) -> None:
        super().__init__()
        self.output_size, self.kernel_size, self.dilation = output_size, kernel_size, dilation
        self.padding, self.stride = padding, stride

    def forward(self, input: Tensor) -> Tensor:
        """(N, C·kH·kW, oH·oW) → (N, C, H, W), or without N."""
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The size of the image and the geometry of the windows."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation},"
            f" padding={self.padding}, stride={self.stride}"
        )
