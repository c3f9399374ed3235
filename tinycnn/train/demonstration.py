r"""The demonstration of transfer learning from configuration to run folder: the table as it grows, and the picture."""

from __future__ import annotations

import platform
from typing import NamedTuple

import numpy as np

from tinycnn import plot
from tinycnn._version import __version__
from tinycnn.backend import blas
from tinycnn.train.config import TransferConfig
from tinycnn.train.display import Silent
from tinycnn.train.few_shot import (
    METHODS,
    Demonstration,
    Estimate,
    Trial,
    accuracies,
    choose_rates,
    compare,
    gain,
    mean_gain,
    steps_in_all,
)
from tinycnn.train.preparation import check_channels
from tinycnn.train.run_folder import RunFolder

TRANSFER_CONTENTS = {
    "config.json": "the options of this run, and the learning rates that were chosen",
    "results.csv": "the test accuracy of every network",
    "transfer.png": "accuracy against examples",
}
LEVEL = 0.05       # a gain is called one if luck alone takes so few of all repetitions as far
LEAST_REPEATS = 6  # all of the same sign, they are 2 in 2⁶: the first number below the level
_HEADER = """
after {steps} steps; learning rates {rates}
examples of            a new network    pretrained, frozen body        pretrained, all learns
each digit                 scratch        head          gain         fine-tune       gain"""


class TransferOutcome(NamedTuple):
    r"""What came of the demonstration."""

    folder: RunFolder
    trials: list[Trial]
    no_pictures: str | None  #: why there are none; None if there are


def run_transfer(config: TransferConfig, display: Silent | None = None) -> TransferOutcome:
    r"""Compare the three ways to learn the digits 5–9 from a few examples; see `few_shot` for the rules.

    After every line of the table the folder holds the results so far.

    Raises
    ------
    ConfigError      no such model, or it does not fit the digits
    DivergedError    a loss became infinite or NaN
    OSError          the folder cannot be written
    """
    display = display or Silent()
    check_channels(config.model, 1)  # if there is no such model, or it does not fit, say so before anything is done
    folder = RunFolder(config.out, f"transfer-{config.model}", TRANSFER_CONTENTS)
    facts = {"versions": {"tinycnn": __version__, "numpy": np.__version__, "python": platform.python_version()}}
    folder.write_config({**config.as_dict(), **facts})
    demonstration, trials = Demonstration(config, display), list[Trial]()
    display.say(_headline(demonstration))
    display.begin(steps_in_all(config))
    try:
        with blas.limited(config.threads):
            weights = [demonstration.pretrained(config.seed + i) for i in range(config.networks)]
            chosen: dict[int, dict[str, float]] = {}
            for steps in config.steps:
                rates = choose_rates(demonstration, weights, steps)
                chosen[steps] = rates
                folder.write_config({**config.as_dict(), "chosen_rates": chosen, **facts})
                display.say(_header(config, steps, rates))
                for examples in config.examples:
                    trials += compare(demonstration, rates, weights, steps, examples)
                    folder.write_table("results.csv", Trial._fields, (
                        [method, *map(str, numbers), f"{accuracy:.6f}"] for method, *numbers, accuracy in trials
                    ))
                    display.say(_row(after(trials, steps), examples))
    finally:
        display.end()
        folder.remove_if_bare()
    return TransferOutcome(folder, trials, _draw(folder, config, trials))


def after(trials: list[Trial], steps: int) -> list[Trial]:
    r"""The trials of networks that learnt for so many steps."""
    return [trial for trial in trials if trial.steps == steps]


def _draw(folder: RunFolder, config: TransferConfig, trials: list[Trial]) -> str | None:
    def points(method: str, steps: int) -> list[tuple[int, float, float]]:
        return [(n, *Estimate.of(accuracies(after(trials, steps), method, n))) for n in config.examples]

    panels = {
        f"after {steps} steps": {f"{method}: {what}": points(method, steps) for method, what in METHODS.items()}
        for steps in config.steps
    }
    try:
        figure = plot.few_examples(panels, "Digits 5–9 from few examples, with and without having learnt 0–4")
    except ImportError as error:
        return f"matplotlib cannot be imported: {error}"
    plot.write(figure, folder.file("transfer.png"))
    return None


def _headline(demonstration: Demonstration) -> str:
    config = demonstration.config
    turned = f", each in {config.orientations} orientations," if config.orientations > 1 else ""
    known = len(demonstration.source.images) // config.orientations
    return (
        f"{config.model}: {known} images of 0–4{turned} are learnt first;"
        f" then 5–9, tested on {len(demonstration.test.images)} images\n"
        "test accuracy in %, mean ± standard error over "
        f"{config.repeats} repeats; the gain is over scratch, on the same examples"
    )


def _header(config: TransferConfig, steps: int, rates: dict[str, float]) -> str:
    return _HEADER.format(steps=steps, rates=", ".join(f"{method} {rate:g}" for method, rate in rates.items()))


def _row(trials: list[Trial], examples: int) -> str:
    def share(estimate: Estimate, sign: str = "") -> str:
        error = f" ± {100 * estimate.error:4.1f}" if estimate.error == estimate.error else " " * 7
        return f"{100 * estimate.mean:{sign}6.1f}{error}"

    reached = {method: share(Estimate.of(accuracies(trials, method, examples))) for method in METHODS}
    return (
        f"{examples:10d}           {reached['scratch']}"
        f"   {reached['head']}  {share(gain(trials, 'head', examples), '+')}"
        f"     {reached['fine-tune']}  {share(gain(trials, 'fine-tune', examples), '+')}"
    )


def verdict(trials: list[Trial]) -> str:
    r"""What pretraining gained or lost, in a sentence for each number of steps and each way to use it.

    Examples
    --------
    >>> ways = {"scratch": (0.5, 0.6, 0.4, 0.5, 0.6, 0.5), "head": (0.7, 0.8, 0.7, 0.8, 0.7, 0.7)}
    >>> ways["fine-tune"] = (0.4, 0.7, 0.4, 0.5, 0.7, 0.4)
    >>> print(verdict([Trial(way, 15, 2, i, x) for way, values in ways.items() for i, x in enumerate(values)]))
    after 15 steps, head beats scratch by 21.7 ± 3.1 points on average (p = 0.031)
    after 15 steps, fine-tune and scratch do not differ for certain: +0.0 ± 3.7 points on average (p = 1.000)
    """
    if len({trial.repeat for trial in trials}) < LEAST_REPEATS:
        return f"fewer than {LEAST_REPEATS} repeats tell no gain from luck"
    sentences = []
    for steps in sorted({trial.steps for trial in trials}):
        for method in ("head", "fine-tune"):
            (mean, error), luck = mean_gain(after(trials, steps), method)
            points = f"{100 * abs(mean):.1f} ± {100 * error:.1f} points on average (p = {luck:.3f})"
            if luck <= LEVEL:
                sentence = f"{method} {'beats' if mean > 0 else 'loses to'} scratch by {points}"
            else:
                sentence = f"{method} and scratch do not differ for certain: {'+' if mean >= 0 else '-'}{points}"
            sentences.append(f"after {steps} steps, {sentence}{_ends(after(trials, steps), method)}")
    return "\n".join(sentences)


def _ends(trials: list[Trial], method: str) -> str:
    r"""The gain with the fewest and with the most examples, for an average may hide that they have different signs."""
    examples = sorted({trial.examples for trial in trials})
    if len(examples) < 2:
        return ""
    few, many = (f"{100 * gain(trials, method, n).mean:+.1f} with {n}" for n in (examples[0], examples[-1]))
    return f"; {few} of each digit, {many}"
