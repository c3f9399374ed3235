r"""ConvNeXt V2: the same network, in which channels compete by a global response norm, in sizes from 4 to 660 million.

Pretrained as an autoencoder that fills in masked patches, ConvNeXt wasted channels that all did the same, or nothing.
The norm between the two linear layers of a block makes them differ; the scale λ behind the block is no longer needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.models.convnext import expect_stages, initialize
from tinycnn.models.weights.convnextv2 import (
    ConvNeXtV2_Atto_Weights,
    ConvNeXtV2_Base_Weights,
    ConvNeXtV2_Femto_Weights,
    ConvNeXtV2_Huge_Weights,
    ConvNeXtV2_Large_Weights,
    ConvNeXtV2_Nano_Weights,
    ConvNeXtV2_Pico_Weights,
    ConvNeXtV2_Tiny_Weights,
)
from tinycnn.models.weights.entry import WeightsEnum, pretrained

#: Appendix A.1 of the paper: blocks and channels of each stage. The four smallest have 1×1 convolutions where the
#: others have linear layers, which compute the same from weights of another shape.
SIZES: dict[str, dict[str, Any]] = {
    "atto":  {"depths": (2, 2, 6, 2),  "dims": (40, 80, 160, 320),     "conv_mlp": True},
    "femto": {"depths": (2, 2, 6, 2),  "dims": (48, 96, 192, 384),     "conv_mlp": True},
    "pico":  {"depths": (2, 2, 6, 2),  "dims": (64, 128, 256, 512),    "conv_mlp": True},
    "nano":  {"depths": (2, 2, 8, 2),  "dims": (80, 160, 320, 640),    "conv_mlp": True},
    "tiny":  {"depths": (3, 3, 9, 3),  "dims": (96, 192, 384, 768),    "conv_mlp": False},
    "base":  {"depths": (3, 3, 27, 3), "dims": (128, 256, 512, 1024),  "conv_mlp": False},
    "large": {"depths": (3, 3, 27, 3), "dims": (192, 384, 768, 1536),  "conv_mlp": False},
    "huge":  {"depths": (3, 3, 27, 3), "dims": (352, 704, 1408, 2816), "conv_mlp": False},
}  # fmt: skip


class GlobalResponseNormMlp(nn.Module):
    r"""y = W₂·GRN(GELU(W₁·x + b₁)) + b₂ for each pixel, with four times as many channels in between.

    Parameters
    ----------
    dim : int              the channels, in and out
    use_conv : bool        whether images are N C H W, and W₁ and W₂ convolutions with kernels of 1×1; else N H W C
    """

    def __init__(self, dim: int, use_conv: bool) -> None:
        super().__init__()
        layer = partial(nn.Conv2d, kernel_size=1) if use_conv else nn.Linear
        self.fc1 = layer(dim, 4 * dim)
        self.act = nn.GELU()
        self.grn = nn.GlobalResponseNorm(4 * dim, channels_last=not use_conv)
        self.fc2 = layer(4 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc2(self.grn(self.act(self.fc1(x))))
        return y


class ConvNeXtBlock(nn.Module):
    r"""y = x + F(x) with F = linear ∘ GRN ∘ GELU ∘ linear ∘ LN ∘ depthwise 7×7.

    Parameters
    ----------
    dim : int              the channels, in and out
    conv_mlp : bool        whether the linear layers are written as convolutions
    drop_path : float      how often F is skipped in training

    References
    ----------
    Woo, Debnath, Hu, Chen, Liu, Kweon, Xie (2023), "ConvNeXt V2: Co-designing and scaling ConvNets with masked
    autoencoders", figure 5.
    """

    def __init__(self, dim: int, conv_mlp: bool, drop_path: float) -> None:
        super().__init__()
        self.conv_mlp = conv_mlp
        self.conv_dw = nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim)
        self.norm = (nn.LayerNorm2d if conv_mlp else nn.LayerNorm)(dim, eps=1e-6)
        self.mlp = GlobalResponseNormMlp(dim, use_conv=conv_mlp)
        self.drop_path = nn.StochasticDepth(drop_path, "row")

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_dw(x)
        if self.conv_mlp:
            y = self.mlp(self.norm(y))
        else:
            y = self.mlp(self.norm(y.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        summed: Tensor = self.drop_path(y) + x
        return summed


class ConvNeXtStage(nn.Module):
    r"""The image halved, in all stages but the first, and blocks of one width.

    Parameters
    ----------
    in_chs, out_chs : int      the channels that come in, and those of the blocks
    stride : int               1, or 2 to halve height and width
    blocks : sequence          the blocks
    """

    def __init__(self, in_chs: int, out_chs: int, stride: int, blocks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.downsample = nn.Identity() if stride == 1 else nn.Sequential(
            nn.LayerNorm2d(in_chs, eps=1e-6), nn.Conv2d(in_chs, out_chs, kernel_size=stride, stride=stride)
        )
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.blocks(self.downsample(x))
        return y


class Head(nn.Module):
    r"""The mean over all positions, its norm, and the logits.

    Parameters
    ----------
    in_features, num_classes : int      channels in, logits out
    drop_rate : float                   the part of the normalized means that is dropped in training
    """

    def __init__(self, in_features: int, num_classes: int, drop_rate: float) -> None:
        super().__init__()
        self.global_pool = nn.AdaptiveAvgPool2d(1)
        self.norm = nn.LayerNorm2d(in_features, eps=1e-6)
        self.flatten = nn.Flatten(1)
        self.drop = nn.Dropout(drop_rate)
        self.fc = nn.Linear(in_features, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.drop(self.flatten(self.norm(self.global_pool(x)))))
        return logits


class ConvNeXtV2(nn.Module):
    r"""A stem, four stages of blocks, and the head; for images from 32×32 on.

    Shapes and options are those of `tinycnn.models.ConvNeXt`, but parameters are named as timm names them.

    Parameters
    ----------
    depths, dims : sequence of int
        Blocks and channels of each stage.
    conv_mlp : bool
        Whether the linear layers of the blocks are written as 1×1 convolutions.
    num_classes : int
        How many logits.
    drop_rate : float
        The part of the last features that is dropped in training.
    drop_path_rate : float
        How often the last block is skipped in training; from the first, which never is, it grows block by block.

    References
    ----------
    Woo, Debnath, Hu, Chen, Liu, Kweon, Xie (2023), "ConvNeXt V2: Co-designing and scaling ConvNets with masked
    autoencoders", section 3.3 and appendix A.1.
    """

    def __init__(
        self,
        depths: Sequence[int],
        dims: Sequence[int],
        conv_mlp: bool = False,
        num_classes: int = 1000,
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
    ) -> None:
        super().__init__()
        expect_stages("ConvNeXtV2", depths, dims)
        last = max(sum(depths) - 1, 1)
        skipped = (drop_path_rate * number / last for number in range(sum(depths)))
        self.stem = nn.Sequential(
            nn.Conv2d(3, dims[0], kernel_size=4, stride=4), nn.LayerNorm2d(dims[0], eps=1e-6)
        )
        self.stages = nn.Sequential()
        for stage, (depth, dim) in enumerate(zip(depths, dims, strict=True)):
            blocks = [ConvNeXtBlock(dim, conv_mlp, next(skipped)) for _ in range(depth)]
            before, stride = (dims[stage - 1], 2) if stage else (dim, 1)
            self.stages.append(ConvNeXtStage(before, dim, stride, blocks))
        self.head = Head(dims[-1], num_classes, drop_rate)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.stages(self.stem(x)))
        return logits


def _convnextv2(
    size: str, published: type[WeightsEnum], weights: WeightsEnum | str | None, progress: bool, **options: Any
) -> ConvNeXtV2:
    return pretrained(published, weights, progress, ConvNeXtV2, **{**SIZES[size], **options})


def convnextv2_atto(
    *, weights: ConvNeXtV2_Atto_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXtV2:
    r"""ConvNeXt V2-A: 3,708,400 parameters; see `ConvNeXtV2` for its options."""
    return _convnextv2("atto", ConvNeXtV2_Atto_Weights, weights, progress, num_classes=num_classes, **options)


def convnextv2_femto(
    *, weights: ConvNeXtV2_Femto_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXtV2:
    r"""ConvNeXt V2-F: 5,233,240 parameters; see `ConvNeXtV2`."""
    return _convnextv2("femto", ConvNeXtV2_Femto_Weights, weights, progress, num_classes=num_classes, **options)


def convnextv2_pico(
    *, weights: ConvNeXtV2_Pico_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXtV2:
    r"""ConvNeXt V2-P: 9,066,280 parameters; see `ConvNeXtV2`."""
    return _convnextv2("pico", ConvNeXtV2_Pico_Weights, weights, progress, num_classes=num_classes, **options)


def convnextv2_nano(
    *, weights: ConvNeXtV2_Nano_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXtV2:
    r"""ConvNeXt V2-N: 15,623,800 parameters; see `ConvNeXtV2`."""
    return _convnextv2("nano", ConvNeXtV2_Nano_Weights, weights, progress, num_classes=num_classes, **options)


def convnextv2_tiny(
    *, weights: ConvNeXtV2_Tiny_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXtV2:
    r"""ConvNeXt V2-T: 28,635,496 parameters; see `ConvNeXtV2`."""
    return _convnextv2("tiny", ConvNeXtV2_Tiny_Weights, weights, progress, num_classes=num_classes, **options)


def convnextv2_base(
    *, weights: ConvNeXtV2_Base_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXtV2:
    r"""ConvNeXt V2-B: 88,717,800 parameters; see `ConvNeXtV2`."""
    return _convnextv2("base", ConvNeXtV2_Base_Weights, weights, progress, num_classes=num_classes, **options)


def convnextv2_large(
    *, weights: ConvNeXtV2_Large_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXtV2:
    r"""ConvNeXt V2-L: 197,956,840 parameters; see `ConvNeXtV2`."""
    return _convnextv2("large", ConvNeXtV2_Large_Weights, weights, progress, num_classes=num_classes, **options)


def convnextv2_huge(
    *, weights: ConvNeXtV2_Huge_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ConvNeXtV2:
    r"""ConvNeXt V2-H: 660,289,640 parameters; see `ConvNeXtV2`."""
    return _convnextv2("huge", ConvNeXtV2_Huge_Weights, weights, progress, num_classes=num_classes, **options)
