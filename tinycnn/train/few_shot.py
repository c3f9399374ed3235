r"""What transfer learning gains when examples are few: digits 0–4 are learnt first, then 5–9 from a few of each.

Three ways to learn the new digits meet on equal terms:

    scratch      a new network, all of it learns
    head         the network that knows 0–4; a new head learns, the body is frozen
    fine-tune    the same; all of it learns, the body at a third of the head's rate

All three see the same few images, distorted alike, for the same number of steps, and each takes the learning rate that
served it best in practice: on other draws of the examples, judged by training images that were not drawn. The test
images are looked at once by each finished network, and decide nothing. Few steps show that a pretrained network gets
there sooner, many that, fine-tuned, it gets a little further: with 120 steps, where more gain neither anything, it was
87 against 84 % on average (training images, 1 to 10 of each digit). A frozen body soon stands in the way.

What transfers depends on how much there was to learn. Told apart from one another and nothing else, five digits leave
a network that sees what parts these five: a frozen body is then far worse than a new network, and fine-tuning gains
nothing once there are steps enough. So each is shown in four orientations, as a class of its own: 20 classes of the
same images, and the features serve new digits too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinycnn import models
from tinycnn._tensor import Tensor
from tinycnn.data import DataLoader, TensorDataset
from tinycnn.datasets import Digits
from tinycnn.nn import Module
from tinycnn.ops.joining import cat
from tinycnn.optim import AdamW
from tinycnn.optim.lr_scheduler import OneCycleLR
from tinycnn.random import Generator, manual_seed
from tinycnn.train.adaptation import freeze_body, parameter_groups, replace_head
from tinycnn.train.augmentation import RandomAffine, make_augmentation
from tinycnn.train.config import TrainConfig, TransferConfig
from tinycnn.train.display import Silent
from tinycnn.train.preparation import fitting_options
from tinycnn.train.trainer import Trainer

METHODS = {
    "scratch": "a new network, all of it learns",
    "head": "pretrained and frozen, only a new head learns",
    "fine-tune": "pretrained, all of it learns, the body at a third of the head's rate",
}
OLD, NEW = range(5), range(5, 10)  # the digits known, the digits to learn
BODY_RATE = 1 / 3                  # of the head's, when both learn
WEIGHT_DECAY, BATCH_SIZE, PRETRAIN_RATE, PRETRAIN_BATCH_SIZE = 0.05, 32, 0.01, 64


class Images(NamedTuple):
    r"""Images and which class each is of, counted from 0."""

    images: Tensor  #: (N, 1, 8, 8)
    targets: Tensor  #: (N,)

    def at(self, index: Any) -> Images:
        return Images(self.images[index], self.targets[index])


class Trial(NamedTuple):
    r"""One network, finished and tested."""

    method: str
    steps: int  #: it learnt for
    examples: int  #: of each class
    repeat: int  #: which draw of the examples and of the first weights
    accuracy: float  #: on the test digits 5–9


class Estimate(NamedTuple):
    r"""A mean and its standard error, s/√n; that is NaN for a single value."""

    mean: float
    error: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        r"""
        Examples
        --------
        >>> Estimate.of([0.5, 0.75, 1.0])
        Estimate(mean=0.75, error=0.144337567...)
        """
        n = len(values)
        return cls(float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(n) if n > 1 else math.nan)


def accuracies(trials: Sequence[Trial], method: str, examples: int) -> list[float]:
    r"""What a method reached with so many examples, repeat by repeat."""
    return [trial.accuracy for trial in trials if (trial.method, trial.examples) == (method, examples)]


def gain(trials: Sequence[Trial], method: str, examples: int) -> Estimate:
    r"""How much more a method reached than training from scratch on the same images; its error is that of the pairs."""
    pairs = zip(accuracies(trials, method, examples), accuracies(trials, "scratch", examples), strict=True)
    return Estimate.of([ours - scratch for ours, scratch in pairs])


def mean_gain(trials: Sequence[Trial], method: str) -> tuple[Estimate, float]:
    r"""The gain on average over the numbers of examples, and the chance that luck alone takes it as far from 0.

    If the method and training from scratch were equally good, each repeat's gain dᵢ could as well have come out as −dᵢ.
    The chance is the share of the 2ⁿ ways to choose the signs whose mean is at least as far from 0 as the observed one.

    References
    ----------
    Fisher 1935, "The Design of Experiments", section 21: the test by randomization of paired differences.

    Examples
    --------
    >>> ways = {"scratch": (0.5, 0.6, 0.4, 0.5), "head": (0.7, 0.8, 0.7, 0.8)}
    >>> trials = [Trial(way, 15, 2, i, x) for way, values in ways.items() for i, x in enumerate(values)]
    >>> mean_gain(trials, "head")                              # all four gain: by luck once in eight times
    (Estimate(mean=0.25, error=0.028867...), 0.125)
    """
    examples = sorted({trial.examples for trial in trials})
    by_examples = [np.subtract(accuracies(trials, method, n), accuracies(trials, "scratch", n)) for n in examples]
    gains = np.mean(by_examples, axis=0)                       # a repeat each
    signs = np.array(list(itertools.product((1, -1), repeat=len(gains)))) if len(gains) <= 14 else (
        np.random.default_rng(0).choice((1, -1), (2**14, len(gains)))  # a part of them will do
    )
    extreme = np.abs(signs @ gains) >= abs(gains.sum()) - 1e-9
    return Estimate.of(gains.tolist()), float(extreme.mean())


def digits(which: range, train: bool) -> Images:
    r"""The training or the test images of these digits."""
    everything = Digits(train)
    index = (everything.targets >= which.start) & (everything.targets < which.stop)
    return Images(everything.images[index], everything.targets[index] - which.start)


def orientations(data: Images, count: int) -> Images:
    r"""Each image upright and turned by 90°, 180° and 270°, `count` in all; every orientation has its own classes.

    Examples
    --------
    >>> turned = orientations(digits(OLD, train=True), 4)
    >>> len(turned.images), int(turned.targets.max())
    (2884, 19)
    """
    classes = int(data.targets.max()) + 1
    turned = [data.images]
    for _ in range(count - 1):
        turned.append(turned[-1].transpose(2, 3).flip(2))
    return Images(cat(turned), cat([data.targets + i * classes for i in range(count)]))


def draw_examples(data: Images, examples: int, seed: int) -> tuple[Images, Images]:
    r"""So many images of each class, and all the others."""
    host, labels = np.random.default_rng(seed), data.targets.numpy()
    drawn = np.concatenate([host.permutation(np.flatnonzero(labels == c))[:examples] for c in np.unique(labels)])
    rest = np.setdiff1d(np.arange(len(labels)), drawn)
    return data.at(drawn), data.at(rest)


class Demonstration:
    r"""The data, and how a network is pretrained, adapted and tested, as the configuration says."""

    def __init__(self, config: TransferConfig, display: Silent) -> None:
        self.config, self.display = config, display
        self.source = orientations(digits(OLD, train=True), config.orientations)
        self.pool = digits(NEW, train=True)
        self.test = digits(NEW, train=False)

    def pretrained(self, seed: int) -> dict[str, Tensor]:
        r"""The weights of a network that tells the old digits apart, in every orientation."""
        manual_seed(seed)
        model = self._untrained()
        groups = parameter_groups(model, PRETRAIN_RATE, PRETRAIN_RATE)
        self._learn(model, groups, self.source, self.config.pretrain_steps, PRETRAIN_BATCH_SIZE, seed, ())
        return model.state_dict()

    def adapted(
        self, method: str, weights: dict[str, Tensor], few: Images, rate: float, steps: int, seed: int
    ) -> Trainer:
        r"""A network that learnt the new digits from these few images."""
        manual_seed(seed)
        model = self._untrained()
        if method != "scratch":
            model.load_state_dict(weights)
        replace_head(model, len(NEW))
        frozen = freeze_body(model) if method == "head" else ()
        groups = parameter_groups(model, rate * (BODY_RATE if method == "fine-tune" else 1), rate)
        return self._learn(model, groups, few, steps, BATCH_SIZE, seed, frozen)

    def _untrained(self) -> Module:
        classes = len(OLD) * self.config.orientations
        return models.get_model(self.config.model, **fitting_options(self.config.model, classes, 1, (8, 8)))

    def _learn(
        self, model: Module, groups: Any, data: Images, steps: int, batch_size: int, seed: int, frozen: Sequence[Module]
    ) -> Trainer:
        optimizer = AdamW(groups, lr=groups[-1]["lr"], weight_decay=WEIGHT_DECAY)
        peaks = [group["lr"] for group in groups]
        trainer = Trainer(
            model,
            optimizer,
            schedule=OneCycleLR(optimizer, peaks, total_steps=steps, cycle_momentum=False),
            augment=_augmentation(self.config.augment, Generator().manual_seed(seed)),
            frozen=frozen,
        )
        order = Generator().manual_seed(seed)
        loader = DataLoader(TensorDataset(*data), min(batch_size, len(data.images)), shuffle=True, generator=order)
        trainer.learn(_endless(loader, steps), self.display.batch)
        return trainer

    def accuracy(self, trainer: Trainer, data: Images) -> float:
        return trainer.evaluate([tuple(data)]).accuracy


def _augmentation(strength: float, generator: Generator) -> RandomAffine | None:
    return make_augmentation(TrainConfig(augment=strength), generator)


def _endless(loader: DataLoader, steps: int) -> Iterator[Any]:
    return itertools.islice(itertools.chain.from_iterable(itertools.repeat(loader)), steps)


def choose_rates(
    demonstration: Demonstration, weights: Sequence[dict[str, Tensor]], steps: int
) -> dict[str, float]:
    r"""The learning rate that serves each method best, on average over the numbers of examples.

    Judged by training images that were not drawn, on draws that are not counted afterwards.
    """
    config, chosen = demonstration.config, dict[str, float]()
    if len(config.rates) == 1:
        return dict.fromkeys(METHODS, config.rates[0])
    for method in METHODS:
        scores = []
        for rate in config.rates:
            right = []
            for draw, examples in itertools.product(range(config.practice), config.examples):
                known, seed = weights[draw % len(weights)], config.seed + config.repeats + draw  # no repeat's seed
                few, rest = draw_examples(demonstration.pool, examples, seed)
                trainer = demonstration.adapted(method, known, few, rate, steps, seed)
                right.append(demonstration.accuracy(trainer, rest))
            scores.append(float(np.mean(right)))
        chosen[method] = config.rates[int(np.argmax(scores))]
    return chosen


def compare(
    demonstration: Demonstration,
    rates: dict[str, float],
    weights: Sequence[dict[str, Tensor]],
    steps: int,
    examples: int,
) -> Iterator[Trial]:
    r"""Every method on the same examples, again and again with others; the pretrained networks take turns."""
    config = demonstration.config
    for repeat in range(config.repeats):
        known, seed = weights[repeat % len(weights)], config.seed + repeat
        few, _ = draw_examples(demonstration.pool, examples, seed)
        for method in METHODS:
            trainer = demonstration.adapted(method, known, few, rates[method], steps, seed)
            yield Trial(method, steps, examples, repeat, demonstration.accuracy(trainer, demonstration.test))


def steps_in_all(config: TransferConfig) -> int:
    r"""How many steps the demonstration takes, for the line of progress."""
    practice = config.practice * len(config.rates) if len(config.rates) > 1 else 0
    networks = len(METHODS) * len(config.examples) * (config.repeats + practice)
    return networks * sum(config.steps) + config.networks * config.pretrain_steps
