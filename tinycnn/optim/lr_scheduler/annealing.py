r"""Schedules along a smooth curve: half a cosine, and the one cycle up and down."""

from __future__ import annotations

from math import cos, pi
from typing import Any, NamedTuple

from tinycnn.errors import ConfigError
from tinycnn.optim.lr_scheduler.scheduler import LRScheduler, check_optimizer, one_for_each_group
from tinycnn.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    r"""From η₀ down to eta_min in `T_max` epochs, along half a cosine, and up again if one goes on.

        ηₜ = η_min + ½(η₀ − η_min)(1 + cos(πt/T))

    It is computed as PyTorch does, from the rate of the epoch before, so that other schedules can act beside it.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        T, the epochs from the highest to the lowest rate.
    eta_min : float
        The lowest rate.
    last_epoch : int
        See `LRScheduler`.

    References
    ----------
    Loshchilov, Hutter (2017), "SGDR: Stochastic Gradient Descent with Warm Restarts", equation 5; without the restarts.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn.optim import SGD, lr_scheduler
    >>> optimizer = SGD([tinycnn.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> for epoch in range(5):
    ...     print(f"{scheduler.get_last_lr()[0]:.3f}", end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.000 0.854 0.500 0.146 0.000
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        if not T_max > 0:
            raise ConfigError(f"CosineAnnealingLR: T_max must be at least one epoch, not {T_max}")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, period = self.last_epoch, self.T_max
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self._is_initial:
            return rates
        if (t - 1 - period) % (2 * period) == 0:  # the epoch before stood at the bottom, and 0 has no ratio
            rise = (1 - cos(pi / period)) / 2
            return [lr + (base - self.eta_min) * rise for lr, base in zip(rates, self.base_lrs, strict=False)]
        ratio = (1 + cos(pi * t / period)) / (1 + cos(pi * (t - 1) / period))
        return [ratio * (lr - self.eta_min) + self.eta_min for lr in rates]

    def _get_closed_form_lr(self) -> list[float]:
        height = (1 + cos(pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]


class _Phase(NamedTuple):
    """A part of the cycle: when it ends, and which entries of a parameter group it leads from and to."""

    end_step: float
    start_lr: str
    end_lr: str
    start_momentum: str
    end_momentum: str


class OneCycleLR(LRScheduler):
    r"""Up from max_lr/div_factor to max_lr, then down to max_lr/(div_factor · final_div_factor).

    The momentum (Adam's β₁) goes the other way, from max_momentum to base_momentum and back. Step it after every batch.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float, or a list with one for each parameter group
        The peak; the rate the optimizer was made with does not matter.
    total_steps : int, optional
        The length of the cycle; otherwise it is `epochs` · `steps_per_epoch`.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        The part of the cycle that goes up, from 0 to 1.
    anneal_strategy : {"cos", "linear"}
        The shape of the ways up and down.
    cycle_momentum : bool
        Whether the momentum changes too.
    base_momentum, max_momentum : float, or a list with one for each parameter group
        Its lowest value, at the peak of the rate, and its highest.
    div_factor, final_div_factor : float
        What divides the peak at the beginning, and that once more at the end.
    three_phase : bool
        Come down to the beginning's rate in as many steps as it went up, then on to the lowest.
    last_epoch : int
        See `LRScheduler`.

    References
    ----------
    Smith, Topin (2018), "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates". The two
    phases that are the default here, as in PyTorch, are fast.ai's; the paper has three.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn.optim import SGD, lr_scheduler
    >>> optimizer = SGD([tinycnn.zeros(1, requires_grad=True)], momentum=0.9)
    >>> scheduler = lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=6, pct_start=0.5)
    >>> for batch in range(6):
    ...     print(f"{scheduler.get_last_lr()[0]:.2f} {optimizer.param_groups[0]['momentum']:.3f}", end="   ")
    ...     optimizer.step()
    ...     scheduler.step()
    0.04 0.950   0.52 0.900   1.00 0.850   0.75 0.875   0.25 0.925   0.00 0.950
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        if not 0 <= pct_start <= 1:
            raise ConfigError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ConfigError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy!r}")
        self.total_steps = _length(total_steps, epochs, steps_per_epoch)
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        self.use_beta1 = "betas" in optimizer.defaults
        if cycle_momentum and not self.use_beta1 and "momentum" not in optimizer.defaults:
            raise ConfigError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")

        up, last = float(pct_start * self.total_steps), float(self.total_steps - 1)
        self._phases = [_Phase(up - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")]
        if three_phase:
            self._phases += [
                _Phase(2 * up - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
                _Phase(last, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
            ]
        else:
            self._phases += [_Phase(last, "max_lr", "min_lr", "base_momentum", "max_momentum")]

        peaks = one_for_each_group("max_lr", max_lr, optimizer)
        lows = one_for_each_group("base_momentum", base_momentum, optimizer)
        highs = one_for_each_group("max_momentum", max_momentum, optimizer)
        if last_epoch == -1:
            for group, peak, low, high in zip(optimizer.param_groups, peaks, lows, highs, strict=True):
                start = peak / div_factor
                group.update(initial_lr=start, max_lr=peak, min_lr=start / final_div_factor)
                if cycle_momentum:
                    group.update(max_momentum=high, base_momentum=low)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        if t > self.total_steps:
            raise ConfigError(
                f"Tried to step {t} times. The specified number of total steps is {self.total_steps}: step this"
                " scheduler once a batch, and count the batches of all epochs"
            )
        phase, start = self._phases[0], 0.0
        for following in self._phases[1:]:
            if t > phase.end_step:
                phase, start = following, phase.end_step
        length = phase.end_step - start
        progress = (t - start) / length if length else 1.0

        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[phase.start_lr], group[phase.end_lr], progress))
            if self.cycle_momentum:
                momentum = self._between(group[phase.start_momentum], group[phase.end_momentum], progress)
                if self.use_beta1:
                    group["betas"] = (momentum, *group["betas"][1:])
                else:
                    group["momentum"] = momentum
        return rates

    def _between(self, start: float, end: float, progress: float) -> float:
        if self.anneal_strategy == "cos":
            return end + (start - end) / 2.0 * (cos(pi * progress) + 1)
        return (end - start) * progress + start


def _length(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """The number of steps in the cycle."""
    if total_steps is not None:
        given: dict[str, Any] = {"total_steps": total_steps}
    elif epochs is not None and steps_per_epoch is not None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    else:
        raise ConfigError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    length = 1
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ConfigError(f"Expected positive integer {name}, but got {value}")
        length *= value
    return length
