"""How a module is called: the hooks around its forward, and the path to it that an error inside it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tinycnn.autograd import observing
from tinycnn.autograd.node import RemovableHandle
from tinycnn.errors import ArgumentError, TinycnnError
from tinycnn.nn.backward_hooks import Passage
from tinycnn.nn.parts import Parts


class Hook(NamedTuple):
    """A function to call around `forward`, and how."""

    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


class Called(Parts):
    """`Parts` that compute: calling them runs their ``forward`` between the hooks registered on them."""

    _instead = ""  # what to do with a module that is not to be called
    named_modules: Callable[..., Iterator[tuple[str, Any]]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            kind = type(self).__name__
            raise ArgumentError(f"{kind}: takes no options; a layer is made first and called then: {kind}()(x)")
        super().__init__()
        self._forward_pre_hooks: dict[int, Hook] = {}
        self._forward_hooks: dict[int, Hook] = {}
        self._backward_pre_hooks: dict[int, Callable[..., Any]] = {}
        self._backward_hooks: dict[int, Callable[..., Any]] = {}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines it."""
        kind = type(self).__name__
        raise NotImplementedError(f'Module [{kind}] is missing the required "forward" function{self._instead}')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if observing.observer is not None:
                with observing.inside(self):
                    return self._call_between_hooks(args, kwargs)
            if self._forward_pre_hooks or self._forward_hooks or self._backward_pre_hooks or self._backward_hooks:
                return self._call_between_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        except TinycnnError as error:
            self._sign(error)
            raise

    def _call_between_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for pre in list(self._forward_pre_hooks.values()):
            changed = pre.function(self, args, kwargs) if pre.with_kwargs else pre.function(self, args)
            if changed is None:
                continue
            if not pre.with_kwargs:
                args = changed if isinstance(changed, tuple) else (changed,)
            elif isinstance(changed, tuple) and len(changed) == 2:
                args, kwargs = changed
            else:
                raise RuntimeError(
                    f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed!r}"
                )
        passage = Passage(self) if self._backward_hooks or self._backward_pre_hooks else None
        if passage is not None:
            args = passage.enter(args)
        result, due = None, dict(self._forward_hooks)
        try:
            result = self.forward(*args, **kwargs)
            while due:
                hook = due.pop(next(iter(due)))
                changed = self._after(hook, args, kwargs, result)
                result = result if changed is None else changed
        except Exception:
            for hook in due.values():
                if hook.always_call:
                    self._after(hook, args, kwargs, result)
            raise
        return result if passage is None else passage.leave(result)

    def _after(self, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
        return hook.function(self, args, kwargs, result) if hook.with_kwargs else hook.function(self, args, result)

    def _sign(self, error: TinycnnError) -> None:
        """Put this module into the path that an error inside it shows; called from the inside out."""
        if error.signed_by is None:
            error.module_kind = type(self).__name__
        else:
            name = next((name for name, module in self.named_modules() if module is error.signed_by), "")
            error.module_path = ".".join(part for part in (name, error.module_path) if part)
        error.signed_by = self

    # Registering hooks ───────────────────────────────────────────────────────────────────────────────────────────────

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before forward; what it returns replaces args.

        With `with_kwargs` it is ``hook(module, args, kwargs)``, and may return both, as a tuple. A hook that is to
        `prepend` comes before those that are there.
        """
        return _registered(self._forward_pre_hooks, Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after forward; what it returns replaces the output.

        With `with_kwargs` it is ``hook(module, args, kwargs, output)``; with `always_call` it is called also if forward
        or another hook raised, output then being None if there is none.
        """
        return _registered(self._forward_hooks, Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before gradients pass the module; what it returns replaces them."""
        return _registered(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` after gradients passed; what it returns replaces grad_input.

        Both are tuples: of a gradient for each positional input and for each output, None where there is none.
        """
        return _registered(self._backward_hooks, hook, prepend)


def _registered(hooks: dict[int, Any], hook: Any, prepend: bool) -> RemovableHandle:
    handle = RemovableHandle(hooks, hook)
    if prepend:
        others = {number: other for number, other in hooks.items() if number != handle.id}
        for number in others:
            del hooks[number]
        hooks.update(others)
    return handle
