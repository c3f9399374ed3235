r"""Training: the loop, its figures, and what ``tinycnn train`` does from configuration to run folder."""

from __future__ import annotations

from tinycnn.train.adaptation import freeze_body, head_of, parameter_groups, replace_head
from tinycnn.train.augmentation import RandomAffine, bilinear
from tinycnn.train.balance import balanced_accuracy, class_reports, class_weights
from tinycnn.train.config import FinetuneConfig, TrainConfig, TransferConfig
from tinycnn.train.demonstration import run_transfer
from tinycnn.train.display import Silent, Table
from tinycnn.train.experiment import Outcome, run_experiment
from tinycnn.train.finetuning import run_finetune
from tinycnn.train.landscape import Landscape, filter_normalized_direction, loss_landscape
from tinycnn.train.metrics import Tally, accuracy, confusion_matrix
from tinycnn.train.optimization import make_optimizer, make_schedule
from tinycnn.train.preparation import load_datasets, make_model
from tinycnn.train.run_folder import CONTENTS, RunFolder
from tinycnn.train.trainer import DivergedError, EpochRecord, Trainer

__all__ = [
    "CONTENTS",
    "DivergedError",
    "EpochRecord",
    "FinetuneConfig",
    "Landscape",
    "Outcome",
    "RandomAffine",
    "RunFolder",
    "Silent",
    "Table",
    "Tally",
    "TrainConfig",
    "Trainer",
    "TransferConfig",
    "accuracy",
    "balanced_accuracy",
    "bilinear",
    "class_reports",
    "class_weights",
    "confusion_matrix",
    "filter_normalized_direction",
    "freeze_body",
    "head_of",
    "load_datasets",
    "loss_landscape",
    "make_model",
    "make_optimizer",
    "make_schedule",
    "parameter_groups",
    "replace_head",
    "run_experiment",
    "run_finetune",
    "run_transfer",
]
