r"""One line of the summary: a module that ran, its sizes, and torchinfo's counts of its parameters and mult-adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tinycnn.autograd.node import is_tensor
from tinycnn.nn import Module
from tinycnn.nn.parts import Parameter


class LayerInfo:
    r"""What torchinfo knows of a module; names are its.

    Attributes
    ----------
    var_name, class_name : str          the attribute it is held by, and what it is
    depth, depth_index : int            how deep it lies, and the how-manieth it is of this depth
    parent_info, children               the one around it, and all inside it
    input_size, output_size : list      of the first input, of the output
    num_params, trainable_params, param_bytes : int
    output_bytes, macs : int
    inner_layers : dict                 for each parameter its shape and count, as text
    is_leaf_layer, is_recursive, executed : bool
    """

    def __init__(self, var_name: str, module: Module, depth: int, parent_info: LayerInfo | None = None) -> None:
        self.layer_id = id(module)
        self.module = module
        self.class_name = type(module).__name__
        self.var_name = var_name
        self.depth = depth
        self.depth_index: int | None = None
        self.parent_info = parent_info
        self.children: list[LayerInfo] = []
        self.is_leaf_layer = not any(module.children())  # a container that is empty is no child, as it is false
        self.is_recursive = False
        self.executed = False
        self.input_size: list[Any] = []
        self.output_size: list[Any] = []
        self.kernel_size = _kernel_size(module)
        self.num_params = self.trainable_params = self.param_bytes = 0
        self.output_bytes = self.macs = 0
        self.inner_layers: dict[str, dict[str, str]] = {}

    def __repr__(self) -> str:
        return f"{self.class_name}: {self.depth}"

    @property
    def trainable(self) -> str:
        """Of its parameters: "True" for all, "Partial", "False" for none, "--" if it has none."""
        if not self.num_params:
            return "--"
        return {self.num_params: "True", 0: "False"}.get(self.trainable_params, "Partial")

    # Counting ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def calculate_num_params(self) -> None:
        """Count the parameters, those of the parts too."""
        self.num_params = self.trainable_params = self.param_bytes = 0
        self.inner_layers = {}
        for name, parameter in self.module.named_parameters():
            count, name = _count(self.module, name, parameter)
            self.num_params += count
            self.param_bytes += count * parameter.array.itemsize
            self.trainable_params += count * parameter.requires_grad
            if self.parent_info is not None or "." not in name:
                shape = list(parameter.array.shape)
                if name == "weight" and len(shape) > 1:
                    shape[:2] = shape[1::-1]  # what comes in before what goes out
                self.inner_layers[name] = {"kernel_size": str(shape), "num_params": f"├─{count:,}"}
        if self.inner_layers:
            last = self.inner_layers[list(self.inner_layers)[-1]]
            last["num_params"] = "└─" + last["num_params"][2:]

    def calculate_macs(self) -> None:
        """Add the mult-adds of a call, as torchinfo counts them: each parameter, biases and norms too, is one for each
        example, and in a convolution for each position."""
        size = self.output_size
        for name, parameter in self.module.named_parameters():
            count, name = _count(self.module, name, parameter)
            if name in ("weight", "bias"):
                self.macs += count * prod(size[:1] + size[2:] if "Conv" in self.class_name else size[:1])
            elif "weight" in name or "bias" in name:
                self.macs += count * prod(size[:2])

    def check_recursive(self, layer_ids: set[int]) -> None:
        """Note whether the module has a line already."""
        self.is_recursive = self.is_recursive or self.layer_id in layer_ids

    def leftover_params(self) -> int:
        """Parameters that no part holds."""
        return self._leftover("num_params")

    def leftover_trainable_params(self) -> int:
        """Trainable parameters that no part holds."""
        return self._leftover("trainable_params")

    def _leftover(self, what: str) -> int:
        held = [getattr(child, what) if child.is_leaf_layer else child._leftover(what)
                for child in self.children if not child.is_recursive]
        return int(getattr(self, what) - sum(held))

    # In words ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def get_layer_name(self, show_var_name: bool, show_depth: bool) -> str:
        """Such as ``Conv2d (conv1): 1-1``."""
        name = f"{self.class_name} ({self.var_name})" if show_var_name and self.var_name else self.class_name
        if show_depth and self.depth:
            name += f": {self.depth}" + (f"-{self.depth_index}" if self.depth_index is not None else "")
        return name

    def macs_to_str(self, reached_max_depth: bool) -> str:
        """Its mult-adds; those of its parts where these have no lines."""
        if self.macs <= 0 or not (self.is_leaf_layer or reached_max_depth):
            return "--"
        macs = self.macs if self.is_leaf_layer else sum(child.macs for child in self.children if child.is_leaf_layer)
        return f"{macs:,}"

    def num_params_to_str(self, reached_max_depth: bool) -> str:
        """Its parameters, those of its parts only where these have no lines; in parentheses if frozen."""
        if not self.num_params:
            return "--"
        if self.is_recursive:
            return "(recursive)"
        if reached_max_depth or self.is_leaf_layer:
            return f"{self.num_params:,}" if self.trainable_params else f"({self.num_params:,})"
        leftover = self.leftover_params()
        return f"{leftover:,}" if leftover > 0 else "--"

    def params_percent(self, total_params: int, reached_max_depth: bool, precision: int = 2) -> str:
        """Its share of all parameters."""
        if total_params and self.is_recursive:
            return "(recursive)"
        params = self.num_params if reached_max_depth or self.is_leaf_layer else self.leftover_params()
        return f"{params / total_params:>{precision + 5}.{precision}%}" if total_params and params else "     --"


def _kernel_size(module: Module) -> int | list[int] | None:
    kernel = getattr(module, "kernel_size", None)
    return list(kernel) if isinstance(kernel, Iterable) else kernel if isinstance(kernel, int) else None


def _count(module: Module, name: str, parameter: Parameter) -> tuple[int, str]:
    r"""How many entries count, and the name to show: of a pruned ``weight_orig`` those that its mask leaves."""
    stem = name.removesuffix("_orig")
    mask = dict(module.named_buffers()).get(f"{stem}_mask") if stem != name else None
    return (int(parameter.array.size), name) if mask is None else (int(mask.array.sum()), stem)


def prod(sizes: Iterable[Any]) -> int:
    r"""The product of all numbers, also nested ones; 1 of none."""
    result = 1
    for size in sizes:
        result *= prod(size) if isinstance(size, Iterable) else size
    return result


def calculate_size(data: Any, batch_dim: int | None) -> tuple[list[Any], int]:
    r"""The sizes of what went in or came out, and the bytes of an element.

    Of several the first counts, of a dict the last. Where the batch dimension was left out of the input and added for
    the forward pass, it is shown as 1.
    """
    if isinstance(data, list | tuple) and data and is_tensor(data[0]):
        size, width = _nested_size(data[0])
        return (size if batch_dim is None else [*size[:batch_dim], 1, *size[batch_dim + 1:]]), width
    if isinstance(data, Mapping):
        size, width = _nested_size(list(data.values())[-1]) if data else ([], 0)
        return (size if batch_dim is None else [[*size[:batch_dim], 1, *size[batch_dim + 1:]]]), width
    size, width = _nested_size(data)
    if batch_dim is not None and isinstance(data, list | tuple) and batch_dim < len(size):
        size[batch_dim] = 1
    return size, width


def _nested_size(data: Any) -> tuple[list[Any], int]:
    if is_tensor(data):
        return list(data.array.shape), int(data.array.itemsize)
    if isinstance(data, np.ndarray):
        return list(data.shape), data.itemsize
    if isinstance(data, Mapping):
        data = list(data.values())
    return _nested_size(data[0]) if isinstance(data, Sequence) and not isinstance(data, str) and data else ([], 0)
