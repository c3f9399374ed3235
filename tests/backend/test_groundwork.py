"""Work that all tiles need before they are computed."""

from __future__ import annotations

import time

import pytest

from tinycnn.backend.blas import limited
from tinycnn.backend.cpu.convolution.groundwork import Groundwork
from tinycnn.backend.threads import share

pytestmark = pytest.mark.usefixtures("in_time_and_tidily")


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_piece_is_done_once_before_anybody_goes_on(threads: int) -> None:
    done: list[int] = []

    def piece(number: int) -> None:
        time.sleep(0.002)
        done.append(number)

    ground = Groundwork(piece, 5)

    def tile(_: int) -> None:
        ground.help()
        ground.wait()
        assert sorted(done) == [0, 1, 2, 3, 4]

    with limited(threads):
        share(tile, 4)


def test_nobody_waits_for_a_piece_whose_beginning_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C, and a notebook's stop button, may cause."""
    ground = Groundwork(lambda piece: None, 3)
    begin = ground._next

    def interrupted() -> int:
        if begin() == 1:
            raise KeyboardInterrupt
        return 0

    monkeypatch.setattr(ground, "_next", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ground.help()
    ground.wait()


def test_nobody_waits_for_a_piece_that_failed() -> None:
    def piece(number: int) -> None:
        if number == 1:
            raise ValueError("of this piece")

    ground = Groundwork(piece, 3)

    def tile(_: int) -> None:
        ground.help()
        ground.wait()

    with limited(2), pytest.raises(ValueError, match="of this piece"):
        share(tile, 2)
