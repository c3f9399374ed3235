r"""Folders of photographs: their parts, the split, what is damaged, and how images are made fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import tinycnn as torch
from tests.train.shapes import draw_shapes
from tinycnn import transforms
from tinycnn.errors import ConfigError, FormatError
from tinycnn.train.balance import balanced_accuracy, class_reports, class_weights, report_table
from tinycnn.train.image_folders import Photographs, Pictures, Preprocessing, find_images, stratified


def names(samples: list[tuple[str, int]]) -> list[str]:
    return [Path(path).name for path, _ in samples]


def test_a_fifth_of_each_class_is_for_validation(tmp_path: Path) -> None:
    folders = find_images(str(draw_shapes(tmp_path, {"red": 10, "green": 5, "empty": 20})))
    assert folders.classes == ["empty", "green", "red"]
    assert np.bincount([label for _, label in folders.train]).tolist() == [16, 4, 8]
    assert np.bincount([label for _, label in folders.validation]).tolist() == [4, 1, 2]
    assert (folders.split, folders.test, folders.damaged) == (True, [], [])
    assert find_images(str(tmp_path)) == folders  # drawn once and for all


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_the_split_keeps_every_image_and_every_class(labels: list[int], share: float) -> None:
    samples = [(str(i), label) for i, label in enumerate(labels)]
    first, second = stratified(samples, share)
    assert sorted(first + second) == sorted(samples)
    for label in set(labels):
        n, given_away = labels.count(label), [s for s in second if s[1] == label]
        assert len(given_away) < n
        assert abs(len(given_away) - share * n) <= 1
        assert bool(given_away) == (n > 1)


def test_parts_with_folders_of_their_own_are_taken_as_they_are(tmp_path: Path) -> None:
    draw_shapes(tmp_path / "train", {"red": 3, "green": 4})
    draw_shapes(tmp_path / "val", {"green": 2})  # a class may be missing here: labels are those of training
    draw_shapes(tmp_path / "test", {"red": 1, "green": 1})
    folders = find_images(str(tmp_path))
    assert (len(folders.train), len(folders.validation), len(folders.test)) == (7, 2, 2)
    assert not folders.split
    assert {label for _, label in folders.validation} == {folders.classes.index("green")} == {0}


def test_photographs_are_learnt_the_way_up_in_which_they_are_predicted(tmp_path: Path) -> None:
    stored = Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype="u1"))
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter clockwise
    stored.save(tmp_path / "stored.png", exif=turned)
    stored.transpose(Image.Transpose.ROTATE_270).save(tmp_path / "upright.png")
    samples = [(str(tmp_path / name), 0) for name in ("stored.png", "upright.png")]
    (first, _), (second, _) = Photographs(samples, Preprocessing(8, 8).for_judging())
    assert torch.equal(first, second)


def test_damaged_images_are_left_out_and_named(tmp_path: Path) -> None:
    draw_shapes(tmp_path, {"red": 4, "green": 4})
    photograph = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype="u1"))
    photograph.save(tmp_path / "red" / "whole.jpg")
    content = (tmp_path / "red" / "whole.jpg").read_bytes()
    (tmp_path / "red" / "cut.jpg").write_bytes(content[:len(content) // 2])
    (tmp_path / "green" / "nothing.png").write_bytes(b"")
    looked: list[str] = []

    def through(paths: list[str]) -> list[str]:
        looked.extend(paths)
        return paths

    folders = find_images(str(tmp_path), through=through)
    assert sorted(Path(path).name for path in folders.damaged) == ["cut.jpg", "nothing.png"]
    assert "whole.jpg" in names(folders.train) + names(folders.validation)
    assert len(folders.train) + len(folders.validation) == 9
    assert len(looked) == 11


def test_what_programs_leave_about_is_no_class_and_no_image(tmp_path: Path) -> None:
    draw_shapes(tmp_path, {"red fox": 4, "grüne Wiese/Kamera 1": 4})
    for hidden in (".ipynb_checkpoints", "@eaDir", "__MACOSX", "red fox/.thumbnails", "red fox/@eaDir"):
        draw_shapes(tmp_path, {hidden: 1})
    image = (tmp_path / "red fox" / "000.png").read_bytes()
    for name in ("._000.png", ".DS_Store", "Thumbs.db", "notes.txt", "001.prediction.png"):
        (tmp_path / "red fox" / name).write_bytes(image)
    (tmp_path / "readme.txt").write_bytes(b"")
    folders = find_images(str(tmp_path))
    assert folders.classes == ["grüne Wiese", "red fox"]
    assert sorted(names(folders.train) + names(folders.validation)) == sorted(2 * [f"00{i}.png" for i in range(4)])
    assert not folders.damaged


def test_what_cannot_be_learnt_from(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        find_images(str(tmp_path / "nowhere"))
    draw_shapes(tmp_path / "one", {"red": 4})
    with pytest.raises(ConfigError, match="a folder of its own in it, but there is 'red' alone"):
        find_images(str(tmp_path / "one"))
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    with pytest.raises(ConfigError, match="a folder of its own in it, but there is no class"):
        find_images(str(tmp_path / "empty"))
    (tmp_path / "one" / "raw").mkdir()
    (tmp_path / "one" / "raw" / "1.cr2").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"no image of the class 'raw'(.|\n)*end in +. \.jpg"):
        find_images(str(tmp_path / "one"))
    draw_shapes(tmp_path / "few", {"red": 1, "green": 1})
    with pytest.raises(ConfigError, match="too few images to judge by"):
        find_images(str(tmp_path / "few"))
    draw_shapes(tmp_path / "half" / "train", {"red": 2, "green": 2})
    with pytest.raises(ConfigError, match=r"a folder train, but none for validation(.|\n)*half/train alone"):
        find_images(str(tmp_path / "half"))
    draw_shapes(tmp_path / "half" / "val", {"red": 2, "empty": 2})
    with pytest.raises(ConfigError, match=r"classes that are not learnt(.|\n)*empty"):
        find_images(str(tmp_path / "half"))
    draw_shapes(tmp_path / "bad", {"red": 2})
    (tmp_path / "bad" / "green").mkdir()
    (tmp_path / "bad" / "green" / "1.png").write_bytes(b"no picture")
    with pytest.raises(FormatError, match="every image of the class 'green' is damaged"):
        find_images(str(tmp_path / "bad"))


def test_an_image_that_is_damaged_later_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(FormatError, match=r"1\.png"):
        Photographs([(str(tmp_path / "1.png"), 0)], Preprocessing(8, 8).for_judging())[0]


def test_images_are_judged_by_the_preset_of_the_weights(tmp_path: Path) -> None:
    root = draw_shapes(tmp_path, {"red": 1})
    preset = transforms.ImageClassification(
        crop_size=8, resize_size=10, mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7),
        interpolation=transforms.InterpolationMode.BICUBIC,
    )
    prepare = Preprocessing.of(preset)
    assert prepare == Preprocessing(8, 10, (0.1, 0.2, 0.3), (0.5, 0.6, 0.7), "bicubic")
    assert Preprocessing.read({**prepare.as_dict(), "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7]}) == prepare
    sample = (str(root / "red" / "000.png"), 0)
    expected = preset(Image.open(sample[0]).convert("RGB"))
    assert torch.equal(Photographs([sample], prepare.for_judging())[0][0], expected)
    shown = Pictures([sample], prepare.for_showing())[0]
    mean, std = torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0.5, 0.6, 0.7])
    assert torch.allclose((shown - mean.reshape(3, 1, 1)) / std.reshape(3, 1, 1), expected, atol=1e-6)


def test_images_to_learn_from_differ_each_time_and_have_the_size_of_the_others(tmp_path: Path) -> None:
    root = draw_shapes(tmp_path, {"red": 1})
    learnt = Photographs([(str(root / "red" / "000.png"), 0)], Preprocessing(8, 10).for_learning())
    first, second = learnt[0][0], learnt[0][0]
    assert tuple(first.shape) == (3, 8, 8)
    assert not torch.equal(first, second)


def test_what_is_learnt_from_is_at_least_a_third_of_the_image_and_sometimes_mirrored(tmp_path: Path) -> None:
    across, down = np.meshgrid(np.arange(240), np.arange(240))
    Image.fromarray(np.stack([across, down, 0 * down], axis=2).astype("u1")).save(tmp_path / "ramps.png")
    prepare = Preprocessing(64, 64, (0.0,) * 3, (1.0,) * 3).for_learning()
    areas, mirrored = [], []
    torch.manual_seed(0)
    for _ in range(40):
        x, y, _ = 255 / 240 * Photographs([(str(tmp_path / "ramps.png"), 0)], prepare)[0][0].numpy()
        areas.append(np.ptp(x) * np.ptp(y))  # of the whole
        mirrored.append(bool(x[0, 0] > x[0, -1]))
    assert 0.3 < min(areas) < 0.5
    assert 0.8 < max(areas) <= 1
    assert 10 < sum(mirrored) < 30


def test_a_network_for_grey_images_gets_grey_ones(tmp_path: Path) -> None:
    root = draw_shapes(tmp_path, {"red": 1})
    grey = Preprocessing(8, 8, (0.0,), (1.0,))
    for prepare in (grey.for_judging(), grey.for_learning()):
        image = Photographs([(str(root / "red" / "000.png"), 0)], prepare)[0][0]
        assert tuple(image.shape) == (1, 8, 8)


def test_another_size_keeps_the_proportion() -> None:
    usual = Preprocessing(224, 256)
    assert usual.resized(None, None) is usual
    assert usual.resized(112, None) == Preprocessing(112, 128)
    assert usual.resized(None, 300) == Preprocessing(224, 300)
    with pytest.raises(ConfigError, match="at least the crop size 300, but it is 256"):
        usual.resized(300, 256)


def test_class_weights_are_inverse_frequencies() -> None:
    weights = class_weights([0] * 6 + [1] * 3 + [3], 4)
    assert weights.tolist() == pytest.approx([10 / 24, 10 / 12, 0, 10 / 4])


def test_balanced_accuracy_and_reports() -> None:
    matrix = [[8, 2, 0], [0, 0, 0], [1, 0, 3]]
    assert balanced_accuracy(matrix) == pytest.approx((0.8 + 0.75) / 2)  # of the classes that there are images of
    reports = class_reports(matrix, ["a", "b", "c"])
    assert reports[0] == ("a", 10, pytest.approx(8 / 9), 0.8)
    assert np.isnan(reports[1].recall)
    assert reports[1].precision == 0.0
    assert report_table(reports).splitlines()[2].split() == ["b", "0", "0.0", "%", "–"]


def test_the_folder_of_one_class_is_no_folder_of_classes(tmp_path: Path) -> None:
    root = str(draw_shapes(tmp_path, {"red": 2}) / "red")
    with pytest.raises(FileNotFoundError, match=r"^there is no folder of a class in .*red(.|\n)*the folder of one"):
        find_images(root)
