"""What schedules refuse, and what they warn of."""

from __future__ import annotations

import pytest

import tinycnn
from tinycnn.optim import SGD, Optimizer
from tinycnn.optim import lr_scheduler as lrs


def optimizer(lr=1.0):
    return SGD([tinycnn.zeros(1, requires_grad=True)], lr=lr)


def test_stepping_before_the_optimizer_warns_once():
    o = optimizer()
    scheduler = lrs.StepLR(o, 1)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()
    scheduler.step()  # a second warning would be an error here


def test_an_optimizer_with_a_step_of_its_own_is_not_suspected():
    class Frozen(Optimizer):
        def step(self, closure=None):
            return None

    scheduler = lrs.StepLR(Frozen([tinycnn.zeros(1, requires_grad=True)], {"lr": 1.0}), 1)
    scheduler.step()
    assert scheduler.get_last_lr() == [pytest.approx(0.1)]


def sequence(milestones, count=2):
    o = optimizer()
    return lrs.SequentialLR(o, [lrs.StepLR(o, 1) for _ in range(count)], milestones)


def one_cycle(**options):
    return lrs.OneCycleLR(optimizer(), **{"max_lr": 1.0, "total_steps": 10, **options})


REFUSED = {
    "a model": (lambda: lrs.StepLR("model", 1), TypeError, "str is not an Optimizer"),
    "a model, plateau": (lambda: lrs.ReduceLROnPlateau("model"), TypeError, "str is not an Optimizer"),
    "a model, lambda": (lambda: lrs.LambdaLR("model", abs), TypeError, "str is not an Optimizer"),
    "a model, one cycle": (lambda: lrs.OneCycleLR("model", 1.0, 5), TypeError, "str is not an Optimizer"),
    "resuming nothing": (lambda: lrs.StepLR(optimizer(), 1, last_epoch=3), KeyError, r"'initial_lr' is not specified"),
    "step_size": (lambda: lrs.StepLR(optimizer(), 0), ValueError, "step_size must be at least one epoch, not 0"),
    "T_max": (lambda: lrs.CosineAnnealingLR(optimizer(), 0), ValueError, "T_max must be at least one epoch"),
    "factor": (lambda: lrs.ConstantLR(optimizer(), 1.5), ValueError, r"factor expected .* but got 1\.5"),
    "factor 0": (lambda: lrs.ConstantLR(optimizer(), 0), ValueError, "expected to be above 0"),
    "start": (lambda: lrs.LinearLR(optimizer(), 0), ValueError, "Starting multiplicative factor"),
    "end": (lambda: lrs.LinearLR(optimizer(), end_factor=1.1), ValueError, "Ending multiplicative factor"),
    "lambdas": (lambda: lrs.LambdaLR(optimizer(), [abs, abs]), ValueError, "lr_lambda must be one value, or one for"),
    "plateau factor": (lambda: lrs.ReduceLROnPlateau(optimizer(), factor=1.0), ValueError, r"Factor should be < 1\.0"),
    "mode": (lambda: lrs.ReduceLROnPlateau(optimizer(), "low"), ValueError, "mode low is unknown"),
    "threshold mode": (
        lambda: lrs.ReduceLROnPlateau(optimizer(), threshold_mode="x"), ValueError, "threshold mode x is unknown",
    ),
    "min_lr": (lambda: lrs.ReduceLROnPlateau(optimizer(), min_lr=[0, 0]), ValueError, "min_lr must be one value"),
    "no length": (lambda: lrs.OneCycleLR(optimizer(), 1.0), ValueError, r"either total_steps OR \(epochs AND"),
    "half a length": (lambda: lrs.OneCycleLR(optimizer(), 1.0, epochs=2), ValueError, "either total_steps OR"),
    "total_steps": (lambda: one_cycle(total_steps=2.5), ValueError, r"positive integer total_steps, but got 2\.5"),
    "epochs": (
        lambda: lrs.OneCycleLR(optimizer(), 1.0, epochs=0, steps_per_epoch=2), ValueError, "integer epochs, but got 0",
    ),
    "pct_start": (lambda: one_cycle(pct_start=1.5), ValueError, r"between 0 and 1 pct_start, but got 1\.5"),
    "anneal": (lambda: one_cycle(anneal_strategy="sine"), ValueError, "one of 'cos' or 'linear', instead got 'sine'"),
    "max_lr": (lambda: one_cycle(max_lr=[1.0, 2.0]), ValueError, "max_lr must be one value"),
    "no momentum": (
        lambda: lrs.OneCycleLR(Optimizer([tinycnn.zeros(1)], {"lr": 1.0}), 1.0, 5), ValueError,
        "optimizer must support momentum or beta1",
    ),
    "no schedulers": (lambda: sequence([], 0), ValueError, "at least one scheduler"),
    "too few milestones": (lambda: sequence([]), ValueError, r"one more than the number of milestone points"),
    "disorder": (lambda: sequence([5, 2], 3), ValueError, r"milestones in order"),
    "no scheduler": (lambda: lrs.SequentialLR(optimizer(), [1], []), TypeError, r"schedulers\[0\] is no scheduler"),
    "another's": (
        lambda: lrs.SequentialLR(optimizer(), [lrs.StepLR(optimizer(), 1)], []), ValueError, "to the same optimizer",
    ),
    "plateau in sequence": (
        lambda: lrs.SequentialLR((o := optimizer()), [lrs.ReduceLROnPlateau(o)], []), ValueError, "does not support",
    ),
}


@pytest.mark.parametrize(("build", "kind", "message"), REFUSED.values(), ids=REFUSED)
def test_options_out_of_range_are_refused(build, kind, message):
    with pytest.raises(kind, match=message):
        build()


def test_the_base_says_what_to_write():
    with pytest.raises(NotImplementedError, match="must define get_lr"):
        lrs.LRScheduler(optimizer())
