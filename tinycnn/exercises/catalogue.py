r"""The exercises by name, and their solutions."""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import re
from types import ModuleType

from tinycnn.errors import ConfigError, explain
from tinycnn.exercises.exercise import Exercise

NAMES = (  # in the order of the lecture
    "sigmoid", "relu", "softmax", "log_softmax_nll", "linear", "conv2d", "max_pool2d", "batch_norm", "layer_norm",
    "squeeze_excite", "residual_block", "sgd",
)  # fmt: skip
_OTHERWISE = {  # what others call them
    "crossentropy": "log_softmax_nll", "crossentropyloss": "log_softmax_nll", "nllloss": "log_softmax_nll",
    "dense": "linear", "fullyconnected": "linear", "resnet": "residual_block", "bn": "batch_norm", "ln": "layer_norm",
}  # fmt: skip


def find(name: str) -> Exercise:
    """The exercise of this name.

    Raises
    ------
    ConfigError
        If there is none; it says which are near.
    """
    if callable(name):
        raise ConfigError('exercises: the name of the exercise comes first: "conv2d", forward, backward')
    if not isinstance(name, str) or name not in NAMES:
        near = _near(str(name))
        raise ConfigError(explain(
            f"exercises: there is none called {name!r}", {"names": ", ".join(NAMES)},
            f"did you mean {' or '.join(near)}?" if near else None,
        ))
    found = importlib.import_module(f"tinycnn.exercises.tasks.{name}").EXERCISE
    assert isinstance(found, Exercise)
    return found


def _near(word: str) -> list[str]:
    """What may have been meant: another name for it, one with this in it, or one that is spelt nearly so."""
    plain = re.sub(r"[\W_]", "", word.lower())
    bare = {name.replace("_", ""): name for name in NAMES}
    if plain in _OTHERWISE:
        return [_OTHERWISE[plain]]
    within = [name for text, name in bare.items() if len(plain) > 1 and (plain in text or text in plain)]
    return within[:3] or [bare[text] for text in difflib.get_close_matches(plain, bare, 3, 0.65)]


def solution(name: str) -> ModuleType:
    """The module with the worked solution."""
    return importlib.import_module(f"tinycnn.exercises.solutions.{find(name).name}")


@functools.cache
def argument_names(name: str) -> tuple[str, ...]:
    """Those of the arrays that forward takes."""
    parameters = signature(name, find(name).functions[0]).parameters.values()
    return tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty)


@functools.cache
def signature(name: str, function: str) -> inspect.Signature:
    """What one of its functions takes."""
    return inspect.signature(getattr(solution(name), function))


def solution_source(name: str) -> str:
    """The solution as text, from its first import or function on: what stands above is not for students."""
    lines = inspect.getsource(solution(name)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(("import ", "from ", "def "))
                 and "__future__" not in line)
    return "\n".join(lines[start:]) + "\n"
