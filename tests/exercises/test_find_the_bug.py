"""Find the bug: the checker can be asked, and an answer is told apart from half an answer."""

from __future__ import annotations

import inspect

import pytest

from tinycnn import exercises, gradcheck
from tinycnn.errors import ConfigError
from tinycnn.exercises.catalogue import find
from tinycnn.exercises.puzzle import without_comments

ALL = [puzzle for name in exercises.NAMES for puzzle in exercises.puzzles(name)]


@pytest.mark.parametrize("puzzle", ALL, ids=lambda puzzle: f"{puzzle.exercise.name} {puzzle.number}")
def test_the_planted_answer_is_right_and_tells_its_story(puzzle: exercises.Puzzle) -> None:
    bug = find(puzzle.exercise.name).bugs[puzzle.number - 1]
    answer = puzzle.answer(bug.argument or "forward", bug.cause)
    assert answer
    assert bug.story in repr(answer)


@pytest.mark.parametrize("puzzle", ALL, ids=lambda puzzle: f"{puzzle.exercise.name} {puzzle.number}")
def test_the_code_does_not_give_itself_away(puzzle: exercises.Puzzle) -> None:
    assert "#" not in puzzle.source
    assert "bug" not in puzzle.source.lower()
    assert inspect.getsource(puzzle.forward) in puzzle.source  # so that errors show its lines


def test_the_checker_names_most_of_them() -> None:
    asked = [p for p in ALL if find(p.exercise.name).bugs[p.number - 1].argument is not None]
    named = 0
    for puzzle in asked:
        report, bug = puzzle.check(), find(puzzle.exercise.name).bugs[puzzle.number - 1]
        assert not report.passed, (puzzle.exercise.name, puzzle.number)
        named += any(failure.cause_code == bug.cause for failure in report.failures)
    assert named >= 0.75 * len(asked)


def test_half_an_answer_is_told_which_half() -> None:
    puzzle = exercises.puzzles("linear")[0]
    right, other, elsewhere, wrong = (
        puzzle.answer(*words) for words in (
            ("weight", "scale"), ("weight", "sign"), ("bias", "scale"), ("x", "sign"),
        )
    )
    assert (right.argument, right.cause) == (True, True)
    assert repr(right).startswith("Right. The gradient of the weight was divided by the number of rows.")
    assert (other.argument, other.cause) == (True, False)
    assert "sign would mean: the gradient points the other way" in repr(other)
    assert (elsewhere.argument, elsewhere.cause) == (False, True)
    assert "not the place" in repr(elsewhere)
    assert not wrong
    assert "run check()" in repr(wrong)


def test_where_forward_is_wrong_no_gradient_is_asked_for() -> None:
    padded = exercises.puzzles("max_pool2d")[2]  # whose backward is the gradient of its forward
    (cause,) = (bug.cause for bug in find("max_pool2d").bugs[2:3])
    assert padded.check().passed
    assert repr(padded.answer("x", cause)).endswith("check() blames none: look at forward, or at grade().")
    doubled = exercises.puzzles("softmax")[2]
    assert "not which of the two is wrong: look at forward" in repr(doubled.answer("z", "sign"))
    assert doubled.answer("forward", find("softmax").bugs[2].cause)


def test_all_puzzles_of_an_exercise_are_listed_without_their_code() -> None:
    lines = repr(exercises.puzzles("linear")).splitlines()
    assert lines[0] == 'puzzles("linear")[0]  Linear layer, bug 1'
    assert len(lines) == len(exercises.puzzles("linear")) + 1
    assert "def " not in repr(exercises.puzzles("linear"))


def test_words_that_are_none_are_refused_with_those_near() -> None:
    puzzle = exercises.puzzles("linear")[0]
    with pytest.raises(ConfigError, match=r"no argument 'wieght'(.|\n)*did you mean weight"):
        puzzle.answer("wieght", "scale")
    with pytest.raises(ConfigError, match=r"no cause 'scaled'(.|\n)*did you mean scale"):
        puzzle.answer("weight", "scaled")


def test_a_puzzle_shows_its_code_and_gives_what_the_checker_wants() -> None:
    puzzle = exercises.puzzles("linear")[3]
    assert repr(puzzle).startswith("# Linear layer, bug 4\n\n")
    assert "```python\n" in puzzle._repr_markdown_()
    report = gradcheck.check(puzzle.forward, puzzle.inputs, backward=puzzle.backward, options=puzzle.options)
    assert report.argument_name == puzzle.check().argument_name == "bias"
    assert exercises.puzzles("sgd")[0].grade()["weight decay"].points == 0
    with pytest.raises(ConfigError, match="no backward to check"):
        exercises.puzzles("sgd")[0].check()


def test_comments_go_and_lines_stay() -> None:
    assert without_comments("x = 1    # one\n\n# all of it\n    # and this\ny = 2\n") == "x = 1\n\ny = 2\n"
