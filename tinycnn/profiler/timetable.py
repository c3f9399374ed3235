r"""Which steps are recorded: all of them, or by a schedule that waits, warms up and records in turn."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from tinycnn.backend import why_not_cuda
from tinycnn.errors import ConfigError


class ProfilerActivity(Enum):
    """Where time is taken. Here it makes no difference: every op is waited for, on whichever device it runs."""

    CPU = 0
    XPU = 1
    CUDA = 2


def supported_activities() -> set[ProfilerActivity]:
    """CPU, and CUDA where there is a GPU."""
    return {ProfilerActivity.CPU} | ({ProfilerActivity.CUDA} if why_not_cuda() is None else set())


class ProfilerAction(Enum):
    """What is done in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3  # the last one of its kind

    @property
    def records(self) -> bool:
        """Whether the step is recorded."""
        return self in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """What to do in each step: skip the first ones, then wait, warm up and record in turn, `repeat` times or for ever.

    Parameters
    ----------
    wait, warmup, active : steps that pass unseen, that run before time counts, that are recorded
    repeat : how often all that happens; 0 goes on to the end
    skip_first : steps before all that
    skip_first_wait : if not 0, the first round does not wait

    Raises
    ------
    ConfigError
        If a number is negative, or nothing is recorded.

    Examples
    --------
    >>> plan = schedule(wait=1, warmup=1, active=2, repeat=1)
    >>> [plan(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    if min(wait, warmup, repeat, skip_first, skip_first_wait) < 0 or active < 1:
        raise ConfigError("schedule: numbers of steps are not negative, and active, those recorded, at least 1")

    def plan(step: int) -> ProfilerAction:
        step -= skip_first
        if skip_first_wait:
            step += wait
        length = wait + warmup + active
        if step < 0 or (repeat and step >= repeat * length):
            return ProfilerAction.NONE
        place = step % length
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < length - 1 else ProfilerAction.RECORD_AND_SAVE

    return plan
