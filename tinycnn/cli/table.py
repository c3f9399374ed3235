r"""``tinycnn table``: the layers of a model in the lecture's table, with kernels, memory and operations."""

from __future__ import annotations

import argparse

from tinycnn.cli.architectures import add_model, chosen_input, undrawn
from tinycnn.tables import layer_table

LECTURE = {"alexnet": (1, 3, 227, 227)}  # Figure 8; elsewhere the lecture gives it 224


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    add_model(parser, "; for alexnet 1 3 227 227, as in the lecture")


def run(options: argparse.Namespace) -> int:
    r"""Run the model on random numbers, and print the table."""
    if options.input is None:
        options.input = LECTURE.get(options.model.lower())
    print(layer_table(undrawn(options.model), chosen_input(options)))
    return 0
