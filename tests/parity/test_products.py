"""Products of matrices and einsum: the same calls to PyTorch, where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.parity.compare import DTYPES, arrays, compare


@given(st.data())
def test_matmul(data: Any) -> None:
    shaped = hnp.mutually_broadcastable_shapes(signature="(i?,j),(j,k?)->(i?,k?)", max_side=3, max_dims=2)
    one, two = data.draw(shaped).input_shapes
    dtype = data.draw(st.sampled_from([d for d in DTYPES if d != "bool"]))
    x, y = data.draw(arrays(dtype, one)), data.draw(arrays(dtype, two))
    compare(lambda lib, x, y: x @ y, x, y)
    compare(lambda lib, x, y: y @ x, x, y)


@given(st.data())
def test_products_of_fixed_ranks(data: Any) -> None:
    name, one, two = data.draw(st.sampled_from(
        [("mm", 2, 2), ("bmm", 3, 3), ("mv", 2, 1), ("dot", 1, 1), ("outer", 1, 1)]))  # fmt: skip
    sizes = st.integers(1, 3)
    x, y = (
        data.draw(arrays("float64", tuple(data.draw(st.lists(sizes, min_size=rank, max_size=rank))))) for rank in (one,
                                                                                                                   two)
    )
    compare(lambda lib, x, y: getattr(lib, name)(x, y), x, y)
    if x.ndim > 1:
        compare(lambda lib, x, y: getattr(lib, name)(x, y), x,
                np.resize(y, (*y.shape[:-2], x.shape[-1], y.shape[-1])[-y.ndim:]))


@st.composite
def equations(draw: Any) -> tuple[str, list[tuple[int, ...]]]:
    """An equation with the shapes of its operands: letters that stand twice, sizes 1, ellipses, implicit outputs."""
    sizes = {letter: draw(st.integers(1, 3)) for letter in "ijkAB"}
    hidden = draw(st.lists(st.integers(1, 2), max_size=2))
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        letters = draw(st.lists(st.sampled_from("ijkAB"), max_size=3, unique=draw(st.booleans())))
        shape = [draw(st.sampled_from([sizes[letter]] * 4 + [1])) for letter in letters]
        if draw(st.integers(0, 3)) == 0:
            place, kept = draw(st.integers(0, len(letters))), hidden[draw(st.integers(0, len(hidden))) :]
            letters[place:place], shape[place:place] = ["..."], kept
        terms.append("".join(letters))
        shapes.append(tuple(shape))
    equation = draw(st.sampled_from([",", " , "])).join(terms)
    if draw(st.booleans()):
        used = sorted(set("".join(terms)) - {"."})
        output = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
        equation += "->" + draw(st.sampled_from(["", "..."] if "..." in equation else [""])) + "".join(output)
    return equation, shapes


@given(st.data())
def test_einsum(data: Any) -> None:
    equation, shapes = data.draw(equations())
    dtype = data.draw(st.sampled_from(["float64", "float64", "float32", "int64"]))
    xs = [data.draw(arrays(dtype, shape)) for shape in shapes]
    compare(lambda lib, *xs: lib.einsum(equation, *xs), *xs)
