r"""ConvNeXt: a residual network rebuilt step by step after the vision transformers, and still nothing but convolutions.

Its block parts what a convolution does in two. A depthwise 7×7 looks around, each channel by itself; then two linear
layers mix the channels of each pixel, by way of four times as many. One norm and one activation a block are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.creation import full
from tinycnn.errors import ConfigError
from tinycnn.models.weights.convnext import (
    ConvNeXt_Base_Weights,
    ConvNeXt_Large_Weights,
    ConvNeXt_Small_Weights,
    ConvNeXt_Tiny_Weights,
)
from tinycnn.models.weights.entry import WeightsEnum, pretrained

#: Section 3 of the paper: blocks and channels of each stage; table 5: how often training skips the last block.
SIZES: dict[str, dict[str, Any]] = {
    "tiny":  {"depths": (3, 3, 9, 3),  "dims": (96, 192, 384, 768),   "stochastic_depth_prob": 0.1},
    "small": {"depths": (3, 3, 27, 3), "dims": (96, 192, 384, 768),   "stochastic_depth_prob": 0.4},
    "base":  {"depths": (3, 3, 27, 3), "dims": (128, 256, 512, 1024), "stochastic_depth_prob": 0.5},
    "large": {"depths": (3, 3, 27, 3), "dims": (192, 384, 768, 1536), "stochastic_depth_prob": 0.5},
}  # fmt: skip


class CNBlock(nn.Module):
    r"""y = x + λ ⊙ F(x) with F = linear ∘ GELU ∘ linear ∘ LN ∘ depthwise 7×7.

    λ, one number a channel, starts so small that the block begins as the identity, nearly.

    Parameters
    ----------
    dim : int                          the channels, in and out
    layer_scale : float                where λ starts
    stochastic_depth_prob : float      how often F is skipped in training

    References
    ----------
    Liu, Mao, Wu, Feichtenhofer, Darrell, Xie (2022), "A ConvNet for the 2020s", figure 4 right.
    Touvron, Cord, Sablayrolles, Synnaeve, Jégou (2021), "Going deeper with image transformers", section 2: λ.
    """

    def __init__(self, dim: int, layer_scale: float, stochastic_depth_prob: float) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim),
            nn.Permute([0, 2, 3, 1]),             # channels last: linear layers and layer norm work on the last
            nn.LayerNorm(dim, eps=1e-6),
            nn.Linear(dim, 4 * dim),
            nn.GELU(),
            nn.Linear(4 * dim, dim),
            nn.Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(full((dim, 1, 1), float(layer_scale)))
        self.stochastic_depth = nn.StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input: Tensor) -> Tensor:
        y: Tensor = self.stochastic_depth(self.layer_scale * self.block(input))
        return y + input


class ConvNeXt(nn.Module):
    r"""A stem, four stages of blocks, the mean over all positions, and one linear layer; for images from 32×32 on.

    The stem, 4×4 of stride 4, cuts the image into patches; between stages 2×2 of stride 2 halve height and width. For
    ConvNeXt-T and an image of 3 × 224 × 224:

        stem                     96 × 56 × 56
        stage 1    3 blocks      96 × 56 × 56
        stage 2    3 blocks     192 × 28 × 28
        stage 3    9 blocks     384 × 14 × 14
        stage 4    3 blocks     768 ×  7 ×  7
        classifier              mean, norm, 1000 logits

    Parameters
    ----------
    depths, dims : sequence of int
        Blocks and channels of each stage.
    stochastic_depth_prob : float
        How often the last block is skipped in training; from the first, which never is, it grows block by block.
    layer_scale : float
        Where the λ of all blocks start.
    num_classes : int
        How many logits.

    Notes
    -----
    Weights start from N(0, 0.02²), biases at 0; parameters are named as torchvision names them.

    References
    ----------
    Liu, Mao, Wu, Feichtenhofer, Darrell, Xie (2022), "A ConvNet for the 2020s", table 9 and section 3.
    """

    def __init__(
        self,
        depths: Sequence[int],
        dims: Sequence[int],
        stochastic_depth_prob: float = 0.0,
        layer_scale: float = 1e-6,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        expect_stages("ConvNeXt", depths, dims)
        norm = partial(nn.LayerNorm2d, eps=1e-6)
        last = max(sum(depths) - 1, 1)
        skipped = (stochastic_depth_prob * number / last for number in range(sum(depths)))
        self.features = nn.Sequential(nn.Conv2dNormActivation(
            3, dims[0], kernel_size=4, stride=4, padding=0, norm_layer=norm, activation_layer=None, bias=True
        ))
        for stage, (depth, dim) in enumerate(zip(depths, dims, strict=True)):
            if stage:
                before = dims[stage - 1]
                self.features.append(nn.Sequential(norm(before), nn.Conv2d(before, dim, kernel_size=2, stride=2)))
            self.features.append(nn.Sequential(*(CNBlock(dim, layer_scale, next(skipped)) for _ in range(depth))))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(norm(dims[-1]), nn.Flatten(1), nn.Linear(dims[-1], num_classes))
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.avgpool(self.features(x)))
        return logits


def expect_stages(name: str, depths: Sequence[int], dims: Sequence[int]) -> None:
    r"""Raise a ConfigError unless there are as many depths as widths, one at the least."""
    if not depths or len(depths) != len(dims):
        raise ConfigError(f"{name}: {len(depths)} stages in depths={depths}, but {len(dims)} in dims={dims}")


def initialize(model: nn.Module) -> None:
    r"""Start weights of convolutions and linear layers from N(0, 0.02²), within ±2, and biases at 0."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _convnext(
    size: str, published: type[WeightsEnum], weights: WeightsEnum | str | None, progress: bool, **options: Any
) -> ConvNeXt:
    return pretrained(published, weights, progress, ConvNeXt, **{**SIZES[size], **options})


def convnext_tiny(
    *, weights: ConvNeXt_Tiny_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXt:
    r"""ConvNeXt-T, the size of ResNet-50: 28,589,128 parameters; `ConvNeXt` says which options there are.

    Examples
    --------
    >>> import tinycnn as torch
    >>> net = torch.nn.utils.skip_init(convnext_tiny)
    >>> sum(p.numel() for p in net.parameters())
    28589128
    """
    return _convnext("tiny", ConvNeXt_Tiny_Weights, weights, progress, num_classes=num_classes, **options)


def convnext_small(
    *, weights: ConvNeXt_Small_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXt:
    r"""ConvNeXt-S, thrice as many blocks in stage 3: 50,223,688 parameters; see `ConvNeXt`."""
    return _convnext("small", ConvNeXt_Small_Weights, weights, progress, num_classes=num_classes, **options)


def convnext_base(
    *, weights: ConvNeXt_Base_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXt:
    r"""ConvNeXt-B, a third more channels: 88,591,464 parameters; see `ConvNeXt`."""
    return _convnext("base", ConvNeXt_Base_Weights, weights, progress, num_classes=num_classes, **options)


def convnext_large(
    *, weights: ConvNeXt_Large_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXt:
    r"""ConvNeXt-L, twice the channels of ConvNeXt-T: 197,767,336 parameters; see `ConvNeXt`."""
    return _convnext("large", ConvNeXt_Large_Weights, weights, progress, num_classes=num_classes, **options)
