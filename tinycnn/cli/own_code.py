r"""What stands in a user's own file: loaded, looked up by name, and its errors told with the line they arose in."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tinycnn import nn
from tinycnn.autograd import Function
from tinycnn.cli.expressions import Call, constructed, did_you_mean
from tinycnn.errors import ConfigError, FormatError
from tinycnn.exercises.mistake import Mistake, told


class OwnFile(NamedTuple):
    r"""A Python file that was run."""

    path: str
    module: types.ModuleType

    def named(self, name: str) -> Any:
        r"""What the file calls so.

        Raises
        ------
        ConfigError    nothing, or nothing that can be called
        """
        if not hasattr(self.module, name):
            here = self.module.__name__
            own = [each for each, value in vars(self.module).items() if getattr(value, "__module__", None) == here]
            known = f"; it defines {', '.join(own) or 'nothing'}"
            raise ConfigError(f"{self.path} defines no {name}{did_you_mean(name, own) or known}")
        value = getattr(self.module, name)
        if not callable(value):
            raise ConfigError(f"{name} in {self.path} is no function, class or module, but {type(value).__name__}")
        return value

    def made(self, call: Call) -> Any:
        r"""What is called so; of a class of modules one of its instances, with the arguments of the call."""
        value = self.named(call.name)
        if inspect.isclass(value) and not issubclass(value, Function):
            with speaking(self.path, call.name):
                value = constructed(value, call)
            if not isinstance(value, nn.Module):
                raise ConfigError(f"{call.name} in {self.path} is a class, but no Module and no autograd.Function")
        elif call.positional:
            raise ConfigError(f"{call.name}: inputs are drawn; between the parentheses stand options by name, such as"
                              " stride=2")
        return value

    def inputs(self, name: str, rng: np.random.Generator) -> list[Any] | None:
        r"""What the file's ``NAME_inputs(rng)``, or its ``inputs(rng)``, gives; None if it has neither."""
        for drawer in (f"{name}_inputs", "inputs"):
            draw = getattr(self.module, drawer, None)
            if callable(draw):
                with speaking(self.path, drawer):
                    drawn = draw(rng)
                return list(drawn) if isinstance(drawn, tuple | list) else [drawn]
        return None


def loaded(path: str) -> OwnFile:
    r"""Run a file as an import of it would, with the files beside it at hand.

    Raises
    ------
    ConfigError    there is none
    FormatError    it cannot be run; the message says in which line
    """
    if not os.path.isfile(path):
        raise ConfigError(f"there is no file {path}")
    with open(path, encoding="utf-8") as file:
        source = file.read()
    module = types.ModuleType(os.path.splitext(os.path.basename(path))[0])
    module.__file__ = path
    sys.modules.setdefault(module.__name__, module)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    with speaking(path, "the file"):
        exec(compile(source, path, "exec"), module.__dict__)
    return OwnFile(path, module)


@contextlib.contextmanager
def speaking(path: str, what: str) -> Iterator[None]:
    r"""Within the block, whatever the file's code raises is a `FormatError` that names file and line."""
    try:
        with told(what, path):
            yield
    except Mistake as mistake:
        if isinstance(mistake.__cause__, ConfigError):  # of ours, about what was asked for
            raise mistake.__cause__ from None
        raise FormatError(f"{path}: {mistake}") from mistake.__cause__
