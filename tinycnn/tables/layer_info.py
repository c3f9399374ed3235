r"""One line of the summary: a module that ran, its sizes, and its parameters and mult-adds as torchinfo counts them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tinycnn.autograd.node import is_tensor
from tinycnn.nn import Module


class LayerInfo:
    r"""What is known of a module, or of one call of it; attributes bear torchinfo's names.

    Attributes
    ----------
    var_name, class_name : str          the attribute it is held by, and what it is
    depth, depth_index : int            how deep it lies, and the how-manieth it is of this depth
    parent_info, children               the one around it, and all inside it
    input_size, output_size : list      of the first input, of the output
    num_params, trainable_params        of all its parameters, those of its parts too
    param_bytes, output_bytes : int
    own_params, own_trainable : int     those that no part holds; of a leaf, all
    macs : int                          mult-adds
    is_leaf_layer : bool                it has no parts (torchinfo passes over empty containers, for they are false)
    is_recursive, executed : bool       the module has a line above; it has run
    """

    def __init__(self, var_name: str, module: Module, depth: int, parent_info: LayerInfo | None = None) -> None:
        self.module = module
        self.class_name = type(module).__name__
        self.var_name = var_name
        self.depth = depth
        self.depth_index: int | None = None
        self.parent_info = parent_info
        self.children: list[LayerInfo] = []
        self.is_leaf_layer = not any(module.children())
        self.is_recursive = self.executed = False
        self.input_size: list[Any] = []
        self.output_size: list[Any] = []
        self.kernel_size = _kernel_size(module)
        parameters = list(module.parameters())
        self.num_params = sum(p.array.size for p in parameters)
        self.trainable_params = sum(p.array.size for p in parameters if p.requires_grad)
        self.param_bytes = sum(p.array.nbytes for p in parameters)
        self.own_params, self.own_trainable = self.num_params, self.trainable_params
        self.output_bytes = self.macs = 0

    def __repr__(self) -> str:
        return f"{self.class_name}: {self.depth}"

    def note_call(self, taken: Any, output: Any, batch_dim: int | None) -> None:
        r"""Keep what a call took and gave, and count what it cost."""
        self.input_size, _ = _size_and_width(taken, batch_dim)
        self.output_size, width = _size_and_width(output, batch_dim)
        self.output_bytes = width * _product(self.output_size)
        self.macs = sum(self._uses(name) * p.array.size for name, p in self.module.named_parameters())
        self.executed = True

    def _uses(self, name: str) -> int:
        r"""How often torchinfo takes each entry of a parameter to be multiplied.

        Weights and biases: in a convolution once for each example and position, elsewhere once for each example; in
        parts, and under longer names, once for each of the first two dimensions; others never.
        """
        size = self.output_size
        if name in ("weight", "bias"):
            return _product(size[:1] + size[2:] if "Conv" in self.class_name else size[:1])
        return _product(size[:2]) if "weight" in name or "bias" in name else 0

    def enclose(self, children: list[LayerInfo]) -> None:
        r"""Take these lines, which know what is their own, as lying inside, and leave them theirs."""
        self.children = children
        if not self.is_leaf_layer:
            inside = [child for child in children if not child.is_recursive]
            self.own_params = self.num_params - sum(child.own_params for child in inside)
            self.own_trainable = self.trainable_params - sum(child.own_trainable for child in inside)

    # In words ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def label(self, show_var_name: bool, show_depth: bool) -> str:
        """Such as ``Conv2d (conv1): 1-1``."""
        name = f"{self.class_name} ({self.var_name})" if show_var_name and self.var_name else self.class_name
        return f"{name}: {self.depth}-{self.depth_index}" if show_depth and self.depth else name

    def cells(self, total_params: int, folded: bool) -> dict[str, str]:
        """What stands in each column; `folded` says that its parts have no lines, and so count in this one."""
        whole = folded or self.is_leaf_layer
        params = self.num_params if whole else self.own_params
        number = f"{params:,}" if params > 0 else "--"
        share = f"{params / total_params:>7.2%}" if params and total_params else "     --"
        if self.is_recursive:
            number = "(recursive)" if self.num_params else "--"
            share = "(recursive)" if total_params else share
        elif whole and params and not self.trainable_params:  # frozen
            number = f"({number})"
        macs = self.macs if self.is_leaf_layer else sum(child.macs for child in self.children if child.is_leaf_layer)
        return {
            "kernel_size": _or_dashes(self.kernel_size),
            "input_size": _or_dashes(self.input_size),
            "output_size": _or_dashes(self.output_size),
            "num_params": number,
            "params_percent": share,
            "mult_adds": f"{macs:,}" if whole and self.macs > 0 else "--",
            "trainable": self.trainable,
        }

    @property
    def trainable(self) -> str:
        """Of its parameters: "True" for all, "Partial", "False" for none, "--" if it has none."""
        if not self.num_params:
            return "--"
        return {self.num_params: "True", 0: "False"}.get(self.trainable_params, "Partial")

    @property
    def inner_layers(self) -> dict[str, dict[str, str]]:
        """For each parameter its shape and count in words; of the outermost model, for those of its own."""
        outermost = self.parent_info is None
        shown = {name: p for name, p in self.module.named_parameters() if not (outermost and "." in name)}
        lines = {}
        for name, p in shown.items():
            shape = list(p.array.shape)
            if name == "weight" and len(shape) > 1:
                shape[:2] = shape[1::-1]  # what comes in before what goes out
            branch = "└─" if name == [*shown][-1] else "├─"
            lines[name] = {"kernel_size": str(shape), "num_params": f"{branch}{p.array.size:,}"}
        return lines


def _kernel_size(module: Module) -> int | list[int] | None:
    kernel = getattr(module, "kernel_size", None)
    return list(kernel) if isinstance(kernel, Iterable) else kernel if isinstance(kernel, int) else None


def _or_dashes(value: Any) -> str:
    return str(value) if value else "--"


# Sizes of whatever goes in and comes out ─────────────────────────────────────────────────────────────────────────────


def _product(sizes: Iterable[Any]) -> int:
    r"""Of all numbers, also nested ones; 1 of none."""
    result = 1
    for size in sizes:
        result *= _product(size) if isinstance(size, Iterable) else size
    return result


def _size_and_width(data: Any, batch_dim: int | None) -> tuple[list[Any], int]:
    r"""The size that is shown of what went in or came out, and the bytes of an element.

    Of several the first counts, of a dict the last. Where the batch dimension was left out of the input and added for
    the forward pass, it is shown as 1.
    """
    if isinstance(data, list | tuple) and data and is_tensor(data[0]):
        size, width = _first(data[0])
        return (size if batch_dim is None else [*size[:batch_dim], 1, *size[batch_dim + 1:]]), width
    if isinstance(data, Mapping):
        size, width = _first(list(data.values())[-1]) if data else ([], 0)
        return (size if batch_dim is None else [[*size[:batch_dim], 1, *size[batch_dim + 1:]]]), width
    size, width = _first(data)
    if batch_dim is not None and isinstance(data, list | tuple) and batch_dim < len(size):
        size[batch_dim] = 1
    return size, width


def _first(data: Any) -> tuple[list[Any], int]:
    r"""Size and width of the first tensor in nested lists and dicts."""
    if is_tensor(data):
        return list(data.array.shape), int(data.array.itemsize)
    if isinstance(data, np.ndarray):
        return list(data.shape), data.itemsize
    if isinstance(data, Mapping):
        data = list(data.values())
    return _first(data[0]) if isinstance(data, Sequence) and not isinstance(data, str) and data else ([], 0)
