"""The backward of an op that is given as a composition of others: differentiate the composition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd import engine, grad_mode
from tinycnn.autograd.op import Op
from tinycnn.backend import Array

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Alias(Op):
    """y = x,   x̄ = ȳ"""

    def forward(ctx, x: Array) -> Array: return x
    def backward(ctx, g: Tensor) -> Tensor: return g


def differentiate(ctx: Op, cotangents: tuple[Any, ...], inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The gradients of ``ctx.composed`` in those of the inputs that want one."""
    create_graph = grad_mode.is_grad_enabled()
    with grad_mode.enable_grad():
        # Aliases stand between the composition and the inputs' own history, which must not be walked here.
        aliases = tuple(Alias.apply(x) if n else x for x, n in zip(inputs, ctx.needs_input_grad, strict=True))
        assert ctx.composed is not None
        made = ctx.composed(*aliases, **options)
    results = [y for y in made if y is not None] if isinstance(made, tuple) else [made]
    pairs = zip(results, cotangents, strict=False)  # constants come last
    # An output need not depend on any of the inputs that are asked for.
    outputs, seeds = zip(*((y, g) for y, g in pairs if y._requires_grad), strict=True)
    asked = [alias for alias, needed in zip(aliases, ctx.needs_input_grad, strict=True) if needed]
    found = iter(engine.grad(outputs, asked, seeds, create_graph=create_graph, allow_unused=True))
    return tuple(next(found) if needed else None for needed in ctx.needs_input_grad)
