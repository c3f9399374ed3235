r"""``tinycnn gradcheck``: ops, layers, models and functions of one's own against finite differences."""

from __future__ import annotations

import argparse
import os

from tinycnn.errors import ConfigError

_EXAMPLES = """
what can be checked:
  nothing                   every op in its first and second derivatives, as a table
  conv2d softmax            these ops, as a table
  BatchNorm2d               a layer of tinycnn.nn with small sizes, or with those given: "Conv2d(3, 4, 3, stride=2)"
  resnet_digits             a model, in random directions of its parameters: seconds; of fifty layers, minutes
  layers.py:swish           a function of Tensors in a file, an autograd.Function, a Module or a class of them
  conv.py:forward,backward  a pair of NumPy functions: backward takes the gradient g, then what forward takes

Options of a function are given by name: "conv.py:forward,backward(stride=2)". Inputs are drawn from the normal
distribution, in float64. If a file defines swish_inputs(rng) for its swish, or inputs(rng) for all that is in it, the
arrays that this returns are taken: so come labels, and whatever else must not be any number. What layers draw at
random, such as dropout, is the same in every call. The file is run: check what you trust.

examples:
  tinycnn gradcheck
  tinycnn gradcheck "Conv2d(3, 4, 3, stride=2)" --input 2 3 8 8 --order 2
  tinycnn gradcheck layers.py:linear --input 4 3 --input 5 3 --input 5 --plot linear.png

exit status: 0 right   1 not right   2 misused
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    parser.epilog = _EXAMPLES
    parser.add_argument("what", metavar="WHAT", nargs="*", help="what to check (default: every op)")
    parser.add_argument("--input", metavar="N", type=_size, nargs="*", action="append", dest="shapes",
                        help="the shape of an input; once for each (default: a small one that fits)")
    parser.add_argument("--order", metavar="N", type=int, default=1,
                        help="2 checks second derivatives, too (default: 1; ops are always checked in both)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the random inputs (default: 0)")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the V-curve, and where the error sits; of one WHAT")


def _size(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number: a shape stands after WHAT, with spaces, as in Linear --input 2 3"
        ) from None


def run(options: argparse.Namespace) -> int:
    r"""Check, print what came of it; 0 if every gradient is right."""
    from tinycnn.cli.checking import OPS, report_on
    from tinycnn.gradcheck import survey
    from tinycnn.plot import write

    ops = [what for what in options.what if what in OPS]
    others = [what for what in options.what if what not in OPS]
    _refuse_contradictions(options, ops, others)
    right = True
    if ops or not others:
        right = survey.run(ops, options.seed)
    for number, what in enumerate(others):
        print("\n" * bool(number or ops), end="")
        report = report_on(what, options.shapes, options.order, options.seed)
        print(report, flush=True)
        right = right and report.passed
    if options.plot is not None:
        if ops:
            found = list(survey.reports(ops, options.seed))
            report = next((each for each in found if not survey.is_right(each)), found[0])
        write(report.plot(), options.plot)
        print(f"\npicture: {options.plot}")
    return int(not right)


def _refuse_contradictions(options: argparse.Namespace, ops: list[str], others: list[str]) -> None:
    """ConfigError for options that do not go together, before anything is computed."""
    if options.order not in (1, 2):
        raise ConfigError(f"--order is 1 or 2, not {options.order}")
    if options.seed < 0:
        raise ConfigError(f"--seed must be at least 0, not {options.seed}")
    if options.plot is not None and len(options.what) != 1:
        raise ConfigError("--plot draws one thing: name what")
    if options.plot is not None and not os.path.isdir(os.path.dirname(options.plot) or "."):
        raise ConfigError(f"--plot: there is no folder {os.path.dirname(options.plot)}")
    if options.shapes is not None and (ops or not others):
        raise ConfigError("--input is for layers, models and functions in files; an op's inputs are the catalogue's")
    for shape in options.shapes or ():
        if any(n < 0 for n in shape):
            raise ConfigError(f"--input takes a shape, whose sizes are not negative: {' '.join(map(str, shape))}")
