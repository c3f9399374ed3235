r"""``tinycnn summary``: the modules of a model, their sizes and parameters, as torchinfo prints them."""

from __future__ import annotations

import argparse

from tinycnn.cli.architectures import add_model, chosen_input, undrawn
from tinycnn.tables import summary
from tinycnn.tables.statistics import COLUMNS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    add_model(parser, ", such as 1 3 224 224")
    parser.add_argument("--depth", metavar="N", type=int, default=3,
                        help="levels of nested modules that are shown (default: 3)")
    parser.add_argument("--columns", metavar="NAME", nargs="+",
                        help=f"of {', '.join(COLUMNS)} (default: output_size num_params)")


def run(options: argparse.Namespace) -> int:
    r"""Run the model on random numbers, and print the summary."""
    size = chosen_input(options)
    print(summary(undrawn(options.model), size, depth=options.depth, col_names=options.columns, verbose=0))
    return 0
