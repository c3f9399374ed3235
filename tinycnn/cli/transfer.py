r"""``tinycnn transfer``: the demonstration of transfer learning on the digits."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import fields
from typing import Any

from tinycnn.train.config import TransferConfig
from tinycnn.train.demonstration import TRANSFER_CONTENTS, run_transfer, verdict
from tinycnn.train.display import Progress
from tinycnn.train.few_shot import METHODS

_QUICK: dict[str, Any] = {"examples": (2, 10), "repeats": 6, "practice": 1, "networks": 1, "steps": (15,),
                          "rates": (0.01, 0.03)}
_RULES = """
All see the same few images, distorted alike, for the same number of steps. Learning rates are chosen for each way by
training images, on draws of examples that are not counted; the test digits decide nothing. The standard errors are
those of other examples and other first weights. p is the chance of so large a difference, one way or the other, if the
two were equally good: each repeat's difference might then as well have had the other sign.

examples:
  tinycnn transfer                        a minute or two
  tinycnn transfer --quick                a rougher picture in a sixth of the time
  tinycnn transfer --orientations 1       0–4 upright alone: what is learnt is too narrow to help much
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    usual = {field.name: field.default for field in fields(TransferConfig)}
    ways = "\n".join(f"  {method:<18} {what}" for method, what in METHODS.items())
    files = "\n".join(f"  {name:<18} {what}" for name, what in TRANSFER_CONTENTS.items())
    parser.epilog = f"three ways to learn the digits 5–9:\n{ways}\n{_RULES}\nfiles in the folder:\n{files}\n"

    parser.add_argument("--quick", action="store_true",
                        help="fewer examples, repeats, steps and learning rates")
    parser.add_argument("--model", metavar="NAME", help="one that takes 8×8 images of one channel")
    parser.add_argument("--examples", metavar="N", type=int, nargs="+", help="images of each digit, one point each")
    parser.add_argument("--repeats", metavar="N", type=int,
                        help="how often all is done anew, with other examples and other first weights")
    parser.add_argument("--practice", metavar="N", type=int,
                        help="how often each learning rate is tried before, on other examples")
    parser.add_argument("--networks", metavar="N", type=int, help="how many are pretrained; the repeats take turns")
    parser.add_argument("--steps", metavar="N", type=int, nargs="+", help="of the optimizer, for 5–9; a table each")
    parser.add_argument("--pretrain-steps", metavar="N", type=int, help="of the optimizer, for 0–4")
    parser.add_argument("--orientations", metavar="N", type=int,
                        help="in how many the digits 0–4 are to be told apart, 1 to 4; each is a class of its own")
    parser.add_argument("--augment", metavar="A", type=float, help="how strongly images are distorted; 0: not at all")
    parser.add_argument("--rates", metavar="RATE", type=float, nargs="+", help="learning rates to choose from")
    parser.add_argument("--threads", metavar="N", type=int, help="to compute with; small networks want one")
    parser.add_argument("--seed", metavar="N", type=int, help="of everything that is drawn")
    parser.add_argument("--out", metavar="FOLDER", help="for the results (default: a new one, runs/transfer-<model>)")
    for action in parser._actions:
        default = usual.get(action.dest)
        if default is not None:
            shown = " ".join(map(str, default)) if isinstance(default, tuple) else default
            action.help = f"{action.help} (default: {shown})"


def run(options: argparse.Namespace) -> int:
    r"""Run the demonstration, and say which way won."""
    start = time.perf_counter()
    given: dict[str, Any] = {field.name: getattr(options, field.name) for field in fields(TransferConfig)}
    chosen: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
              if value is not None}
    outcome = run_transfer(TransferConfig(**(_QUICK if options.quick else {}) | chosen), Progress())
    lines = [
        "",
        verdict(outcome.trials),
        f"\ntime     {time.perf_counter() - start:.1f} s",
        f"results  {os.path.join(outcome.folder.path, '')}",
        *(f"  {name:<18} {what}" for name, what in outcome.folder.files().items()),
        *([f"no picture: {outcome.no_pictures}"] if outcome.no_pictures else []),
    ]
    print("\n".join(lines))
    return 0
