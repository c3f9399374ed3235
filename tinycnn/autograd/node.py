"""What a tensor is to the graph: an array, the op that made it, its gradient, and how often its memory was changed.

`TensorBase` bears the node; the `Tensor` of the public API derives from it and registers itself with `use_tensor`, so
that the ops below it can make results of that type.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeGuard

from tinycnn import backend as backends
from tinycnn.backend import Array, Backend
from tinycnn.dtypes import is_floating
from tinycnn.errors import ArgumentError, DTypeError, GraphError

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor
    from tinycnn.autograd.op import Op

next_serial = itertools.count(1).__next__  # one clock for all nodes: what is made later has the larger number

LAST = 2**63  # the place of a hook that runs after all others

Hook = Callable[["Tensor"], "Tensor | None"]


class Version:
    """How often the memory behind some tensors was written to. Views share the one of their base."""

    __slots__ = ("changes", "recorded")

    def __init__(self) -> None:
        self.changes = 0  # writes of any kind
        self.recorded = 0  # serial number of the last write that the graph recorded


class TensorBase:
    """An array in the graph.

    What every op asks for lies in slots, which are read at half the price of the defaults that a class keeps for its
    instances; the rest are such defaults.
    """

    __slots__ = (
        "__dict__", "__weakref__", "_grad", "_postponed", "_requires_grad", "_version", "_view_of", "array", "grad_fn",
        "output_nr",
    )  # fmt: skip

    array: Array
    _grad: Tensor | None
    grad_fn: Op | None  # the op that made it; None for a leaf
    output_nr: int  # which of that op's results it is; 0 for a leaf
    _requires_grad: bool
    _version: Version | None
    _view_of: TensorBase | None  # the tensor whose memory this one looks at, as the graph sees it
    _postponed: Any  # in the place of an array that is not computed yet; see `postponing`

    _born = 0  # serial number of a view's making
    _overtaken: tuple[weakref.ref[TensorBase], int] | None = None  # by a view: whose history, and when last recorded
    _leaf_hooks: dict[int, Hook] | None = None

    def __new__(cls, *data: Any, **options: Any) -> Any:
        """A tensor without an array, for ``__init__`` to give it one."""
        return wrap(None, cls)

    @classmethod
    def wrap(cls, array: Array) -> Tensor:
        """A tensor of this very array: nothing is copied."""
        return wrap(array, cls)

    @property
    def backend(self) -> Backend:
        """The backend whose array this is."""
        return backends.of(self.array)

    # Leaves and their gradients ──────────────────────────────────────────────────────────────────────────────────────

    @property
    def grad(self) -> Tensor | None:
        """dL/dx, added to by every backward(); None before the first."""
        return self._grad

    @grad.setter
    def grad(self, g: Tensor | None) -> None:
        if g is not None:
            if not isinstance(g, TensorBase):
                raise ArgumentError(f"grad: assigned grad expected to be a Tensor or None, but got {type(g).__name__}")
            made, array = g._postponed or g.array, self.array
            if made.shape != array.shape or made.dtype != array.dtype:
                raise GraphError(
                    f"grad: a gradient has the shape and dtype of its tensor, {array.shape} and {array.dtype},"
                    f" but this one is of {made.shape} and {made.dtype}"
                )
        self._grad = g

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op made it; backward() fills `.grad` of leaves that require it."""
        return self.grad_fn is None

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded, so that its gradient can be computed."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        if flag and not is_floating(self.array.dtype):
            raise DTypeError(
                f"requires_grad: only tensors of floating type can require gradients, not {self.array.dtype}:"
                " a derivative needs values that can change a little"
            )
        if self.grad_fn is not None:
            raise GraphError("requires_grad: you can only change it on leaf variables; use detach() to leave the graph")
        self._requires_grad = bool(flag)

    def retain_grad(self) -> None:
        """Keep this tensor's gradient in `.grad` at backward, though it is not a leaf."""
        if not self._requires_grad:
            raise GraphError("retain_grad: can't retain_grad on a tensor that has requires_grad=False")
        if self.grad_fn is not None and not self.retains_grad:
            self._keep_grad(self.grad_fn)

    retains_grad = False

    def _keep_grad(self, grad_fn: Op) -> None:
        itself = weakref.ref(self)

        def keep(g: Tensor) -> None:
            tensor = itself()
            if tensor is not None:
                tensor.grad = g.clone() if tensor.grad is None else tensor.grad + g

        grad_fn.hooks_of(self.output_nr)[LAST] = keep
        self.retains_grad = True

    def register_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(gradient)`` whenever this tensor's gradient is computed; what it returns takes its place."""
        if not self._requires_grad:
            raise GraphError("register_hook: cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            hooks = self.grad_fn.hooks_of(self.output_nr)
        else:
            self._leaf_hooks = hooks = self._leaf_hooks or {}
        return RemovableHandle(hooks, hook)

    # Memory and its changes ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def version(self) -> Version:
        """The count of writes to this tensor's memory."""
        if self._version is None:
            self._version = Version()
        return self._version

    def _bump_version(self) -> None:
        """Note that the memory was written to, for those who saved it."""
        self.version.changes += 1

    def _mark_view_of(self, base: TensorBase) -> None:
        self._view_of = base._view_of if base._view_of is not None else base
        self._version = base.version
        self._born = next_serial()

    def _base(self) -> TensorBase:
        """The tensor whose history is that of the memory."""
        base = self
        while base._view_of is not None:
            base = base._view_of
        return base

    def _in_graph(self) -> bool:
        """Whether the graph follows the memory: by this tensor, or by the one that this looks at."""
        return self._requires_grad or (self._view_of is not None and self._base()._requires_grad)

    def _take_over(self) -> None:
        """Note a recorded write: from now on the memory's history is this tensor's, and all others' is out of date."""
        base = self._base()
        if base is not self:
            self._overtaken = weakref.ref(base), self.version.recorded
            self._view_of, base._view_of = None, self
        self.version.recorded = next_serial()

    def _give_back(self) -> None:
        """Undo `_take_over`: the history of the memory is again that of the tensor it was taken from."""
        base = self._overtaken[0]() if self._overtaken is not None else None
        if self._view_of is None and self._overtaken is not None and base is not None:
            self._view_of, base._view_of = base, None
            self.version.recorded, self._overtaken = self._overtaken[1], None

    def _check_fresh(self, op: str) -> None:
        """Refuse a tensor whose memory was since changed through another: its own history knows nothing of that."""
        if self._view_of is not None and self._version is not None and self._version.recorded > self._born:
            raise GraphError(
                f"{op}: this tensor shares its memory with one, its base or a view of it, that was later modified by an"
                " inplace operation in the graph, so its gradient would be wrong; take the view again after the"
                " change, and in place of y[0].mul_(2) write y[0] = y[0] * 2"
            )

    __hash__ = object.__hash__  # tensors are told apart by identity, in spite of their ==


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes the hook off again; also usable in a ``with`` block."""

    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self.id = next_serial()
        self._hooks = hooks
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook off."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def through_hooks(hooks: dict[int, Hook] | None, g: Tensor) -> Tensor:
    """What a gradient becomes on its way through the hooks, in the order of their registration."""
    for _, hook in sorted((hooks or {}).items()):
        replaced = hook(g)
        if replaced is not None:
            if not is_tensor(replaced):
                raise ArgumentError(f"a hook must return a Tensor or None, not {type(replaced).__name__}")
            if replaced.array.shape != g.array.shape:
                raise GraphError(f"a hook turned a gradient of shape {g.array.shape} into {replaced.array.shape}")
            g = replaced
    return g


_tensor_type: type[TensorBase] = TensorBase


def use_tensor(tensor_type: type[TensorBase]) -> None:
    """Make results of ops be of this type. Called once, by the module that defines `Tensor`."""
    global _tensor_type
    _tensor_type = tensor_type


def is_tensor(obj: object) -> TypeGuard[Tensor]:
    """Whether it is a Tensor."""
    return isinstance(obj, TensorBase)


def wrap(array: Array, kind: type[TensorBase] | None = None) -> Tensor:
    """A tensor of this array, of the registered type unless another is given; here all tensors are made."""
    tensor: Tensor = object.__new__(kind or _tensor_type)  # type: ignore[assignment]  # the registered type is Tensor
    tensor.array = array
    tensor._grad = tensor.grad_fn = tensor._version = tensor._view_of = tensor._postponed = None
    tensor._requires_grad, tensor.output_nr = False, 0
    return tensor
