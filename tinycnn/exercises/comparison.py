r"""What a function returned beside what it should have: a `Mistake` says how they differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.exercises.exercise import Arrays
from tinycnn.exercises.mistake import Mistake

RELATIVE, ABSOLUTE = 1e-7, 1e-9  # of float64, after sums in another order


def separated(returned: Any, names: tuple[str, ...], what: str) -> Arrays:
    """The arrays that were returned, one for each name.

    Raises
    ------
    Mistake
        If it is nothing, or not as many.
    """
    if returned is None:
        raise Mistake(f"{what} returns None: is a return missing?")
    if len(names) == 1:
        one = isinstance(returned, tuple | list) and len(returned) == 1 and isinstance(returned[0], np.ndarray)
        return (returned[0],) if one else (returned,)
    due = f"{len(names)} arrays are due: {', '.join(names)}"
    if not isinstance(returned, tuple | list):
        raise Mistake(f"{what} returns {_kind(returned)}, where {due}")
    if len(returned) != len(names):
        raise Mistake(f"{what} returns {len(returned)} values, where {due}")
    return tuple(returned)


def check_form(got: Any, wanted: Any, what: str) -> None:
    """Raise a `Mistake` unless this is a floating-point array of the shape of `wanted`."""
    if got is None:
        raise Mistake(f"{what} is None")
    if not isinstance(got, np.ndarray | np.generic) and not (wanted.ndim == 0 and isinstance(got, float)):
        raise Mistake(f"{what} is {_kind(got)}, where a numpy.ndarray is due")
    shape = np.shape(got)
    if shape != wanted.shape:
        raise Mistake(f"{what} has the shape {shape}, where {wanted.shape} is due{_why_the_shape(shape, wanted.shape)}")
    dtype = np.asarray(got).dtype
    if dtype.kind != "f":
        raise Mistake(f"{what} is of dtype {dtype}, where float64 is due")


def check_precision(got: Any, what: str) -> None:
    """Raise a `Mistake` if this is of a shorter dtype than what went in."""
    dtype = np.asarray(got).dtype
    if dtype.itemsize < 8:
        raise Mistake(
            f"{what} is {dtype} though all that goes in is float64: half of the digits are lost where something is"
            f" made as {dtype}"
        )


def check_values(got: Any, wanted: Any, what: str) -> None:
    """Raise a `Mistake` unless the numbers agree; it says where they do not, and what the difference looks like."""
    got = np.asarray(got, np.float64)
    if not wanted.size:
        return
    lost = ~np.isfinite(got) & np.isfinite(wanted)
    if lost.any():
        index = tuple(int(i) for i in np.argwhere(lost)[0])
        raise Mistake(f"{what} is {got[index]}{_at(index)}, where {wanted[index]:.6g} is right")
    with np.errstate(invalid="ignore"):
        error = np.asarray(np.abs(got - wanted))
        error[got == wanted] = 0  # also where both are infinite
        size = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0)
        wrong = ~(error <= ABSOLUTE + RELATIVE * size)
    if not wrong.any():
        return
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.where(wrong, error, -1))), error.shape))
    many = f" wrong in {np.count_nonzero(wrong)} of {wrong.size} entries:" if wrong.size > 1 else ""
    raise Mistake(f"{what} is{many} {got[index]:.6g}{_at(index)}, where {wanted[index]:.6g} is right"
                  + _likeness(got, wanted))


def _likeness(got: Any, wanted: Any) -> str:
    """What the wrong numbers have to do with the right ones, if it is plain."""
    def same(x: Any) -> bool:
        return bool(np.allclose(got, x, RELATIVE, ABSOLUTE + RELATIVE * np.max(np.abs(wanted))))

    if not np.isfinite(wanted).all() or got.size < 2:
        return ""
    if same(-wanted):
        return "\n  everywhere the right number with the wrong sign"
    factor = float(np.vdot(wanted, got) / (np.vdot(wanted, wanted) or 1))
    if factor and same(factor * wanted):
        return f"\n  everywhere {factor:.4g} times the right number"
    offset = float(np.mean(got - wanted))
    if same(wanted + offset):
        return f"\n  everywhere {abs(offset):.4g} too {'large' if offset > 0 else 'small'}"
    if got.ndim > 1 and got.shape[-1] == got.shape[-2] and same(np.swapaxes(wanted, -1, -2)):
        return "\n  the last two axes are exchanged"
    for axis in range(got.ndim):
        if same(np.flip(wanted, axis)):
            return f"\n  reversed along axis {axis}"
    return ""


def _why_the_shape(got: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if got == wanted[::-1]:
        return ": are the axes exchanged?"
    if got == ():
        return ": a single number, so something sums over too much"
    if len(got) > len(wanted):
        return ": is a sum over some of the axes missing?"
    if len(got) == len(wanted) and all(a == b or a == 1 for a, b in zip(got, wanted, strict=True)):
        return ": was it summed with keepdims over an axis that should stay?"
    return ""


def _at(index: tuple[int, ...]) -> str:
    return f" at {list(index)}" if index else ""


def _kind(value: Any) -> str:
    kind = "array" if isinstance(value, np.ndarray) else type(value).__name__
    shape = getattr(value, "shape", None)
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{article} {kind}" if shape is None else f"{article} {kind} of shape {tuple(shape)}"
