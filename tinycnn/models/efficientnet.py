r"""EfficientNet: one small network, found by search, and the rule that makes larger ones of it.

Its block is turned inside out, thin at both ends and wide in the middle: a 1×1 convolution expands the channels, a
depthwise one looks around, squeeze and excitation weighs what was found, and a 1×1 convolution brings it back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError
from tinycnn.models.weights.efficientnet import EfficientNet_B0_Weights
from tinycnn.models.weights.entry import pretrained


class MBConvConfig(NamedTuple):
    r"""A stage: a row of the paper's table 1."""

    expand_ratio: int      #: how many times wider the blocks are in the middle
    kernel: int            #: of the depthwise convolution
    stride: int            #: of the first block
    input_channels: int    #: into the first block
    out_channels: int      #: out of each
    num_layers: int        #: how many blocks


#: EfficientNet-B0, stages 2 to 8 of table 1. Before them stands a 3×3 convolution of stride 2, behind them a 1×1.
STAGES = (
    MBConvConfig(1, 3, 1, 32, 16, 1),
    MBConvConfig(6, 3, 2, 16, 24, 2),
    MBConvConfig(6, 5, 2, 24, 40, 2),
    MBConvConfig(6, 3, 2, 40, 80, 3),
    MBConvConfig(6, 5, 1, 80, 112, 3),
    MBConvConfig(6, 5, 2, 112, 192, 4),
    MBConvConfig(6, 3, 1, 192, 320, 1),
)


def scaled(stages: Sequence[MBConvConfig], width_mult: float, depth_mult: float) -> tuple[MBConvConfig, ...]:
    r"""The stages with `width_mult` times the channels and `depth_mult` times the blocks: B1 is 1.0 and 1.1.

    Examples
    --------
    >>> scaled(STAGES, width_mult=1.1, depth_mult=1.2)[1]          # 17.6 and 26.4 channels, 2.4 blocks
    MBConvConfig(expand_ratio=6, kernel=3, stride=2, input_channels=16, out_channels=24, num_layers=3)
    """
    return tuple(
        stage._replace(
            input_channels=_rounded(stage.input_channels * width_mult),
            out_channels=_rounded(stage.out_channels * width_mult),
            num_layers=math.ceil(stage.num_layers * depth_mult),
        )
        for stage in stages
    )


def _rounded(channels: float) -> int:
    r"""The nearest multiple of 8 that takes away no more than a tenth."""
    nearest = max(8, 8 * int(channels / 8 + 0.5))
    return nearest if nearest >= 0.9 * channels else nearest + 8


class MBConv(nn.Module):
    r"""y = P(s ⊙ D(E(x))), and x added where it has the same shape: an inverted residual block.

    E is a 1×1 convolution to `expand_ratio` times as many channels, D a depthwise one, each with a norm and SiLU behind
    it; s are the gates of a squeeze and excitation whose bottleneck is a quarter of the *input's* channels; P is a 1×1
    convolution with a norm, and linear, for a ReLU would lose what few channels hold.

    Parameters
    ----------
    cnf : MBConvConfig                 its kernel, stride, ratio and channels
    stochastic_depth_prob : float      how often all but x is skipped in training

    References
    ----------
    Sandler, Howard, Zhu, Zhmoginov, Chen (2018), "MobileNetV2: Inverted residuals and linear bottlenecks", figure 3b.
    Tan, Chen, Pang, Vasudevan, Sandler, Howard, Le (2019), "MnasNet: Platform-aware neural architecture search for
    mobile", figure 7.
    """

    def __init__(self, cnf: MBConvConfig, stochastic_depth_prob: float) -> None:
        super().__init__()
        inside = _rounded(cnf.input_channels * cnf.expand_ratio)
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.block = nn.Sequential()
        if inside != cnf.input_channels:
            self.block.append(nn.Conv2dNormActivation(cnf.input_channels, inside, 1, activation_layer=nn.SiLU))
        self.block.append(nn.Conv2dNormActivation(
            inside, inside, cnf.kernel, cnf.stride, groups=inside, activation_layer=nn.SiLU
        ))
        squeezed = max(1, cnf.input_channels // 4)
        self.block.append(nn.SqueezeExcitation(inside, squeezed, activation=partial(nn.SiLU, inplace=True)))
        self.block.append(nn.Conv2dNormActivation(inside, cnf.out_channels, 1, activation_layer=None))
        self.stochastic_depth = nn.StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        y: Tensor = self.block(input)
        return self.stochastic_depth(y) + input if self.use_res_connect else y


class EfficientNet(nn.Module):
    r"""A stem, stages of inverted residual blocks, the mean over all positions, and one linear layer.

    For B0 and an image of 3 × 224 × 224:

        stage 1   3×3 of stride 2        32 × 112 × 112
        stage 2   1 block of 3×3         16 × 112 × 112
        stage 3   2 blocks of 3×3        24 ×  56 ×  56
        stage 4   2 blocks of 5×5        40 ×  28 ×  28
        stage 5   3 blocks of 3×3        80 ×  14 ×  14
        stage 6   3 blocks of 5×5       112 ×  14 ×  14
        stage 7   4 blocks of 5×5       192 ×   7 ×   7
        stage 8   1 block of 3×3        320 ×   7 ×   7
        stage 9   1×1                  1280 ×   7 ×   7, then mean, dropout, 1000 logits

    Parameters
    ----------
    inverted_residual_setting : sequence of MBConvConfig
        A stage each.
    dropout : float
        The part of the means that is dropped in training.
    stochastic_depth_prob : float
        How often blocks are skipped in training: block i of n with i/n of this probability.
    num_classes : int
        How many logits.
    last_channel : int or None
        The channels of the last convolution; None makes four times those of the last stage.

    Notes
    -----
    Convolutions start from Kaiming's normal distribution with the fan out, the linear layer uniform on
    ±1/√(num_classes), biases at 0; parameters are named as torchvision names them.

    References
    ----------
    Tan, Le (2019), "EfficientNet: Rethinking model scaling for convolutional neural networks", table 1, equation 3.
    """

    def __init__(
        self,
        inverted_residual_setting: Sequence[MBConvConfig],
        dropout: float,
        stochastic_depth_prob: float = 0.2,
        num_classes: int = 1000,
        last_channel: int | None = None,
    ) -> None:
        super().__init__()
        stages = [MBConvConfig(*row) for row in inverted_residual_setting]
        if not stages:
            raise ConfigError("EfficientNet: inverted_residual_setting must hold one stage at least, but it is empty")
        total = sum(stage.num_layers for stage in stages)
        skipped = (stochastic_depth_prob * number / total for number in range(total))
        self.features = nn.Sequential(
            nn.Conv2dNormActivation(3, stages[0].input_channels, 3, stride=2, activation_layer=nn.SiLU)
        )
        for first in stages:
            other = first._replace(input_channels=first.out_channels, stride=1)
            self.features.append(nn.Sequential(*(
                MBConv(other if number else first, next(skipped)) for number in range(first.num_layers)
            )))
        channels = stages[-1].out_channels
        widest = 4 * channels if last_channel is None else last_channel
        self.features.append(nn.Conv2dNormActivation(channels, widest, 1, activation_layer=nn.SiLU))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout, inplace=True), nn.Linear(widest, num_classes))
        self._initialize()

    def _initialize(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, nn.Linear):
                bound = 1 / math.sqrt(module.out_features)
                nn.init.uniform_(module.weight, -bound, bound)
            if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))            # N, 1280, 1, 1
        logits: Tensor = self.classifier(x.flatten(1))
        return logits


def efficientnet_b0(
    *, weights: EfficientNet_B0_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> EfficientNet:
    r"""EfficientNet-B0, the one that was searched for: 5,288,548 parameters; see `EfficientNet` for the options.

    Examples
    --------
    >>> sum(p.numel() for p in efficientnet_b0().parameters())
    5288548
    """
    options = {"dropout": 0.2, "num_classes": num_classes, **options}
    return pretrained(EfficientNet_B0_Weights, weights, progress, EfficientNet, scaled(STAGES, 1.0, 1.0), **options)
