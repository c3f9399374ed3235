r"""The schedule that watches a figure, and lowers the rate when it no longer gets better."""

from __future__ import annotations

from math import inf
from typing import SupportsFloat

from tinycnn.errors import ConfigError
from tinycnn.optim.lr_scheduler.scheduler import LRScheduler, check_optimizer, one_for_each_group
from tinycnn.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    r"""Multiply the rate by `factor` once a figure has not got better for more than `patience` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    mode : {"min", "max"}
        Whether a smaller figure is better (a loss) or a larger one (an accuracy).
    factor : float
        What multiplies the rate; less than 1.
    patience : int
        Epochs without improvement that are put up with.
    threshold : float
        Improvements smaller than this do not count.
    threshold_mode : {"rel", "abs"}
        Whether `threshold` is a part of the best figure so far or a difference from it.
    cooldown : int
        Epochs after a drop in which none is counted as bad.
    min_lr : float, or a list with one for each parameter group
        No rate falls below it.
    eps : float
        Changes of the rate smaller than this are not made.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn.optim import SGD, lr_scheduler
    >>> optimizer = SGD([tinycnn.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for validation_loss in [3.0, 2.0, 2.0, 2.1, 1.9]:
    ...     scheduler.step(validation_loss)
    ...     print(scheduler.get_last_lr()[0], end=" ")
    1.0 1.0 1.0 0.5 0.5
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        check_optimizer(optimizer)
        one_for_each_group("min_lr", min_lr, optimizer)  # raises now what would raise at the first drop
        if not factor < 1:
            raise ConfigError(f"Factor should be < 1.0, but got {factor}: it multiplies the rate to lower it")
        if mode not in ("min", "max"):
            raise ConfigError(f"mode {mode} is unknown! It is 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ConfigError(f"threshold mode {threshold_mode} is unknown! It is 'rel' or 'abs'")
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.eps = eps
        self.last_epoch = 0
        self.best = inf if mode == "min" else -inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    @property
    def in_cooldown(self) -> bool:
        """Whether a drop is so recent that bad epochs are not counted."""
        return self.cooldown_counter > 0

    def step(self, metrics: SupportsFloat) -> None:  # type: ignore[override]  # this schedule lives on the figure
        """Go on to the next epoch, given the figure of the one that ended."""
        figure = float(metrics)
        self.last_epoch += 1
        if self._is_better(figure):
            self.best = figure
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _is_better(self, figure: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            bar = self.best * (1 + sign * self.threshold)
        else:
            bar = self.best + sign * self.threshold
        return sign * figure > sign * bar

    def _reduce_lr(self) -> None:
        lowest_rates = one_for_each_group("min_lr", self.min_lr, self.optimizer)
        for group, lowest in zip(self.optimizer.param_groups, lowest_rates, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, lowest)
            if old - new > self.eps:
                group["lr"] = new
