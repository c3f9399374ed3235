r"""The convolutional layer: one set of small kernels, slid over the whole image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.creation import empty
from tinycnn.errors import ConfigError, explain
from tinycnn.nn import functional as F
from tinycnn.nn import init
from tinycnn.nn.module import Module
from tinycnn.nn.parts import Parameter
from tinycnn.shapes import Pair, pair

__all__ = ["Conv2d"]


class Conv2d(Module):
    r"""Cross-correlation of images with learnt kernels, which deep learning calls convolution.

        y[n,o,p,q] = b[o] + Σ_{c,i,j} x[n, c, s·p + d·i − pad, s·q + d·j − pad] · w[o,c,i,j]

    It has far fewer weights than a dense layer, because every place of the image uses the same ones:
    O·(C/groups)·kH·kW, and O for the bias. They start uniform on ±1/√n_in, where n_in = (C/groups)·kH·kW is how many
    inputs one output sees.

    Parameters
    ----------
    in_channels, out_channels : int
        C and O.
    kernel_size, stride, padding, dilation : int or (int, int)
        One number, or (height, width). `padding` counts the zeros on each side; ``"same"`` keeps H and W (with stride
        1), ``"valid"`` means none.
    groups : int
        The channels are split into this many groups that do not see each other. With ``groups=in_channels`` the
        convolution is depthwise: each channel has kernels of its own.
    bias : bool
        Whether to add b. A batch norm behind the layer takes it away again, so leave it out there.
    padding_mode : {"zeros"}
        What lies outside the image.

    Attributes
    ----------
    weight : Parameter, (O, C/groups, kH, kW)
    bias : Parameter, (O,), or None

    Raises
    ------
    ConfigError
        If `groups` does not divide both numbers of channels, or the padding is unknown or impossible.

    References
    ----------
    LeCun et al. 1998, "Gradient-based learning applied to document recognition", section II.

    Examples
    --------
    The size of the output is ⌊(H + 2·pad − d·(k − 1) − 1) / s⌋ + 1:

    >>> import tinycnn
    >>> from tinycnn import nn
    >>> conv = nn.Conv2d(3, 16, kernel_size=3, stride=2, padding=1)
    >>> conv(tinycnn.zeros(8, 3, 32, 32)).shape
    tinycnn.Size([8, 16, 16, 16])
    >>> sum(p.numel() for p in conv.parameters())      # 16·3·3·3 + 16
    448
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | str = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size)
        self.stride = pair("Conv2d", "stride", stride)
        self.padding: Pair | str = padding if isinstance(padding, str) else pair("Conv2d", "padding", padding)
        self.dilation = pair("Conv2d", "dilation", dilation)
        self.padding_mode = padding_mode
        self._check_options()
        shape = out_channels, in_channels // groups, *self.kernel_size
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _check_options(self) -> None:
        if self.groups < 1:
            raise ConfigError(f"Conv2d: groups must be a positive integer, not {self.groups}")
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % self.groups:
                raise ConfigError(explain(
                    f"Conv2d: {name} must be divisible by groups, but {getattr(self, name)} is not by {self.groups}",
                    hint="each group takes its share of the channels, in and out",
                ))
        if isinstance(self.padding, str) and self.padding not in ("same", "valid"):
            raise ConfigError(f"Conv2d: invalid padding string {self.padding!r}, should be one of 'same', 'valid'")
        if self.padding == "same" and self.stride != (1, 1):
            raise ConfigError(
                "Conv2d: padding='same' is not supported for strided convolutions: with a stride the output is smaller"
            )
        if self.padding_mode != "zeros":
            raise ConfigError(f"Conv2d: padding_mode {self.padding_mode!r} is not offered, only 'zeros' is")

    def reset_parameters(self) -> None:
        """Draw weights and bias anew, uniform on ±1/√n_in: Kaiming's bound √6 / √((1 + a²)·n_in) with a = √5."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) → (N, O, oH, oW), or one image (C, H, W) → (O, oH, oW)."""
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """The channels, kernel and stride, and every other option that is not at its default."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, default in (("padding", (0, 0)), ("dilation", (1, 1)), ("groups", 1)):
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text if self.bias is not None else text + ", bias=False"
