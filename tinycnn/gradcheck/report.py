r"""What a check found: `Report`, and a `Failure` for each argument whose gradient is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Host = Any  # a numpy.ndarray of float64


@dataclass(frozen=True)
class Failure:
    r"""One argument whose gradient is wrong, at the entry where it is worst.

    Attributes
    ----------
    argument : its position in `inputs`, or in `named_parameters()` of a model
    argument_name : ``"weight"``, or ``"input 0"`` where no name is known
    index : the worst entry
    analytic, numeric : what backward and finite differences give there
    error_bar : how far `numeric` may be from the truth
    relative_error : ‖a − n‖ / max(‖a‖, ‖n‖) of the whole argument
    cause_code, cause, hint : out of `CAUSES`; a sentence or two; what to look at
    order : 1 or 2, the order of the derivative
    gradients : the analytic and the numeric gradient and the tolerance, for the picture; None if not measured
    """

    argument: int
    argument_name: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    error_bar: float
    relative_error: float
    cause_code: str
    cause: str
    hint: str
    order: int = 1
    gradients: tuple[Host, Host, Host] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Examined:
    """One argument as it was looked at: how many entries, by which method, and how far off the worst was."""

    argument: int
    name: str
    shape: tuple[int, ...]
    method: str  # "every entry", "3 directions", "adjoint"
    relative_error: float
    order: int = 1
    zero: bool = False  # whether every derivative is 0 here, so that nothing was tested


@dataclass(frozen=True)
class Report:
    r"""The outcome of a check.

    `verdict` is a word of `VERDICTS`; `failures` lists what is wrong, the worst relative error first, and the report's
    own ``argument``, ``argument_name``, ``index``, ``analytic``, ``numeric``, ``error_bar``, ``cause_code``, ``cause``
    and ``hint`` are those of the first; None where there is none.
    """

    name: str
    verdict: str
    failures: tuple[Failure, ...] = ()
    examined: tuple[Examined, ...] = ()
    notes: tuple[str, ...] = ()
    evaluations: int = 0
    # The error of the worst argument's directional derivative at each step h, measured when it is first asked for:
    measure_curve: Callable[[], Any] | None = field(default=None, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """Whether every derivative that was looked at is right, and not all of them were 0."""
        return self.verdict == "pass"

    def __bool__(self) -> bool:
        return self.passed
