r"""The demonstration of transfer learning: its rules are kept, its sums are right, and its claim holds."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinycnn.backend import blas
from tinycnn.errors import ConfigError
from tinycnn.train import demonstration, few_shot
from tinycnn.train.config import TransferConfig
from tinycnn.train.display import Silent
from tinycnn.train.few_shot import Demonstration, Estimate, Trial, draw_examples, gain, mean_gain, orientations

TINY = {"examples": (1, 2), "repeats": 2, "practice": 1, "networks": 1, "steps": (2,), "pretrain_steps": 2,
        "rates": (0.003, 0.01)}


class Said(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.expected = self.steps = 0

    def begin(self, batches: int) -> None:
        self.expected = batches

    def batch(self, loss: float) -> None:
        self.steps += 1

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def new_digits() -> few_shot.Images:
    return few_shot.digits(few_shot.NEW, train=True)


def test_the_parts_are_the_old_and_the_new_digits(new_digits: few_shot.Images) -> None:
    old, test = few_shot.digits(few_shot.OLD, True), few_shot.digits(few_shot.NEW, False)
    assert [len(part.images) for part in (old, new_digits, test)] == [721, 717, 179]
    for part in (old, new_digits, test):
        assert sorted(set(part.targets.tolist())) == [0, 1, 2, 3, 4]


def test_orientations_are_turned_and_have_their_own_classes(new_digits: few_shot.Images) -> None:
    turned = orientations(new_digits, 4)
    n = len(new_digits.images)
    for quarter in range(4):
        expected = np.rot90(new_digits.images.numpy(), quarter, (2, 3))
        assert np.array_equal(turned.images.numpy()[quarter * n:(quarter + 1) * n], expected)
        labels = new_digits.targets.numpy() + 5 * quarter
        assert np.array_equal(turned.targets.numpy()[quarter * n:(quarter + 1) * n], labels)


def test_examples_are_as_many_of_each_and_the_others_are_the_rest(new_digits: few_shot.Images) -> None:
    few, rest = draw_examples(new_digits, 3, seed=7)
    assert np.bincount(few.targets.numpy()).tolist() == [3] * 5
    assert len(few.images) + len(rest.images) == len(new_digits.images)
    taken = {image.tobytes() for image in few.images.numpy()}
    assert not taken & {image.tobytes() for image in rest.images.numpy()}
    again, other = draw_examples(new_digits, 3, seed=7)[0], draw_examples(new_digits, 3, seed=8)[0]
    assert np.array_equal(few.images.numpy(), again.images.numpy())
    assert not np.array_equal(few.images.numpy(), other.images.numpy())


def leaves_its_results(tmp_path: Path, display: Said, trials: list[Trial]) -> None:
    assert sorted(os.listdir(tmp_path / "run")) == sorted(demonstration.TRANSFER_CONTENTS)
    facts = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert facts["examples"] == [1, 2]
    assert set(facts["chosen_rates"]["2"]) == set(few_shot.METHODS)
    lines = (tmp_path / "run" / "results.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "method,steps,examples,repeat,accuracy"
    assert len(lines) == 1 + len(trials) == 13
    assert sum(line.lstrip().startswith(("1 ", "2 ")) for line in display.lines) == 2


def test_the_test_images_are_looked_at_once_by_each_finished_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    original = Demonstration.accuracy

    def watched(self: Demonstration, trainer: Any, data: few_shot.Images) -> float:
        looked.append(len(data.images))
        return original(self, trainer, data)

    monkeypatch.setattr(Demonstration, "accuracy", watched)
    display = Said()
    config = TransferConfig(**TINY, out=str(tmp_path / "run"))  # type: ignore[arg-type]  # what TINY holds fits
    outcome = demonstration.run_transfer(config, display)
    practice, counted = looked[:12], looked[12:]  # 3 ways × 2 rates × 2 numbers of examples; 3 ways × 2 × 2 repeats
    assert set(counted) == {179}
    assert len(counted) == len(outcome.trials) == 12
    assert set(practice) == {len(few_shot.digits(few_shot.NEW, True).images) - 5 * n for n in (1, 2)}
    assert display.steps == display.expected == few_shot.steps_in_all(config)
    leaves_its_results(tmp_path, display, outcome.trials)


def test_all_ways_see_the_same_images_in_a_repeat_and_others_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bytes]] = []

    def adapted(self: Demonstration, method: str, weights: Any, few: few_shot.Images, rate: float, *rest: int) -> None:
        seen.append((method, few.images.numpy().tobytes()))

    monkeypatch.setattr(Demonstration, "adapted", adapted)
    monkeypatch.setattr(Demonstration, "accuracy", lambda self, trainer, data: 0.5)
    shown = Demonstration(TransferConfig(examples=(2,), repeats=2), Silent())
    list(few_shot.compare(shown, dict.fromkeys(few_shot.METHODS, 0.01), [{}, {}], 15, 2))
    first, second = seen[:3], seen[3:]
    assert [method for method, _ in first] == list(few_shot.METHODS)
    assert len({images for _, images in first}) == len({images for _, images in second}) == 1
    assert first[0][1] != second[0][1]


def test_each_way_begins_and_learns_as_it_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []
    monkeypatch.setattr(Demonstration, "_learn", lambda self, model, groups, *rest: begun.append((model, groups, rest)))
    shown = Demonstration(TransferConfig(), Silent())
    shown.pretrained(7)
    known = begun.pop()[0].state_dict()
    for method in few_shot.METHODS:
        shown.adapted(method, known, few_shot.Images(shown.pool.images[:5], shown.pool.targets[:5]), 0.3, 15, 8)
    learns, rates, kept = [], [], []
    for model, groups, _ in begun:
        learns.append([name for name, parameter in model.named_parameters() if parameter.requires_grad])
        rates.append([group["lr"] for group in groups])
        kept.append(all(np.array_equal(value.numpy(), known[name].numpy())
                        for name, value in model.state_dict().items() if not name.startswith("fc.")))
        assert model.fc.out_features == 5
    assert kept == [False, True, True]  # scratch knows nothing of the old digits
    assert learns[1] == ["fc.weight", "fc.bias"]
    assert learns[0] == learns[2] == list(dict(begun[0][0].named_parameters()))
    assert rates == [[0.3, 0.3], [0.3], [pytest.approx(0.1), 0.3]]


def test_the_rate_that_serves_best_is_chosen_and_the_pretrained_networks_take_turns(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[tuple[str, str, float]] = []
    best = {"scratch": 0.1, "head": 0.03, "fine-tune": 0.01}

    def adapted(self: Demonstration, method: str, weights: Any, few: Any, rate: float, *rest: int) -> float:
        used.append((method, weights, rate))
        return -abs(rate - best[method])

    monkeypatch.setattr(Demonstration, "adapted", adapted)
    monkeypatch.setattr(Demonstration, "accuracy", lambda self, score, data: score)
    shown = Demonstration(TransferConfig(examples=(2,), repeats=3), Silent())
    weights: Any = ["first", "second"]
    assert few_shot.choose_rates(shown, weights, 15) == best
    used.clear()
    list(few_shot.compare(shown, best, weights, 15, 2))
    assert used == [(method, which, best[method]) for which in ("first", "second", "first") for method in best]


def test_the_practice_draw_is_none_that_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    original = few_shot.draw_examples

    def watched(data: few_shot.Images, examples: int, seed: int) -> Any:
        seeds.append(seed)
        return original(data, examples, seed)

    monkeypatch.setattr(few_shot, "draw_examples", watched)
    monkeypatch.setattr(Demonstration, "adapted", lambda *args: None)
    monkeypatch.setattr(Demonstration, "pretrained", lambda *args: {})
    monkeypatch.setattr(Demonstration, "accuracy", lambda *args: 0.5)
    monkeypatch.setattr(demonstration, "_draw", lambda *args: None)
    demonstration.run_transfer(TransferConfig(repeats=3, practice=2, seed=4, out=str(tmp_path / "run")))
    assert set(seeds) == {4, 5, 6, 7, 8}
    practice, counted = seeds[:54], seeds[54:63]  # 3 ways × 3 rates × 2 draws × 3 numbers of examples; 3 × 3 repeats
    assert set(practice) == {7, 8}
    assert set(counted) == {4, 5, 6}
    assert seeds[63:] == seeds[:63]  # for the second number of steps


def test_means_and_their_errors_are_those_of_the_pairs() -> None:
    trials = [Trial(*row) for row in [
        ("scratch", 15, 1, 0, 0.5), ("head", 15, 1, 0, 0.7), ("scratch", 15, 1, 1, 0.7), ("head", 15, 1, 1, 0.8),
    ]]
    assert Estimate.of([0.5, 0.7]) == pytest.approx((0.6, 0.1))
    assert gain(trials, "head", 1) == pytest.approx((0.15, 0.05))
    assert math.isnan(Estimate.of([0.5]).error)


def test_the_mean_gain_pairs_the_repeats_and_averages_the_numbers_of_examples() -> None:
    reached = {("scratch", 1): [0.4, 0.5, 0.6], ("head", 1): [0.6, 0.6, 0.7],
               ("scratch", 5): [0.8, 0.8, 0.9], ("head", 5): [0.8, 0.7, 0.9]}
    trials = [Trial(way, 15, n, i, x) for (way, n), values in reached.items() for i, x in enumerate(values)]
    estimate, luck = mean_gain(trials, "head")  # 0.1, 0, 0.05
    assert estimate == pytest.approx((0.05, 0.05 / math.sqrt(3)))
    assert luck == 0.5  # 4 of the 8 sums ± 0.1 ± 0 ± 0.05 are as large


def test_the_chance_of_luck_is_that_of_the_signs_also_of_many_repeats() -> None:
    def trials(n: int, gains: Any) -> list[Trial]:
        return [Trial(way, 15, 1, i, 0.5 + gain) for way, values in (("scratch", np.zeros(n)), ("head", gains))
                for i, gain in enumerate(values)]

    assert mean_gain(trials(6, np.full(6, 0.1)), "head")[1] == 2 / 64
    assert mean_gain(trials(6, np.full(6, -0.1)), "head")[1] == 2 / 64  # either way
    assert mean_gain(trials(20, np.full(20, 0.1)), "head")[1] < 0.001
    draws = np.random.default_rng(0).normal(0, 0.1, (60, 20))
    chances = [mean_gain(trials(20, gains), "head")[1] for gains in draws]
    assert np.mean(chances) == pytest.approx(0.5, abs=0.12)  # uniform, where there is no difference


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ([0.1] * 6, "after 15 steps, head beats scratch by 10.0 ± 0.0 points on average (p = 0.031)"),
        ([-0.1] * 6, "after 15 steps, head loses to scratch by 10.0 ± 0.0 points on average (p = 0.031)"),
        ([0.1] * 5 + [-0.1], "after 15 steps, head and scratch do not differ for certain: "
                             "+6.7 ± 3.3 points on average (p = 0.219)"),
        ([0.1] * 5, "fewer than 6 repeats tell no gain from luck"),
    ],
)
def test_the_verdict_claims_what_luck_does_not_explain(head: list[float], words: str) -> None:
    ways = {"scratch": [0.0] * len(head), "head": head, "fine-tune": head}
    trials = [Trial(way, 15, 2, i, 0.5 + x) for way, values in ways.items() for i, x in enumerate(values)]
    assert demonstration.verdict(trials).splitlines()[0] == words


def test_the_verdict_names_the_gains_with_fewest_and_most_examples() -> None:
    reached = {"scratch": (0.5, 0.6, 0.9), "head": (0.7, 0.7, 0.8), "fine-tune": (0.6, 0.6, 0.9)}
    trials = [Trial(way, 15, n, i, x) for way, values in reached.items() for i in range(6)
              for n, x in zip((1, 3, 10), values, strict=True)]
    first, _ = demonstration.verdict(trials).splitlines()
    assert first.endswith("on average (p = 0.031); +20.0 with 1 of each digit, -10.0 with 10")


def test_with_few_examples_and_steps_both_ways_of_transfer_beat_starting_anew() -> None:
    shown = Demonstration(TransferConfig(repeats=3, pretrain_steps=60), Silent())
    rates = {"scratch": 0.03, "head": 0.03, "fine-tune": 0.01}  # as the demonstration chooses them
    with blas.limited(1):  # more take their time over so small a network
        trials = list(few_shot.compare(shown, rates, [shown.pretrained(0)], steps=15, examples=2))
    assert gain(trials, "fine-tune", 2).mean > 0.1
    assert gain(trials, "head", 2).mean > 0.02  # 0.12, and 0.21 above, where it was written


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"examples": ()}, "at least one number of examples"),
        ({"steps": ()}, "one of steps"),
        ({"examples": (0, 5)}, "examples must be from 1 to 100, but it is 0"),
        ({"rates": (0.0,)}, "rates must be above 0"),
        ({"orientations": 5}, "orientations must be from 1 to 4"),
        ({"repeats": 0}, "repeats must be at least 1"),
        ({"steps": (1, 15)}, "steps must be at least 2"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        TransferConfig(**options)
