"""What an op says by the signatures of its forward and backward: which values to keep, and which options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tinycnn.autograd.op import Op


class Kept(NamedTuple):
    """A value that backward names."""

    what: str  # "input" or "result"
    position: int
    name: str
    served: int | None  # the one input whose gradient needs it; None if several may


def declared(op: type[Op]) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
    """The values and the options that the op's backward asks for; of a composed op, all inputs.

    Raises
    ------
    TypeError
        If backward names what is neither an input of forward nor a result.
    """
    inputs, _ = _parameters(op.__dict__["forward"])
    if op.composed is not None:
        needed, options = inputs, _parameters(op.composed)[1]
    elif "backward" in op.__dict__:
        names, options = _parameters(op.__dict__["backward"])
        needed = names[len(op.results) - len(op.constants) :]
    else:
        return (), ()
    alone = {name: inputs.index(served) for name, served in op.serves}
    kept = []
    for name in needed:
        if name not in inputs + op.results:
            raise TypeError(
                f"{op.__name__}.backward: {name!r} is no input of forward ({', '.join(inputs)}) and no result"
                f" ({', '.join(op.results)}); after the cotangents, backward names what it needs of these"
            )
        what, place = ("input", inputs.index(name)) if name in inputs else ("result", op.results.index(name))
        kept.append(Kept(what, place, name, alone.get(name)))
    return tuple(kept), options


def _parameters(function: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The positional and the keyword-only parameters of a function, ctx left out."""
    code = getattr(function, "__func__", function).__code__
    first = 1 if code.co_varnames[:1] == ("ctx",) else 0
    positional = code.co_varnames[first : code.co_argcount]
    return positional, code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
