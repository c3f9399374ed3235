r"""The pictures say what is so: their lines, cells and bars are the figures they were given."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import tinycnn as torch
from tinycnn import plot
from tinycnn.errors import ShapeError
from tinycnn.plot.canvas import RIGHT, WRONG
from tinycnn.train import EpochRecord

RECORDS = [EpochRecord(e, 2.0 / e, 1 - 0.4 / e, 1.5 / e, 1 - 0.3 / e, 0.1) for e in range(1, 11)]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def heading(figure: Figure) -> str:
    assert figure._suptitle is not None
    return str(figure._suptitle.get_text())


def drawn(figure: Figure) -> None:
    r"""Draw it in earnest; warnings are errors."""
    figure.savefig(io.BytesIO(), format="png", dpi=40)


@pytest.mark.parametrize("epochs", [1, 2, 10])
def test_curves_are_the_records(epochs: int) -> None:
    figure = plot.curves(RECORDS[:epochs])
    loss, accuracy = figure.axes
    for axes, figure_name, unit in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
        for line, column in zip(axes.lines, (f"train_{figure_name}", f"test_{figure_name}"), strict=True):
            xy = np.asarray(line.get_xydata())
            assert xy[:, 0].tolist() == [record.epoch for record in RECORDS[:epochs]]
            assert xy[:, 1] == pytest.approx([unit * getattr(record, column) for record in RECORDS[:epochs]])
    last = RECORDS[epochs - 1]
    assert accuracy.get_legend_handles_labels()[1][1] == f"test images: {100 * last.test_accuracy:.2f} %"
    low, high = accuracy.get_ylim()
    assert low < 100 * last.train_accuracy < 100 * last.test_accuracy < high
    drawn(figure)


def test_curves_of_a_perfect_and_of_a_hopeless_classifier() -> None:
    for value in (0.0, 1.0):
        drawn(plot.curves([record._replace(train_accuracy=value, test_accuracy=value) for record in RECORDS]))


def test_no_epochs_make_no_curves() -> None:
    with pytest.raises(ShapeError, match="no epoch"):
        plot.curves([])


def test_the_confusion_matrix_shows_every_count() -> None:
    counts = torch.tensor([[5, 0, 1], [0, 7, 0], [2, 0, 3]])
    figure = plot.confusion_matrix(counts, ["cat", "dog", "heron"])
    (axes,) = figure.axes
    cells = {(round(t.get_position()[1]), round(t.get_position()[0])): int(t.get_text()) for t in axes.texts}
    assert cells == {(0, 0): 5, (0, 2): 1, (1, 1): 7, (2, 0): 2, (2, 2): 3}  # row: the true class
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "heron"]
    assert "15 of 18 right, 83.33 %" in heading(figure)
    drawn(figure)
    pixels = np.asarray(axes.images[0].get_array())
    assert all(pixels[i, i, 2] > pixels[i, i, 0] for i in range(3))  # right ones are blue
    assert all(pixels[i, j, 0] > pixels[i, j, 2] for i, j in ((0, 2), (2, 0)))  # mistakes are red
    assert pixels[0, 1].min() == pixels[0, 1].max()  # what never happened is grey


def test_many_classes_have_colours_without_numbers() -> None:
    figure = plot.confusion_matrix(np.eye(40, dtype=int))
    assert texts(figure.axes[0]) == []
    drawn(figure)


@pytest.mark.parametrize(
    ("matrix", "names", "words"),
    [(np.zeros((2, 3)), None, "K×K"), (np.zeros(4), None, "K×K"), (np.eye(3), ["a"], "3 classes have 1 names")],
)
def test_what_is_no_confusion_matrix(matrix: Any, names: list[str] | None, words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        plot.confusion_matrix(matrix, names)


def four_classes(n: int, wrong: dict[int, tuple[int, float]]) -> tuple[Any, Any, Any]:
    r"""`n` images; those in `wrong` are taken for another class with so much probability."""
    targets = torch.arange(n) % 4
    chances = np.full((n, 4), 0.05)
    chances[np.arange(n), targets.numpy()] = 0.85
    for i, (guess, chance) in wrong.items():
        chances[i] = (1 - chance) / 3
        chances[i, guess] = chance
    images = torch.rand(n, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    return images, targets, torch.tensor(chances)


def test_mistakes_come_surest_first_with_their_probabilities() -> None:
    images, targets, chances = four_classes(30, {3: (0, 0.6), 8: (1, 0.9)})
    figure = plot.mistakes(images, targets, chances, ["a", "b", "c", "d"])
    assert heading(figure) == "2 of 30 test images are classified wrongly"
    picture, bars, other_picture, _ = figure.axes
    assert np.asarray(picture.images[0].get_array()) == pytest.approx(images[8, 0].numpy())
    assert np.asarray(other_picture.images[0].get_array()) == pytest.approx(images[3, 0].numpy())
    assert (picture.get_title(), bars.get_title(loc="left")) == ("a a", "taken for b")
    assert [bar.get_width() for bar in bars.patches] == pytest.approx(chances[8].tolist())  # type: ignore[attr-defined]
    assert [to_hex(bar.get_facecolor()) for bar in bars.patches][:2] == [RIGHT, WRONG]
    assert texts(bars) == ["3.3 %", "90.0 %"]
    drawn(figure)


def test_of_many_mistakes_the_surest_are_shown() -> None:
    figure = plot.mistakes(*four_classes(80, {i: ((i + 1) % 4, 0.5 + i / 200) for i in range(50)}))
    assert heading(figure) == "50 of 80 test images are classified wrongly; the 20 surest mistakes"
    assert len(figure.axes) == 40
    assert texts(figure.axes[1])[-1] == "74.5 %" or texts(figure.axes[1])[0] == "74.5 %"


def test_without_mistakes_it_shows_the_least_sure() -> None:
    images, targets, chances = four_classes(9, {4: (0, 0.4)})
    figure = plot.mistakes(images, targets, chances)
    assert heading(figure) == "All 9 test images are classified correctly; the least sure ones"
    assert np.asarray(figure.axes[0].images[0].get_array()) == pytest.approx(images[4, 0].numpy())
    drawn(figure)


def test_of_many_classes_the_likeliest_and_the_true_one_have_bars() -> None:
    chances = np.linspace(1, 2, 30)[None] / np.linspace(1, 2, 30).sum()
    figure = plot.mistakes(np.zeros((1, 1, 4, 4)), [0], chances)
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert labels == [*map(str, range(29, 20, -1)), "0"]


def test_colour_images_keep_their_colours() -> None:
    image = np.random.default_rng(0).random((1, 3, 4, 6))
    figure = plot.mistakes(image, [1], [[0.9, 0.1]])
    assert np.asarray(figure.axes[0].images[0].get_array()) == pytest.approx(image[0].transpose(1, 2, 0))
    drawn(figure)


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"(?s)images N C H W.*\(2, 1, 4, 4\).*\(3,\)"):
        plot.mistakes(np.zeros((2, 1, 4, 4)), [0, 1, 2], np.zeros((3, 2)))


def test_tensors_may_live_anywhere(device: str) -> None:
    images, targets, chances = (tensor.to(device) for tensor in four_classes(9, {4: (1, 0.6)}))
    assert len(plot.mistakes(images, targets, chances).axes) == 2
    assert plot.confusion_matrix(torch.eye(3, dtype=torch.int64, device=device)).axes


def test_a_picture_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "curves.png"
    plot.write(plot.curves(RECORDS), path)
    before = path.read_bytes()
    assert before.startswith(b"\x89PNG")

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    figure = plot.curves(RECORDS)
    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(RuntimeError, match="disk"):
        plot.write(figure, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["curves.png"]


def test_matplotlib_is_imported_only_to_draw_and_pyplot_never() -> None:
    program = (
        "import sys, tinycnn.plot\n"
        "assert 'matplotlib' not in sys.modules\n"
        "tinycnn.plot.confusion_matrix([[1]])\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
