r"""Small random inputs that fit a module: shapes as its layers want them, labels for a loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn import nn

IMAGES = (2, 3, 6, 5)  # N C H W


def usual_inputs(module: nn.Module, rng: np.random.Generator) -> list[Any]:
    r"""What the module takes: an array drawn from N(0, 1), and for a loss what it is compared with."""
    match module:
        case nn.CrossEntropyLoss() | nn.NLLLoss():
            return [rng.standard_normal((4, 3)), rng.integers(0, 3, 4)]
        case nn.BCELoss():
            return [rng.uniform(0.1, 0.9, (4, 3)), rng.uniform(0, 1, (4, 3))]
        case nn.BCEWithLogitsLoss() | nn.MSELoss() | nn.L1Loss():
            return [rng.standard_normal((4, 3)), rng.uniform(0, 1, (4, 3))]
    return [rng.standard_normal(usual_shape(module))]


def usual_shape(module: nn.Module) -> tuple[int, ...]:
    r"""The shape of a small input, as the first layer wants it that is particular about it.

    Examples
    --------
    >>> usual_shape(nn.Sequential(nn.Flatten(), nn.Linear(12, 3))), usual_shape(nn.Conv2d(5, 8, 3))
    ((4, 12), (2, 5, 6, 5))
    """
    return next((shape for part in module.modules() if (shape := _wanted(part)) is not None), IMAGES)


def _wanted(part: nn.Module) -> tuple[int, ...] | None:
    match part:
        case nn.Linear():
            return 4, part.in_features
        case nn.ConvTranspose2d():
            return 2, part.in_channels, 3, 2
        case nn.Conv2d():
            high, wide = (d * (k - 1) + 2 for k, d in zip(part.kernel_size, part.dilation, strict=True))
            return 2, part.in_channels, max(6, high), max(5, wide)
        case nn.Dropout1d():
            return 2, 3, 5
        case nn.BatchNorm1d():
            return 6, part.num_features
        case nn.InstanceNorm1d():
            return 2, part.num_features, 5
        case nn.BatchNorm2d() | nn.InstanceNorm2d():
            return 3, part.num_features, 3, 2
        case nn.GroupNorm():
            return 2, part.num_channels, 3, 2
        case nn.LayerNorm2d():
            return 2, *part.normalized_shape, 3, 2
        case nn.LayerNorm():
            return 2, 3, *part.normalized_shape
        case nn.GlobalResponseNorm():
            return (2, 3, 4, part.weight.numel()) if part.channels_last else (2, part.weight.numel(), 3, 4)
        case nn.Fold():
            return 2, 8, 12  # 2×2 windows of 2 channels, at 3×4 places
    kind = type(part).__name__
    return (2, 3, 5) if kind.endswith("Pad1d") else (2, 3, 3, 4, 5) if kind.endswith("Pad3d") else None
