"""The Module: a function with parameters, made of smaller ones, that can be walked, moved, trained and saved."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.errors import described
from tinycnn.nn import state
from tinycnn.nn.calling import Called
from tinycnn.nn.parts import Parameter

M = TypeVar("M", bound="Module")


class Module(Called):
    """The base of all layers and models: a subclass sets its parts in ``__init__`` and computes in ``forward``.

    Examples
    --------
    >>> from tinycnn import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(3, 2)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> [(name, tuple(p.shape)) for name, p in Net().named_parameters()]
    [('fc.weight', (2, 3)), ('fc.bias', (2,))]
    """

    training = True

    # Walking ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all its parts, with the paths to them."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def _named(self, store: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]:
            for name, tensor in getattr(module, store).items():
                if tensor is not None and not (once and id(tensor) in seen):
                    seen.add(id(tensor))
                    yield f"{path}.{name}" if path else name, tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Each parameter with its path; one that is shared comes once."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Each buffer with its path."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All that is learnt, for an optimizer."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All state that is not learnt."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct parts, by name; one that is shared comes once."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The direct parts."""
        return (module for _, module in self.named_children())

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all its parts, each once."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def get_submodule(self, target: str) -> Module:
        """The part at a dotted path; "" is the module itself."""
        module = self
        for name in target.split(".") if target else ():
            found = module._modules.get(name)
            if found is None:
                raise AttributeError(f"{type(module).__name__} has no part '{name}' (asked for '{target}')")
            module = found
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path."""
        found: Parameter = self._at("_parameters", target, "parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path."""
        found: Tensor = self._at("_buffers", target, "buffer")
        return found

    def _at(self, store: str, target: str, kind: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        found = getattr(module, store).get(name)
        if found is None:
            raise AttributeError(f"{type(module).__name__} has no {kind} '{name}' (asked for '{target}')")
        return found

    def apply(self: M, fn: Callable[[Module], object]) -> M:
        """Call `fn` on every part, inner ones first, and on this module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # Changing all of it ──────────────────────────────────────────────────────────────────────────────────────────────

    def train(self: M, mode: bool = True) -> M:
        """Training mode: dropout drops, batch norm uses and updates batch statistics."""
        if not isinstance(mode, bool):
            raise ValueError(f"train: training mode is expected to be boolean, but got {described(mode)}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: M) -> M:
        """Evaluation mode, in which the output depends on the input alone."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Freeze (False) or unfreeze all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad = parameter.grad.detach().zero_()

    def _apply(self: M, fn: Callable[[Tensor], Tensor]) -> M:
        """Put what `fn` makes of each parameter, gradient and buffer in its place; Parameters stay the same objects."""
        with no_grad():
            for module in self.modules():
                for parameter in module._parameters.values():
                    if parameter is not None:
                        made = fn(parameter)
                        if made is not parameter:  # else not even its version changes
                            parameter.data = made
                        parameter.grad = None if parameter.grad is None else fn(parameter.grad)
                for name, buffer in module._buffers.items():
                    if buffer is not None:
                        module._buffers[name] = fn(buffer)
        return self

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Move to a device and/or convert what is floating to a dtype, in place: ``to("cuda")``, ``to(float64)``."""

        def moved(tensor: Tensor) -> Tensor:
            made = tensor.to(*args, **kwargs)
            if tensor.is_floating_point() and not made.is_floating_point():
                raise TypeError(f"nn.Module.to only accepts floating point dtypes, but got {made.dtype}")
            return made if tensor.is_floating_point() else tensor.to(made.device)

        return self._apply(moved)

    def cpu(self: M) -> M:
        """Move to the CPU."""
        return self.to("cpu")

    def cuda(self: M, device: Any = None) -> M:
        """Move to the GPU."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def type(self: M, dst_type: Any) -> M:
        """Convert everything, also what is not floating."""
        return self._apply(lambda tensor: tensor.to(dst_type))

    def float(self: M) -> M:
        """Convert to float32."""
        return self.to("float32")

    def double(self: M) -> M:
        """Convert to float64."""
        return self.to("float64")

    def half(self: M) -> M:
        """Convert to float16."""
        return self.to("float16")

    # State ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def state_dict(
        self, destination: OrderedDict[str, Tensor] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Tensor]:
        """All parameters and persistent buffers by path. They share memory with the module's own."""
        return state.collect(self, destination, prefix, keep_vars)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Copy values in by path; nothing is changed unless all of it fits.

        Raises
        ------
        StateError
            If keys are missing or unexpected (with `strict`), or shapes differ; it lists all of them.
        """
        return state.load(self, state_dict, strict, assign)

    # Printing ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def extra_repr(self) -> str:
        """What stands in the parentheses of ``repr``."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        parts = [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]
        if not parts:
            return f"{self._get_name()}({extra if chr(10) not in extra else _block(extra.split(chr(10)))})"
        return f"{self._get_name()}({_block([*extra.splitlines(), *parts])})"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _block(lines: list[str]) -> str:
    return "\n  " + "\n  ".join(lines) + "\n"
