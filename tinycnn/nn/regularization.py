r"""Dropout layers: noise in training, which keeps units from relying on each other."""

from __future__ import annotations

from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError
from tinycnn.nn import functional as F
from tinycnn.nn.module import Module

__all__ = ["Dropout", "Dropout2d"]


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
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


class Dropout2d(_Dropout):
    """Dropout of whole channels: neighbouring pixels are too alike for dropping single ones to matter.

    References
    ----------
    Tompson et al. 2015, "Efficient object localization using convolutional networks", section 3.2.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) or (C, H, W), to the same shape."""
        return F.dropout2d(input, self.p, self.training, self.inplace)
