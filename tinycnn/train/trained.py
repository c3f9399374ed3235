r"""Trained networks in files: whose weights a file holds, how these want their images, and what a training has left."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from tinycnn import models, nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError, FormatError, StateError, explain
from tinycnn.hub import hash_in_name
from tinycnn.models import WeightsEnum
from tinycnn.models.weights.entry import bare_weights
from tinycnn.nn.utils import skip_init
from tinycnn.serialization import load
from tinycnn.train.preparation import fitting_options
from tinycnn.transforms import ImageClassification

WEIGHTS, CONFIG = "model.safetensors", "config.json"
_MOST_GROWTH = 8  # bfloat16 takes twice its room when it is read, and tensors may share a storage


def read_weights(path: str) -> dict[str, Any]:
    r"""The tensors by name in a file of weights.

    Raises
    ------
    FormatError    it is damaged, or holds something else; or it repeats few numbers to seem large
    """
    weights = bare_weights(load(path), path)
    size = sum(value.array.nbytes for value in weights.values() if isinstance(value, Tensor))
    room = os.path.getsize(path)
    if size > _MOST_GROWTH * room:
        raise FormatError(
            f"{path}: the weights would take {size:,} bytes, but the file has {room:,}: it says the same numbers again"
            " and again"
        )
    return weights


def fill(network: nn.Module, weights: Mapping[str, Any], path: str, name: str) -> None:
    r"""Put the weights, which came from `path`, into the network, which is called `name`.

    Raises
    ------
    ConfigError    the weights are of another network; the message counts what differs, and shows the first
    """
    try:
        network.load_state_dict(weights)
    except StateError as error:
        raise _of_another(network.state_dict(), weights, path, name) from error


def _of_another(own: Mapping[str, Any], given: Mapping[str, Any], path: str, name: str) -> ConfigError:
    missing = [key for key in own if key not in given]
    unknown = [key for key in given if key not in own]
    shapes = {key: (tuple(given[key].shape), tuple(own[key].shape)) for key in own
              if key in given and tuple(getattr(given[key], "shape", ())) != tuple(own[key].shape)}
    facts: dict[str, Any] = {}
    if missing:
        facts["missing"] = f"{len(missing)} of {len(own)} tensors, such as {missing[0]}"
    if unknown:
        facts["not in it"] = f"{len(unknown)} tensors, such as {unknown[0]}"
    hint = "name the model of the weights"
    if shapes:
        key, (found, wanted) = next(iter(shapes.items()))
        facts["of another shape"] = f"{len(shapes)} tensors, such as {key}, {found} instead of {wanted}"
        if not missing and not unknown and all(found[1:] == wanted[1:] for found, wanted in shapes.values()):
            hint = f"give the names of the {found[0]} classes that it was trained on (--classes FILE)"
    return ConfigError(explain(f"{path}: the weights are not those of {name}", facts, hint))


def preset(model: str, path: str | None = None) -> ImageClassification | None:
    r"""How the weights in this file want images; if they are not official ones, as the best official ones do.

    None if there are no official weights of the model.
    """
    try:
        members = models.get_model_weights(model)
    except ConfigError:
        return None
    member = None if path is None else _published(members, path)
    prepare: ImageClassification = (member or members["DEFAULT"]).transforms()
    return prepare


def _published(members: type[WeightsEnum], path: str) -> WeightsEnum | None:
    r"""The official weights that the file holds: it bears their name, or has their hash, whatever its name is."""
    file_name = os.path.basename(path)
    names = {file_name, os.path.splitext(file_name)[0]} - {"model"}
    for member in members:
        if names & {*member.url.split("/")}:
            return member
    digests = {digest: member for member in members if (digest := hash_in_name(member.url))}
    if digests:
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        return next((member for digest, member in digests.items() if found.startswith(digest)), None)
    return None


class Training(NamedTuple):
    r"""What the folder of a training holds."""

    network: nn.Module
    options: dict[str, Any]  #: it was made with
    config: dict[str, Any]


def read_training(folder: str, model: str | None = None, image_size: int = 224) -> Training:
    r"""The network that ``tinycnn train`` or ``tinycnn finetune`` left in this folder, and its configuration.

    Parameters
    ----------
    model : str, optional
        The name of the model that it should be of.
    image_size : int
        Side of the images that the model is made for, where the configuration does not say.

    Raises
    ------
    ConfigError    it is no folder of a training, or of another model, or the weights are
    FormatError    its configuration or its weights are damaged
    """
    at = os.path.join(folder, CONFIG)
    if not os.path.exists(at):
        raise ConfigError(f"{folder}: no folder of a training, for it has no {CONFIG}")
    config = _configuration(at)
    path = os.path.join(folder, WEIGHTS)
    if not os.path.exists(path):
        raise ConfigError(f"{folder}: this training did not finish, for it has no {WEIGHTS}")
    trained = config["model"]
    if model not in (None, trained):
        raise ConfigError(f"{folder} holds a training of {trained}, not of {model}: --model {trained}")
    options = config.get("model_options")  # of tinycnn finetune; tinycnn train says the shape of its images instead
    if options is None:
        channels, *sides = config.get("image_shape") or (3, image_size, image_size)
        options = fitting_options(trained, len(config["classes"]), channels, tuple(sides))
    try:
        network = skip_init(models.get_model, trained, **options)
    except (TypeError, ValueError) as error:
        raise FormatError(f"{at}: no {trained} can be made as it says: {error}") from None
    fill(network, read_weights(path), path, trained)
    return Training(network, options, config)


def _configuration(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        try:
            config = json.load(file)
        except ValueError as error:
            raise FormatError(f"{path}: no JSON: {error}") from None
    if not isinstance(config, dict) or not {"model", "classes"} <= config.keys():
        raise FormatError(f"{path}: names no model and no classes; is it the folder of a training?")
    kinds = {"model": str, "classes": list, "model_options": dict, "image_shape": list, "preprocessing": dict}
    for name in kinds.keys() & config.keys():
        if not isinstance(config[name], kinds[name]) or (name == "image_shape" and len(config[name]) != 3):
            raise FormatError(f"{path}: {name!r} cannot be {config[name]!r}")
    return config
