"""A module's state as a flat dictionary, out and in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
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
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def collect(
    module: Module, destination: OrderedDict[str, Tensor] | None, prefix: str, keep_vars: bool
) -> OrderedDict[str, Tensor]:
    """The parameters and persistent buffers of a module and its parts, by path, in the order of definition.

    As in PyTorch the dictionary has an attribute ``_metadata``: by path, which version of its class a part is of.
    """
    found: OrderedDict[str, Tensor] = OrderedDict() if destination is None else destination
    if destination is None:
        vars(found)["_metadata"] = OrderedDict()
    versions = getattr(found, "_metadata", None)
    for path, part in module.named_modules(remove_duplicate=False):
        start = f"{prefix}{path}." if path else prefix
        if versions is not None:
            versions[start[:-1]] = {"version": getattr(part, "_version", 1)}
        for name, tensor in (*part._parameters.items(), *part._buffers.items()):
            if tensor is not None and name not in part._transient:
                found[start + name] = tensor if keep_vars else tensor.detach()
    return found


def load(module: Module, values: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """Copy `values` into the module, after looking at all of them."""
    if not isinstance(values, Mapping):
        raise TypeError(f"expected state_dict to be dict-like, got {type(values)}; tinycnn.load reads one from a file")
    own = collect(module, None, "", keep_vars=True)
    given, values = values, dict(values)
    problems = _adapted(module, values, getattr(given, "_metadata", None))
    missing = [key for key in own if key not in values]
    unexpected = sorted((key for key in values if key not in own), key=_place_in(module))
    if strict and unexpected:
        problems.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}.")
    if strict and missing:
        problems.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}.")
    fitting, misfits = dict[str, Tensor](), dict[str, tuple[int, ...]]()
    for key in own:
        if key in values:
            value = values[key]
            if not (is_tensor(value) or isinstance(value, np.ndarray)):
                problems.append(f'"{key}" holds a {type(value).__name__}, expected a Tensor or an array.')
                continue
            value = value if isinstance(value, Tensor) else Tensor.wrap(value)
            shape = own[key].array.shape
            if shape == () and value.shape == (1,):  # as single numbers were kept before PyTorch 0.4
                value = value.reshape(())
            if tuple(value.shape) == shape:
                fitting[key] = value
            else:
                misfits[key] = tuple(value.shape)
                problems.append(
                    f"size mismatch for {key}: copying a param with shape {misfits[key]} from checkpoint,"
                    f" the shape in current model is {tuple(shape)}."
                )
    if problems:
        headline = f"Error(s) in loading state_dict for {type(module).__name__}:\n\t"
        hint = _classes_hint(own, misfits) if len(misfits) == len(problems) else _wrapper_hint(own, given)
        raise StateError(headline + "\n\t".join(_few(problems)) + hint)
    with no_grad():
        for key, value in fitting.items():
            if assign:
                own[key].data = value.detach()
            else:
                own[key].copy_(value)
    return IncompatibleKeys(missing, unexpected)


def _place_in(module: Module) -> Callable[[Any], int]:
    """Where a key belongs: at the innermost part that its path leads to, in the order of the parts."""
    places = {path: place for place, (path, _) in enumerate(module.named_modules(remove_duplicate=False))}

    def place(key: Any) -> int:
        path = str(key).rpartition(".")[0]
        while path not in places:  # the module itself is ""
            path = path.rpartition(".")[0]
        return places[path]

    return place


def _adapted(module: Module, values: dict[str, Any], versions: Any) -> list[str]:
    """Let each part that has changed since its state was saved bring the values up to date; list what it cannot."""
    problems = []
    for path, part in module.named_modules(remove_duplicate=False):
        if hasattr(part, "_adapt_state"):
            found = versions.get(path) if isinstance(versions, Mapping) else None
            version = found.get("version") if isinstance(found, Mapping) else None
            known = version if isinstance(version, int) else None
            problems += part._adapt_state(values, f"{path}." if path else "", known)
    return problems


def _quoted(keys: Iterable[str]) -> str: return ", ".join(_few([f'"{key}"' for key in keys]))


def _few(items: list[str]) -> list[str]:
    """The first ten, and how many more there are, so that the hint below them is seen."""
    return items if len(items) <= 10 else [*items[:10], f"… and {len(items) - 10} more"]


def _classes_hint(own: Mapping[str, Tensor], misfits: Mapping[str, tuple[int, ...]]) -> str:
    """How to load weights into a network that differs by nothing but how many outputs its last layer has."""
    path = list(own)[-1].rpartition(".")[0]
    weight, bias = f"{path}.weight", f"{path}.bias"
    if weight not in misfits or misfits.keys() - {weight, bias}:
        return ""
    found, wanted = misfits[weight], own[weight].array.shape
    if len(found) == len(wanted) == 2 and found[1] == wanted[1]:
        layer = "model" + "".join(f"[{name}]" if name.isdigit() else f".{name}" for name in path.split("."))
        return (
            f"\n  hint   these weights tell {found[0]} classes apart: load them into a model with"
            f" num_classes={found[0]}, and replace its last layer then: {layer} = nn.Linear({wanted[1]}, {wanted[0]})"
        )
    return ""


def _wrapper_hint(own: Mapping[str, Any], values: Mapping[Any, Any]) -> str:
    """What to take off a state, where it lies in one of two wrappings that are often met."""
    for key, inner in values.items():
        if isinstance(inner, Mapping) and any(map(is_tensor, inner.values())):
            return f"\n  hint   the weights lie one level deeper: load_state_dict(checkpoint[{key!r}])"
    prefix = next((str(key).partition(".")[0] + "." for key in values), "")
    bare = [str(key).removeprefix(prefix) for key in values if str(key).startswith(prefix)]
    if prefix and len(bare) == len(values) and any(key in own for key in bare):
        origin = ", which DataParallel puts there" if prefix == "module." else ""
        without = f"{{key.removeprefix({prefix!r}): value for key, value in state_dict.items()}}"
        return f"\n  hint   every key begins with {prefix!r}{origin}: load {without}"
    return ""
