r"""Noise in training that keeps units, channels or whole layers from relying on each other."""

from __future__ import annotations

from tinycnn._tensor import Tensor
from tinycnn.autograd.node import is_tensor
from tinycnn.errors import ArgumentError, ConfigError, described
from tinycnn.nn import functional as F
from tinycnn.nn.module import Module

__all__ = ["Dropout", "Dropout1d", "Dropout2d", "StochasticDepth"]


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if is_tensor(p):
            kind = type(self).__name__
            raise ArgumentError(
                f"{kind}: p must be a number, not {described(p)}; a layer is made first and called then: {kind}()(x)"
            )
        if not 0 <= p <= 1:
            raise ConfigError(
                f"{type(self).__name__}: dropout probability has to be between 0 and 1, but got {p};"
                " it is the share that is dropped, not the share that is kept"
            )
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        """The probability, and whether the input is overwritten."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    r"""In training each element is 0 with probability p and x / (1 − p) else; in evaluation nothing happens.

    The division keeps the expectation at x, so that evaluation needs no correction.

    References
    ----------
    Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting", section 10.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> dropout = nn.Dropout(0.5).eval()
    >>> dropout(tinycnn.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Dropout of whole channels of (N, C, L) or (C, L)."""

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, L) or (C, L), to the same shape."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Dropout of whole channels: neighbouring pixels are too alike for dropping single ones to matter.

    References
    ----------
    Tompson et al. 2015, "Efficient object localization using convolutional networks", section 3.2.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W), to the same shape; of three dimensions (N, C, L), as in PyTorch with a warning."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class StochasticDepth(Module):
    r"""In training all of x is 0 with probability p and x / (1 − p) else: a residual block that is sometimes skipped.

    Parameters
    ----------
    p : float
        The probability that the block is skipped; it usually grows with depth.
    mode : {"batch", "row"}
        Whether one draw is for the whole batch, or each example has its own.

    References
    ----------
    Huang et al. 2016, "Deep networks with stochastic depth", section 3, equation 2.

    Examples
    --------
    >>> from tinycnn import nn
    >>> nn.StochasticDepth(0.2, "row")
    StochasticDepth(p=0.2, mode=row)
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p, self.mode = p, mode

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape, the batch first."""
        return F.stochastic_depth(input, self.p, self.mode, self.training)

    def extra_repr(self) -> str:
        """The probability, and what a draw is for."""
        return f"p={self.p}, mode={self.mode}"
