"""What a node keeps for backward, with the means to notice that it was written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd import grad_mode
from tinycnn.autograd.node import TensorBase, wrap
from tinycnn.errors import GraphError, explain

if TYPE_CHECKING:
    from tinycnn.autograd.op import Op


class Saved:
    """A tensor kept for backward, and the version it had; unpacking it checks that nobody wrote to it since."""

    __slots__ = ("changes", "name", "number", "tensor", "version", "what")

    def __init__(self, value: Any, what: str, name: str) -> None:
        self.tensor, self.what, self.name = value, what, name
        self.number: int | None = None
        if isinstance(value, TensorBase):
            self.version = version = value.version
            self.changes = version.changes
            if what == "result":  # the array only: the tensor holds the node, which must not hold the tensor
                self.number = value.output_nr
                self.tensor = bare = wrap(value.array)
                bare._version, bare._requires_grad = version, value._requires_grad

    def unpack(self, op: Op) -> Any:
        """The value, as it was in forward."""
        tensor = self.tensor
        if not isinstance(tensor, TensorBase):
            return tensor
        version = tensor.version
        if version is not self.version or version.changes != self.changes:  # in another memory, or another state of it
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
        name = "result" if self.what == "result" else f"input {self.name!r}"
        return explain(
            f"{op.name}: one of the variables needed for gradient computation has been modified by an inplace"
            f" operation: its {name}",
            {"shape": tensor.array.shape, "version saved": self.changes, "version now": self._now(tensor)},
            "did optimizer.step() run between forward and backward, or has an activation inplace=True?"
            " Elsewhere compute into a new tensor: x = x + 1, not x += 1",
        )
