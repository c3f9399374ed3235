"""The README's tour: its commands are run, and answer what it says; and what the pages link to is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tinycnn.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def steps() -> list[tuple[str, str]]:
    """The commands of the console blocks, each with what follows it."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.M | re.S)
    assert blocks
    found = [step for block in blocks for step in re.split(r"^\$ ", block, flags=re.M)[1:]]
    return [(command, answer) for command, _, answer in (step.partition("\n") for step in found)]


@pytest.mark.parametrize(("command", "answer"), steps(), ids=[command[:40] for command, _ in steps()])
def test_a_command_of_the_tour_answers_as_the_readme_says(
    command: str, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last digits depend on the processor, so numbers are compared to four of them."""
    (tmp_path / "docs").symlink_to(ROOT / "docs", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(command)
    assert program == "tinycnn"
    main(arguments)
    got = capsys.readouterr().out
    assert got
    assert NUMBER.sub("#", got).strip() == NUMBER.sub("#", answer).strip()
    pairs = zip(NUMBER.findall(got), NUMBER.findall(answer), strict=True)
    assert [(g, a) for g, a in pairs if float(g) != pytest.approx(float(a), rel=1e-4) and "e" not in a] == []


def test_the_tour_has_three_commands_for_students_three_for_teachers_and_pictures() -> None:
    tour = README.partition("## A tour\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```(?:console)?\n(?:\$ )?(.*?)$.*?^```$", tour, re.M | re.S)
    student, teacher = blocks[:3], blocks[3:]
    assert [" ".join(first.split()[:2]) for first in student] == ["tinycnn grade", "tinycnn gradcheck", "jupyter lab"]
    assert [" ".join(first.split()[:2]) for first in teacher[:-1]] == ["tinycnn make-assignment", "tinycnn grade"]
    assert teacher[-1].endswith("python -m pytest --nbmake notebooks")
    assert len(re.findall(r"^!\[.+\]\(.+\.png\)$", tour, re.M)) == 2


@pytest.mark.parametrize("path", ["README.md", "CONTRIBUTING.md", "docs/gradient-checking.md"])
def test_what_a_page_links_to_is_there(path: str) -> None:
    page = ROOT / path
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)#:\s]+)\)", prose):
        assert (page.parent / target).exists(), target
