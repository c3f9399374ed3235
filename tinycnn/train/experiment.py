r"""One training from its configuration to its run folder: the data, the model, the epochs, the results."""

from __future__ import annotations

import platform
from typing import Any, NamedTuple

import numpy as np

from tinycnn import backend
from tinycnn._version import __version__
from tinycnn.backend import blas
from tinycnn.data import DataLoader
from tinycnn.datasets import TableDataset
from tinycnn.nn import Module
from tinycnn.random import Generator, manual_seed
from tinycnn.train.augmentation import make_augmentation
from tinycnn.train.config import TrainConfig
from tinycnn.train.display import Silent
from tinycnn.train.optimization import make_optimizer, make_schedule
from tinycnn.train.pictures import draw_pictures
from tinycnn.train.preparation import load_datasets, make_model
from tinycnn.train.run_folder import RunFolder
from tinycnn.train.trainer import EpochRecord, Trainer

TEST_BATCH_SIZE = 512  # without gradients, memory is no concern


class Outcome(NamedTuple):
    r"""What came of an experiment."""

    folder: RunFolder
    records: list[EpochRecord]  #: of the finished epochs
    test_images: int
    interrupted: bool  #: by Ctrl-C
    no_pictures: str | None  #: why there are none; None if there are


class _Finished(NamedTuple):
    r"""What was learnt by the end of the last finished epoch."""

    records: list[EpochRecord]
    weights: dict[str, Any]


def run_experiment(config: TrainConfig, display: Silent | None = None) -> Outcome:
    r"""Train as the configuration says and leave the results in a folder.

    After every epoch the folder holds its weights and metrics. Ctrl-C ends the training early: what the finished
    epochs taught is kept, with its pictures, and the epoch it came in is forgotten.

    Raises
    ------
    ConfigError      an option is out of range, or the model does not fit the images
    DeviceError      the device is not there
    FormatError      the dataset cannot be read
    DivergedError    the loss became infinite or NaN; the epochs before are in the folder
    OSError          no such dataset, or the folder cannot be written
    """
    display = display or Silent()
    backend.get(config.device)  # if it is not there, say so before anything is done
    train, test = load_datasets(config)
    train_batches = DataLoader(train, config.batch_size, shuffle=True, generator=_seeded(config))
    test_batches = DataLoader(test, TEST_BATCH_SIZE)
    manual_seed(config.seed)
    model = make_model(config.model, train).to(config.device)
    optimizer = make_optimizer(config, model.parameters())
    trainer = Trainer(
        model,
        optimizer,
        schedule=make_schedule(config, optimizer, len(train_batches)),
        augment=make_augmentation(config, _seeded(config)),
    )

    folder = RunFolder(config.out, config.name)
    facts = _facts(model, train, test)
    folder.write_config({**config.as_dict(), **facts})
    display.say(_headline(config, facts))
    display.begin(config.epochs * len(train_batches))
    finished, interrupted = _Finished([], {}), False
    try:
        with blas.limited(config.threads):
            for record in trainer.fit(train_batches, test_batches, config.epochs, display.batch):
                finished = _Finished([*finished.records, record], _copied(model))
                _write(folder, finished)
                display.epoch(record)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        display.end()
        folder.remove_if_bare()

    no_pictures: str | None = "no epoch was finished"
    if finished.records:
        _write(folder, finished)  # again, for Ctrl-C may have come between its two files
        model.load_state_dict(finished.weights)
        display.say(f"\ntest accuracy {100 * finished.records[-1].test_accuracy:.2f} %; drawing the pictures …")
        no_pictures = draw_pictures(folder, finished.records, trainer, test_batches, test.images, test.classes)
    return Outcome(folder, finished.records, len(test), interrupted, no_pictures)


def _seeded(config: TrainConfig) -> Generator:
    r"""A generator of its own, so that the order of the images is the same whatever the model draws for its weights."""
    return Generator().manual_seed(config.seed)


def _copied(model: Module) -> dict[str, Any]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def _write(folder: RunFolder, finished: _Finished) -> None:
    folder.write_weights(finished.weights)
    folder.write_metrics(finished.records)


def _facts(model: Module, train: TableDataset, test: TableDataset) -> dict[str, Any]:
    r"""What config.json says beyond the options."""
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "classes": train.classes,
        "image_shape": list(train.images.shape[1:]),
        "train_images": len(train),
        "test_images": len(test),
        "versions": {"tinycnn": __version__, "numpy": np.__version__, "python": platform.python_version()},
    }


def _headline(config: TrainConfig, facts: dict[str, Any]) -> str:
    size = "×".join(map(str, facts["image_shape"]))
    return (
        f"{config.model} with {facts['parameters']:,} parameters, on {config.device}\n"
        f"{config.dataset}: {facts['train_images']} images to learn from, {facts['test_images']} to test on;"
        f" {size}, {len(facts['classes'])} classes\n"
    )
