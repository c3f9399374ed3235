"""What every op is held to: a row for each way it is used, a file for each family of ops."""

from __future__ import annotations

from . import (
    activations,
    arithmetic,
    choice,
    contraction,
    convolution,
    copying,
    diagonals,
    elementwise,
    expansion,
    indexing,
    joining,
    linalg,
    logits,
    losses,
    normalization,
    padding,
    pooling,
    promotion,
    reduction,
    scattering,
    shaping,
    unfolding,
)
from .case import Case

__all__ = ["CASES", "Case"]

CASES: list[Case] = [
    *promotion.CASES,
    *arithmetic.CASES,
    *choice.CASES,
    *elementwise.CASES,
    *activations.CASES,
    *shaping.CASES,
    *expansion.CASES,
    *padding.CASES,
    *joining.CASES,
    *copying.CASES,
    *indexing.CASES,
    *scattering.CASES,
    *diagonals.CASES,
    *reduction.CASES,
    *linalg.CASES,
    *contraction.CASES,
    *convolution.CASES,
    *unfolding.CASES,
    *pooling.CASES,
    *normalization.CASES,
    *logits.CASES,
    *losses.CASES,
]
