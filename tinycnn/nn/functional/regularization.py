"""Noise in training that keeps units, channels or whole layers from relying on each other."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from tinycnn import random
from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, RankError
from tinycnn.ops.arguments import checked, expect_floating
from tinycnn.ops.promotion import Scalar


@checked
def dropout(input: Tensor, p: Scalar = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    r"""In training each element is 0 with probability p and x / (1 − p) else, so that its expectation stays x.

    References
    ----------
    Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
    """
    return _dropped("dropout", input, p, training, inplace, input.array.shape)


@checked
def dropout1d(input: Tensor, p: Scalar = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels of (N, C, L) or (C, L)."""
    shape = input.array.shape
    if len(shape) not in (2, 3):
        raise RankError(f"dropout1d: expected 2 or 3 dimensions, N C L or C L, but got {shape}")
    return _dropped("dropout1d", input, p, training, inplace, (*shape[:-1], 1))


@checked
def dropout2d(input: Tensor, p: Scalar = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels: neighbouring pixels are too alike for dropping single ones to matter.

    The channel is the second dimension, as in PyTorch even if there are but three, with a warning.

    References
    ----------
    Tompson et al. 2015, "Efficient object localization using convolutional networks", section 3.2.
    """
    shape = input.array.shape
    if len(shape) < 2 and training and 0 < p < 1:
        raise RankError(f"dropout2d: expected at least 2 dimensions, N C H W, but got {shape}")
    if len(shape) != 4:
        warnings.warn(
            f"dropout2d: the input is no N C H W but {tuple(shape)}; its second dimension is taken for the channel."
            " For one image C H W say x.unsqueeze(0)",
            stacklevel=3,
        )
    return _dropped("dropout2d", input, p, training, inplace, (*shape[:2], *(1,) * (len(shape) - 2)))


@checked
def stochastic_depth(input: Tensor, p: Scalar, mode: str, training: bool = True) -> Tensor:
    r"""In training all of x is 0 with probability p and x / (1 − p) else: a residual block that is sometimes skipped.

    With `mode` "row" each example has a draw of its own, with "batch" one draw is for all. (torchvision.ops has it.)

    References
    ----------
    Huang et al. 2016, "Deep networks with stochastic depth", section 3, equation 2.

    Examples
    --------
    >>> import tinycnn
    >>> stochastic_depth(tinycnn.ones(2, 3), 0.5, "row", training=False)
    tensor([[1., 1., 1.],
            [1., 1., 1.]])
    """
    if mode not in ("batch", "row"):
        raise DomainError(f"stochastic_depth: mode has to be either 'batch' or 'row', but got {mode!r}")
    shape = input.array.shape
    return _dropped("stochastic_depth", input, p, training, False, [
        n if mode == "row" and axis == 0 else 1 for axis, n in enumerate(shape)
    ])  # fmt: skip


def _dropped(op: str, input: Tensor, p: Scalar, training: bool, inplace: bool, shape: Sequence[int]) -> Tensor:
    """The input times a mask of `shape`, whose entries are 0 or 1 / (1 − p)."""
    if not 0 <= p <= 1:
        raise DomainError(f"{op}: dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0 or not input.array.size:
        return input
    if p != 1:
        expect_floating(op, input, "integers have no x / (1 − p)")
    keep = random.host().random(tuple(shape), dtype="float32") >= p
    mask = keep.astype(input.array.dtype)
    if p != 1:
        mask *= 1 / (1 - p)
    factor = Tensor.wrap(input.backend.asarray(mask))
    return input.mul_(factor) if inplace else input * factor
