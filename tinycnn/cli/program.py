r"""The entry point: finds the subcommand, runs it, and turns what goes wrong into one line and an exit status."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from tinycnn._version import __version__
from tinycnn.errors import ConfigError, TinycnnError

COMMANDS = {
    "train": "train a network on images and leave weights, metrics and pictures in a folder",
    "finetune": "make a trained network tell your own photographs apart",
    "transfer": "show on the digits what transfer learning gains when examples are few",
    "predict": "tell what is on photographs: the likeliest classes, printed and as a picture",
    "summary": "print a model's modules with their sizes and parameters, as torchinfo does",
    "table": "print a model's layers with kernels, memory, parameters and operations, as in the lecture",
    "profile": "show where the time and the memory of a model's training step go",
    "gradcheck": "check gradients against finite differences: of ops, a layer, a model or your own code",
    "grade": "give points for exercises that students hand in, and say what is wrong",
    "make-assignment": "write exercises as notebooks for nbgrader, for students or for teachers",
    "info": "show versions, BLAS, threads, and why CUDA is or is not available",
}
FAILED, MISUSED, INTERRUPTED = 1, 2, 130  # exit statuses: as shells and argparse have them


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)


class _Parser(argparse.ArgumentParser):
    r"""Reports a mistake in one line; argparse puts the whole usage before it."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:  # said by the subcommand's parser, which knows its --help
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSED, f"{self.prog}: error: {message} ({self.prog} --help shows what there is)\n")


def main(argv: Sequence[str] | None = None) -> int:
    r"""Run the program with these arguments, the command line's if None; returns the exit status.

        0 done    1 it failed    2 wrong options    130 interrupted by Ctrl-C
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parser = _parser(arguments)
        _check_command(parser, arguments)
        options = parser.parse_args(arguments)
        if options.command is not None:
            return _run(options)
        parser.print_help()
        return 0
    except KeyboardInterrupt:
        print("tinycnn: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _run(options: argparse.Namespace) -> int:
    def warn(message: Warning | str, *_: Any, **__: Any) -> None:  # without the place in the source
        print(f"tinycnn {options.command}: warning: {' '.join(str(message).split())}", file=sys.stderr)

    try:
        with warnings.catch_warnings():
            warnings.showwarning = warn
            return int(_module(options.command).run(options))
    except BrokenPipeError:
        raise
    except Exception as error:
        if options.debug:
            raise
        message = _in_words(error).removeprefix(f"{options.command}: ")
        print(f"tinycnn {options.command}: error: {message}", file=sys.stderr)
        return MISUSED if isinstance(error, ConfigError) else FAILED


def _module(command: str) -> Any:
    return importlib.import_module(f"tinycnn.cli.{command.replace('-', '_')}")


def _check_command(parser: _Parser, arguments: Sequence[str]) -> None:
    r"""Stop with a suggestion if the first word, which no option in front of it can take, is no command."""
    word = next((argument for argument in arguments if not argument.startswith("-")), None)
    if word is not None and word not in COMMANDS:
        from difflib import get_close_matches  # needed only here

        close = get_close_matches(word, COMMANDS, n=1, cutoff=0.7)
        parser.error(f"there is no command {word!r}" + (f"; did you mean {close[0]}?" if close else ""))


def _parser(arguments: Sequence[str]) -> _Parser:
    parser = _Parser(
        prog="tinycnn",
        description="Convolutional networks from scratch in NumPy.",
        epilog="tinycnn COMMAND --help tells more about a command.",
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"tinycnn {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False,
            formatter_class=_Help,
        )
        if name in arguments:  # the others are not run, so their options need not be known
            _module(name).add_arguments(subparser)
        subparser.add_argument("--debug", action="store_true", help="show the whole stack trace if it fails")
    return parser


def _in_words(error: Exception) -> str:
    r"""The error in one line.

    Examples
    --------
    >>> from tinycnn.errors import explain
    >>> _in_words(ConfigError(explain("the sizes differ", {"a": 1, "b": 2}, "is one cut short?")))
    'the sizes differ (a = 1, b = 2; is one cut short?)'
    """
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if not isinstance(error, TinycnnError | OSError):  # ours, or an OSError explained as ours are
        return f"{type(error).__name__}: {' '.join(str(error).split())} (--debug shows where)"
    headline, *rest = (" ".join(line.split()) for line in (str(error) or type(error).__name__).splitlines())
    facts = ", ".join(line for line in rest if not line.startswith("hint "))
    hints = [line.removeprefix("hint ") for line in rest if line.startswith("hint ")]
    details = "; ".join([facts] * bool(facts) + hints)
    return f"{headline} ({details})" if details else headline
