r"""``tinycnn gradcheck``: every op against finite differences, in a table."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    parser.add_argument("ops", metavar="OP", nargs="*", help="ops to check, such as conv2d softmax (default: all)")


def run(options: argparse.Namespace) -> int:
    r"""Check, print the table; 0 if every gradient is right."""
    from tinycnn import gradcheck

    return int(not gradcheck.run(options.ops))
