"""Dropout: noise in training that keeps units from relying on each other."""

from __future__ import annotations

from tinycnn import random
from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, DTypeError, ShapeError
from tinycnn.nn.functional.arguments import expect_tensors


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    r"""In training each element is 0 with probability p and x / (1 − p) else, so that its expectation stays x.

    References
    ----------
    Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
    """
    expect_tensors("dropout", input=input)
    return _dropped("dropout", input, p, training, inplace, input.array.shape)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels: neighbouring pixels are too alike for dropping single ones to matter.

    Of three dimensions the first is the channel, as for all images here; PyTorch still takes the second.

    References
    ----------
    Tompson et al. 2015, "Efficient object localization using convolutional networks", section 3.2.
    """
    expect_tensors("dropout2d", input=input)
    shape = input.array.shape
    if len(shape) not in (3, 4):
        raise ShapeError(f"dropout2d: expected N C H W or C H W, but got {shape}")
    return _dropped("dropout2d", input, p, training, inplace, (*shape[:-2], 1, 1))


def _dropped(
    op: str, input: Tensor, p: float, training: bool, inplace: bool, shape: tuple[int, ...]
) -> Tensor:
    if not 0 <= p <= 1:
        raise DomainError(f"{op}: dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    if input.array.dtype.kind != "f":
        raise DTypeError(f"{op}: the input must be floating, but got {input.array.dtype}")
    keep = random.host().random(shape, dtype="float32") >= p
    mask = keep.astype(input.array.dtype) * (0.0 if p == 1 else 1 / (1 - p))
    factor = Tensor.wrap(input.backend.asarray(mask))
    return input.mul_(factor) if inplace else input * factor
