"""Schedules over several groups, one within another, saved and taken up again."""

from __future__ import annotations

import pytest

import tinycnn
from tinycnn.optim import SGD
from tinycnn.optim import lr_scheduler as lrs


def optimizer(lr=1.0):
    return SGD([tinycnn.zeros(1, requires_grad=True)], lr=lr)


def rates(scheduler, count):
    """The rates of the first `count` epochs."""
    seen = [scheduler.get_last_lr()[0]]
    while len(seen) < count:
        scheduler.optimizer.step()
        scheduler.step()
        seen.append(scheduler.get_last_lr()[0])
        assert scheduler.optimizer.param_groups[0]["lr"] == seen[-1]
    return seen


def test_each_group_keeps_its_own_rate():
    a, b = (tinycnn.zeros(1, requires_grad=True) for _ in range(2))
    o = SGD([{"params": [a]}, {"params": [b], "lr": 4.0}], lr=2.0)
    scheduler = lrs.LambdaLR(o, [lambda t: 1 + t, lambda t: 0.5**t])
    o.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [4.0, 2.0]
    assert scheduler.base_lrs == [2.0, 4.0]
    assert [group["initial_lr"] for group in o.param_groups] == [2.0, 4.0]


def test_a_group_added_later_joins_a_factor_and_is_missed_by_a_curve():
    for make, joins in ((lambda o: lrs.ExponentialLR(o, 0.5), True), (lambda o: lrs.LambdaLR(o, lambda t: 1.0), False)):
        o = optimizer()
        scheduler = make(o)
        o.add_param_group({"params": [tinycnn.zeros(1, requires_grad=True)], "lr": 8.0})
        o.step()
        if joins:
            scheduler.step()
            assert scheduler.get_last_lr() == [0.5, 4.0]
        else:
            with pytest.raises(ValueError, match="added to the optimizer after this schedule was made"):
                scheduler.step()


def test_a_sequence_may_hold_sequences():
    def inner(o):
        return lrs.SequentialLR(o, [lrs.ConstantLR(o, 0.5, 9), lrs.ConstantLR(o, 0.25, 9)], [2])

    o = optimizer()
    first = lrs.SequentialLR(o, [inner(o), lrs.ConstantLR(o, 0.1, 9)], [4])
    assert rates(first, 6) == [0.5, 0.5, 0.25, 0.25, 0.1, 0.1]
    o = optimizer()
    second = lrs.SequentialLR(o, [lrs.ConstantLR(o, 0.1, 9), inner(o)], [2])
    assert rates(second, 6) == [0.1, 0.1, 0.5, 0.5, 0.25, 0.25]


class Halving:
    """A callable with a memory, for LambdaLR."""

    def __init__(self):
        self.calls = 0

    def __call__(self, epoch):
        self.calls += 1
        return 0.5**self.calls


STATEFUL = {
    "StepLR": lambda o: lrs.StepLR(o, 3, gamma=0.5),
    "MultiStepLR": lambda o: lrs.MultiStepLR(o, [7, 2, 2, 4], gamma=0.5),
    "ExponentialLR": lambda o: lrs.ExponentialLR(o, 0.9),
    "ConstantLR": lambda o: lrs.ConstantLR(o, 0.3, 7),
    "LinearLR": lambda o: lrs.LinearLR(o, 0.2, total_iters=7),
    "CosineAnnealingLR": lambda o: lrs.CosineAnnealingLR(o, 6, eta_min=0.1),
    "LambdaLR": lambda o: lrs.LambdaLR(o, lambda t: 0.95**t),
    "LambdaLR, an object": lambda o: lrs.LambdaLR(o, Halving()),
    "OneCycleLR": lambda o: lrs.OneCycleLR(o, 1.0, total_steps=20),
    "SequentialLR": lambda o: lrs.SequentialLR(o, [lrs.ConstantLR(o, 0.1, 2), lrs.StepLR(o, 2)], [3]),
    "SequentialLR, later": lambda o: lrs.SequentialLR(o, [lrs.StepLR(o, 2), lrs.CosineAnnealingLR(o, 5)], [7]),
}


@pytest.mark.parametrize("make", STATEFUL.values(), ids=STATEFUL)
def test_a_schedule_goes_on_from_its_state(make):
    whole = rates(make(optimizer()), 12)
    scheduler = make(optimizer())
    rates(scheduler, 5)
    o = optimizer()
    other = make(o)  # it sets the first rate, so the optimizer's state comes after it
    other.load_state_dict(scheduler.state_dict())
    o.load_state_dict(scheduler.optimizer.state_dict())
    assert other.last_epoch == 4
    assert rates(other, 8) == whole[4:]


def test_milestones_that_come_from_a_file_are_a_plain_dictionary():
    before = lrs.MultiStepLR(optimizer(), [1, 3], gamma=0.5)
    state = before.state_dict()
    after = lrs.MultiStepLR(optimizer(), [9])
    after.load_state_dict({**state, "milestones": dict(state["milestones"])})
    assert rates(after, 5) == rates(before, 5)


def test_reduce_on_plateau_goes_on_from_its_state():
    scheduler = lrs.ReduceLROnPlateau(optimizer(), patience=1)
    for metric in (1.0, 2.0):
        scheduler.step(metric)
    other = lrs.ReduceLROnPlateau(optimizer(), patience=5)
    other.load_state_dict(scheduler.state_dict())
    other.step(1.5)
    assert other.get_last_lr() == [pytest.approx(0.1)]
    assert other.best == 1.0


def test_states_leave_the_optimizer_out():
    o = optimizer()
    for scheduler in (
        lrs.StepLR(o, 1), lrs.LambdaLR(o, abs), lrs.ReduceLROnPlateau(o), lrs.SequentialLR(o, [lrs.StepLR(o, 1)], [])
    ):
        assert "optimizer" not in scheduler.state_dict()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda o, last: lrs.ExponentialLR(o, 0.5, last_epoch=last), [0.25, 0.125, 0.0625]),
        (lambda o, last: lrs.CosineAnnealingLR(o, 6, last_epoch=last), [0.75, 0.5, 0.25]),
        (lambda o, last: lrs.LinearLR(o, 0.5, total_iters=4, last_epoch=last), [0.75, 0.875, 1.0]),
        (lambda o, last: lrs.LambdaLR(o, lambda t: 1 / (1 + t), last_epoch=last), [1 / 3, 1 / 4, 1 / 5]),
        (lambda o, last: lrs.ConstantLR(o, 0.5, 3, last_epoch=last), [0.5, 1.0, 1.0]),
        (lambda o, last: lrs.OneCycleLR(o, 1.0, 8, last_epoch=last),
         [0.9719417773875232, 0.811745653949763, 0.5559840141227016]),
    ],
)
def test_last_epoch_takes_a_schedule_up_again(make, expected):
    o = optimizer()
    scheduler = make(o, -1)
    rates(scheduler, 3)
    again = make(o, scheduler.last_epoch - 1)
    assert again.last_epoch == 2
    assert rates(again, 3) == pytest.approx(expected, rel=1e-13)


def test_naming_an_epoch_jumps_there_and_warns():
    o = optimizer()
    schedulers = {
        lrs.StepLR(o, 2, 0.5): 0.125, lrs.MultiStepLR(o, [1, 2, 9], 0.5): 0.25, lrs.ExponentialLR(o, 0.5): 1 / 64,
        lrs.ConstantLR(o, 0.5, 7): 0.5, lrs.LinearLR(o, 0.25, total_iters=8): 0.8125, lrs.LinearLR(o, 0.5): 1.0,
        lrs.CosineAnnealingLR(o, 12): 0.5,
        lrs.SequentialLR(o, [lrs.StepLR(o, 1), lrs.ExponentialLR(o, 0.5)], [4]): 0.25,
    }
    o.step()
    for scheduler, expected in schedulers.items():
        with pytest.warns(UserWarning, match="deprecated"):
            scheduler.step(6)
        assert scheduler.get_last_lr() == [pytest.approx(expected)]
