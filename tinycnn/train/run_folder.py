r"""The folder a training leaves behind: configuration, metrics, weights, pictures; each file whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from tinycnn.errors import ConfigError
from tinycnn.serialization import replacing, save
from tinycnn.train.trainer import EpochRecord

#: file name and what it holds, in the order in which they are listed
CONTENTS = {
    "config.json": "the options of this run",
    "metrics.csv": "loss and accuracy of every epoch",
    "model.safetensors": "the weights after the last one",
    "curves.png": "loss and accuracy over the epochs",
    "confusion.png": "which class was taken for which",
    "mistakes.png": "the test images that were classified wrongly",
}


class RunFolder:
    r"""A folder for one run; it never takes in the results of a second one.

    Parameters
    ----------
    path : str or None
        Must not exist, or be empty. None: the first free one of ``runs/<name>``, ``runs/<name>-2``, …
    name : str
        What the run is called where no path is given.
    contents : mapping
        What it can hold, by file name: what `files` lists.

    Raises
    ------
    ConfigError    the folder holds something already
    OSError        it cannot be made
    """

    def __init__(self, path: str | None, name: str = "run", contents: Mapping[str, str] = CONTENTS) -> None:
        self.contents = contents
        self._made = path is None or not os.path.isdir(path)
        self.path = _first_free(os.path.join("runs", name)) if path is None else _empty(path)

    def file(self, name: str) -> str:
        r"""The path of a file in this folder."""
        return os.path.join(self.path, name)

    def files(self) -> dict[str, str]:
        r"""The files that are there, of those a run can leave, with a word on each."""
        return {name: what for name, what in self.contents.items() if os.path.exists(self.file(name))}

    def remove_if_bare(self) -> None:
        r"""Where a run came to nothing but its configuration, leave no trace of it: whoever finds it would take it for
        a training. A folder that was there before stays, empty as it was.
        """
        if os.path.isdir(self.path) and os.listdir(self.path) == ["config.json"]:
            os.remove(self.file("config.json"))
            if self._made:
                os.rmdir(self.path)

    def write_config(self, config: Mapping[str, Any]) -> None:
        r"""Write config.json."""
        with replacing(self.file("config.json")) as temporary, open(temporary, "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2, ensure_ascii=False)
            file.write("\n")

    def write_metrics(self, records: Iterable[EpochRecord]) -> None:
        r"""Write metrics.csv: a header, then a row an epoch."""
        self.write_table("metrics.csv", EpochRecord._fields, (
            [str(epoch), *(f"{figure:.6f}" for figure in figures), f"{seconds:.3f}"]
            for epoch, *figures, seconds in records
        ))

    def write_table(self, name: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        r"""Write a CSV file; words that may hold a comma are to be `quoted`."""
        with replacing(self.file(name)) as temporary, open(temporary, "w", encoding="utf-8") as file:
            file.writelines(",".join(row) + "\n" for row in (header, *rows))

    def write_weights(self, state: Mapping[str, Any], name: str = "model.safetensors") -> None:
        r"""Write model.safetensors, or weights under another name."""
        save(state, self.file(name))


def _first_free(path: str) -> str:
    number = 1
    while True:
        candidate = path if number == 1 else f"{path}-{number}"
        try:
            os.makedirs(candidate)
        except FileExistsError:
            number += 1
        else:
            return candidate


def _empty(path: str) -> str:
    os.makedirs(path, exist_ok=True)
    check_free(path)
    return path


def check_free(path: str | None) -> None:
    r"""Refuse a folder for a run that holds something already."""
    if path is not None and os.path.isdir(path) and os.listdir(path):
        raise ConfigError(f"the run folder {path} is not empty; choose another, so that no older run is lost")


def quoted(word: str) -> str:
    r"""A word as CSV has it where it may hold anything.

    Examples
    --------
    >>> print(quoted('a "fox", red'))
    "a ""fox"", red"
    """
    return '"' + word.replace('"', '""') + '"'
