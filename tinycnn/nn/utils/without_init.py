r"""Modules whose weights are no numbers yet: made at once, however large, for weights that come from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tinycnn.errors import ArgumentError, described
from tinycnn.nn.filling import left_alone
from tinycnn.nn.module import Module

M = TypeVar("M", bound=Module)


def skip_init(module_cls: Callable[..., M], *args: Any, **kwargs: Any) -> M:
    r"""Make a module without drawing its weights: they are whatever lay in memory.

    Before weights are loaded, drawing them is wasted. The functions of `nn.init` do nothing meanwhile, so the memory of
    large weights is not even touched, and the 660 million of ConvNeXt V2 Huge are counted in a moment. What a
    constructor sets by other means, such as running statistics, is there.

    Parameters
    ----------
    module_cls : type or callable
        What makes the module: the class of a layer or, beyond PyTorch, any function such as ``models.resnet50``.
    *args, **kwargs
        What it is called with.

    Raises
    ------
    ArgumentError
        If it makes no module.

    Examples
    --------
    >>> from tinycnn import nn
    >>> nn.utils.skip_init(nn.Linear, 10_000, 10_000)            # 400 MB, were they written to
    Linear(in_features=10000, out_features=10000, bias=True)
    """
    if isinstance(module_cls, Module) or not callable(module_cls):
        hint = "give it the class and what it is called with: skip_init(nn.Linear, 4, 2)"
        raise ArgumentError(f"skip_init: expected a Module's class, but got {described(module_cls)}; {hint}")
    with left_alone():
        module = module_cls(*args, **kwargs)
    if not isinstance(module, Module):
        raise ArgumentError(f"skip_init: expected what makes a Module, but it made {described(module)}")
    return module
