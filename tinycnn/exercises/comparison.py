r"""What a function returned beside what it should have: a `Mistake` says how they differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.exercises.exercise import Arrays
from tinycnn.exercises.mistake import Mistake

RELATIVE, ABSOLUTE = 1e-9, 1e-10  # of float64, after sums in another order; float32 is 1e-7 off


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
        one = returned[0] if isinstance(returned, tuple | list) and len(returned) == 1 else returned
        return (one if isinstance(one, np.ndarray | np.generic) else returned,)
    due = f"{len(names)} arrays are due: {', '.join(names)}"
    if not isinstance(returned, tuple | list):
        raise Mistake(f"{what} returns {_kind(returned)}, where {due}")
    if len(returned) != len(names):
        raise Mistake(f"{what} returns {len(returned)} values, where {due}")
    return tuple(returned)


def check_order(got: Arrays, due: Arrays, names: tuple[str, ...], position: int) -> None:
    """Raise a `Mistake` if the shape at this position is another's, and all are there."""
    shapes, wanted = [[getattr(array, "shape", None) for array in arrays] for arrays in (got, due)]
    if shapes[position] != wanted[position] and sorted(map(str, shapes)) == sorted(map(str, wanted)):
        raise Mistake(
            f"the gradient of {names[position]} has the shape {shapes[position]}, where {wanted[position]} is due: the"
            f" order is {', '.join(f'g{name}' for name in names)}"
        )


def check_form(got: Any, wanted: Any, what: str) -> None:
    """Raise a `Mistake` unless this is an array of float64 of the shape of `wanted`."""
    if got is None:
        raise Mistake(f"{what} is None")
    if not isinstance(got, np.ndarray | np.generic) and not (wanted.ndim == 0 and isinstance(got, float)):
        raise Mistake(f"{what} is {_kind(got)}, where a numpy.ndarray is due")
    shape = np.shape(got)
    if shape != wanted.shape:
        raise Mistake(f"{what} has the shape {shape}, where {wanted.shape} is due{_why_the_shape(shape, wanted.shape)}")
    dtype = np.asarray(got).dtype
    if dtype.kind != "f" or dtype.itemsize < 8:
        lost = f": all that goes in is float64, and digits are lost where something is made as {dtype}"
        raise Mistake(f"{what} is of dtype {dtype}, where float64 is due{lost if dtype.kind == 'f' else ''}")


def check_values(got: Any, wanted: Any, what: str) -> None:
    """Raise a `Mistake` unless the numbers agree; it says where they do not, and what the difference looks like."""
    got = np.asarray(got, np.float64)
    if not wanted.size:
        return
    lost = ~np.isfinite(got) & np.isfinite(wanted)
    if lost.any():
        index = tuple(int(i) for i in np.argwhere(lost)[0])
        raise Mistake(f"{what} is {told_apart(got[index], wanted[index], index)}")
    with np.errstate(invalid="ignore"):
        error = np.asarray(np.abs(got - wanted))
        error[got == wanted] = 0  # also where both are infinite
        size = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0)
        wrong = ~(error <= ABSOLUTE + RELATIVE * size)
    if not wrong.any():
        return
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.where(wrong, error, -1))), error.shape))
    many = f" wrong in {np.count_nonzero(wrong)} of {wrong.size} entries:" if wrong.size > 1 else ""
    raise Mistake(f"{what} is{many} {told_apart(got[index], wanted[index], index)}{_likeness(got, wanted)}")


def told_apart(got: float, wanted: float, index: tuple[int, ...]) -> str:
    """Two numbers, with as many digits as it takes to see that they differ.

    >>> told_apart(1.00000004, 1.0, (2, 0))
    '1.00000004 at [2, 0], where 1 is right'
    """
    digits = next((n for n in range(6, 17) if f"{got:.{n}g}" != f"{wanted:.{n}g}"), 17)
    return f"{got:.{digits}g}{f' at {list(index)}' if index else ''}, where {wanted:.{digits}g} is right"


def _likeness(got: Any, wanted: Any) -> str:
    """What the wrong numbers have to do with the right ones, if it is plain."""
    def same(x: Any) -> bool:
        return bool(np.allclose(got, x, RELATIVE, ABSOLUTE + RELATIVE * np.max(np.abs(wanted))))

    if not np.isfinite(wanted).all():
        return ""
    if np.allclose(got, wanted, 1e-5, 1e-5 * np.max(np.abs(wanted))):
        return "\n  the first digits are right: is something computed in float32, or an eps not where it belongs?"
    if got.size < 2:
        return ""
    if same(-wanted):
        return "\n  everywhere the right number with the wrong sign"
    factor = float(np.vdot(wanted, got) / (np.vdot(wanted, wanted) or 1))
    if factor and same(factor * wanted):
        return f"\n  everywhere {factor:.4g} times the right number"
    offset = float(np.mean(got - wanted))
    if same(wanted + offset):
        return f"\n  everywhere {abs(offset):.4g} too {'large' if offset > 0 else 'small'}"
    for axis in range(got.ndim):
        others = tuple(a for a in range(got.ndim) if a != axis)
        if all(got.shape[a] > 1 for a in (axis, *others)) and same(
            wanted + np.mean(got - wanted, axis=others, keepdims=True)
        ):
            return f"\n  off by a number for each entry of axis {axis}: is a bias missing, or another one added?"
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
    if tuple(n for n in got if n != 1) == tuple(n for n in wanted if n != 1):
        return ": the numbers may be right, the axes of length 1 are not; were sums taken with keepdims=True?"
    if len(got) > len(wanted):
        return ": is a sum over some of the axes missing?"
    if len(got) == len(wanted) and all(a == b or a == 1 for a, b in zip(got, wanted, strict=True)):
        return ": was it summed with keepdims over an axis that should stay?"
    return ""


def _kind(value: Any) -> str:
    kind = "array" if isinstance(value, np.ndarray) else type(value).__name__
    shape = getattr(value, "shape", None)
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{article} {kind}" if shape is None else f"{article} {kind} of shape {tuple(shape)}"
