r"""One training from its configuration to its run folder: the data, the model, the epochs, the results."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinycnn import backend, models
from tinycnn._version import __version__
from tinycnn.autograd import no_grad
from tinycnn.data import DataLoader
from tinycnn.datasets import Digits, TableDataset
from tinycnn.errors import ConfigError
from tinycnn.nn import Module
from tinycnn.random import Generator, manual_seed
from tinycnn.train.augmentation import RandomShift
from tinycnn.train.config import TrainConfig
from tinycnn.train.display import Silent
from tinycnn.train.optimization import make_optimizer, make_schedule
from tinycnn.train.run_folder import RunFolder
from tinycnn.train.trainer import EpochRecord, Trainer

TEST_BATCH_SIZE = 512  # no gradients: memory is no concern


class Outcome(NamedTuple):
    r"""What came of an experiment."""

    folder: RunFolder
    records: list[EpochRecord]
    images: tuple[int, int]  #: how many to learn from, how many to test on
    interrupted: bool
    no_pictures: str | None  #: why there are none; None if they were drawn


class _Finished(NamedTuple):
    r"""What was learnt by the end of the last whole epoch."""

    records: list[EpochRecord]
    weights: dict[str, Any]


def run(config: TrainConfig, display: Silent | None = None) -> Outcome:
    r"""Train as the configuration says and leave the results in a folder.

    After every epoch the folder holds its weights and metrics. Ctrl-C ends the training early: what the whole epochs
    taught is kept, the begun one is forgotten, and the pictures are drawn.

    Raises
    ------
    ConfigError      an option is out of range, or the model does not fit the images
    DeviceError      the device is not there
    FormatError      the dataset cannot be read
    DivergedError    the loss became infinite or NaN; the epochs before are kept
    OSError          no such dataset, or the folder cannot be written
    """
    display = display or Silent()
    backend.get(config.device)  # fails before any work is done
    train, test = _datasets(config)
    manual_seed(config.seed)
    model = make_model(config.model, train).to(config.device)
    order = Generator().manual_seed(config.seed)
    train_batches = DataLoader(train, config.batch_size, shuffle=True, generator=order)
    test_batches = DataLoader(test, TEST_BATCH_SIZE)
    optimizer = make_optimizer(config, model.parameters())
    trainer = Trainer(
        model,
        optimizer,
        schedule=make_schedule(config, optimizer, len(train_batches)),
        augment=RandomShift(config.augment, Generator().manual_seed(config.seed)) if config.augment else None,
    )

    folder = RunFolder(config.out, f"{config.model}-{_short_name(config.dataset)}")
    folder.write_config(_description(config, model, train, test))
    display.say(_headline(config, model, train, test))
    display.begin(config.epochs * len(train_batches))
    finished = _Finished([], {})
    interrupted = False
    try:
        for record in trainer.fit(train_batches, test_batches, config.epochs, display.batch):
            finished = _Finished([*finished.records, record], _copied(model))
            _write(folder, finished)
            display.epoch(record)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        display.end()
    if not finished.records:
        return Outcome(folder, [], (len(train), len(test)), interrupted, "no epoch was finished")
    if interrupted:
        display.say("interrupted: keeping what the finished epochs taught …")
        _write(folder, finished)  # the interrupt may have come between the two files
        model.load_state_dict(finished.weights)
    no_pictures = _draw(folder, finished.records, trainer, test, test_batches)
    return Outcome(folder, finished.records, (len(train), len(test)), interrupted, no_pictures)


def make_model(name: str, dataset: TableDataset) -> Module:
    r"""The model `name`, made for the classes, channels and size of these images."""
    import inspect  # slow to import, and needed only here

    _, channels, height, width = dataset.images.shape
    fitting = {"num_classes": len(dataset.classes), "in_channels": channels, "image_size": (height, width)}
    taken = inspect.signature(models.get_model_builder(name)).parameters
    return models.get_model(name, **{option: value for option, value in fitting.items() if option in taken})


def _datasets(config: TrainConfig) -> tuple[TableDataset, TableDataset]:
    make: Callable[[bool], TableDataset]
    if config.dataset == "digits":
        if config.image_shape is not None:
            raise ConfigError("the digits have a shape of their own, 8×8: image shape is for tables from a file")
        make = Digits
    else:
        if not os.path.exists(config.dataset) and os.sep not in config.dataset and "." not in config.dataset:
            raise ConfigError(f"there is no dataset {config.dataset!r}: it is 'digits', or the path of a CSV or NPZ file")

        def make(train: bool) -> TableDataset:
            return TableDataset(config.dataset, train, shape=config.image_shape)

    train, test = make(True), make(False)
    for part, use in ((train, "learn from"), (test, "test on")):
        if not len(part):
            raise ConfigError(
                f"{config.dataset}: no image is left to {use}; a fifth of each class is tested on, so a class"
                " needs at least 3 images"
            )
    return train, test


def _short_name(dataset: str) -> str:
    name = os.path.basename(os.path.normpath(dataset))
    return name.split(".")[0] or "table"


def _copied(model: Module) -> dict[str, Any]:
    with no_grad():
        return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def _write(folder: RunFolder, finished: _Finished) -> None:
    folder.write_weights(finished.weights)
    folder.write_metrics(finished.records)


def _parameters(model: Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _headline(config: TrainConfig, model: Module, train: TableDataset, test: TableDataset) -> str:
    n, channels, height, width = train.images.shape
    return (
        f"{config.model}, {_parameters(model):,} parameters, on {config.device}\n"
        f"{config.dataset}: {n} images to learn from, {len(test)} to test on,"
        f" {channels}×{height}×{width}, {len(train.classes)} classes\n"
    )


def _description(config: TrainConfig, model: Module, train: TableDataset, test: TableDataset) -> dict[str, Any]:
    return {
        **config.as_dict(),
        "parameters": _parameters(model),
        "classes": train.classes,
        "image_shape": list(train.images.shape[1:]),
        "train_images": len(train),
        "test_images": len(test),
        "versions": {"tinycnn": __version__, "numpy": np.__version__, "python": platform.python_version()},
    }


def _draw(
    folder: RunFolder, records: list[EpochRecord], trainer: Trainer, test: TableDataset, batches: DataLoader
) -> str | None:
    r"""Draw the pictures; returns why not, if they cannot be."""
    try:
        import matplotlib  # noqa: F401 — is it there?
    except ImportError as error:
        return f"matplotlib cannot be imported ({error})"
    from tinycnn.train.pictures import draw

    draw(folder, records, trainer, test, batches)
    return None
