r"""Which models are compared with the reference, with which one, and on what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """How a model is compared.

    `reference` is "torchvision:name", "timm:name", or "here:name" for one in `references.py`. `size` is the side of the
    image. Gradients are those of `part`, the whole model if "", the first layers where the others are too large for a
    quick test in float64; None leaves them to the live comparison. `options` go to both builders, so that nothing is
    left to chance in training mode. `prints` says whether the two print the same.
    """

    reference: str
    size: int = 64
    part: str | None = ""
    batch: int = 2
    options: dict[str, Any] = field(default_factory=dict)
    prints: bool = True


RECIPES = {
    "alexnet": Recipe("torchvision:alexnet", 63, part="features"),
    "alexnet_2012": Recipe("here:alexnet_2012", 227, part="features", batch=1, prints=False),
    **{
        f"vgg{depth}{norm}": Recipe(f"torchvision:vgg{depth}{norm}", 32, part="features")
        for depth in (11, 13, 16, 19) for norm in ("", "_bn")
    },
    "vgg11_lrn": Recipe("here:vgg11_lrn", 32, part="features"),
    "vgg16_c": Recipe("here:vgg16_c", 32, part="features"),
    "resnet18": Recipe("torchvision:resnet18"),
    "resnet34": Recipe("torchvision:resnet34", 32, part=None),
    "resnet50": Recipe("torchvision:resnet50"),
    "resnet101": Recipe("torchvision:resnet101", 32, part=None),
    "resnet152": Recipe("torchvision:resnet152", 32, part=None),
    "resnext50_32x4d": Recipe("torchvision:resnext50_32x4d"),
    "wide_resnet50_2": Recipe("torchvision:wide_resnet50_2", 32, part=None),
    "se_resnet18": Recipe("timm:seresnet18", prints=False),
    "se_resnet34": Recipe("timm:seresnet34", 32, part=None, prints=False),
    "se_resnet50": Recipe("timm:seresnet50", prints=False),
    "se_resnet101": Recipe("timm:seresnet101", 32, part=None, prints=False),
    "se_resnet152": Recipe("timm:seresnet152", 32, part=None, prints=False),
    "resnet20": Recipe("here:resnet20", 16, prints=False),
    "resnet32": Recipe("here:resnet32", 16, prints=False),
    "resnet44": Recipe("here:resnet44", 16, part=None, prints=False),
    "resnet56": Recipe("here:resnet56", 16, prints=False),
    "resnet110": Recipe("here:resnet110", 16, part=None, prints=False),
    "plain20": Recipe("here:plain20", 16, prints=False),
    "plain56": Recipe("here:plain56", 16, part=None, prints=False),
    "plain18": Recipe("here:plain18", prints=False),
    "plain34": Recipe("here:plain34", part=None, prints=False),
    "convnext_tiny": Recipe("torchvision:convnext_tiny", 32, batch=1, options={"stochastic_depth_prob": 0.0}),
    "convnext_small": Recipe("torchvision:convnext_small", 32, part=None),
    "convnext_base": Recipe("torchvision:convnext_base", 32, part="features.0"),
    "convnext_large": Recipe("torchvision:convnext_large", 32, part="features.0"),
    "convnextv2_atto": Recipe("timm:convnextv2_atto", prints=False),
    "convnextv2_tiny": Recipe("timm:convnextv2_tiny", 32, batch=1, prints=False),
    **{
        f"convnextv2_{size}": Recipe(f"timm:convnextv2_{size}", 32, part=None, prints=False)
        for size in ("femto", "pico", "nano")
    },
    "convnextv2_base": Recipe("timm:convnextv2_base", 32, part="stem", prints=False),
    "convnextv2_large": Recipe("timm:convnextv2_large", 32, part="stem", prints=False),
    "convnextv2_huge": Recipe("timm:convnextv2_huge", 32, part=None, prints=False),
    "efficientnet_b0": Recipe("torchvision:efficientnet_b0", options={"dropout": 0.0, "stochastic_depth_prob": 0.0}),
}
