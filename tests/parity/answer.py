"""The answer of a library to a call, be it PyTorch or tinycnn: results, derivatives, what else the call changed.

    x̄ = ∂⟨ȳ, f(x)⟩/∂x  for all positional floating tensors x      and then      ∂⟨u, x̄⟩/∂x

The cotangents ȳ and the directions u are drawn from the shapes alone, so they need not be recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calls.call import Call, Draw, mapped

STATISTICS = ("F.batch_norm", "F.instance_norm")  # their arguments 1 and 2 are written to and want no gradient
KINDS = (IndexError, TypeError, ValueError, RuntimeError)


def kind(error: BaseException) -> str:
    """The first of the four that the error is; NotImplementedError is a RuntimeError."""
    return next((k.__name__ for k in KINDS if isinstance(error, k)), type(error).__name__)


def tensors_in(library: Any, value: Any) -> Iterator[Any]:
    if isinstance(value, library.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors_in(library, part)
    elif isinstance(value, dict):
        yield from tensors_in(library, list(value.values()))


def arguments(library: Any, call: Call, device: str, dtype: str) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments, with tensors of the library for arrays."""

    def tensor(value: Any) -> Any:
        if isinstance(value, np.dtype):
            return getattr(library, value.name)
        if not isinstance(value, np.ndarray):
            return value
        return library.tensor(value.astype(dtype) if value.dtype == "float64" else value, device=device)

    args = mapped(call.args, tensor)
    for place, value in enumerate(args):
        if call.order and (call.name not in STATISTICS or place not in (1, 2)):
            for x in tensors_in(library, value):
                x.requires_grad_(x.is_floating_point())
    return args, mapped(call.options, tensor)


def perform(library: Any, call: Call, args: list[Any], options: dict[str, Any]) -> Any:
    """The call itself; of a method that works in place, its tensor afterwards."""
    space, name = call.name.split(".", 1)
    if space == "F":
        return getattr(library.nn.functional, name)(*args, **options)
    if space == "torch":
        return getattr(library, name)(*args, **options)
    if not in_place(name):
        return getattr(args[0], name)(*args[1:], **options)
    changed = args[0].clone()  # a leaf that wants its gradient is not written to
    made = getattr(changed, name)(*args[1:], **options)
    assert made is changed or (made is None and name == "__setitem__")
    return changed


def in_place(name: str) -> bool:
    return (name.endswith("_") and not name.endswith("__")) or name.startswith("__i") or name == "__setitem__"


def host(tensor: Any) -> Any:
    return tensor.numpy(force=True)


def packed(library: Any, value: Any) -> Any:
    """Arrays with what else is to be compared; tuples of all kinds as lists, numbers as they are."""
    if isinstance(value, library.Tensor):
        array = host(value)
        made = {"dtype": array.dtype.name, "shape": list(array.shape), "values": array.ravel()}
        return {**made, "grad": True} if value.requires_grad else made
    if isinstance(value, (list, tuple)):
        return [packed(library, part) for part in value]
    return value


def answer(library: Any, call: Call, device: str = "cpu", dtype: str = "float64") -> dict[str, Any]:
    """Results; first and second derivatives where there are any; the arguments the call changed, by their number."""
    args, options = arguments(library, call, device, dtype)
    given = [*tensors_in(library, args), *tensors_in(library, options)]
    before = [host(x).copy() for x in given]
    results = perform(library, call, args, options)
    line = {"results": packed(library, results)}
    changed = [n for n, x in enumerate(given) if not np.array_equal(host(x), before[n], x.is_floating_point())]
    if changed:
        line["changed"] = [[n, packed(library, given[n])] for n in changed]

    made = [y for y in tensors_in(library, results) if y.requires_grad]
    leaves = [x for x in given if x.requires_grad]
    if made and leaves:
        found = pulled(library, made, leaves, "cotangent", create_graph=call.order > 1)
        line["gradients"] = packed(library, [g.detach() for g in found])
        again = [g for g in found if g.requires_grad]
        if again:
            line["second"] = packed(library, pulled(library, again, leaves, "direction"))
    return line


def pulled(library: Any, made: list[Any], leaves: list[Any], seed: str, **options: Any) -> Any:
    """The gradients of ⟨drawn, made⟩."""
    drawn = [library.tensor(Draw(f"{seed} {tuple(y.shape)}").n(*y.shape), dtype=y.dtype, device=y.device) for y in made]
    return library.autograd.grad(made, leaves, drawn, allow_unused=True, materialize_grads=True, **options)
