r"""The convolutional layers: one set of small kernels, slid over the whole image, and the way back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.creation import empty
from tinycnn.errors import ConfigError, ShapeError, explain
from tinycnn.geometry import Pair, Sizes, pair, transposed_window
from tinycnn.nn import functional as F
from tinycnn.nn import init
from tinycnn.nn.module import Module
from tinycnn.nn.parts import Parameter
from tinycnn.shapes import count, integer

__all__ = ["Conv2d", "ConvTranspose2d"]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What the two have in common: options, weights and how they start."""

    weight: Parameter
    bias: Parameter | None
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes,
        padding: Sizes | str,
        dilation: Sizes,
        output_padding: Sizes,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        self.in_channels = count(kind, "in_channels", in_channels)
        self.out_channels = count(kind, "out_channels", out_channels)
        self.groups = integer(kind, "groups", groups)
        self.kernel_size = pair(kind, "kernel_size", kernel_size)
        self.stride = pair(kind, "stride", stride)
        self.padding: Pair | str = padding if isinstance(padding, str) else pair(kind, "padding", padding)
        self.dilation = pair(kind, "dilation", dilation)
        self.output_padding = pair(kind, "output_padding", output_padding)
        self.padding_mode = padding_mode
        self._check_options(kind)
        c, o = self.in_channels, self.out_channels
        first, second = (c, o) if self.transposed else (o, c)
        shape = first, second // self.groups, *self.kernel_size
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(o, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _check_options(self, kind: str) -> None:
        if self.groups < 1:
            raise ConfigError(f"{kind}: groups must be a positive integer, not {self.groups}")
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % self.groups:
                raise ConfigError(explain(
                    f"{kind}: {name} must be divisible by groups, but {getattr(self, name)} is not by {self.groups}",
                    hint="each group takes its share of the channels, in and out",
                ))

    def reset_parameters(self) -> None:
        """Draw weights and bias anew, uniform on ±1/√n_in: Kaiming's bound √6 / √((1 + a²)·n_in) with a = √5."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """The channels, kernel and stride, and every other option that is not at its default."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, default in (("padding", (0, 0)), ("dilation", (1, 1)), ("output_padding", (0, 0)), ("groups", 1)):
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        text += "" if self.bias is not None else ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


class Conv2d(_Convolution):
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
        One number, or (height, width). `padding` counts the pixels added on each side; ``"same"`` keeps H and W (with
        stride 1), ``"valid"`` means none.
    groups : int
        The channels are split into this many groups that do not see each other. With ``groups=in_channels`` the
        convolution is depthwise: each channel has kernels of its own.
    bias : bool
        Whether to add b. A batch norm behind the layer takes it away again, so leave it out there.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the padding holds: zeros, or what `functional.pad` continues the image with.

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

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device,
            dtype,
        )

    def _check_options(self, kind: str) -> None:
        super()._check_options(kind)
        if isinstance(self.padding, str) and self.padding not in ("same", "valid"):
            raise ConfigError(f"Conv2d: invalid padding string {self.padding!r}, should be one of 'same', 'valid'")
        if self.padding == "same" and self.stride != (1, 1):
            raise ConfigError(
                "Conv2d: padding='same' is not supported for strided convolutions: with a stride the output is smaller"
            )
        if self.padding_mode not in PADDING_MODES:
            raise ConfigError(f"Conv2d: padding_mode must be one of {PADDING_MODES}, not {self.padding_mode!r}")

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) → (N, O, oH, oW), or one image (C, H, W) → (O, oH, oW)."""
        padding: Pair | str = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._border(), self.padding_mode), (0, 0)
        return F.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _border(self) -> tuple[int, ...]:
        """The padding as `functional.pad` takes it: (left, right, top, bottom)."""
        if not isinstance(self.padding, str):
            return tuple(p for p in reversed(self.padding) for _ in range(2))
        total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
        total = total if self.padding == "same" else [0, 0]
        return tuple(side for t in reversed(total) for side in (t // 2, t - t // 2))


class ConvTranspose2d(_Convolution):
    r"""The way back through a convolution: every pixel puts down a learnt kernel scaled by it, what overlaps adds up.

        y[n, o, s·p + d·i − pad, s·q + d·j − pad] = b[o] + Σ_{c,p,q,i,j} x[n,c,p,q] · w[c,o,i,j]

    It is the gradient of a `Conv2d` with the same options in that layer's input. Decoders and generators use it to
    make images larger: a stride of 2 about doubles H and W.

    Parameters
    ----------
    in_channels, out_channels : int
        C and O.
    kernel_size, stride, padding, output_padding, dilation : int or (int, int)
        One number, or (height, width). The stride spreads the kernels, `padding` cuts pixels off on each side, and
        `output_padding` adds some at the bottom and right.
    groups, bias : as for `Conv2d`
    padding_mode : {"zeros"}

    Attributes
    ----------
    weight : Parameter, (C, O/groups, kH, kW)
    bias : Parameter, (O,), or None

    References
    ----------
    Zeiler et al. 2010, "Deconvolutional networks", section 3.
    Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning", section 4.

    Examples
    --------
    The size of the output is s·(H − 1) − 2·pad + d·(k − 1) + 1 + output_padding. Convolutions of two sizes of image may
    end at the same size, so the way back may be told which one is meant:

    >>> import tinycnn
    >>> from tinycnn import nn
    >>> down, up = nn.Conv2d(1, 1, 3, stride=2, padding=1), nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)
    >>> image = tinycnn.zeros(1, 1, 8, 8)
    >>> up(down(image)).shape
    tinycnn.Size([1, 1, 7, 7])
    >>> up(down(image), output_size=image.shape).shape
    tinycnn.Size([1, 1, 8, 8])
    """

    transposed = True
    padding: Pair

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ConfigError(f"ConvTranspose2d: padding_mode can only be 'zeros', not {padding_mode!r}")
        super().__init__(
            in_channels, out_channels, kernel_size, stride, pair("ConvTranspose2d", "padding", padding), dilation,
            output_padding, groups, bias, padding_mode, device, dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """(N, C, H, W) → (N, O, oH, oW), or without N; `output_size` may choose oH and oW in place of the option."""
        more = self.output_padding if output_size is None else self._more(input, output_size)
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )

    def _more(self, input: Tensor, output_size: Sequence[int]) -> Pair:
        """The output_padding that leads to `output_size`, which may begin with the sizes of N and C."""
        shape = input.array.shape
        if len(output_size) not in (2, len(shape)):
            raise ShapeError(f"ConvTranspose2d: output_size must be (oH, oW) or a whole shape, not {output_size}")
        wanted = pair("ConvTranspose2d", "output_size", tuple(output_size)[-2:])
        least = transposed_window(
            "ConvTranspose2d", shape[-2:], self.kernel_size, self.stride, self.padding, self.dilation
        ).size
        more = wanted[0] - least[0], wanted[1] - least[1]
        if any(not 0 <= m < s for m, s in zip(more, self.stride, strict=True)):
            most = tuple(n + s - 1 for n, s in zip(least, self.stride, strict=True))
            raise ShapeError(explain(
                f"ConvTranspose2d: the output_size can be from {least} to {most}, but {wanted} was asked for",
                {"input": shape, "kernel_size": self.kernel_size, "stride": self.stride, "padding": self.padding},
                "only images of these sizes are convolved to the input's H W",
            ))
        return more
