r"""The optimizer and the schedule of the learning rate that a configuration asks for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from tinycnn.optim import SGD, Adam, AdamW, Optimizer, lr_scheduler
from tinycnn.train.config import TrainConfig


def make_optimizer(config: TrainConfig, parameters: Iterable[Any]) -> Optimizer:
    r"""SGD, Adam or AdamW of these parameters."""
    lr, weight_decay = config.lr or 0.0, config.weight_decay or 0.0
    if config.optimizer == "sgd":
        return SGD(parameters, lr=lr, momentum=config.momentum or 0.0, weight_decay=weight_decay)
    return (Adam if config.optimizer == "adam" else AdamW)(parameters, lr=lr, weight_decay=weight_decay)


def make_schedule(config: TrainConfig, optimizer: Optimizer, steps_per_epoch: int) -> lr_scheduler.LRScheduler | None:
    r"""The schedule, to be stepped after every batch; None if the learning rate stays as it is.

        step        a tenth of the rate after a third of the steps, a hundredth after two thirds
        cosine      from the rate down to 0, along half a period of the cosine
        onecycle    from a 25th up to the rate in 30 % of the steps, then down to almost 0
    """
    steps = config.epochs * steps_per_epoch
    if config.schedule == "step":
        return lr_scheduler.StepLR(optimizer, math.ceil(steps / 3), gamma=0.1)
    if config.schedule == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, steps)
    if config.schedule == "onecycle":
        # the momentum stays: it is an option of its own
        return lr_scheduler.OneCycleLR(optimizer, config.lr or 0.0, total_steps=steps, cycle_momentum=False)
    return None
