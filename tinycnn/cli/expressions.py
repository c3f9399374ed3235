r"""What is written on the command line as a call, such as ``Conv2d(3, 4, 3, stride=2)``: read, never evaluated."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from tinycnn import nn
from tinycnn.errors import ConfigError

# For what a layer must be told and was not; a class's own go before those for all:
_USUAL: Mapping[str, Any] = {
    "in_channels": 2, "out_channels": 3, "kernel_size": 2, "num_features": 3, "num_groups": 2, "num_channels": 4,
    "input_channels": 4, "squeeze_channels": 2, "in_features": 3, "out_features": 4, "normalized_shape": 5, "dim": 5,
    "padding": 1, "value": 0.5, "output_size": (3, 2), "dims": (0, 2, 3, 1), "p": 0.5, "mode": "row", "size": 3,
}  # fmt: skip
_OWN: Mapping[str, Mapping[str, Any]] = {
    "Softmax": {"dim": 1}, "LogSoftmax": {"dim": 1}, "Unflatten": {"dim": 1, "unflattened_size": (1, 3)},
    "Fold": {"output_size": (4, 5)}, "LayerNorm2d": {"normalized_shape": 3},
}  # fmt: skip
_HOLDERS = (nn.Module, nn.ModuleList, nn.ModuleDict, nn.ParameterList)  # which compute nothing themselves
LAYERS: Mapping[str, type[nn.Module]] = {
    name: kind for name, kind in ((name, getattr(nn, name)) for name in nn.__all__)
    if isinstance(kind, type) and issubclass(kind, nn.Module) and kind not in _HOLDERS
}  # fmt: skip


class Call(NamedTuple):
    """A name and its arguments; `given` is False where there were no parentheses at all."""

    name: str
    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = {}  # never written to
    given: bool = False


def call_of(text: str) -> Call:
    r"""Read a name, or a call of it whose arguments are literals or other layers.

    Raises
    ------
    ConfigError    it is neither

    Examples
    --------
    >>> call_of("Conv2d(3, 4, 3, stride=(2, 1))")
    Call(name='Conv2d', positional=(3, 4, 3), named={'stride': (2, 1)}, given=True)
    >>> call_of("tanh")
    Call(name='tanh', positional=(), named={}, given=False)
    """
    name, bracket, rest = text.strip().partition("(")
    if not bracket:
        return Call(name)
    try:
        node = ast.parse(f"_({rest}", mode="eval").body
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):  # not _(1)(2), nor _(1) + 2
            return _call(name.strip(), node)
    except ConfigError:
        raise
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
        pass
    raise ConfigError(f"{text} is no call with numbers, tuples and text in it, as Conv2d(3, 4, 3, stride=2) is")


def layer(call: Call) -> nn.Module:
    r"""A layer of nn, with sensible arguments if none are given.

    Raises
    ------
    ConfigError    there is none of this name, or it does not take these arguments

    Examples
    --------
    >>> layer(call_of("Linear"))
    Linear(in_features=3, out_features=4, bias=True)
    >>> layer(call_of("Sequential(Linear(3, 2), ReLU())"))
    Sequential(
      (0): Linear(in_features=3, out_features=2, bias=True)
      (1): ReLU()
    )
    """
    if call.name not in LAYERS:
        raise ConfigError(f"nn has no layer {call.name}{did_you_mean(call.name, LAYERS)}")
    kind = LAYERS[call.name]
    if kind is nn.Sequential and not call.positional:
        raise ConfigError("Sequential is what its layers are, as in Sequential(Linear(3, 4), ReLU(), Linear(4, 2))")
    if not call.given:
        own = _OWN.get(call.name, {})
        wanting = [p.name for p in inspect.signature(kind).parameters.values() if p.default is p.empty]
        call = call._replace(named={**{name: _USUAL[name] for name in wanting if name in _USUAL}, **own})
    module: nn.Module = constructed(kind, call)
    return module


def constructed(kind: Callable[..., Any], call: Call) -> Any:
    r"""What the class or function `kind` makes of the arguments.

    Raises
    ------
    ConfigError    it does not take them
    """
    signature = inspect.signature(kind)
    try:
        signature.bind(*call.positional, **call.named)
    except TypeError as error:
        takes = ", ".join(str(p).partition(":")[0] for p in signature.parameters.values())
        raise ConfigError(f"{call.name}: {error}; it takes ({takes})") from None
    return kind(*call.positional, **call.named)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    r"""A question that names those spelt alike, if there are any; capital letters are of no account.

    Examples
    --------
    >>> did_you_mean("conv2", ["Conv2d", "conv2d", "Linear"]), did_you_mean("xyz", ["Linear"])
    ('; did you mean Conv2d or conv2d?', '')
    """
    spelt: dict[str, list[str]] = {}
    for each in names:
        spelt.setdefault(each.lower(), []).append(each)
    near = [each for letters in difflib.get_close_matches(name.lower(), spelt, 3, 0.7) for each in spelt[letters]]
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _call(name: str, node: ast.Call) -> Call:
    named = {str(word.arg): _value(word.value) for word in node.keywords if word.arg is not None}
    if len(named) < len(node.keywords):
        raise ValueError  # **something
    return Call(name, tuple(_value(argument) for argument in node.args), named, True)


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return layer(_call(node.func.id, node))
    return ast.literal_eval(node)
