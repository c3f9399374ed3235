"""Layers, losses and the means to build networks of them, under the names of torch.nn."""

from __future__ import annotations

from tinycnn.nn import functional
from tinycnn.nn.module import Module, Parameter

__all__ = ["Module", "Parameter", "functional"]
