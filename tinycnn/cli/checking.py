r"""What `tinycnn gradcheck` is asked to look at: a layer, a model, or something in a file, with inputs that fit."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinycnn import models, nn, random
from tinycnn.autograd import Function, no_grad
from tinycnn.cli.architectures import usual_input
from tinycnn.cli.drawing import usual_inputs
from tinycnn.cli.expressions import LAYERS, Call, call_of, did_you_mean, layer
from tinycnn.cli.own_code import loaded, speaking
from tinycnn.creation import zeros
from tinycnn.errors import ConfigError, ShapeError
from tinycnn.gradcheck import CASES, Report, check, check_model
from tinycnn.tables.keeping import as_it_was

Shapes = Sequence[Sequence[int]] | None
OPS = tuple(dict.fromkeys(case.op for case in CASES))
_SMALL = 64  # pixels along a side of what a network for photographs is checked with,
_SMALLEST = 16  # and of a smaller one that takes images of any size: fewer pixels have fewer kinks to step around
_LARGE = 20_000  # parameters of a Module from which on it is looked at as a whole network is


def report_on(text: str, shapes: Shapes, order: int, seed: int) -> Report:
    r"""Check what the text names.

    Raises
    ------
    ConfigError    there is nothing of this name, or it takes other inputs
    FormatError    the code in the file raises something
    """
    path, colon, what = text.rpartition(":")
    if what and path.endswith(".py"):
        return _of_file(path, what, shapes, order, seed)
    if text.removesuffix(":").endswith(".py"):
        path = text.removesuffix(":")
        raise ConfigError(f"say what is to be checked in {path}, as in {path}:function")
    if colon and "(" not in path:
        raise ConfigError(f"what is checked in a file stands as FILE.py:function, but {path} does not end in .py")
    call = call_of(text)
    try:
        if call.name in LAYERS:
            module = layer(call)
            return _of_module(module, text, _inputs(shapes, seed) or usual_inputs(module, _rng(seed)), order, seed)
        if call.name.lower() in models.list_models():
            return _of_model(call, shapes, order, seed)
    except ShapeError as error:  # what it takes is ours to know, so the shape that was asked for is to blame
        raise ConfigError(str(error)) from error
    near = did_you_mean(call.name, [*OPS, *LAYERS, *models.list_models()])
    raise ConfigError(
        f"there is no op, layer or model {call.name}"
        + (near or "; tinycnn gradcheck --help tells how to name a function in a file of your own")
    )


def _of_model(call: Call, shapes: Shapes, order: int, seed: int) -> Report:
    if order != 1:
        raise ConfigError("a whole model is checked in its first derivatives; --order 2 is for functions and layers")
    random.manual_seed(seed)
    model = models.get_model(call.name, **call.named)
    inputs = _inputs(shapes, seed)
    if inputs is None:
        _, channels, side, _ = usual_input(call.name)
        side = side if call.name.lower() == "alexnet_2012" else min(side, _SMALL)
        if _SMALLEST < side < _SMALL and _takes(model, (2, channels, _SMALLEST, _SMALLEST)):
            side = _SMALLEST
        inputs = [_rng(seed).standard_normal((2 if side >= _SMALLEST else 4, channels, side, side))]
    return replace(check_model(repeatable(model, seed), inputs, seed=seed), name=call.name)


def _takes(model: nn.Module, shape: tuple[int, ...]) -> bool:
    with as_it_was(model), no_grad():
        try:
            model(zeros(shape))
        except ShapeError:
            return False
    return True


def _of_module(module: nn.Module, name: str, inputs: list[Any], order: int, seed: int) -> Report:
    module = repeatable(module, seed)
    if order == 1 and sum(p.numel() for p in module.parameters()) > _LARGE:
        return replace(check_model(module, inputs, seed=seed), name=name)
    return check(module, inputs, order=order, name=name, seed=seed)


def _of_file(path: str, what: str, shapes: Shapes, order: int, seed: int) -> Report:
    random.manual_seed(seed)
    file = loaded(path)
    names, bracket, arguments = what.partition("(")
    forward, *others = (name.strip() for name in names.split(","))
    if len(others) > 1 or not forward.isidentifier():
        raise ConfigError(f"{what!r} names neither a function nor a pair forward,backward")
    call = call_of(f"{forward}{bracket}{arguments}")
    fn = file.made(call)
    inputs = _inputs(shapes, seed) or file.inputs(forward, _rng(seed)) or _guessed(fn, path, forward, seed)
    with speaking(path, " or ".join((forward, *others))):
        if isinstance(fn, nn.Module):
            return _of_module(fn, what, inputs, order, seed)
        _refuse_arguments(fn, forward, len(inputs), call)
        backward = file.named(others[0]) if others else None
        if backward is not None:
            _refuse_arguments(backward, others[0], len(inputs), call, "g")
        usual = (forward, *others) == ("forward", "backward")  # names that tell nothing
        name = os.path.basename(path) if usual else forward
        return check(fn, inputs, backward=backward, order=order, options=call.named, name=name, seed=seed)


def _guessed(fn: Any, path: str, name: str, seed: int) -> list[Any]:
    """Inputs for what says itself what it takes: a module by its layers, a function of one argument by any array."""
    if isinstance(fn, nn.Module):
        return usual_inputs(fn, _rng(seed))
    taken = [p.name for p in _signature(fn).parameters.values()
             if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(taken) == 1:
        return [_rng(seed).standard_normal((3, 4))]
    raise ConfigError(
        f"{name} takes {len(taken)} inputs, {', '.join(taken)}: give a shape for each, --input 2 3 --input 4 3, or"
        f" define {name}_inputs(rng) in {path}"
    )


def _signature(fn: Any) -> inspect.Signature:
    """That of a function; of an autograd.Function that of its forward, without ctx."""
    if not (isinstance(fn, type) and issubclass(fn, Function)):
        return inspect.signature(fn)
    signature = inspect.signature(fn.forward)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _refuse_arguments(fn: Any, name: str, count: int, call: Call, *first: str) -> None:
    """ConfigError if the function does not take so many inputs, after what comes first, or not these options."""
    try:
        _signature(fn).bind(*first, *range(count), **call.named)
    except TypeError as error:
        raise ConfigError(f"{name}{_signature(fn)} cannot be called with {'the gradient g and ' * bool(first)}{count}"
                          f" input{'s' * (count != 1)}{' and these options' * bool(call.named)}: {error}") from None
    except ValueError:  # some functions of NumPy have no signature
        pass


def _inputs(shapes: Shapes, seed: int) -> list[Any] | None:
    rng = _rng(seed)
    return None if shapes is None else [rng.standard_normal(shape) for shape in map(tuple, shapes)]


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def repeatable(module: nn.Module, seed: int) -> nn.Module:
    """Made to draw the same random numbers in every call, as dropout needs to be a function at all."""

    def begin_anew(*_: Any) -> None:
        random.manual_seed(seed)

    module.register_forward_pre_hook(begin_anew)
    return module
