r"""A trained network with what it takes to ask it: how images are prepared, and what its classes are called."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tinycnn import models, nn
from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.errors import ConfigError, FormatError
from tinycnn.models import imagenet_classes
from tinycnn.nn.utils import skip_init
from tinycnn.train.trained import CONFIG, fill, preset, read_training, read_weights
from tinycnn.transforms import Compose, Grayscale, ImageClassification, InterpolationMode, Resize, ToTensor

MODEL = "resnet50"


class Guess(NamedTuple):
    r"""One class an image may belong to."""

    name: str
    probability: float


@dataclass(frozen=True)
class Classifier:
    r"""A network and what it takes to ask it.

    Parameters
    ----------
    model : Module
    preprocess : callable        a Tensor (C, H, W) of a Pillow image in RGB
    classes : sequence of str    in the order of the logits
    """

    model: nn.Module
    preprocess: Callable[[Any], Tensor]
    classes: Sequence[str]

    def probabilities(self, image: Any) -> Tensor:
        r"""p, (K,): softmax of the model's logits for one Pillow image.

        Raises
        ------
        ConfigError    there are not as many classes as logits
        """
        self.model.eval()
        batch = self.preprocess(image).unsqueeze(0)
        parameter = next(self.model.parameters(), batch)
        with no_grad():
            (logits,) = self.model(batch.to(parameter.device))
        if logits.shape != (len(self.classes),):
            raise ConfigError(f"there are names of {len(self.classes)} classes, but the model has {len(logits)}")
        return nn.functional.softmax(logits, 0)

    def guesses(self, image: Any, top: int = 5) -> list[Guess]:
        r"""The likeliest classes of one image, likeliest first; at most as many as there are."""
        likeliest, numbers = self.probabilities(image).topk(min(top, len(self.classes)))
        pairs = zip(numbers.tolist(), likeliest.tolist(), strict=True)
        return [Guess(self.classes[number], probability) for number, probability in pairs]


def load_classifier(
    model: str | None = None,
    weights: str = "DEFAULT",
    classes: Sequence[str] | None = None,
    image_size: int = 224,
    progress: bool = True,
) -> Classifier:
    r"""A classifier from a model's name and its weights.

    Parameters
    ----------
    model : str, optional
        A name that `models.list_models` lists; ResNet-50 if None, or the one that the folder of a training names.
    weights : str
        The folder of a training; a file of weights; or the name of official ones, which are downloaded once.
    classes : sequence of str, optional
        Names in place of those that belong to the weights: ImageNet's, or those of the training.
    image_size : int
        Side of the images that the model is made for, where the weights do not say.
    progress : bool
        Show how a download goes on.

    Raises
    ------
    ConfigError      there is no such model or no such weights, or they are of another model
    FormatError      the file is damaged
    DownloadError    the weights cannot be had
    OSError          a file cannot be read
    """
    if os.path.isdir(weights):
        return _of_folder(weights, model, classes, image_size)
    if os.path.isfile(weights):
        return _of_file(weights, model or MODEL, classes, image_size)
    if any(mark in weights for mark in (os.sep, "/")) or weights.endswith((".pth", ".pt", ".safetensors")):
        raise FileNotFoundError(2, "no such file of weights, nor folder of a training", weights)
    return _official(model or MODEL, weights, classes, progress)


def _official(model: str, weights: str, classes: Sequence[str] | None, progress: bool) -> Classifier:
    member = models.get_model_weights(model).verify(weights)
    assert member is not None  # verify gives None for None alone
    names = classes or member.meta["categories"]
    if names is None:
        raise ConfigError(f"{member!r} tell no classes apart; they are there to be trained further")
    return Classifier(models.get_model(model, weights=member, progress=progress), member.transforms(), list(names))


def _of_file(path: str, model: str, classes: Sequence[str] | None, image_size: int) -> Classifier:
    names = list(classes or imagenet_classes())
    network = skip_init(models.get_model, model, num_classes=len(names))
    fill(network, read_weights(path), path, model)
    return Classifier(network, preset(model, path) or _usual(image_size), names)


def _usual(size: int) -> ImageClassification:
    r"""How images are prepared where nothing else is known; small ones are not cropped."""
    return ImageClassification(crop_size=size, resize_size=256 if size > 192 else size)


def _of_folder(folder: str, model: str | None, classes: Sequence[str] | None, image_size: int) -> Classifier:
    network, _, config = read_training(folder, model, image_size)
    names = list(classes or map(str, config["classes"]))
    if len(names) != len(config["classes"]):
        raise ConfigError(f"{folder} is of {len(config['classes'])} classes, but there are {len(names)} names")
    if "preprocessing" in config:
        return Classifier(network, _recorded(config["preprocessing"], os.path.join(folder, CONFIG)), names)
    if "image_shape" not in config:
        return Classifier(network, _usual(image_size), names)
    channels, *sides = config["image_shape"]
    return Classifier(network, _in_channels(channels, Compose([Resize(sides), ToTensor()])), names)


def _in_channels(channels: int, prepare: Callable[[Any], Tensor]) -> Callable[[Any], Tensor]:
    return Compose([Grayscale(), prepare]) if channels == 1 else prepare


def _recorded(options: Mapping[str, Any], path: str) -> Callable[[Any], Tensor]:
    try:
        mode = InterpolationMode(options.get("interpolation", "bilinear"))
        prepare = ImageClassification(**{**options, "interpolation": mode})
    except (TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{path}: no preprocessing that is known: {error}") from None
    return _in_channels(len(prepare.mean), prepare)


def read_classes(path: str | os.PathLike[str]) -> list[str]:
    r"""The names of classes in a text file, one a line, in the order of the logits.

    Raises
    ------
    FormatError    it is no text, or empty
    OSError        it cannot be read
    """
    with open(path, encoding="utf-8") as file:
        try:
            names = file.read().rstrip().splitlines()
        except UnicodeDecodeError:
            names = []
    if not names:
        raise FormatError(f"{os.fspath(path)}: expected is a text with the names of the classes, one a line")
    return [name.strip() for name in names]
