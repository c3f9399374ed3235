r"""The training loop: its steps are the optimizer's, its figures the model's, and it stops when the loss is lost."""

from __future__ import annotations

import math

import pytest

import tinycnn as torch
from tinycnn import models, nn, optim
from tinycnn.datasets import Digits
from tinycnn.nn import functional as F
from tinycnn.train import DivergedError, RandomAffine, Trainer
from tinycnn.utils.data import DataLoader, TensorDataset


def blobs(n: int = 60, seed: int = 0) -> TensorDataset:
    r"""Three classes of points around three corners."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(n) % 3
    corners = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    return TensorDataset(corners[targets] + torch.randn(n, 2, generator=generator, dtype=torch.float64), targets)


def linear() -> nn.Module:
    torch.manual_seed(1)
    return nn.Linear(2, 3).double()


def test_a_step_is_the_softmax_classifiers_gradient() -> None:
    model = linear()
    x, t = blobs().tensors
    weight, bias = (p.detach().clone() for p in model.parameters())
    error = F.softmax(x @ weight.T + bias, 1) - F.one_hot(t, 3)  # ∂ℓ/∂z = (p − y)/N
    Trainer(model, optim.SGD(model.parameters(), lr=0.3)).learn([(x, t)])
    assert torch.allclose(model.weight, weight - 0.3 * error.T @ x / len(x), atol=1e-14)
    assert torch.allclose(model.bias, bias - 0.3 * error.mean(0), atol=1e-14)


def test_records_are_the_figures_of_each_epoch() -> None:
    model, data = linear(), blobs()
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.3))
    seen = []
    for record in trainer.fit(DataLoader(data, 16), DataLoader(data, 7), epochs=5):
        x, t = data.tensors
        with torch.no_grad():
            logits = model(x)
        assert record.test_loss == pytest.approx(F.cross_entropy(logits, t).item(), rel=1e-12)
        assert record.test_accuracy == (logits.argmax(1) == t).double().mean().item()
        assert record.seconds > 0
        seen.append(record)
    assert [record.epoch for record in seen] == [1, 2, 3, 4, 5]
    assert seen[-1].train_loss < seen[0].train_loss / 2
    assert seen[-1].test_accuracy > 0.8  # the blobs overlap


def test_fitting_goes_on_where_it_stopped() -> None:
    def weights(*epochs: int) -> list[float]:
        model = linear()
        trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.3, momentum=0.9))
        numbers = [r.epoch for n in epochs for r in trainer.fit(DataLoader(blobs(), 16), [blobs().tensors], n)]
        assert numbers == [1, 2, 3]
        return [value for p in model.parameters() for value in p.detach().flatten().tolist()]

    assert weights(3) == weights(1, 2)


def test_evaluation_uses_running_statistics_and_changes_nothing() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 3)).double()
    data = blobs()
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
    trainer.learn(DataLoader(data, 20))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    whole, single = trainer.evaluate(DataLoader(data, 60)), trainer.evaluate(DataLoader(data, 1))
    assert whole.loss == pytest.approx(single.loss, rel=1e-12)  # in training mode, batches of 1 could not be normalized
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    logits, targets = trainer.predict(DataLoader(data, 7))
    assert not logits.requires_grad
    assert F.cross_entropy(logits, targets).item() == pytest.approx(whole.loss, rel=1e-12)


def test_the_schedule_steps_once_a_batch() -> None:
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5**step)
    Trainer(model, optimizer, schedule=schedule).learn(DataLoader(blobs(), 20))  # 3 batches
    assert optimizer.param_groups[0]["lr"] == 0.125


def test_only_training_images_are_augmented() -> None:
    model = linear()
    calls = []

    def augment(images: torch.Tensor) -> torch.Tensor:
        calls.append(len(images))
        return images

    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), augment=augment)
    list(trainer.fit(DataLoader(blobs(), 25), DataLoader(blobs(), 25), epochs=1))
    assert calls == [25, 25, 10]


def test_a_lost_loss_stops_it_before_the_weights_are_spoilt() -> None:
    model = linear()
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
    batches = DataLoader(blobs(), 20)
    list(trainer.fit(batches, batches, epochs=2))
    spoilt = [(torch.full((4, 2), math.nan, dtype=torch.float64), torch.zeros(4, dtype=torch.int64))]
    with pytest.raises(DivergedError, match=r"(?s)training loss became nan in epoch 3.*0\.1.*tenth of the"):
        list(trainer.fit(spoilt, batches, epochs=1))
    assert all(torch.isfinite(p).all() for p in model.parameters())
    with pytest.raises(DivergedError, match="test loss became nan in epoch 4"):
        list(trainer.fit(batches, spoilt, epochs=1))


def test_too_long_steps_diverge_without_a_warning() -> None:
    model = linear()
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=1e308))
    with pytest.raises(DivergedError, match=r"learning rate"):
        list(trainer.fit(DataLoader(blobs(), 20), DataLoader(blobs(), 20), epochs=3))


def test_two_epochs_on_any_device_are_those_of_the_cpu(device: str) -> None:
    digits = Digits()
    images, targets = digits.images[:48].double(), digits.targets[:48]

    def fitted(where: str) -> tuple[list[float], dict[str, torch.Tensor]]:
        torch.manual_seed(0)
        model = models.se_resnet_digits(widths=(4, 4, 8)).double().to(where)
        optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
        order, distortions = torch.Generator().manual_seed(3), torch.Generator().manual_seed(4)
        batches = DataLoader(TensorDataset(images, targets), 16, shuffle=True, generator=order)
        schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 6)
        trainer = Trainer(model, optimizer, schedule=schedule, augment=RandomAffine(10, 0.1, 0.1, 0.1, distortions))
        records = list(trainer.fit(batches, batches, epochs=2))
        figures = [figure for record in records for figure in record[1:-1]]
        return figures, {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}

    (figures, weights), (there_figures, there) = fitted("cpu"), fitted(device)
    assert there_figures == pytest.approx(figures, rel=1e-9)
    assert all(torch.allclose(there[name], tensor, rtol=1e-9, atol=1e-12) for name, tensor in weights.items())
