r"""``tinycnn finetune``: its options, and what it says at the end."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import fields

from tinycnn.cli.program import INTERRUPTED
from tinycnn.train.balance import balanced_accuracy, report_table
from tinycnn.train.config import FinetuneConfig
from tinycnn.train.display import VALIDATED, Table
from tinycnn.train.finetuning import FINETUNE_CONTENTS, FinetuneOutcome, run_finetune

_EXAMPLES = """
examples:
  tinycnn finetune --data traps --weights DEFAULT                    resnet18 with its official weights
  tinycnn finetune --data traps --weights DEFAULT --freeze           only its head learns: for few images
  tinycnn finetune --data traps --model convnext_tiny --weights convnext_tiny-983f1562.pth --class-weights
  tinycnn finetune --data traps --model resnet20 --crop-size 64      a small network, from scratch
  tinycnn predict photo.jpg --weights runs/resnet18-finetuned        what it makes of a new image

The data: a folder with a folder for each class, traps/deer/1.jpg, traps/fox/2.jpg; a fifth of each class then judges.
Or traps/train/deer/1.jpg beside traps/val/deer/2.jpg, and traps/test for the reports at the end. Pictures of one
burst, or of one place, are nearly the same picture: put all of them in the same part, or the figures flatter.
The epoch that is kept is the one with the best balanced accuracy, the mean of the classes' recalls.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand, in groups."""
    usual = {field.name: field.default for field in fields(FinetuneConfig)}
    files = "\n".join(f"  {name:<18} {what}" for name, what in FINETUNE_CONTENTS.items())
    parser.epilog = f"files in the folder:\n{files}\n{_EXAMPLES}"

    what = parser.add_argument_group("what is learnt, by what")
    what.add_argument("--data", metavar="FOLDER", required=True, help="with a folder for each class, or train and val")
    what.add_argument("--model", metavar="NAME", help="as tinycnn summary knows it")
    what.add_argument("--weights", metavar="W", help="name of official weights, such as DEFAULT; a .safetensors, .pth"
                                                     " or .pt file; the folder of a run. Without: from scratch")
    what.add_argument("--freeze", action="store_true", help="only the head learns, the body stays as it is")
    what.add_argument("--class-weights", action="store_true",
                      help="classes count the same in the loss, however many images they have")
    what.add_argument("--validation-share", metavar="F", type=float,
                      help="of each class, where there is no folder val")
    what.add_argument("--crop-size", metavar="N", type=int, help="side of the square that the network sees"
                                                                 " (default: as the weights want it)")
    what.add_argument("--resize-size", metavar="N", type=int,
                      help="of the shorter side, before the square is cut out (default: in proportion)")

    how = parser.add_argument_group("how it is learnt")
    how.add_argument("--epochs", metavar="N", type=int,
                     help="passes through the training images (default: 10; from scratch 30)")
    how.add_argument("--batch-size", metavar="N", type=int,
                     help="images in a step (default: a tenth of all, from 8 to 32)")
    how.add_argument("--lr", metavar="RATE", type=float, help="learning rate of the body, the highest of the schedule")
    how.add_argument("--head-lr", metavar="RATE", type=float,
                     help="of the head (default: 0.001); of everything if from scratch (default: 0.003)")
    how.add_argument("--weight-decay", metavar="W", type=float, help="how strongly weights are pulled towards 0")

    where = parser.add_argument_group("where, and from where")
    where.add_argument("--device", metavar="NAME", help="cpu or cuda")
    where.add_argument("--workers", metavar="N", type=int, help="threads that read images ahead")
    where.add_argument("--threads", metavar="N", type=int, help="to compute with (default: its own choice)")
    where.add_argument("--seed", metavar="N", type=int, help="of the head, order and distortions")
    where.add_argument("--out", metavar="FOLDER", help="for the results (default: a new one, runs/<model>-finetuned)")
    for group in (what, how, where):
        for action in group._group_actions:
            if not action.required:
                action.default = usual[action.dest]
            if action.default is not None and not isinstance(action.default, bool):
                action.help = f"{action.help} (default: {action.default})"


def run(options: argparse.Namespace) -> int:
    r"""Fine-tune, and say what came of it."""
    start = time.perf_counter()
    chosen = {field.name: getattr(options, field.name) for field in fields(FinetuneConfig)}
    outcome = run_finetune(FinetuneConfig(**chosen), Table(header=VALIDATED))
    if outcome.best is not None:
        print(_summary(outcome, time.perf_counter() - start))
    if not outcome.interrupted:
        return 0
    kept = len(outcome.records)
    print(f"tinycnn finetune: interrupted in epoch {kept + 1}; "
          + (f"the {kept} before it are kept in {outcome.folder.path}" if kept else "there was nothing to keep yet"),
          file=sys.stderr)
    return INTERRUPTED


def _summary(outcome: FinetuneOutcome, seconds: float) -> str:
    assert outcome.best is not None
    wrong = int(outcome.matrix.sum() - outcome.matrix.trace())
    total = int(outcome.matrix.sum())
    flattered = "" if outcome.judged == "test images" else "; as they chose the epoch, they flatter it a little"
    lines = [
        "",
        report_table(outcome.reports),
        "",
        f"best epoch         {outcome.best.epoch} of {len(outcome.records)}, judged by the validation images",
        f"accuracy           {100 * (1 - wrong / total):.2f} %   {wrong} of {total} {outcome.judged} wrong{flattered}",
        f"balanced accuracy  {100 * balanced_accuracy(outcome.matrix):.2f} %   the mean recall",
        f"time               {seconds:.1f} s",
        f"results            {os.path.join(outcome.folder.path, '')}",
        *(f"  {name:<18} {what}" for name, what in outcome.folder.files().items()),
    ]
    if outcome.no_pictures:
        lines.append(f"no pictures: {outcome.no_pictures}")
    return "\n".join(lines)
