r"""From the names in a configuration to datasets and a model that fits them."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

from tinycnn import models
from tinycnn.datasets import Digits, TableDataset
from tinycnn.errors import ConfigError, FormatError
from tinycnn.nn import Module
from tinycnn.train.config import TrainConfig


def load_datasets(config: TrainConfig) -> tuple[TableDataset, TableDataset]:
    r"""The images to learn from, and those to test on.

    Raises
    ------
    ConfigError    no dataset of this name, or no image in one of the two parts
    FormatError    the file holds something else, or labels out of range
    OSError        it cannot be read
    """
    if config.dataset == "digits":
        if config.image_shape is not None:
            raise ConfigError("the digits have a shape of their own, 8×8; image shape is for tables of your own")
        return Digits(train=True), Digits(train=False)
    if os.path.isdir(config.dataset):
        raise ConfigError(
            f"{config.dataset} is a folder; tinycnn finetune --data {config.dataset} learns from folders of images"
        )
    if os.path.splitext(config.dataset)[0] == config.dataset and not os.path.exists(config.dataset):
        raise ConfigError(f"there is no dataset {config.dataset!r}; it is 'digits', or the path of a .csv or .npz file")
    train, test = (TableDataset(config.dataset, part, shape=config.image_shape) for part in (True, False))
    if not len(train) or not len(test):
        raise ConfigError(
            f"{config.dataset}: {len(train) + len(test)} images are too few to learn from some and test on others;"
            " a fifth of each class is tested on, so a class needs three images at least; is the label the last column?"
        )
    if len(present := sorted({*train.targets.tolist(), *test.targets.tolist()})) < 2:
        raise FormatError(f"{config.dataset}: every image has the label {present[0]}; there is nothing to tell apart")
    return train, test


def make_model(name: str, dataset: TableDataset) -> Module:
    r"""The model `name`, made for the classes, channels and size of these images.

    Raises
    ------
    ConfigError    there is no such model, or it takes no images of this size
    """
    _, channels, height, width = dataset.images.shape
    check_channels(name, channels)
    return models.get_model(name, **fitting_options(name, len(dataset.classes), channels, (height, width)))


def check_channels(name: str, channels: int) -> None:
    r"""Refuse the model `name` for images of so many channels if it was made for the three of colours alone.

    Raises
    ------
    ConfigError    it was; the message names models that fit
    """
    if channels == 3 or "in_channels" in _parameters(name):
        return
    fitting = [other for other in models.list_models() if "in_channels" in _parameters(other)]
    raise ConfigError(f"{name} takes images of 3 channels, but these have {channels}; any number of channels take "
                      + ", ".join(fitting))


def fitting_options(
    name: str, num_classes: int, channels: int, image_size: tuple[int, int] | None
) -> dict[str, Any]:
    r"""The options that fit the model `name` to its task, as far as it has them.

    Examples
    --------
    >>> fitting_options("resnet_digits", 3, 1, (8, 8))
    {'num_classes': 3, 'in_channels': 1}

    Raises
    ------
    ConfigError    there is no such model
    """
    taken = _parameters(name)
    fitting = {"num_classes": num_classes, "in_channels": channels, "image_size": image_size}
    return {option: value for option, value in fitting.items() if option in taken and value is not None}


def _parameters(name: str) -> Collection[str]:
    from inspect import signature  # slow to import

    return signature(models.get_model_builder(name)).parameters
