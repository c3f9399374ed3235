r"""What an experiment is made of: model, data, and how the one learns from the other."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from tinycnn.errors import ConfigError

#: what suits each optimizer where nothing else is asked for
USUAL_LR = {"sgd": 0.1, "adam": 0.01, "adamw": 0.01}
USUAL_WEIGHT_DECAY = {"sgd": 5e-4, "adam": 0.0, "adamw": 0.05}
MOST_EXAMPLES = 100  # of each digit; there are 140, and some must be left to judge by
SCHEDULES = ("constant", "step", "cosine", "onecycle")


@dataclass(frozen=True)
class TrainConfig:
    r"""The choices behind one training; together with the version of tinycnn they decide its result.

    Parameters
    ----------
    model : str
        A name that `models.list_models` lists.
    dataset : str
        ``"digits"``, or the path of a table of images; see `datasets.TableDataset`.
    epochs, batch_size : int
        Passes through the training images; images in a step.
    lr : float or None
        Learning rate; with the schedules it is the largest. None: what is usual for the optimizer.
    optimizer : str
        ``"sgd"``, ``"adam"`` or ``"adamw"``.
    momentum : float or None
        Of SGD, 0.9 if None; Adam's own have no option.
    weight_decay : float or None
        How strongly weights are pulled towards 0. None: what is usual for the optimizer.
    schedule : str
        How the learning rate changes: ``"constant"``, ``"step"``, ``"cosine"`` or ``"onecycle"``.
    augment : float
        How strongly training images are distorted, anew in each epoch: see `make_augmentation`; 0 leaves them alone.
    device : str
        ``"cpu"`` or ``"cuda"``.
    threads : int
        For BLAS and the kernels; small networks are fastest with one, see `backend.blas.limited`.
    seed : int
        Start of the random numbers for weights, order and augmentation.
    image_shape : tuple of int or None
        (H, W) or (C, H, W) of the images in a table; None for square grey ones.
    out : str or None
        Folder for the results; None: a new one in ``runs``, named after model and dataset.

    Raises
    ------
    ConfigError    an option is out of range, or has no meaning beside another
    """

    model: str = "se_resnet_digits"
    dataset: str = "digits"
    epochs: int = 30
    batch_size: int = 64
    lr: float | None = None
    optimizer: str = "adamw"
    momentum: float | None = None
    weight_decay: float | None = None
    schedule: str = "onecycle"
    augment: float = 1.0
    device: str = "cpu"
    threads: int = 1
    seed: int = 0
    image_shape: tuple[int, ...] | None = None
    out: str | None = None

    def __post_init__(self) -> None:
        _check_choice("optimizer", self.optimizer, tuple(USUAL_LR))
        _check_choice("schedule", self.schedule, SCHEDULES)
        usual = {"lr": USUAL_LR[self.optimizer], "weight_decay": USUAL_WEIGHT_DECAY[self.optimizer]}
        if self.optimizer == "sgd":
            usual["momentum"] = 0.9
        for name, value in usual.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)  # the one time that it changes
        check_least(self, {"epochs": 1, "batch_size": 1, "threads": 1, "seed": 0})
        check_range("lr", self.lr, "above 0", lambda x: x > 0)
        check_range("augment", self.augment, "from 0 to 4", lambda x: 0 <= x <= 4)
        check_range("weight_decay", self.weight_decay, "at least 0", lambda x: x >= 0)
        if self.momentum is not None:
            if self.optimizer != "sgd":
                raise ConfigError(f"momentum is an option of sgd; {self.optimizer} has its own, so leave it out")
            check_range("momentum", self.momentum, "at least 0 and below 1", lambda x: 0 <= x < 1)
        if self.image_shape is not None and (len(self.image_shape) not in (2, 3) or min(self.image_shape) < 1):
            raise ConfigError(f"image shape must be H W or C H W, each at least 1, but it is {self.image_shape}")

    @property
    def name(self) -> str:
        r"""What a run is called: its model and, without folder and ending, its dataset."""
        return f"{self.model}-{os.path.basename(self.dataset).split('.')[0] or 'images'}"

    def as_dict(self) -> dict[str, Any]:
        r"""The choices by name, with what was usual filled in."""
        return asdict(self)


@dataclass(frozen=True)
class TransferConfig:
    r"""The choices behind the demonstration of transfer learning; see `few_shot`.

    Parameters
    ----------
    model : str
        A name of a model that takes 8×8 images of one channel.
    examples : tuple of int
        How many images of each new digit; one point of the curves each.
    repeats : int
        How often all is done anew with other examples and other first weights.
    practice : int
        How often each learning rate is tried before, on draws of examples that are not counted.
    networks : int
        How many are pretrained, each from other first weights; the repeats take them in turn.
    steps : tuple of int
        Of the optimizer, for the new digits; one comparison each.
    pretrain_steps : int
        Of the optimizer, for the old digits.
    orientations : int
        In how many orientations, from 1 to 4, the old digits are to be told apart.
    augment : float
        How strongly training images are distorted, whoever learns: see `make_augmentation`.
    rates : tuple of float
        The learning rates each way to learn may choose from.
    threads, seed, out
        As in `TrainConfig`.

    Raises
    ------
    ConfigError    an option is out of range
    """

    model: str = "resnet_digits"
    examples: tuple[int, ...] = (1, 3, 10)
    repeats: int = 8
    practice: int = 3
    networks: int = 2
    steps: tuple[int, ...] = (15, 40)
    pretrain_steps: int = 300
    orientations: int = 4
    augment: float = 1.0
    rates: tuple[float, ...] = (0.01, 0.03, 0.1)
    threads: int = 1
    seed: int = 0
    out: str | None = None

    def __post_init__(self) -> None:
        check_least(self, {"repeats": 1, "practice": 1, "networks": 1, "pretrain_steps": 2, "threads": 1, "seed": 0})
        check_range("orientations", self.orientations, "from 1 to 4", lambda x: 1 <= x <= 4)
        check_range("augment", self.augment, "from 0 to 4", lambda x: 0 <= x <= 4)
        for name in ("examples", "steps"):
            object.__setattr__(self, name, tuple(sorted({*getattr(self, name)})))
        if not (self.examples and self.steps and self.rates):
            raise ConfigError("at least one number of examples, one of steps and one learning rate are needed")
        for steps in self.steps:
            check_range("steps", steps, "at least 2", lambda x: x >= 2)
        for examples in self.examples:
            check_range("examples", examples, f"from 1 to {MOST_EXAMPLES}", lambda x: 1 <= x <= MOST_EXAMPLES)
        for rate in self.rates:
            check_range("rates", rate, "above 0", lambda x: x > 0)

    def as_dict(self) -> dict[str, Any]:
        r"""The choices by name."""
        return asdict(self)


class Pace(NamedTuple):
    r"""How a fine-tuning goes on, where its configuration leaves that open."""

    epochs: int
    batch_size: int
    head_lr: float


@dataclass(frozen=True)
class FinetuneConfig:
    r"""The choices behind one fine-tuning.

    Parameters
    ----------
    data : str
        A folder of images; see `image_folders.find_images`.
    model : str
        A name that `models.list_models` lists.
    weights : str or None
        What it begins with; see `starting_point`.
    freeze : bool
        Only the head learns.
    epochs, batch_size : int or None
        Passes through the training images; images in a step. None: see `pace`.
    lr : float
        The largest learning rate of the body.
    head_lr : float or None
        That of the head; from scratch all learns at it. None: see `pace`.
    weight_decay : float
        Of AdamW.
    class_weights : bool
        Classes weigh the same in the loss, whatever their sizes; see `balance.class_weights`.
    validation_share : float
        Of each class, where validation images have no folder of their own.
    crop_size, resize_size : int or None
        Of the images; None: as the weights want them.
    workers : int
        Threads that read images ahead.
    threads : int or None
        For BLAS and the kernels; None: as many as BLAS has.
    device, seed, out
        As in `TrainConfig`.

    Raises
    ------
    ConfigError    an option is out of range, or has no meaning beside another
    """

    data: str
    model: str = "resnet18"
    weights: str | None = None
    freeze: bool = False
    epochs: int | None = None
    batch_size: int | None = None
    lr: float = 1e-4
    head_lr: float | None = None
    weight_decay: float = 0.01
    class_weights: bool = False
    validation_share: float = 0.2
    crop_size: int | None = None
    resize_size: int | None = None
    workers: int = 2
    threads: int | None = None
    device: str = "cpu"
    seed: int = 0
    out: str | None = None

    def __post_init__(self) -> None:
        check_least(self, {"epochs": 1, "batch_size": 1, "workers": 0, "seed": 0, "crop_size": 1, "resize_size": 1})
        check_range("lr", self.lr, "above 0", lambda x: x > 0)
        if self.head_lr is not None:
            check_range("head_lr", self.head_lr, "above 0", lambda x: x > 0)
        check_range("weight_decay", self.weight_decay, "at least 0", lambda x: x >= 0)
        check_range("validation_share", self.validation_share, "above 0 and below 1", lambda x: 0 < x < 1)
        if self.freeze and self.weights is None:
            raise ConfigError("freeze keeps the body as it is, which has learnt nothing without weights: give weights")

    def pace(self, images: int) -> Pace:
        r"""What is usual for so many training images, where nothing else is asked for.

        From scratch there is more to learn: more epochs, at a higher rate. Batches are small where images are few: ten
        steps an epoch, so that the running averages of BatchNorm keep up with the weights.

        Examples
        --------
        >>> FinetuneConfig("traps").pace(72), FinetuneConfig("traps", weights="DEFAULT", epochs=5).pace(1000)
        (Pace(epochs=30, batch_size=8, head_lr=0.003), Pace(epochs=5, batch_size=32, head_lr=0.001))
        """
        epochs, head_lr = (30, 3e-3) if self.weights is None else (10, 1e-3)
        return Pace(self.epochs or epochs, self.batch_size or min(32, max(8, images // 10)), self.head_lr or head_lr)


def check_least(config: Any, least: dict[str, int]) -> None:
    r"""Refuse an option below its least value; None is no value yet."""
    for name, bound in least.items():
        if getattr(config, name) is not None and getattr(config, name) < bound:
            raise ConfigError(f"{_spelt(name)} must be at least {bound}, but it is {getattr(config, name)}")


def _spelt(name: str) -> str:
    return name.replace("_", " ")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        from difflib import get_close_matches  # needed only here

        close = get_close_matches(value, choices, n=1, cutoff=0.5)
        raise ConfigError(
            f"there is no {name} {value!r}" + (f"; did you mean {close[0]}?" if close else ".")
            + f" There are {', '.join(choices)}"
        )


def check_range(name: str, value: Any, rule: str, holds: Any) -> None:
    r"""Refuse a value that is no finite number, or for which the rule does not hold."""
    if not (math.isfinite(value) and holds(value)):
        raise ConfigError(f"{_spelt(name)} must be {rule}, but it is {value}")
