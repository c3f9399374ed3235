r"""What is known about one argument whose gradient is wrong: all that the search for the cause looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Host = Any  # a numpy.ndarray of float64


class Evidence(NamedTuple):
    r"""The wrong gradient of one argument, the right one, and the means to ask further.

    Attributes
    ----------
    argument : its position among the inputs
    name : its name, such as ``"weight"``
    inputs : all inputs; those that are not differentiated are None or integers
    outputs : what forward gave
    cotangents : v, one for each output, drawn from N(0, 1); None for an output without gradient
    analytic : a, what backward gave for v, of the argument's shape
    numeric : n = vᵀ·J by finite differences, of the same shape
    tolerance : how far each entry of a may be from n
    jacobian : J by finite differences, for each output an array of shape (\*output.shape, \*argument.shape); None if
        that is more than memory or patience allow
    known : which entries of `numeric` were measured; all of them, but for large arguments
    backward : the analytic gradient of this argument for other cotangents, one for each output
    gradients : the analytic gradients of all arguments, by position
    options : names and values the function was called with, such as ``stride=2``, as far as they are known
    names : of all inputs, as far as they are known
    """

    argument: int
    name: str
    inputs: tuple[Any, ...]
    outputs: tuple[Host, ...]
    cotangents: tuple[Host | None, ...]
    analytic: Host
    numeric: Host
    tolerance: Host
    jacobian: tuple[Host, ...] | None
    known: Host
    backward: Callable[[tuple[Host | None, ...]], Host]
    gradients: Mapping[int, Host]
    options: Mapping[str, Any] = {}  # never written to
    names: tuple[str, ...] = ()


class Diagnosis(NamedTuple):
    """A cause out of `vocabulary.CAUSES`, said in a sentence or two, and what to look at."""

    code: str
    cause: str
    hint: str
