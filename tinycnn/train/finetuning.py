r"""A trained network made to tell one's own photographs apart, from configuration to run folder."""

from __future__ import annotations

import platform
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from tinycnn import backend
from tinycnn._tensor import Tensor
from tinycnn._version import __version__
from tinycnn.backend import blas
from tinycnn.creation import zeros
from tinycnn.data import DataLoader
from tinycnn.nn import CrossEntropyLoss, Module
from tinycnn.optim import AdamW
from tinycnn.optim.lr_scheduler import OneCycleLR
from tinycnn.random import Generator, manual_seed
from tinycnn.train.adaptation import freeze_body, parameter_groups
from tinycnn.train.balance import ClassReport, balanced_accuracy, class_reports, class_weights
from tinycnn.train.config import FinetuneConfig
from tinycnn.train.display import Silent
from tinycnn.train.image_folders import Folders, Photographs, Pictures, Preprocessing, find_images
from tinycnn.train.metrics import Tally, confusion_matrix
from tinycnn.train.pictures import draw_outcome
from tinycnn.train.run_folder import RunFolder, check_free, quoted
from tinycnn.train.starting_point import StartingPoint, check_source, starting_point
from tinycnn.train.trainer import Batches, EpochRecord, Trainer

FINETUNE_CONTENTS = {
    "config.json": "the options of this run, the classes, and how images are prepared",
    "metrics.csv": "loss and accuracy of every epoch",
    "model.safetensors": "the weights of the best epoch, by balanced accuracy on the validation images",
    "last.safetensors": "the weights of the last epoch",
    "classes.csv": "precision and recall of each class",
    "curves.png": "loss and accuracy over the epochs",
    "confusion.png": "which class was taken for which",
    "mistakes.png": "the images that were classified wrongly",
}


class FinetuneOutcome(NamedTuple):
    r"""What came of a fine-tuning."""

    folder: RunFolder
    records: list[EpochRecord]  #: of the finished epochs; their test figures are of the validation images
    best: EpochRecord | None  #: the epoch whose weights were kept
    judged: str  #: what the reports are of: "test images" if there are any, else "validation images"
    reports: list[ClassReport]
    matrix: Any  #: the confusion matrix, (K, K)
    interrupted: bool  #: by Ctrl-C
    no_pictures: str | None  #: why there are none; None if there are


class _Judging(Trainer):
    r"""Keeps what it predicted as it evaluates, so that images are read once for loss, accuracy and confusion."""

    logits: Tensor
    targets: Tensor

    def evaluate(self, batches: Batches) -> Tally:
        self.logits, self.targets = self.predict(batches)
        tally = Tally()
        device = next(iter(self.model.parameters())).device
        loss = self.loss(self.logits.to(device), self.targets.to(device))
        self._check(tally.add(loss.cpu(), self.logits, self.targets), "validation")
        return tally

    def matrix(self, classes: int) -> Any:
        return confusion_matrix(self.logits.argmax(1), self.targets, classes)


def run_finetune(config: FinetuneConfig, display: Silent | None = None) -> FinetuneOutcome:
    r"""Fine-tune as the configuration says and leave the results in a folder.

    The epoch that is kept is the one with the best balanced accuracy on the validation images, the mean over the
    classes of the share that is recognized: with many empty pictures and few animals, plain accuracy would keep the
    network that calls everything empty. After every epoch the folder holds what there is so far; Ctrl-C ends the
    training early.

    Raises
    ------
    ConfigError, FormatError, StateError, OSError
        The images, the model or its weights are not to be had as asked for; see `find_images` and `starting_point`.
    DeviceError      the device is not there
    DivergedError    the loss became infinite or NaN; the epochs before are in the folder
    """
    display = display or Silent()
    backend.get(config.device)  # what is not there is better said before the images are looked through
    check_source(config.model, config.weights)
    check_free(config.out)
    display.say(f"looking through {config.data} …")
    folders = find_images(config.data, config.validation_share, display.through)
    manual_seed(config.seed)
    start = starting_point(
        config.model, config.weights, len(folders.classes), config.crop_size, config.resize_size
    )
    trainer, train, validation = _prepared(config, folders, start)
    _try_size(trainer, start.preprocessing)
    folder = RunFolder(config.out, f"{config.model}-finetuned", FINETUNE_CONTENTS)
    folder.write_config(_facts(config, folders, start))
    display.say(_headline(config, folders, start, len(train)))
    epochs = config.pace(len(folders.train)).epochs
    display.begin(epochs * len(train))
    finished, interrupted = _Finished([], [], None), False
    try:
        with blas.limited(config.threads):
            for record in trainer.fit(train, validation, epochs, display.batch):
                folder.write_weights(trainer.model.state_dict(), "last.safetensors")
                finished = finished.then(record, trainer, len(folders.classes))
                finished.write(folder)
                display.epoch(record)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        display.end()
        folder.remove_if_bare()
    finished.write(folder)  # again, for Ctrl-C may have come between its two files
    if finished.best is None:
        return FinetuneOutcome(folder, [], None, "no images", [], None, interrupted, "no epoch was finished")
    trainer.model.load_state_dict(finished.best.weights)
    judged, samples, trainer.logits = "validation images", folders.validation, finished.best.logits
    if folders.test:
        judged, samples = "test images", folders.test
        display.say("\nclassifying the test images …")
        size = config.pace(len(folders.train)).batch_size
        trainer.evaluate(_judging_batches(config, size, samples, start.preprocessing))
    best, matrix = finished.best.record, trainer.matrix(len(folders.classes))
    reports = class_reports(matrix, folders.classes)
    _write_reports(folder, reports)
    no_pictures = draw_outcome(
        folder, finished.records, trainer.logits, trainer.targets, Pictures(samples, start.preprocessing.for_showing()),
        folders.classes, judged, "validation images", best.epoch,
    )
    return FinetuneOutcome(folder, finished.records, best, judged, reports, matrix, interrupted, no_pictures)


class _Best(NamedTuple):
    r"""The best epoch so far: the weights that it ended with, and what they made of the validation images."""

    record: EpochRecord
    balanced: float
    weights: dict[str, Tensor]
    logits: Tensor


class _Finished(NamedTuple):
    r"""The epochs so far; replaced as a whole, so that Ctrl-C finds an epoch in it or does not."""

    records: list[EpochRecord]
    balanced: list[float]
    best: _Best | None

    def then(self, record: EpochRecord, trainer: _Judging, classes: int) -> _Finished:
        r"""With one more. Of equal balanced accuracies, usual where images are few, the one of less loss is better."""
        reached, best = balanced_accuracy(trainer.matrix(classes)), self.best
        if best is None or (reached, -record.test_loss) > (best.balanced, -best.record.test_loss):
            weights = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}
            best = _Best(record, reached, weights, trainer.logits)
        return _Finished([*self.records, record], [*self.balanced, reached], best)

    def write(self, folder: RunFolder) -> None:
        if self.best is None:
            return
        folder.write_weights(self.best.weights)
        names = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds",
                 "validation_balanced_accuracy")
        folder.write_table("metrics.csv", names, (
            [str(epoch), *(f"{figure:.6f}" for figure in (*figures, balanced))]
            for (epoch, *figures), balanced in zip(self.records, self.balanced, strict=True)
        ))


def _prepared(
    config: FinetuneConfig, folders: Folders, start: StartingPoint
) -> tuple[_Judging, DataLoader, DataLoader]:
    model = start.model.to(config.device)
    frozen = freeze_body(model) if config.freeze else ()
    epochs, batch_size, head_lr = config.pace(len(folders.train))
    groups = parameter_groups(model, head_lr if config.weights is None else config.lr, head_lr)
    prepare = start.preprocessing
    train = DataLoader(
        Photographs(folders.train, prepare.for_learning()), batch_size, shuffle=True,
        num_workers=config.workers, generator=Generator().manual_seed(config.seed),
        drop_last=len(folders.train) % batch_size == 1 < len(folders.train),  # BatchNorm wants two images
    )
    validation = _judging_batches(config, batch_size, folders.validation, prepare)
    optimizer = AdamW(groups, lr=head_lr, weight_decay=config.weight_decay)
    peaks = [group["lr"] for group in groups]
    steps = epochs * len(train)
    schedule = OneCycleLR(optimizer, peaks, total_steps=steps, cycle_momentum=False) if steps > 1 else None
    weight = None
    if config.class_weights:
        weight = class_weights([label for _, label in folders.train], len(folders.classes)).to(config.device)
    trainer = _Judging(model, optimizer, schedule=schedule, loss=CrossEntropyLoss(weight), frozen=frozen)
    return trainer, train, validation


def _try_size(trainer: Trainer, prepare: Preprocessing) -> None:
    r"""A model that takes no images of this size says so before a folder is made for it."""
    trainer.predict([(zeros(1, prepare.channels, prepare.crop_size, prepare.crop_size), zeros(1))])


def _judging_batches(config: FinetuneConfig, batch_size: int, samples: Any, prepare: Preprocessing) -> DataLoader:
    return DataLoader(Photographs(samples, prepare.for_judging()), batch_size, num_workers=config.workers)


def _write_reports(folder: RunFolder, reports: list[ClassReport]) -> None:
    folder.write_table("classes.csv", ClassReport._fields, (
        [quoted(report.name), str(report.images), f"{report.precision:.6f}", f"{report.recall:.6f}"]
        for report in reports
    ))


def _facts(config: FinetuneConfig, folders: Folders, start: StartingPoint) -> dict[str, Any]:
    r"""What config.json says: enough to make the model and prepare its images again."""
    return {
        **asdict(config),
        **config.pace(len(folders.train))._asdict(),
        "model_options": start.options,
        "classes": folders.classes,
        "image_shape": [start.preprocessing.channels, *(start.preprocessing.crop_size,) * 2],
        "preprocessing": start.preprocessing.as_dict(),
        "weights_from": start.weights,
        "parameters": _count(start.model),
        "parameters_that_learn": _count(start.model, learning=True),
        "images": {"train": len(folders.train), "validation": len(folders.validation), "test": len(folders.test)},
        "damaged": folders.damaged,
        "versions": {"tinycnn": __version__, "numpy": np.__version__, "python": platform.python_version()},
    }


def _count(model: Module, learning: bool = False) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not learning)


def _headline(config: FinetuneConfig, folders: Folders, start: StartingPoint, steps: int) -> str:
    epochs, batch_size, head_lr = config.pace(len(folders.train))
    names = folders.classes
    counts, judging = (
        np.bincount([label for _, label in part], minlength=len(names)) for part in (folders.train, folders.validation)
    )
    sizes = ", ".join(f"{name} {n}" for name, n in zip(names, counts, strict=True))
    if len(names) > 12:
        sizes = f"{counts.min()} of {names[counts.argmin()]} to {counts.max()} of {names[counts.argmax()]}"
    prepare = start.preprocessing
    body = f", {config.lr:g} of the body" if config.weights is not None and not config.freeze else ""
    lines = [
        f"{config.model}, {_count(start.model):,} parameters, of which {_count(start.model, learning=True):,} learn,"
        f" on {config.device}; weights: {start.weights}",
        f"{len(names)} classes, {len(folders.train)} images to learn from ({sizes})",
        f"{len(folders.validation)} validation images" + (", a share of each class" if folders.split else "")
        + (f"; {len(folders.test)} test images" if folders.test else ""),
        f"resized to {prepare.resize_size}, cut to {prepare.crop_size}×{prepare.crop_size}",
        f"{epochs} epochs of {steps} steps, up to {batch_size} images each; learning rate {head_lr:g}{body}",
    ]
    if folders.damaged:
        some = ", ".join(folders.damaged[:3]) + (", …" if len(folders.damaged) > 3 else "")
        count = len(folders.damaged)
        lines.append(f"{count} damaged image{'s are' if count > 1 else ' is'} left out: {some}")
    if not judging.all():
        unseen = ", ".join(names[k] for k in np.flatnonzero(judging == 0)[:5])
        lines.append(f"no validation image of {unseen}: how well it is recognized stays unknown")
    if len(folders.train) and counts.max() > 3 * counts.min() and not config.class_weights:
        lines.append("the classes differ much in size; --class-weights lets each count the same")
    return "\n".join(lines) + "\n"
