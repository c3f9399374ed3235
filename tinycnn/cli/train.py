r"""``tinycnn train``: its options, and what it says at the end."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import fields

from tinycnn import models
from tinycnn.cli.program import INTERRUPTED
from tinycnn.train import CONTENTS, Outcome, Table, TrainConfig, run_experiment
from tinycnn.train.config import SCHEDULES, USUAL_LR, USUAL_WEIGHT_DECAY

_EXAMPLES = """
examples:
  tinycnn train                                       the digits, with what suits them
  tinycnn train --model softmax_classifier            what a single linear layer can do
  tinycnn train --optimizer sgd --schedule cosine     another way down
  tinycnn train --model lenet --dataset my.npz        your own images

Training images are four fifths of each class and test images the rest, drawn once and for all: every run of every
model is tested on the same ones. The accuracy at the end is that of the last epoch. Two runs with the same options
give the same weights, bit for bit.
"""

_TABLE = """'digits', the 1797 that come with tinycnn, or a file: .csv or .csv.gz with one image a row, its pixels and
then its label, or .npz with arrays 'images' and 'labels'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand, in groups."""
    usual = {field.name: field.default for field in fields(TrainConfig)}
    files = "\n".join(f"  {name:<18} {what}" for name, what in CONTENTS.items())
    parser.epilog = f"files in the folder:\n{files}\n{_EXAMPLES}"

    what = parser.add_argument_group("what is learnt")
    what.add_argument("--model", metavar="NAME", help=f"one of {', '.join(models.list_models())}")
    what.add_argument("--dataset", metavar="NAME", help=_TABLE)
    what.add_argument("--image-shape", metavar="N", type=int, nargs="+",
                      help="H W or C H W of the images in a .csv, if they are not square and grey")
    what.add_argument("--augment", metavar="A", type=float,
                      help="how strongly training images are distorted, anew in each epoch: turned by up to 10° times"
                           " A, stretched, slanted and moved by a tenth times A; 0: not at all")

    how = parser.add_argument_group("how it is learnt")
    how.add_argument("--epochs", metavar="N", type=int, help="passes through the training images")
    how.add_argument("--batch-size", metavar="N", type=int, help="images in a step")
    how.add_argument("--optimizer", metavar="NAME", help=f"one of {', '.join(USUAL_LR)}")
    how.add_argument("--lr", metavar="RATE", type=float,
                     help=f"learning rate, the highest of the schedule ({_each(USUAL_LR)})")
    how.add_argument("--momentum", metavar="M", type=float, help="of sgd (default: 0.9)")
    how.add_argument("--weight-decay", metavar="W", type=float,
                     help=f"how strongly weights are pulled towards 0 ({_each(USUAL_WEIGHT_DECAY)})")
    how.add_argument("--schedule", metavar="NAME", help=f"of the learning rate, one of {', '.join(SCHEDULES)}")

    where = parser.add_argument_group("where, and from where")
    where.add_argument("--device", metavar="NAME", help="cpu or cuda")
    where.add_argument("--threads", type=int, metavar="N", help="to compute with; small networks want one")
    where.add_argument("--seed", metavar="N", type=int, help="of weights, order and distortions")
    where.add_argument("--out", metavar="FOLDER", help="for the results (default: a new one, runs/<model>-<dataset>)")
    for group in (what, how, where):
        for action in group._group_actions:
            action.default = usual[action.dest]
            if action.default is not None:
                action.help = f"{action.help} (default: {action.default})"


def _each(usual: Mapping[str, float]) -> str:
    return "default: " + ", ".join(f"{value:g} for {name}" for name, value in usual.items())


def run(options: argparse.Namespace) -> int:
    r"""Train, and say what came of it."""
    start = time.perf_counter()
    chosen = {field.name: getattr(options, field.name) for field in fields(TrainConfig)}
    if chosen["image_shape"] is not None:
        chosen["image_shape"] = tuple(chosen["image_shape"])
    outcome = run_experiment(TrainConfig(**chosen), Table())
    if outcome.records:
        print(_summary(outcome, time.perf_counter() - start))
    if not outcome.interrupted:
        return 0
    kept = len(outcome.records)
    print(f"tinycnn train: interrupted in epoch {kept + 1}; "
          + (f"the {kept} before it are kept in {outcome.folder.path}" if kept else "there was nothing to keep yet"),
          file=sys.stderr)
    return INTERRUPTED


def _summary(outcome: Outcome, seconds: float) -> str:
    last = outcome.records[-1]
    wrong = round((1 - last.test_accuracy) * outcome.test_images)
    lines = [
        "",
        f"test accuracy of the last epoch  {100 * last.test_accuracy:.2f} %"
        f"   {wrong} of {outcome.test_images} images wrong",
        f"time                             {seconds:.1f} s",
        f"results                          {os.path.join(outcome.folder.path, '')}",
        *(f"  {name:<18} {what}" for name, what in outcome.folder.files().items()),
    ]
    if outcome.no_pictures:
        lines.append(f"no pictures: {outcome.no_pictures}")
    return "\n".join(lines)
