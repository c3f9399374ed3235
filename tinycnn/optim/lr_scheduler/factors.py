r"""Schedules that multiply the learning rate: by steps, exponentially, for a warm-up, or as a function says.

All but LambdaLR know the ratio of one epoch's rate to the last one's. So several of them can act on one optimizer, each
multiplying what the others left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from tinycnn.errors import ConfigError
from tinycnn.optim.lr_scheduler.scheduler import LRScheduler, check_optimizer, one_for_each_group
from tinycnn.optim.optimizer import Optimizer


class _FactorLR(LRScheduler):
    """ηₜ = ηₜ₋₁ · factor(t), which a subclass gives together with the product of all factors so far."""

    def _factor(self) -> float:
        raise NotImplementedError

    def _product(self) -> float:
        raise NotImplementedError

    def get_lr(self) -> list[float]:
        factor = self._factor()
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[float]:
        product = self._product()
        return [lr * product for lr in self.base_lrs]


class StepLR(_FactorLR):
    r"""Multiply the rate by gamma every `step_size` epochs: ηₜ = η₀ · γ^⌊t/step_size⌋.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
        Epochs between two drops.
    gamma : float
    last_epoch : int
        See `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        if not step_size > 0:
            raise ConfigError(f"StepLR: step_size must be at least one epoch, not {step_size}")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return self.gamma if self.last_epoch > 0 and self.last_epoch % self.step_size == 0 else 1.0

    def _product(self) -> float:
        return self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(_FactorLR):
    r"""Multiply the rate by gamma at each milestone: ηₜ = η₀ · γ^(number of milestones ≤ t).

    Parameters
    ----------
    optimizer : Optimizer
    milestones : iterable of int
        Epochs; one that is named twice counts twice.
    gamma : float
    last_epoch : int
        See `LRScheduler`.

    References
    ----------
    He, Zhang, Ren, Sun (2016), "Deep Residual Learning for Image Recognition", section 4.2, drops by ten at half and at
    three quarters of the training.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return self.gamma ** self.milestones[self.last_epoch]

    def _product(self) -> float:
        return self.gamma ** bisect_right(sorted(self.milestones.elements()), self.last_epoch)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave; its milestones may be a plain dictionary, as they come from a file."""
        super().load_state_dict({**state_dict, "milestones": Counter(state_dict["milestones"])})


class ExponentialLR(_FactorLR):
    r"""Multiply the rate by gamma every epoch: ηₜ = η₀ · γᵗ.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float
    last_epoch : int
        See `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return 1.0 if self._is_initial else self.gamma

    def _product(self) -> float:
        return self.gamma**self.last_epoch


class ConstantLR(_FactorLR):
    r"""Hold the rate at η₀ · factor for the first `total_iters` epochs, then at η₀.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float
        In (0, 1].
    total_iters : int
    last_epoch : int
        See `LRScheduler`.

    References
    ----------
    Goyal et al. (2017), "Accurate, Large Minibatch SGD", section 2.2, "constant warmup".
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 < factor <= 1:
            raise ConfigError(f"Constant multiplicative factor expected to be above 0 and at most 1, but got {factor}")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.factor
        return 1.0 / self.factor if self.last_epoch == self.total_iters else 1.0

    def _product(self) -> float:
        return self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor)


class LinearLR(_FactorLR):
    r"""Change the rate in equal steps, from η₀ · start_factor to η₀ · end_factor in `total_iters` epochs: a warm-up.

        ηₜ = η₀ · (s + (e − s) · min(t, T)/T)

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float
        s in (0, 1].
    end_factor : float
        e in [0, 1].
    total_iters : int
        T, the epochs it takes.
    last_epoch : int
        See `LRScheduler`.

    References
    ----------
    Goyal et al. (2017), "Accurate, Large Minibatch SGD", section 2.2, "gradual warmup".

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn.optim import SGD, lr_scheduler
    >>> optimizer = SGD([tinycnn.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> for epoch in range(5):
    ...     print(f"{scheduler.get_last_lr()[0]:.2f}", end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    0.25 0.50 0.75 1.00 1.00
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ConfigError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal to 1, but got"
                f" {start_factor}"
            )
        if not 0 <= end_factor <= 1:
            raise ConfigError(f"Ending multiplicative factor expected to be between 0 and 1, but got {end_factor}")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        t, rise = self.last_epoch, self.end_factor - self.start_factor
        if t == 0:
            return self.start_factor
        if self._is_initial or t > self.total_iters:
            return 1.0
        return 1.0 + rise / (self.total_iters * self.start_factor + (t - 1) * rise)

    def _product(self) -> float:
        if self.last_epoch >= self.total_iters:
            return self.end_factor
        rise = self.end_factor - self.start_factor
        return self.start_factor + rise * self.last_epoch / self.total_iters


class LambdaLR(LRScheduler):
    r"""The rate is a function of the epoch: ηₜ = η₀ · λ(t).

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable (int) -> float, or a list with one for each parameter group
    last_epoch : int
        See `LRScheduler`.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn.optim import SGD, lr_scheduler
    >>> optimizer = SGD([tinycnn.zeros(1, requires_grad=True)], lr=8.0)
    >>> scheduler = lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + t))
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [4.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.lr_lambdas: list[Any] = one_for_each_group("lr_lambda", lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [lr * scale(self.last_epoch) for lr, scale in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """As `LRScheduler.state_dict`. Functions are left out; objects that can be called give their attributes."""
        state = super().state_dict()
        state["lr_lambdas"] = [
            None if isinstance(scale, FunctionType) else dict(getattr(scale, "__dict__", {}))
            for scale in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave; the functions remain the ones given here."""
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for scale, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if attributes:
                scale.__dict__.update(attributes)
