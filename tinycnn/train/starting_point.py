r"""The network that a fine-tuning begins with: from official weights, a file, an earlier run, or from scratch."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from tinycnn import models, nn
from tinycnn.errors import FormatError
from tinycnn.nn import Module
from tinycnn.nn.utils import skip_init
from tinycnn.train.adaptation import head_of, replace_head
from tinycnn.train.image_folders import Preprocessing
from tinycnn.train.preparation import fitting_options
from tinycnn.train.trained import fill, preset, read_training, read_weights

_ENDINGS = (".safetensors", ".pth", ".pt", ".bin", ".tar")
_SMALL = Preprocessing(32, 36)  # for networks that never saw ImageNet


class StartingPoint(NamedTuple):
    r"""A model whose head has the classes of the new task, and how its images are prepared."""

    model: Module
    preprocessing: Preprocessing
    options: dict[str, Any]  #: what `models.get_model` needs, with the name, to make this model again
    weights: str  #: where they come from, in words


def starting_point(
    name: str,
    weights: str | None,
    num_classes: int,
    crop_size: int | None = None,
    resize_size: int | None = None,
) -> StartingPoint:
    r"""The model `name` with these weights, and a new head.

    Parameters
    ----------
    weights : str or None
        The name of official weights, such as "DEFAULT"; a .safetensors, .pth or .pt file; or the folder of a run. None:
        the model from scratch.
    crop_size, resize_size : int or None
        Of the images; None: as the weights want them.

    Raises
    ------
    ConfigError      no such model or weights, or they are of another model
    DownloadError    official weights are neither in the cache nor to be had
    FormatError      the file is no file of weights
    OSError          it cannot be read
    """
    builder = models.get_model_builder(name)
    if weights is None:
        preprocessing = _usual(name).resized(crop_size, resize_size)
        options = fitting_options(name, num_classes, preprocessing.channels, (preprocessing.crop_size,) * 2)
        return StartingPoint(builder(**options), preprocessing, options, "none, from scratch")
    if os.path.isdir(weights):
        model, preprocessing, options = _of_run(name, weights)
    elif _is_path(weights):
        model, preprocessing, options = _of_file(name, weights)
    else:
        member = models.get_model_weights(name).verify(weights)
        assert member is not None  # verify gives None for None alone
        model, preprocessing, options = builder(weights=member), Preprocessing.of(member.transforms()), {}
        weights = repr(member)
    replace_head(model, num_classes)
    options = {**options, "num_classes": num_classes}
    return StartingPoint(model, preprocessing.resized(crop_size, resize_size), options, weights)


def check_source(name: str, weights: str | None) -> None:
    r"""Refuse at once what `starting_point` would: a model that there is not, weights that there are not.

    Raises
    ------
    ConfigError          there is no such model, or there are no official weights of this name
    FileNotFoundError    there is no such file
    """
    models.get_model_builder(name)
    if weights is None or os.path.exists(weights):
        return
    if _is_path(weights):
        raise FileNotFoundError(2, "no such file of weights, nor folder of a run", weights)
    models.get_model_weights(name).verify(weights)


def _is_path(weights: str) -> bool:
    return os.path.exists(weights) or "/" in weights or os.sep in weights or weights.lower().endswith(_ENDINGS)


def _of_run(name: str, folder: str) -> tuple[Module, Preprocessing, dict[str, Any]]:
    network, options, config = read_training(folder, name)
    try:
        if "preprocessing" in config:
            return network, Preprocessing.read(config["preprocessing"]), options
        channels, height, _ = config["image_shape"]  # of tinycnn train: a table of images, whose pixels are in [0, 1]
        return network, Preprocessing(height, height, (0.0,) * channels, (1.0,) * channels), options
    except (KeyError, TypeError) as error:
        raise FormatError(f"{folder}: how images are prepared cannot be read: {error!r}") from error


def _of_file(name: str, path: str) -> tuple[Module, Preprocessing, dict[str, Any]]:
    state = read_weights(path)
    model, options = skip_init(models.get_model, name), dict[str, Any]()
    first = next((path for path, part in model.named_modules() if isinstance(part, nn.Conv2d)), None)
    kernels = state.get(f"{first}.weight")
    if kernels is not None and kernels.shape[1] != model.get_parameter(f"{first}.weight").shape[1]:
        options = fitting_options(name, 0, kernels.shape[1], None)
        del options["num_classes"]
        model = skip_init(models.get_model, name, **options)
    head, linear = head_of(model)
    rows = state.get(f"{head}.weight")
    if rows is not None and rows.ndim == 2 and len(rows) != linear.out_features:  # of other classes than ImageNet's
        replace_head(model, len(rows))
    fill(model, state, path, name)
    usual = _usual(name, path)
    if kernels is not None and kernels.shape[1] != usual.channels:
        usual = Preprocessing(usual.crop_size, usual.resize_size, (0.5,) * kernels.shape[1], (0.5,) * kernels.shape[1])
    return model, usual, options


def _usual(name: str, path: str | None = None) -> Preprocessing:
    official = preset(name, path)
    return _SMALL if official is None else Preprocessing.of(official)
