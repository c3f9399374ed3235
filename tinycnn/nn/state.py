"""A module's state as a flat dictionary, out and in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.autograd.node import is_tensor
from tinycnn.errors import StateError

if TYPE_CHECKING:
    from tinycnn.nn.module import Module


class IncompatibleKeys(NamedTuple):
    """What `load` could not match: keys the module has but the state lacks, and the other way round."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not (self.missing_keys or self.unexpected_keys):
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def collect(
    module: Module, destination: OrderedDict[str, Tensor] | None, prefix: str, keep_vars: bool
) -> OrderedDict[str, Tensor]:
    """The parameters and persistent buffers of a module and its parts, by path, in the order of definition."""
    found: OrderedDict[str, Tensor] = OrderedDict() if destination is None else destination
    for path, part in module.named_modules(remove_duplicate=False):
        start = f"{prefix}{path}." if path else prefix
        for name, tensor in (*part._parameters.items(), *part._buffers.items()):
            if tensor is not None and name not in part._transient:
                found[start + name] = tensor if keep_vars else tensor.detach()
    return found


def load(module: Module, values: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """Copy `values` into the module, after looking at all of them."""
    if not isinstance(values, Mapping):
        raise TypeError(f"expected state_dict to be dict-like, got {type(values)}; tinycnn.load reads one from a file")
    own = collect(module, None, "", keep_vars=True)
    missing = [key for key in own if key not in values]
    unexpected = [key for key in values if key not in own]
    problems = []
    if strict and missing:
        problems.append("Missing key(s) in state_dict: " + ", ".join(f'"{key}"' for key in missing) + ".")
    if strict and unexpected:
        problems.append("Unexpected key(s) in state_dict: " + ", ".join(f'"{key}"' for key in unexpected) + ".")
    fitting = {}
    for key in own:
        if key in values:
            value = values[key]
            if not (is_tensor(value) or isinstance(value, np.ndarray)):
                problems.append(f'"{key}" holds a {type(value).__name__}, expected a Tensor or an array.')
            elif tuple(value.shape) != own[key].array.shape:
                problems.append(
                    f"size mismatch for {key}: copying a param with shape {tuple(value.shape)} from checkpoint,"
                    f" the shape in current model is {tuple(own[key].array.shape)}."
                )
            else:
                fitting[key] = value if isinstance(value, Tensor) else Tensor.wrap(value)
    if problems:
        raise StateError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(problems))
    with no_grad():
        for key, value in fitting.items():
            if assign:
                own[key].data = value.detach()
            else:
                own[key].copy_(value)
    return IncompatibleKeys(missing, unexpected)
