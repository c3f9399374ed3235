"""Of the places that a tile asks for, exactly those that lie in the image are read, each into its own place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tinycnn.backend.cpu.borders import inside


@given(first=st.integers(-12, 12), count=st.integers(0, 9), size=st.integers(1, 8), step=st.integers(1, 3))
def test_what_lies_inside(first: int, count: int, size: int, step: int) -> None:
    ours, theirs = inside(first, count, size, step)
    found = zip(range(*ours.indices(count)), range(*theirs.indices(size)), strict=True)
    assert [*found] == [(k, first + step * k) for k in range(count) if 0 <= first + step * k < size]
    assert 0 <= ours.start <= ours.stop <= count  # what is not `ours`, on either side, is padding
