"""Optimizers, which turn gradients into steps, and the schedules of their learning rates."""

from __future__ import annotations

from tinycnn.optim import lr_scheduler
from tinycnn.optim.adam import Adam, AdamW
from tinycnn.optim.optimizer import Optimizer
from tinycnn.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]
