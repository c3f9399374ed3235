r"""What a check found: `Report`, and a `Failure` for each argument whose gradient is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tinycnn.gradcheck.report_html import as_html
from tinycnn.gradcheck.report_text import as_text
from tinycnn.gradcheck.vocabulary import CAUSES, HINTS, VERDICTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    headline : what to say in place of "the gradient is wrong", where the numbers are right and something else is not
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
    headline: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True)
class Examined:
    """One argument as it was looked at: by which method, and ‖a − n‖ / max(‖a‖, ‖n‖), for how far off it is."""

    argument: int
    name: str
    shape: tuple[int, ...]
    method: str  # "every entry", "3 directions", "adjoint"
    relative_error: float
    order: int = 1
    zero: bool = False  # whether every derivative is 0 here, so that nothing was tested


@dataclass(frozen=True, repr=False)
class Report:
    r"""The outcome of a check. Printed, at a prompt or in a notebook, it tells what is wrong; ``plot()`` shows it.

    Attributes
    ----------
    name : what was checked
    verdict : a word of `VERDICTS`
    passed : whether that is "pass"; the report itself is true then
    failures : what is wrong, the worst relative error first
    argument, argument_name, index, analytic, numeric, error_bar, relative_error, cause_code, cause, hint
        Those of the first failure; None where there is none
    examined : the arguments that were looked at, right ones too
    notes : whatever else is worth knowing
    evaluations : how often the function was called
    measure_curve : for steps h the relative error of the directional derivative, two arrays; None if there is none

    Examples
    --------
    >>> failure = Failure(1, "weight", (2, 0), 0.5, 0.25, 3e-11, 0.5, "scale", "Twice what is due.", "Count rows.")
    >>> looked = Examined(0, "x", (4, 3), "every entry", 2e-11), Examined(1, "weight", (5, 3), "every entry", 0.5)
    >>> report = Report("linear", "fail", (failure,), looked)
    >>> report.passed, report.argument_name, report.cause_code
    (False, 'weight', 'scale')
    >>> report
    FAIL  linear: the gradient of weight is wrong
    <BLANKLINE>
              shape  looked at    error
      x       4×3    every entry  2e-11  right: agrees to 10 digits
      weight  5×3    every entry  5e-01  WRONG: agrees in no digit
    <BLANKLINE>
      worst at  weight[2, 0]
      backward  0.5000000
      numeric   0.2500000 ± 3e-11
      cause     scale: Twice what is due.
      hint      Count rows.
    """

    name: str
    verdict: str
    failures: tuple[Failure, ...] = ()
    examined: tuple[Examined, ...] = ()
    notes: tuple[str, ...] = ()
    evaluations: int = 0
    # The error of the worst argument's directional derivative at each step h, measured when it is first asked for:
    measure_curve: Callable[[], Any] | None = field(default=None, compare=False)

    @property
    def passed(self) -> bool:
        """Whether every derivative that was looked at is right, and not all of them were 0."""
        return self.verdict == "pass"

    def __bool__(self) -> bool:
        return self.passed

    @property
    def worst(self) -> Failure | None:
        """The first failure, which is the one with the largest relative error."""
        return self.failures[0] if self.failures else None

    @property
    def argument(self) -> int | None: return self.worst.argument if self.worst else None

    @property
    def argument_name(self) -> str | None: return self.worst.argument_name if self.worst else None

    @property
    def index(self) -> tuple[int, ...] | None: return self.worst.index if self.worst else None

    @property
    def analytic(self) -> float | None: return self.worst.analytic if self.worst else None

    @property
    def numeric(self) -> float | None: return self.worst.numeric if self.worst else None

    @property
    def error_bar(self) -> float | None: return self.worst.error_bar if self.worst else None

    @property
    def relative_error(self) -> float | None: return self.worst.relative_error if self.worst else None

    @property
    def cause_code(self) -> str | None:
        """Of the first failure; without one the verdict, where that is a cause, too: "kink", "nondeterministic"."""
        if self.worst:
            return self.worst.cause_code
        return self.verdict if self.verdict in CAUSES else None

    @property
    def cause(self) -> str | None:
        """In words, for every verdict but "pass"."""
        if self.worst:
            return self.worst.cause
        return None if self.passed else VERDICTS.get(self.verdict)

    @property
    def hint(self) -> str | None:
        """What to look at; of a function that does not repeat itself, how to make it."""
        return self.worst.hint if self.worst else HINTS.get(self.verdict)

    def plot(self) -> Figure:
        r"""The V-curve, and where in the argument the error sits; see `tinycnn.gradcheck.report_picture`."""
        from tinycnn.gradcheck.report_picture import picture_of

        return picture_of(self)

    def __str__(self) -> str: return as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str: return as_html(self)
