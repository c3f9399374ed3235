r"""What a training shows as it runs: a table with a line an epoch and, on a terminal, one line of progress under it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from tinycnn.hub.bar import progress_bar, through
from tinycnn.train.trainer import EpochRecord

#: headers of the table, where test images judge an epoch, and where validation images do
TESTED = "epoch   train loss   train acc   test loss   test acc   seconds"
VALIDATED = TESTED.replace("test", " val")


class Silent:
    r"""Shows nothing; the base of what does."""

    def begin(self, batches: int) -> None:
        r"""The training begins; it will be so many batches."""

    def batch(self, loss: float) -> None:
        r"""A training batch is done; `loss` is the mean over this epoch so far."""

    def epoch(self, record: EpochRecord) -> None:
        r"""An epoch is done."""

    def end(self) -> None:
        r"""The training is over, whichever way."""

    def say(self, text: str) -> None:
        r"""Something to tell besides."""

    def through(self, items: list[str]) -> Iterable[str]:
        r"""The same items, as they are gone through one by one."""
        return items


class Progress(Silent):
    r"""What is said, on `out`; the bar on `err`, if that is a terminal and tqdm is there.

    Parameters
    ----------
    out, err : text files      standard output and standard error if None
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out = sys.stdout if out is None else out
        self.err = sys.stderr if err is None else err
        self._bar: Any = None

    def begin(self, batches: int) -> None:
        self._bar = progress_bar(self.err, total=batches, unit="batch", leave=False, mininterval=0.2)

    def batch(self, loss: float) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            self._bar.update()

    def through(self, items: list[str]) -> Iterable[str]:
        return through(items, self.err, unit="image", mininterval=0.2)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def say(self, text: str) -> None:
        if self._bar is None:
            print(text, file=self.out, flush=True)
        else:  # the bar gives way to the text and comes back below it
            self._bar.write(text, file=self.out)
            self.out.flush()


class Table(Progress):
    r"""A line an epoch besides, under a header.

    Parameters
    ----------
    header : str      what the figures are
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None, header: str = TESTED) -> None:
        super().__init__(out, err)
        self.header = header

    def begin(self, batches: int) -> None:
        self.say(self.header)
        super().begin(batches)

    def epoch(self, record: EpochRecord) -> None:
        self.say(row(record))


def row(record: EpochRecord) -> str:
    r"""A line of the table.

    Examples
    --------
    >>> print(TESTED + "\n" + row(EpochRecord(7, 0.12345, 0.96, 0.0512, 0.9861, 0.53)))
    epoch   train loss   train acc   test loss   test acc   seconds
        7       0.1235     96.00 %      0.0512    98.61 %      0.53
    """
    return (
        f"{record.epoch:5d}{record.train_loss:13.4f}{100 * record.train_accuracy:10.2f} %"
        f"{record.test_loss:12.4f}{100 * record.test_accuracy:9.2f} %{record.seconds:10.2f}"
    )
