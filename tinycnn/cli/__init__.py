r"""The program ``tinycnn``: one subcommand a file, each loaded only if it is the one that is asked for."""

from __future__ import annotations

from tinycnn.cli.program import main

__all__ = ["main"]
