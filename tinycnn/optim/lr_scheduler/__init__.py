"""Schedules of the learning rate: each changes ``group["lr"]`` of an optimizer, once whenever `step` is called.

    optimizer = SGD(model.parameters(), lr=0.1)
    scheduler = CosineAnnealingLR(optimizer, T_max=30)
    for epoch in range(30):
        for x, y in loader:
            ...
            optimizer.step()
        scheduler.step()            # after the optimizer's

Making a schedule sets the first rate. Most take an epoch as their unit; OneCycleLR is meant to step after every batch.
"""

from __future__ import annotations

from tinycnn.optim.lr_scheduler.annealing import CosineAnnealingLR, OneCycleLR
from tinycnn.optim.lr_scheduler.factors import ConstantLR, ExponentialLR, LambdaLR, LinearLR, MultiStepLR, StepLR
from tinycnn.optim.lr_scheduler.plateau import ReduceLROnPlateau
from tinycnn.optim.lr_scheduler.scheduler import LRScheduler
from tinycnn.optim.lr_scheduler.sequence import SequentialLR

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
