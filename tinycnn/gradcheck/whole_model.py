r"""`check_model`: whether the gradients of a whole network are right, in seconds, and which part of it is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from tinycnn import random
from tinycnn.autograd.node import is_tensor
from tinycnn.errors import ArgumentError, TinycnnError
from tinycnn.gradcheck.checking import report_of
from tinycnn.gradcheck.examination import LIMIT, Plan, examine
from tinycnn.gradcheck.network import Network, part, parts_of
from tinycnn.gradcheck.report import Failure, Report
from tinycnn.gradcheck.tensors import as_tensor
from tinycnn.nn.module import Module

FEW = 30  # entries of a wrong parameter that are measured in the whole network, where each costs most
MANY = 20  # parameters: more are first moved all at once
BETWEEN = (
    "Look for Function.apply and whatever else is not a module in that forward, and check it alone:"
    " check(MyFunction, input)."
)

Parts = Mapping[str, tuple[Module, tuple[Any, ...], dict[str, Any]]]


class Culprit(NamedTuple):
    """A part of a network that is wrong by itself: its path, its kind, and what is wrong."""

    path: str
    kind: str
    failures: tuple[Failure, ...]
    between: bool = False  # the modules in it are right, each by itself


def check_model(
    model: Module,
    inputs: Any,
    target: Any = None,
    loss: Callable[..., Any] | None = None,
    *,
    seed: int = 0,
    limit: int = LIMIT,
) -> Report:
    r"""Whether the gradients of a network's parameters agree with finite differences; if not, which part is wrong.

    Each parameter is moved along three random directions u with entries ±1, and the slope of the loss, extrapolated
    after Richardson, is compared with ⟨u, gradient⟩: one wrong entry among a million shows in every direction. If they
    are many, all are moved at once, and one by one only if that does not settle it. Steps are made so small that no
    ReLU or maximum changes its mind. Only where a parameter is wrong is the entry searched for, and the parts of the
    network are checked by themselves, each at the input it sees in the whole, to tell the layer whose backward is wrong
    from those that only receive its gradient.

    That takes some hundred evaluations, each as long as a forward pass in float64, however many entries there are. The
    nearer the kinks lie, the more parameters are looked at one by one: of ResNet-18 at two images of 64×64 half of them
    are, which takes about 80 s of one core, and nothing is shown meanwhile; one image of 32×32 passes through the same
    code in 20 s. Small images and few rows suffice.

    The model is copied in float64 and runs in the mode it is in; the original is left as it is. In training mode
    dropout makes every call another function: the verdict is then "nondeterministic", and ``model.eval()`` helps.

    Parameters
    ----------
    model : Module
    inputs : Tensor or a sequence, what to call it with; a few images are enough
    target : Tensor, class indices or values; without it the outputs are weighted with random numbers instead of a loss
    loss : ``loss(output, target)``; by default the cross-entropy for integer targets, the mean square for others
    seed : of directions and cotangents
    limit : a part that is wrong is measured by entries up to this size

    Returns
    -------
    A `Report`, in which ``argument`` is the position of the worst parameter in ``named_parameters()``.

    Raises
    ------
    ConfigError
        If no parameter requires grad.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> _ = tinycnn.manual_seed(0)
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    >>> images, labels = tinycnn.randn(4, 1, 4, 4), tinycnn.tensor([0, 2, 1, 0])
    >>> check_model(net, images, labels).passed
    True

    A backward that is wrong:

    >>> class Square(tinycnn.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * x
    >>> class Squared(nn.Module):
    ...     def forward(self, x): return Square.apply(x)
    >>> net[2] = Squared()
    >>> print(check_model(net, images, labels).cause)  # doctest: +NORMALIZE_WHITESPACE
    The gradient of ... is wrong because the module 2 (Squared) hands back a wrong gradient. The gradient of input is
    half the true one...
    """
    if not isinstance(model, Module):
        raise _no_module(model)
    if isinstance(target, Module) or inspect.isroutine(target) or isinstance(target, type):
        raise ArgumentError(
            "check_model: the third argument is the target and the fourth the loss, check_model(model, inputs, target,"
            f" loss), but {getattr(target, '__name__', type(target).__name__)} stands third"
        )
    if isinstance(loss, type) or (loss is not None and not callable(loss)):
        raise ArgumentError(
            "check_model: loss is called with the output and the target, as nn.CrossEntropyLoss() is or a function, but"
            f" it is {f'the class {loss.__name__}' if isinstance(loss, type) else f'a {type(loss).__name__}'}"
        )
    given = tuple(map(as_tensor, inputs if isinstance(inputs, tuple | list) else (inputs,)))
    goal = as_tensor(target)
    if goal is not None and not is_tensor(goal):
        goal = as_tensor(np.asarray(goal))
    state = random.get_rng_state()
    try:
        network = Network(model, given, goal, loss)
        plan = Plan(seed, limit=0, sample=FEW, together=len(network.point) > MANY)
        report = report_of(network.name, [examine(network, plan)])
        failures = report.failures
        if report.verdict == "fail":
            culprits = _culprits(parts_of(model, given), "", Plan(seed, limit=limit))
            failures = tuple(_blamed(failure, culprits) for failure in failures)
    finally:
        random.set_rng_state(state)
    shift = network.count
    return replace(
        report,
        failures=tuple(replace(f, argument=f.argument - shift) for f in failures),
        examined=tuple(replace(e, argument=e.argument - shift) for e in report.examined),
    )


def _no_module(model: Any) -> ArgumentError:
    if isinstance(model, type) and issubclass(model, Module):
        return ArgumentError(f"check_model: takes a Module, not the class: {model.__name__}()")
    return ArgumentError(f"check_model: takes a Module, not {type(model).__name__}; check takes any function")


def _culprits(parts: Parts, path: str, plan: Plan) -> list[Culprit]:
    """The smallest parts below a path that are wrong by themselves."""
    module, args, kwargs = parts[path]
    if path and not _failures(path, module, args, kwargs, plan._replace(limit=0, sample=1, together=True)):
        return []
    below = [f"{path}.{name}" if path else name for name, _ in module.named_children()]
    called = [child for child in below if child in parts]
    found = [culprit for child in called for culprit in _culprits(parts, child, plan)]
    if found or not (path or called):
        return found
    failures = _failures(path, module, args, kwargs, plan) if path else ()
    return [Culprit(path, type(module).__name__, failures, bool(called))]


def _failures(
    path: str, module: Module, args: Sequence[Any], kwargs: Mapping[str, Any], plan: Plan
) -> tuple[Failure, ...]:
    try:
        found = examine(part(path, module, args, kwargs), plan)
    except TinycnnError:  # nothing to differentiate, or not without its surroundings
        return ()
    return tuple(found.failures)


def _blamed(failure: Failure, culprits: Sequence[Culprit]) -> Failure:
    """The failure of a parameter, with the cause that its own module shows, or the one that others hand back to it."""
    owner, _, name = failure.argument_name.rpartition(".")
    for culprit in culprits:
        for own in culprit.failures:
            if culprit.path == owner and own.argument_name == name:
                told = own.cause.replace(f"of {name}", f"of {failure.argument_name}")
                return replace(failure, cause_code=own.cause_code, cause=told, hint=own.hint)
    for culprit in culprits:
        if culprit.between:
            return replace(failure, cause=f"{_between(culprit)} {failure.cause}", hint=BETWEEN)
        for own in culprit.failures:
            cause = (
                f"The gradient of {failure.argument_name} is wrong because the module {culprit.path} ({culprit.kind})"
                f" hands back a wrong gradient. {own.cause}"
            )
            return replace(failure, cause_code=own.cause_code, cause=cause, hint=own.hint)
    return failure


def _between(culprit: Culprit) -> str:
    """That the mistake lies in a module's own forward."""
    where = f" of {culprit.path} ({culprit.kind})" if culprit.path else ""
    return (
        f"Every module in {culprit.path or culprit.kind} was found right by itself, so the mistake lies in what"
        f" {culprit.kind}.forward{where} calls itself, between them."
    )
