r"""Training: the loop, its figures, and what ``tinycnn train`` does from configuration to run folder."""

from __future__ import annotations

from tinycnn.train.augmentation import RandomAffine, bilinear
from tinycnn.train.config import TrainConfig
from tinycnn.train.display import Silent, Table
from tinycnn.train.experiment import Outcome, run_experiment
from tinycnn.train.metrics import Tally, accuracy, confusion_matrix
from tinycnn.train.optimization import make_optimizer, make_schedule
from tinycnn.train.preparation import load_datasets, make_model
from tinycnn.train.run_folder import CONTENTS, RunFolder
from tinycnn.train.trainer import DivergedError, EpochRecord, Trainer

__all__ = [
    "CONTENTS",
    "DivergedError",
    "EpochRecord",
    "Outcome",
    "RandomAffine",
    "RunFolder",
    "Silent",
    "Table",
    "Tally",
    "TrainConfig",
    "Trainer",
    "accuracy",
    "bilinear",
    "confusion_matrix",
    "load_datasets",
    "make_model",
    "make_optimizer",
    "make_schedule",
    "run_experiment",
]
