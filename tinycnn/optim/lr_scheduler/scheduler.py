r"""The base of all schedules: it counts the epochs and hands the rates of `get_lr` to the optimizer."""

from __future__ import annotations

import warnings
from typing import Any

from tinycnn.errors import ConfigError, explain
from tinycnn.optim.optimizer import Optimizer


class LRScheduler:
    r"""Sets the learning rate of every parameter group, anew whenever `step` is called.

    A schedule derives from this class and writes `get_lr`: the rates of epoch ``self.last_epoch``, computed from those
    now in ``self.optimizer.param_groups`` or from the ones at the beginning, ``self.base_lrs``.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set. Its rate at this moment is kept as ``group["initial_lr"]``.
    last_epoch : int
        The last epoch that was trained, when a schedule is taken up again; −1 to begin.

    Raises
    ------
    TypeError
        If `optimizer` is not an Optimizer.
    KeyError
        If a schedule is taken up again with an optimizer that none was ever made for.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn.optim import SGD, lr_scheduler
    >>> class HarmonicLR(lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr / (1 + self.last_epoch) for lr in self.base_lrs]
    >>> optimizer = SGD([tinycnn.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = HarmonicLR(optimizer)
    >>> for epoch in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    _is_initial = False  # True during the step that __init__ makes

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming with last_epoch ="
                    f" {last_epoch}; load the optimizer's state first, or begin with last_epoch = -1"
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def get_lr(self) -> list[float]:
        """The rate of each group in epoch ``self.last_epoch``; the rate now set is `get_last_lr`'s to tell."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr()")

    def _get_closed_form_lr(self) -> list[float]:
        """The same from the rates at the beginning alone, whatever is set now: what a jump to an epoch needs."""
        return self.get_lr()

    def get_last_lr(self) -> list[float]:
        """The rate of each group that was set last."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch. Call it after the optimizer's `step`.

        To jump, name an `epoch`: PyTorch's old way, which warns there and here.
        """
        if self._step_count == 1 and type(self.optimizer).step is Optimizer.step and not self.optimizer._stepped:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the first rate of the schedule is"
                " skipped. Call the optimizer's step first, then the scheduler's.",
                stacklevel=2,
            )
        if epoch is not None:
            warnings.warn("scheduler.step(epoch) is deprecated: call scheduler.step() once an epoch", stacklevel=2)
        self._step_count += 1
        self._update_lr(epoch)

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule knows, but for the optimizer, which has a state of its own to save."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. The rate itself comes with the optimizer's state."""
        self.__dict__.update(state_dict)

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        self.step()
        self._is_initial = False

    def _undo(self) -> None:
        """Take back the epoch that `_initial_step` counted."""
        self.last_epoch -= 1

    def _update_lr(self, epoch: int | None = None) -> None:
        if epoch is None:
            self.last_epoch += 1
            rates = self.get_lr()
        else:
            self.last_epoch = epoch
            rates = self._get_closed_form_lr()
        groups = self.optimizer.param_groups
        if len(rates) != len(groups):
            raise ConfigError(explain(
                f"{type(self).__name__}: there must be one rate for each parameter group",
                {"rates": len(rates), "parameter groups": len(groups)},
                "was a group added to the optimizer after this schedule was made? make it again",
            ))
        for group, lr in zip(groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = list(rates)


def check_optimizer(optimizer: Any) -> None:
    """Raise TypeError unless it is one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer: it takes the optimizer, not the model")


def one_for_each_group(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """A value for each parameter group, from a list of as many or from one that all share."""
    count = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * count
    if len(value) != count:
        raise ConfigError(explain(
            f"{name} must be one value, or one for each parameter group",
            {name: list(value), "parameter groups": count},
        ))
    return list(value)
