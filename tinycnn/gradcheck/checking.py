r"""`check`: whether the backward of a function is right, and if not, what is wrong with it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinycnn import random
from tinycnn.autograd.function import Function as UserFunction
from tinycnn.autograd.op import Op
from tinycnn.errors import ArgumentError, ConfigError
from tinycnn.gradcheck.examination import LIMIT, Findings, Plan, examine
from tinycnn.gradcheck.guards import single
from tinycnn.gradcheck.pair import Pair
from tinycnn.gradcheck.report import Failure, Report
from tinycnn.gradcheck.second_order import ASYMMETRIC, Gradient, is_symmetric
from tinycnn.gradcheck.subject import Subject
from tinycnn.gradcheck.tensors import Function, Layer
from tinycnn.gradcheck.vocabulary import HINTS
from tinycnn.nn.module import Module


def check(
    fn: Callable[..., Any],
    inputs: Any,
    *,
    backward: Callable[..., Any] | None = None,
    order: int = 1,
    names: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
    name: str | None = None,
    seed: int = 0,
    step: float | None = None,
    limit: int = LIMIT,
) -> Report:
    r"""Whether the backward of a function agrees with finite differences; if not, where it is wrong, and why.

    For a random cotangent v, backward gives vᵀ·J, the gradient of ⟨v, f(x)⟩. The Jacobian J is measured: each entry of
    each input is moved a little, by h = 1e-5, and the outputs are looked at again. Both must agree in every entry, up
    to what the difference itself may be off, which is estimated. Everything happens on copies in float64; what you pass
    is left as it is. Where two pieces of a function meet, as in a ReLU at 0, there is no derivative: that is told as a
    "kink" and never blamed on backward.

    Parameters
    ----------
    fn : a function of Tensors; a Module, whose parameters are checked too and follow the inputs; an
        `autograd.Function` or an `Op`; or, with `backward`, a plain function of NumPy arrays
    inputs : what to call it with, one or several: Tensors, arrays, and whatever else it takes. Those that require grad
        are checked, or all that are floating if none does; where there is no array, Python's floats are
    backward : ``backward(g, *inputs, **options)``, of NumPy arrays, giving the gradient of each floating input, in
        order, where ``fn(*inputs, **options)`` gives the output, without a cache, and g is the gradient that comes from
        above
    order : 2 checks second derivatives as well, as the gradient of (inputs, cotangent) ↦ gradient
    names : what to call the inputs; by default as the function's own parameters
    options : keywords that fn, and backward, are called with
    name : what to call the function
    seed : of the cotangents
    step : h, where you know better; it is then not made smaller near kinks
    limit : larger arguments are checked along random directions, and by entries only around the worst

    Returns
    -------
    A `Report`: true if all is right; else with `argument`, `index`, `cause` and `hint`. Printed, it explains itself.

    Raises
    ------
    ConfigError
        If there is no floating input, or order=2 is asked of NumPy functions.
    ShapeError
        If elements of an input share memory, as `expand` makes them.
    Whatever fn or backward raise, with a note that says which of them.

    Examples
    --------
    A layer whose backward averages over the batch where it ought to sum, in NumPy:

    >>> import numpy as np
    >>> def linear(x, weight, bias):
    ...     return x @ weight.T + bias
    >>> def linear_backward(g, x, weight, bias):
    ...     return g @ weight, g.T @ x, g.mean(0)
    >>> rng = np.random.default_rng(0)
    >>> report = check(linear, [rng.normal(size=s) for s in [(4, 3), (2, 3), (2,)]], backward=linear_backward)
    >>> report.passed, report.argument, report.argument_name, report.cause_code
    (False, 2, 'bias', 'scale')

    Tensors need no backward, they have one:

    >>> import tinycnn
    >>> from tinycnn import nn
    >>> check(nn.LayerNorm(4), tinycnn.randn(3, 4), order=2).passed
    True
    >>> print(check(tinycnn.relu, tinycnn.tensor([1.0, 0.0])).verdict)
    kink
    """
    if order not in (1, 2):
        raise ConfigError(f"check: order must be 1 or 2, for first or second derivatives, not {order!r}")
    if order == 2 and backward is not None:
        raise ConfigError(
            "check: order=2 needs a backward that can itself be differentiated: made of Tensors, not of NumPy arrays;"
            " write both as an autograd.Function, or check the first order alone"
        )
    state = random.get_rng_state()
    try:
        subject = _subject(fn, inputs, backward, names, dict(options or {}), name)
        plan = Plan(seed, step, limit)
        found = [examine(subject, plan)]
        found[0].notes.extend(subject.notes)
        broken = not found[0].repeated or any(f.cause_code == "wrong-shape" for f in found[0].failures)
        if order == 2 and isinstance(subject, Function) and not broken:
            found.append(_second(Gradient(subject), plan))
    finally:
        random.set_rng_state(state)
    return report_of(subject.name, found)


def _second(subject: Gradient, plan: Plan) -> Findings:
    """Second derivatives, and whether they are symmetric."""
    found = examine(subject, plan)
    rng = np.random.default_rng([plan.seed, 3])
    if found.failures or found.kinks or single(subject) or is_symmetric(subject, rng):
        return found
    argument = next(iter(subject.point))
    nan = math.nan
    failure = Failure(argument, subject.names[argument], (), nan, nan, nan, 0.0, *ASYMMETRIC, order=2)
    return found._replace(failures=[failure])


def report_of(name: str, found: Sequence[Findings]) -> Report:
    failures = sorted((f for part in found for f in part.failures), key=lambda f: -f.relative_error)
    kinks = [kink for part in found for kink in part.kinks]
    examined = tuple(looked for part in found for looked in part.examined)
    notes = [note for part in found for note in part.notes]
    first = [looked for looked in examined if looked.order == 1]
    if not all(part.repeated for part in found):
        verdict = "nondeterministic"
        notes.append(HINTS[verdict])
    elif failures:
        verdict = "fail"
        notes += [kink.cause for kink in kinks[:3]]
    elif kinks:
        verdict, failures = "kink", kinks
    elif first and all(looked.zero for looked in first):
        verdict = "vacuous"
    else:
        verdict = "pass"
    if verdict != "vacuous":
        notes += [
            f"Every derivative in {looked.name} is 0 here, so that nothing was tested of its gradient."
            for looked in first if looked.zero
        ]  # fmt: skip
    curve = next((part.curve for part in found if part.failures and part.curve), found[0].curve)
    evaluations = sum(part.evaluations for part in found)
    return Report(name, verdict, tuple(failures), examined, tuple(notes), evaluations, curve)


def _subject(
    fn: Any, inputs: Any, backward: Any, names: Sequence[str] | None, options: Mapping[str, Any], name: str | None
) -> Subject:
    """What is checked, whatever it was given as."""
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, Module) and getattr(fn, "__name__", "") in ("forward", "__call__"):
        fn = owner
    if getattr(fn, "__name__", "") == "apply" and _is_applied(owner):
        fn = owner
    if isinstance(fn, type) and issubclass(fn, Module):
        raise ArgumentError(f"check: takes a Module, not the class: {fn.__name__}(…) makes one")
    if not callable(fn):
        raise ArgumentError(f"check: takes a function, a Module or an autograd.Function, not {type(fn).__name__}")
    called = name or _name_of(fn)
    if name is None and (called, getattr(backward, "__name__", "")) == ("forward", "backward"):
        called = "forward and backward"
    several = isinstance(inputs, tuple) or (isinstance(inputs, list) and not _is_vector(inputs, fn))
    given = _numbers_as_arrays(tuple(inputs) if several else (inputs,))
    known = list(names) if names is not None else _names(fn, len(given))
    if len(known) < len(given):
        raise ConfigError(f"check: {len(known)} names for {len(given)} inputs: give one for each")
    if backward is not None:
        if not callable(backward):
            raise ArgumentError(f"check: backward must be a function, not {type(backward).__name__}")
        return Pair(called, fn, backward, given, known, options)
    if isinstance(fn, Module):
        return Layer(called, fn, given, known, options)
    function = fn.apply if _is_applied(fn) else fn
    return Function(called, function, given, known, options)


def _is_applied(fn: Any) -> bool:
    """Whether this is a class whose `apply` is the function: an autograd.Function or an Op."""
    return isinstance(fn, type) and issubclass(fn, UserFunction | Op)


def _numbers_as_arrays(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Python's numbers, and lists of them, as arrays, where there is no array: beside arrays they are options."""
    if any(hasattr(x, "dtype") for x in given):
        return given
    arrays = [np.asarray(x) if isinstance(x, float | list) else None for x in given]
    return tuple(x if a is None or a.dtype != np.float64 else a for a, x in zip(arrays, given, strict=True))


def _is_vector(inputs: list[Any], fn: Any) -> bool:
    """Whether a list is one input, numbers for a function that takes no more than one."""
    taken = _parameters(fn)
    alone = len(taken) == 1 and taken[0].kind is not inspect.Parameter.VAR_POSITIONAL
    return alone and len(inputs) > 1 and all(isinstance(x, int | float) for x in inputs)


def _name_of(fn: Any) -> str:
    if isinstance(fn, Module):
        return type(fn).__name__
    inner = getattr(fn, "func", fn)  # of a functools.partial
    return str(getattr(inner, "__name__", type(fn).__name__))


def _names(fn: Any, count: int) -> list[str]:
    """The names of the parameters of `fn`, as far as there are any."""
    named = [p.name for p in _parameters(fn) if p.kind is not p.VAR_POSITIONAL]
    return [*named[:count], *[f"input {i}" for i in range(len(named), count)]]


def _parameters(fn: Any) -> list[inspect.Parameter]:
    """What `fn` takes by position; of an autograd.Function or an Op what its forward does, without ctx."""
    taker = fn.forward if isinstance(fn, Module) or _is_applied(fn) else fn
    try:
        parameters = list(inspect.signature(taker).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    positional = [p for p in parameters if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
    if isinstance(fn, type) and positional and positional[0].name == "ctx":
        positional = positional[1:]
    return positional
