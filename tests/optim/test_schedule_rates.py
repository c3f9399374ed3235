"""The rates that schedules set, epoch for epoch: those of PyTorch 2.13."""

from __future__ import annotations

import math

import pytest

import tinycnn
from tinycnn.optim import SGD, AdamW
from tinycnn.optim import lr_scheduler as lrs


def optimizer(lr=1.0, kind=SGD, **options):
    return kind([tinycnn.zeros(1, requires_grad=True)], lr=lr, **options)


def rates(scheduler, count):
    """The rates of the first `count` epochs."""
    seen = [scheduler.get_last_lr()[0]]
    while len(seen) < count:
        scheduler.optimizer.step()
        scheduler.step()
        seen.append(scheduler.get_last_lr()[0])
        assert scheduler.optimizer.param_groups[0]["lr"] == seen[-1]
    return seen


# The rates of PyTorch ────────────────────────────────────────────────────────────────────────────────────────────────

RECORDED = {
    "StepLR": (
        lambda o: lrs.StepLR(o, 3, gamma=0.5),
        [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125],
    ),
    "MultiStepLR": (
        lambda o: lrs.MultiStepLR(o, [7, 2, 2, 4], gamma=0.5),
        [1.0, 1.0, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625, 0.0625, 0.0625],
    ),
    "ExponentialLR": (
        lambda o: lrs.ExponentialLR(o, 0.9),
        [1.0, 0.9, 0.81, 0.7290000000000001, 0.6561000000000001, 0.5904900000000002, 0.5314410000000002],
    ),
    "ConstantLR": (lambda o: lrs.ConstantLR(o, 0.3, 4), [0.3, 0.3, 0.3, 0.3, 1.0, 1.0, 1.0]),
    "ConstantLR, default": (lrs.ConstantLR, [1 / 3] * 5 + [1.0, 1.0]),
    "LinearLR": (
        lambda o: lrs.LinearLR(o, total_iters=6),
        [0.3333333333333333, 0.4444444444444445, 0.5555555555555556, 0.6666666666666666, 0.7777777777777778,
         0.8888888888888888, 1.0, 1.0, 1.0],
    ),
    "LinearLR, down": (
        lambda o: lrs.LinearLR(o, 0.9, 0.1, 7),
        [0.9, 0.7857142857142857, 0.6714285714285714, 0.557142857142857, 0.4428571428571428, 0.3285714285714285,
         0.21428571428571425, 0.09999999999999991, 0.09999999999999991],
    ),
    "CosineAnnealingLR, down and up": (
        lambda o: lrs.CosineAnnealingLR(o, 5),
        [1.0, 0.9045084971874737, 0.6545084971874737, 0.3454915028125263, 0.09549150281252632, 0.0,
         0.09549150281252627, 0.34549150281252644, 0.6545084971874741, 0.9045084971874743, 1.0000000000000004,
         0.9045084971874745],
    ),
    "CosineAnnealingLR, eta_min": (
        lambda o: lrs.CosineAnnealingLR(o, 4, eta_min=0.1),
        [1.0, 0.8681980515339464, 0.55, 0.23180194846605368, 0.1, 0.2318019484660536, 0.55, 0.8681980515339467,
         1.0000000000000004, 0.8681980515339468, 0.5500000000000004, 0.2318019484660541],
    ),
    "CosineAnnealingLR, 1": (lambda o: lrs.CosineAnnealingLR(o, 1), [1.0, 0.0, 1.0, 0.0, 1.0]),
    "LambdaLR": (
        lambda o: lrs.LambdaLR(o, lambda t: 0.95**t),
        [1.0, 0.95, 0.9025, 0.8573749999999999, 0.8145062499999999, 0.7737809374999998, 0.7350918906249998],
    ),
    "warm-up, cosine": (
        lambda o: lrs.SequentialLR(o, [lrs.LinearLR(o, 0.1, total_iters=3), lrs.CosineAnnealingLR(o, 6)], [3]),
        [0.1, 0.39999999999999997, 0.7, 1.0, 0.9330127018922194, 0.75, 0.5, 0.2500000000000001, 0.06698729810778065,
         0.0, 0.06698729810778065, 0.25],
    ),
    "three in sequence": (
        lambda o: lrs.SequentialLR(o, [lrs.ConstantLR(o, 0.1, 2), lrs.ExponentialLR(o, 0.9), lrs.StepLR(o, 2)], [2, 6]),
        [0.1, 0.1, 1.0, 0.9, 0.81, 0.7290000000000001, 1.0, 1.0, 0.1, 0.1, 0.010000000000000002],
    ),
    "four in sequence": (
        lambda o: lrs.SequentialLR(
            o,
            [lrs.ExponentialLR(o, 0.5), lrs.LinearLR(o, 0.25, total_iters=3), lrs.LambdaLR(o, lambda t: 1 / (1 + t)),
             lrs.MultiStepLR(o, [1, 2])],
            [2, 6, 8],
        ),
        [1.0, 0.5, 0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 1.0, 0.1, 0.010000000000000002, 0.010000000000000002],
    ),
    "into one cycle": (
        lambda o: lrs.SequentialLR(o, [lrs.ConstantLR(o, 0.5, 2), lrs.OneCycleLR(o, 2.0, total_steps=8)], [4]),
        [0.04, 0.04, 0.08, 0.08, 0.08000000000000007, 1.638550209784384, 1.9438835547750464, 1.623491307899526,
         1.1119680282454032, 0.5661219964173985, 0.1532831876685128, 8e-06],
    ),
}


@pytest.mark.parametrize(("make", "expected"), RECORDED.values(), ids=RECORDED)
def test_the_rates_are_pytorchs(make, expected):
    assert rates(make(optimizer()), len(expected)) == pytest.approx(expected, rel=1e-14, abs=1e-16)


ONE_CYCLE = {
    "default": (
        SGD, {"max_lr": 1.0, "total_steps": 10},
        [0.040000000000000036, 0.52, 1.0, 0.9504846320134737, 0.8117456539497631, 0.6112620219362893,
         0.38874197806371075, 0.18825834605023697, 0.049519367986526286, 4e-06],
        [0.95, 0.8999999999999999, 0.85, 0.854951556604879, 0.8688255099070633, 0.8888739533021842,
         0.9111260466978157, 0.9311744900929366, 0.945048443395121, 0.95],
    ),
    "linear": (
        SGD, {"max_lr": 1.0, "total_steps": 10, "anneal_strategy": "linear", "pct_start": 0.5},
        [0.04, 0.27999999999999997, 0.52, 0.76, 1.0, 0.8000008, 0.6000015999999999, 0.4000024, 0.20000319999999994,
         4.000000000004e-06],
        [0.95, 0.9249999999999999, 0.8999999999999999, 0.875, 0.85, 0.87, 0.89, 0.9099999999999999,
         0.9299999999999999, 0.95],
    ),
    "three phases, beta1": (
        AdamW,
        {"max_lr": 2.0, "epochs": 5, "steps_per_epoch": 2, "three_phase": True, "div_factor": 10.0,
         "final_div_factor": 100.0, "base_momentum": 0.5, "max_momentum": 0.8},
        [0.19999999999999996, 1.1, 2.0, 1.1, 0.2, 0.1810926824431198, 0.1315926824431198, 0.07040731755688022,
         0.020907317556880217, 0.002],
        [0.8, 0.65, 0.5, 0.65, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8],
    ),
    "no way up": (
        SGD, {"max_lr": 1.0, "total_steps": 10, "pct_start": 0.0, "cycle_momentum": False},
        [0.9755283560345442, 0.904508879153485, 0.793893450575732, 0.654509879153485, 0.500002, 0.3454941208465151,
         0.20611054942426807, 0.09549512084651508, 0.024475643965455825, 4e-06],
        [0] * 10,
    ),
}


@pytest.mark.parametrize(("kind", "options", "expected", "momenta"), ONE_CYCLE.values(), ids=ONE_CYCLE)
def test_one_cycle_moves_rate_and_momentum_as_pytorch_does(kind, options, expected, momenta):
    o = optimizer(kind=kind)
    scheduler = lrs.OneCycleLR(o, **options)
    for rate, momentum in zip(expected, momenta, strict=True):
        group = o.param_groups[0]
        assert group["lr"] == pytest.approx(rate, rel=1e-13)
        assert (group["betas"][0] if kind is AdamW else group["momentum"]) == pytest.approx(momentum, rel=1e-13)
        o.step()
        scheduler.step()


def test_one_cycle_ends():
    scheduler = lrs.OneCycleLR(optimizer(), 1.0, epochs=2, steps_per_epoch=2)
    rates(scheduler, 5)
    with pytest.raises(ValueError, match=r"Tried to step 5 times\. The specified number of total steps is 4"):
        scheduler.step()


def test_one_cycle_with_a_way_up_of_a_single_step_starts_at_the_peak():
    assert rates(lrs.OneCycleLR(optimizer(), 1.0, total_steps=10, pct_start=0.1), 2)[0] == 1.0


METRICS = [5.0, 4.0, 4.0, 4.0, 4.0, 3.9999, 3.0, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 2.0, math.nan, 2.0, 2.0, 2.0]
PLATEAU = {
    "patience": (
        {"factor": 0.5, "patience": 1},
        [1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 16, 16, 32, 32, 32, 64, 64, 128],
    ),
    "cooldown": (
        {"factor": 0.5, "patience": 1, "cooldown": 2},
        [1, 1, 1, 2, 2, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 16, 16],
    ),
    "max": (
        {"mode": "max", "factor": 0.5, "patience": 2},
        [1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32],
    ),
    "min_lr": ({"factor": 0.1, "patience": 0, "min_lr": 0.05}, [1, 1, 10] + [20] * 15),
    "absolute": (
        {"factor": 0.5, "patience": 1, "threshold": 0.5, "threshold_mode": "abs"},
        [1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 16, 16, 32, 32, 32, 64, 64, 128],
    ),
    "relative": (
        {"factor": 0.5, "patience": 0, "threshold": 0.1},
        [1, 1, 2, 4, 8, 16, 16, 32, 64, 128, 256, 512, 1024, 1024, 2048, 4096, 8192, 16384],
    ),
    "max, absolute": (
        {"mode": "max", "factor": 0.5, "patience": 3, "threshold": 0.5, "threshold_mode": "abs"},
        [1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 16, 16],
    ),
}


@pytest.mark.parametrize(("options", "divisors"), PLATEAU.values(), ids=PLATEAU)
def test_reduce_on_plateau_drops_when_pytorch_does(options, divisors):
    scheduler = lrs.ReduceLROnPlateau(optimizer(), **options)
    seen = []
    for metric in METRICS:
        scheduler.step(metric)
        seen.append(scheduler.get_last_lr()[0])
    assert seen == pytest.approx([1 / divisor for divisor in divisors])


def test_reduce_on_plateau_takes_a_loss_tensor_and_a_limit_for_each_group():
    a, b = (tinycnn.zeros(1, requires_grad=True) for _ in range(2))
    o = SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=1.0)
    scheduler = lrs.ReduceLROnPlateau(o, factor=0.1, patience=0, min_lr=[0.3, 0.01])
    for _ in range(2):
        scheduler.step((a + 1).sum())
    assert scheduler.get_last_lr() == [0.3, 0.05]
    o.add_param_group({"params": [tinycnn.zeros(1, requires_grad=True)]})
    with pytest.raises(ValueError, match=r"min_lr must be one value, or one for each parameter group"):
        scheduler.step(5.0)


def test_schedules_can_be_chained():
    o = optimizer()
    chain = [lrs.ExponentialLR(o, 0.9), lrs.MultiStepLR(o, [3, 5], 0.5), lrs.LinearLR(o, 0.5, total_iters=4)]
    seen = [o.param_groups[0]["lr"]]
    for _ in range(8):
        o.step()
        for scheduler in chain:
            scheduler.step()
        seen.append(o.param_groups[0]["lr"])
    assert seen == pytest.approx(
        [0.5, 0.5625, 0.6075, 0.3189375, 0.32805, 0.1476225, 0.13286025, 0.119574225, 0.1076168025], rel=1e-14
    )
    o = optimizer()
    chain = [lrs.ExponentialLR(o, 0.9), lrs.CosineAnnealingLR(o, 5, 0.01)]
    seen = [o.param_groups[0]["lr"]]
    for _ in range(8):
        o.step()
        for scheduler in chain:
            scheduler.step()
        seen.append(o.param_groups[0]["lr"])
    assert seen == pytest.approx(
        [1.0, 0.8150125624968516, 0.5335376994494164, 0.25819319092242465, 0.07146262653187982, 0.01,
         0.103536587784401, 0.3109586644273363, 0.5212354223413486], rel=1e-13,
    )


@pytest.mark.parametrize("period", [1, 2, 7, 90])
def test_the_chained_cosine_is_the_closed_form(period):
    for t, lr in enumerate(rates(lrs.CosineAnnealingLR(optimizer(0.1), period, eta_min=1e-4), 3 * period)):
        assert lr == pytest.approx(1e-4 + (0.1 - 1e-4) * (1 + math.cos(math.pi * t / period)) / 2, abs=1e-14)
