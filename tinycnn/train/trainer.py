r"""The training loop: it steps through batches and reports each epoch; of files and of printing it knows nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.errors import TinycnnError, explain
from tinycnn.nn import Module
from tinycnn.nn import functional as F
from tinycnn.ops.joining import cat
from tinycnn.optim import Optimizer
from tinycnn.optim.lr_scheduler import LRScheduler
from tinycnn.train.metrics import Tally

Batches = Iterable[Any]  # of (images, targets); it can be iterated anew each epoch


class DivergedError(TinycnnError, ArithmeticError):
    r"""The loss is no finite number any more; further steps would not bring it back."""


class EpochRecord(NamedTuple):
    r"""What an epoch came to. Losses are means in nats, accuracies shares in [0, 1].

    The training figures are those of the batches as they were learnt from: by a network that changed from batch to
    batch, on images moved about by the augmentation. So they may be worse than the test figures, which are taken with
    the network as it is at the end of the epoch.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float


class Trainer:
    r"""Fits a model to batches of images and class indices.

    Parameters
    ----------
    model : Module
        Images to logits, (N, K). Batches are moved to the device of its parameters.
    optimizer : Optimizer
    schedule : LRScheduler or None
        Stepped after every batch.
    loss : callable
        (logits, targets) to a mean over the batch.
    augment : callable or None
        Changes the images of a training batch.
    frozen : sequence of Module
        Parts that stay in evaluation mode while the others learn, so that a BatchNorm among them keeps its statistics.

    Examples
    --------
    >>> import tinycnn as torch
    >>> from tinycnn import models
    >>> _ = torch.manual_seed(0)
    >>> digits = torch.utils.data.Subset(torch.datasets.Digits(), range(100))
    >>> batches = torch.utils.data.DataLoader(digits, batch_size=20)
    >>> model = models.softmax_classifier()
    >>> trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=0.5))
    >>> [record.epoch for record in trainer.fit(batches, batches, epochs=3)]
    [1, 2, 3]
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        *,
        schedule: LRScheduler | None = None,
        loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
        augment: Callable[[Tensor], Tensor] | None = None,
        frozen: Sequence[Module] = (),
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.schedule = schedule
        self.loss = loss
        self.augment = augment
        self.frozen = frozen
        self.epoch = 0  #: epochs begun

    def fit(
        self, train: Batches, test: Batches, epochs: int, on_batch: Callable[[float], object] | None = None
    ) -> Iterator[EpochRecord]:
        r"""Learn from `train` for so many epochs; after each, evaluate on `test` and yield the record.

        Parameters
        ----------
        on_batch : callable, optional
            Called with the loss of each training batch.

        Raises
        ------
        DivergedError    the loss became infinite or NaN
        """
        for _ in range(epochs):
            self.epoch += 1
            start = time.perf_counter()
            learnt = self.learn(train, on_batch)
            tested = self.evaluate(test)
            seconds = time.perf_counter() - start
            yield EpochRecord(self.epoch, learnt.loss, learnt.accuracy, tested.loss, tested.accuracy, seconds)

    def learn(self, batches: Batches, on_batch: Callable[[float], object] | None = None) -> Tally:
        r"""One pass through the batches with one step of the optimizer for each."""
        self.model.train()
        for part in self.frozen:
            part.eval()
        tally = Tally()
        for images, targets in self._on_device(batches):
            if self.augment is not None:
                images = self.augment(images)
            logits = self.model(images)
            loss = self.loss(logits, targets)
            self._check(tally.add(loss, logits, targets), "training")  # before it spoils the weights
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.schedule is not None:
                self.schedule.step()
            if on_batch is not None:
                on_batch(tally.loss)
        return tally

    @no_grad()
    def evaluate(self, batches: Batches) -> Tally:
        r"""Loss and accuracy on the batches, with the network as it is used: running means in BatchNorm, no dropout."""
        self.model.eval()
        tally = Tally()
        for images, targets in self._on_device(batches):
            logits = self.model(images)
            self._check(tally.add(self.loss(logits, targets), logits, targets), "test")
        return tally

    @no_grad()
    def predict(self, batches: Batches) -> tuple[Tensor, Tensor]:
        r"""The logits, (N, K), and the targets, (N,), of all batches, on the CPU."""
        self.model.eval()
        pairs = [(self.model(images).cpu(), targets.cpu()) for images, targets in self._on_device(batches)]
        logits, targets = zip(*pairs, strict=True)
        return cat(list(logits)), cat(list(targets))

    def _on_device(self, batches: Batches) -> Iterator[tuple[Tensor, Tensor]]:
        device = next(iter(self.model.parameters())).device
        for images, targets in batches:
            yield images.to(device), targets.to(device)

    def _check(self, loss: float, which: str) -> None:
        if math.isfinite(loss):
            return
        rate = self.optimizer.param_groups[0]["lr"]
        raise DivergedError(explain(
            f"the {which} loss became {loss} in epoch {self.epoch}",
            {"learning rate": f"{rate:.3g}"},
            "steps this long leave the minimum behind: try a tenth of the learning rate, or look for extreme pixels",
        ))
