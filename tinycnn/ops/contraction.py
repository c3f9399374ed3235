"""Einstein's summation: products along named dimensions, a pair of tensors at a time, by matrix products."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.node import is_tensor
from tinycnn.errors import ArgumentError, DomainError, ShapeError, explain
from tinycnn.ops.arithmetic import mul
from tinycnn.ops.diagonals import diagonal
from tinycnn.ops.linalg import product_of
from tinycnn.ops.shaping import permute, reshape, squeeze
from tinycnn.shapes import integer, product

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

Labels = list[Any]  # a name for each dimension: a letter, or a negative number for those that an ellipsis stands for
_TERM = re.compile(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*")


def einsum(*args: Any) -> Tensor:
    r"""The sum of products that the equation describes: letters name dimensions; what is not in the output is summed.

        einsum("ij,jk->ik", x, y)        z[i, k] = Σⱼ x[i, j]·y[j, k]         a matrix product
        einsum("bi,bj->bij", x, y)       z[b, i, j] = x[b, i]·y[b, j]         outer products
        einsum("ii->i", x)               z[i] = x[i, i]                       the diagonal
        einsum("...ij->...ji", x)        the last two dimensions exchanged

    Without ``->`` the output has the letters that stand once, in alphabetical order, capitals first. Dimensions of
    size 1 broadcast. Lists of numbers do instead of letters: ``einsum(x, [0, 1], y, [1, 2], [0, 2])``.

    Parameters
    ----------
    equation : str
    operands : Tensors

    Raises
    ------
    DomainError
        If the equation cannot be read.
    ShapeError
        If it does not fit the operands.

    Examples
    --------
    >>> import tinycnn
    >>> x = tinycnn.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> tinycnn.einsum("ij,kj->ik", x, x)
    tensor([[ 5., 11.],
            [11., 25.]])
    """
    equation, operands = _equation(args)
    terms, output = _named(equation, operands)
    _check_sizes(equation, terms, operands)
    pairs = [_without_repeats(x, labels) for x, labels in zip(operands, terms, strict=True)]
    x, labels = pairs[0]
    for place, (y, others) in enumerate(pairs[1:], 2):
        needed = {label for _, later in pairs[place:] for label in later}.union(output)
        x, labels = _product(x, labels, y, others, needed)
    rest = tuple(i for i, label in enumerate(labels) if label not in output)  # of a single operand
    kept = [label for label in labels if label in output]
    return permute(x.sum(rest) if rest else x, [kept.index(label) for label in output])


# The equation ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _equation(args: tuple[Any, ...]) -> tuple[str, list[Tensor]]:
    """The equation and the operands; lists of numbers become letters."""
    if len(args) < 2:
        raise DomainError("einsum: takes an equation and at least one operand")
    if not isinstance(args[0], str) and not is_tensor(args[0]):
        raise ArgumentError(f"einsum: equation must be a string, not {type(args[0]).__name__}")
    if isinstance(args[0], str):
        equation, operands = args[0].replace(" ", ""), args[1:]
        if len(operands) == 1 and isinstance(operands[0], tuple | list):
            operands = tuple(operands[0])
    else:
        operands, lists = args[: len(args) // 2 * 2 : 2], args[1::2]
        equation = ",".join(map(_letters, lists))
        if len(args) % 2:
            equation += "->" + _letters(args[-1])
    for place, x in enumerate(operands):
        if not is_tensor(x):
            raise ArgumentError(f"einsum: operand {place} must be a Tensor, not {type(x).__name__}")
    if not operands:
        raise DomainError(f"einsum: there are no operands for {equation!r}")
    return equation, list(operands)


def _letters(numbers: Any) -> str:
    letters = string.ascii_uppercase + string.ascii_lowercase
    if not isinstance(numbers, tuple | list):
        raise DomainError(f"einsum: Tensors and lists of their subscripts take turns; not {type(numbers).__name__}")
    for n in numbers:
        if n is not Ellipsis and not 0 <= integer("einsum", "each subscript", n) < len(letters):
            raise DomainError(f"einsum: subscripts must be numbers from 0 to {len(letters) - 1} or ..., not {n}")
    return "".join("..." if n is Ellipsis else letters[n] for n in numbers)


def _named(equation: str, operands: Sequence[Tensor]) -> tuple[list[Labels], Labels]:
    """A label for each dimension of each operand, and those of the output."""
    left, arrow, right = equation.partition("->")
    parts = left.split(",")
    for part in (*parts, right):
        if not _TERM.fullmatch(part):
            raise DomainError(f"einsum: {part!r} in {equation!r} must be letters, with ... once at most")
    if len(parts) != len(operands):
        raise DomainError(f"einsum: {equation!r} describes {len(parts)} operands, but there are {len(operands)}")
    terms = [_labels(equation, part, x.array.shape) for part, x in zip(parts, operands, strict=True)]
    hidden: Labels = sorted({label for labels in terms for label in labels if isinstance(label, int)})
    letters = [letter for letter in left if letter.isalpha()]
    if not arrow:
        return terms, hidden + sorted(letter for letter in letters if letters.count(letter) == 1)
    before, dots, after = right.partition("...")
    output = [*before, *(hidden if dots else ()), *after]
    for label in output:
        if output.count(label) > 1 or label not in (*letters, *hidden):
            raise DomainError(
                f"einsum: the output of {equation!r} must name dimensions of the operands, each once, but not {label!r}"
            )
    return terms, output


def _labels(equation: str, term: str, shape: tuple[int, ...]) -> Labels:
    before, dots, after = term.partition("...")
    hidden = len(shape) - len(before + after)
    if hidden < 0 or (hidden and not dots):
        raise ShapeError(
            explain(
                f"einsum: {term!r} in {equation!r} names {len(before + after)} dimensions, but there are {len(shape)}",
                {"operand": shape},
                "... stands for the dimensions that have no name",
            )
        )
    return [*before, *range(-hidden, 0), *after]


def _check_sizes(equation: str, terms: Sequence[Labels], operands: Sequence[Tensor]) -> None:
    """Refuse a label of two sizes; 1 gives way to any other."""
    sizes: dict[Any, int] = {}
    for labels, x in zip(terms, operands, strict=True):
        for label, size in zip(labels, x.array.shape, strict=True):
            if sizes.setdefault(label, size) == 1:
                sizes[label] = size
            elif size not in (1, sizes[label]):
                raise ShapeError(
                    explain(
                        f"einsum: {label if isinstance(label, str) else '...'!r} in {equation!r} is {sizes[label]} in"
                        f" one place and {size} in another",
                        {f"operand {i}": t.array.shape for i, t in enumerate(operands)},
                    )
                )


# The products ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _without_repeats(x: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """The diagonal over dimensions that bear one name."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            if x.array.shape[first] != x.array.shape[second]:
                raise ShapeError(
                    f"einsum: {label!r} stands twice in one term, where the sizes differ:"
                    f" {x.array.shape[first]} and {x.array.shape[second]}"
                )
            x = diagonal(x, 0, first, second)
            labels = [other for i, other in enumerate(labels) if i not in (first, second)] + [label]
    return x, labels


def _product(x: Tensor, ours: Labels, y: Tensor, theirs: Labels, needed: set[Any]) -> tuple[Tensor, Labels]:
    """The product of two tensors, summed over what they share and nobody needs.

    For each entry of the dimensions that both keep, it is the matrix product of (x's own dimensions, shared ones) and
    (shared ones, y's own).
    """
    x, ours = _without_ones(x, ours, theirs)
    y, theirs = _without_ones(y, theirs, ours)
    x, ours = _summed(x, ours, needed.union(theirs))
    y, theirs = _summed(y, theirs, needed.union(ours))
    kept = [label for label in ours if label in theirs and label in needed]
    shared = [label for label in ours if label in theirs and label not in needed]
    left, right = [label for label in ours if label not in theirs], [label for label in theirs if label not in ours]
    x = permute(x, [ours.index(label) for label in kept + left + shared])
    y = permute(y, [theirs.index(label) for label in kept + shared + right])
    k, n = len(kept), len(shared)
    stack, rows = x.array.shape[:k], x.array.shape[k : k + len(left)]
    columns = y.array.shape[k + n :]
    inner = product(y.array.shape[k : k + n])
    x = reshape(x, (product(stack), product(rows), inner))
    y = reshape(y, (product(stack), inner, product(columns)))
    z = product_of("einsum", x, y) if shared else mul(x, y)
    return reshape(z, (*stack, *rows, *columns)), kept + left + right


def _without_ones(x: Tensor, labels: Labels, others: Sequence[Any]) -> tuple[Tensor, Labels]:
    """x without the dimensions of size 1 that the other operand has as well: they broadcast, so need not be there."""
    ones = [i for i, label in enumerate(labels) if label in others and x.array.shape[i] == 1]
    return squeeze(x, ones), [label for i, label in enumerate(labels) if i not in ones]


def _summed(x: Tensor, labels: Labels, needed: set[Any]) -> tuple[Tensor, Labels]:
    """x summed over the dimensions that nobody needs."""
    x, labels = _without_ones(x, labels, [label for label in labels if label not in needed])
    dims = tuple(i for i, label in enumerate(labels) if label not in needed)
    return (x.sum(dims) if dims else x), [label for label in labels if label in needed]
