r"""Schedules one after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from tinycnn.errors import ConfigError, explain
from tinycnn.optim.lr_scheduler.plateau import ReduceLROnPlateau
from tinycnn.optim.lr_scheduler.scheduler import LRScheduler
from tinycnn.optim.optimizer import Optimizer


class SequentialLR(LRScheduler):
    r"""One schedule until the first milestone, the next until the second, and so on, each from its own epoch 0.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
        All made for `optimizer`.
    milestones : list of int
        The epochs at which the second, the third, … takes over.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    ValueError
        If there is not one milestone between any two schedules, or a schedule belongs to another optimizer.

    Examples
    --------
    A warm-up of two epochs before a cosine:

    >>> import tinycnn
    >>> from tinycnn.optim import SGD, lr_scheduler
    >>> optimizer = SGD([tinycnn.zeros(1, requires_grad=True)], lr=1.0)
    >>> warm_up = lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> scheduler = lr_scheduler.SequentialLR(optimizer, [warm_up, cosine], milestones=[2])
    >>> for epoch in range(5):
    ...     print(f"{scheduler.get_last_lr()[0]:.2f}", end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    0.50 0.75 1.00 0.50 0.00
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        _check(optimizer, schedulers, milestones)
        self.optimizer = optimizer
        self._schedulers = list(schedulers)
        self._milestones = list(milestones)
        for group in optimizer.param_groups:  # every schedule has set its first rate when it was made
            group["lr"] = group["initial_lr"]
        self.last_epoch = last_epoch
        for scheduler in self._schedulers:
            scheduler._undo()
        self._initial_step()

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        i = bisect_right(self._milestones, self.last_epoch)
        running = self._schedulers[i]
        if self._is_initial:
            running._initial_step()
        elif epoch is None and self.last_epoch not in self._milestones:
            running._update_lr()
        else:
            running._update_lr(self.last_epoch - [0, *self._milestones][i])
        self._last_lr = running.get_last_lr()

    def _undo(self) -> None:
        super()._undo()
        for scheduler in self._schedulers:
            scheduler._undo()

    def state_dict(self) -> dict[str, Any]:
        """As `LRScheduler.state_dict`, the schedules giving their own."""
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "_schedulers"})
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(state)


def _check(optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]) -> None:
    if not schedulers:
        raise ConfigError("SequentialLR expects at least one scheduler, but got no scheduler")
    for i, scheduler in enumerate(schedulers):
        if not isinstance(scheduler, LRScheduler):
            raise TypeError(f"SequentialLR: schedulers[{i}] is no scheduler but {type(scheduler).__name__}")
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ConfigError(
                f"SequentialLR does not support ReduceLROnPlateau (schedulers[{i}]): its step needs the figure to watch"
            )
        if scheduler.optimizer is not optimizer:
            raise ConfigError(
                f"SequentialLR expects all schedulers to belong to the same optimizer, but that of schedulers[{i}] is"
                " another one"
            )
    if len(milestones) != len(schedulers) - 1 or list(milestones) != sorted(milestones):
        raise ConfigError(explain(
            "SequentialLR expects number of schedulers provided to be one more than the number of milestone points,"
            " and the milestones in order",
            {"schedulers": [type(scheduler).__name__ for scheduler in schedulers], "milestones": list(milestones)},
            "milestones[0] is the epoch at which schedulers[1] begins",
        ))
