"""What a node keeps for backward, with the means to notice that it was written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd import grad_mode
from tinycnn.autograd.node import TensorBase, wrap
from tinycnn.errors import GraphError, explain

if TYPE_CHECKING:
    from tinycnn.autograd.op import Op


def unpacked(saved: list[Any], op: Op) -> list[Any]:
    """What an op kept, as it was in forward: tensors are looked at, numbers and None are what they were."""
    return [kept.unpack(op) if type(kept) is Saved else kept for kept in saved]


class Saved:
    """A tensor kept for backward, and the version it had; unpacking it checks that nobody wrote to it since."""

    __slots__ = ("changes", "name", "number", "tensor", "version")

    def __init__(self, tensor: TensorBase, what: str, name: str) -> None:
        self.version = version = tensor._version or tensor.version
        self.changes = version.changes
        self.tensor, self.name = tensor, name
        self.number: int | None = None  # of a result
        if what == "result":  # the array only: the tensor holds the node, which must not hold the tensor
            self.number = tensor.output_nr
            self.tensor = bare = wrap(tensor.array)
            bare._version, bare._requires_grad = version, tensor._requires_grad

    def unpack(self, op: Op) -> Any:
        """The tensor, as it was in forward."""
        tensor, version = self.tensor, self.version
        if version is not tensor._version or version.changes != self.changes:  # in another memory, or another state
            raise GraphError(self._stale(op, tensor))
        if self.number is None or not tensor._requires_grad or not grad_mode.is_grad_enabled():
            return tensor
        result = wrap(tensor.array)
        result.grad_fn, result.output_nr, result._requires_grad = op, self.number, True
        result._version = tensor._version
        return result

    def _now(self, tensor: TensorBase) -> int:
        """The count of writes that this is told of: a tensor that took another memory was written to as well."""
        version = tensor.version
        return version.changes + (0 if version is self.version else self.changes + 1)

    def _stale(self, op: Op, tensor: TensorBase) -> str:
        name = f"input {self.name!r}" if self.number is None else "result"
        return explain(
            f"{op.name}: one of the variables needed for gradient computation has been modified by an inplace"
            f" operation: its {name}",
            {"shape": tensor.array.shape, "version saved": self.changes, "version now": self._now(tensor)},
            "did optimizer.step() run between forward and backward, or has an activation inplace=True?"
            " Elsewhere compute into a new tensor: x = x + 1, not x += 1",
        )
