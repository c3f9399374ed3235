r"""Layers that go together: a convolution, the norm behind it and the activation behind that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinycnn.errors import ArgumentError
from tinycnn.geometry import Sizes, pair
from tinycnn.nn.activations import ReLU
from tinycnn.nn.batch_normalization import BatchNorm2d
from tinycnn.nn.containers import Sequential
from tinycnn.nn.convolution import Conv2d
from tinycnn.nn.module import Module

__all__ = ["Conv2dNormActivation"]


class Conv2dNormActivation(Sequential):
    r"""y = activation(norm(conv(x))), which keeps H and W unless there is a stride. (torchvision.ops has it.)

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, groups, dilation
        As for `Conv2d`.
    padding : int, (int, int), str or None
        None pads by dilation·⌊(k − 1)/2⌋, so that odd kernels keep the size.
    norm_layer : callable or None
        Makes the norm of a number of channels; None leaves it out.
    activation_layer : callable or None
        Makes the activation; None leaves it out.
    inplace : bool or None
        Handed to `activation_layer`, unless it is None: for activations that have no such option.
    bias : bool or None
        Whether the convolution has a bias; None is only without a norm, whose shift would do the same.

    Examples
    --------
    >>> from tinycnn import nn
    >>> nn.Conv2dNormActivation(3, 32, stride=2)
    Conv2dNormActivation(
      (0): Conv2d(3, 32, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), bias=False)
      (1): BatchNorm2d(32, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
      (2): ReLU(inplace=True)
    )
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes = 3,
        stride: Sizes = 1,
        padding: Sizes | str | None = None,
        groups: int = 1,
        norm_layer: Callable[..., Module] | None = BatchNorm2d,
        activation_layer: Callable[..., Module] | None = ReLU,
        dilation: Sizes = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        for name, layer in (("norm_layer", norm_layer), ("activation_layer", activation_layer)):
            if isinstance(layer, Module):
                kind = type(layer).__name__
                raise ArgumentError(f"Conv2dNormActivation: {name} makes a layer, so give the class {kind}, not one "
                                    "that is made")
        if padding is None:
            kernel, spread = pair("Conv2d", "kernel_size", kernel_size), pair("Conv2d", "dilation", dilation)
            padding = (kernel[0] - 1) // 2 * spread[0], (kernel[1] - 1) // 2 * spread[1]
        if bias is None:
            bias = norm_layer is None
        options: dict[str, Any] = {} if inplace is None else {"inplace": inplace}
        conv = Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)
        norm = None if norm_layer is None else norm_layer(out_channels)
        activation = None if activation_layer is None else activation_layer(**options)
        super().__init__(*(layer for layer in (conv, norm, activation) if layer is not None))
        self.out_channels = out_channels
