"""The benchmark's tables and pictures say what its record says, and no more; the README's table is the record's."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import pytest
from matplotlib.legend import Legend

from benchmarks import pictures, tables
from benchmarks.layers import LAYERS
from benchmarks.nets import NETS
from benchmarks.peers import BLOCKS, HIGH, PLAIN, TINYCNN
from benchmarks.pictures import ops, scaling
from benchmarks.record import Record
from tests.benchmarks import made

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- benchmark -->\n", "\n<!-- /benchmark -->"


@pytest.fixture(scope="module")
def whole() -> Record:
    return made.whole()


def test_a_ratio_is_to_the_faster_of_pytorchs_two_settings_of_glibc(whole):
    net = NETS[2]
    key = {"kind": "step", "name": net.name, "batch": net.batch, "size": net.size, "threads": 2}
    ours, plain, blocks = (whole.find(peer.name, **key)["best"] for peer in (TINYCNN, PLAIN, BLOCKS))
    assert blocks < plain
    assert whole.ratio(TINYCNN.name, **key) == pytest.approx(ours / blocks)


def test_the_table_has_every_network_with_its_goal_and_the_geometric_mean(whole):
    rows = dict(tables.ratio_rows(whole)[:3])
    assert rows["tinycnn / PyTorch"] == ["0.50"] * 9
    assert rows["with precision “high”"] == ["–", *["0.25"] * 5, "–", "–", "–"]
    assert dict(tables.ratio_rows(whole))["both on one thread"] == ["0.50"] * 9
    goals = tables.ratio_rows(whole)[1][1]
    assert goals == [*(f"{net.goal:.2f}" for net in NETS), "0.85"]


def test_the_geometric_mean_wants_all_of_them():
    assert tables.mean([0.5, 2.0]) == pytest.approx(1.0)
    assert tables.mean([0.5, None]) is None
    assert tables.mean([]) is None


def test_tables_of_parts_leave_gaps_and_neither_empty_rows_nor_columns():
    record = made.whole(quick=True)
    record.measurements = [m for m in record.measurements if m["name"] == "vgg11" and m["peer"] != HIGH.name]
    rows = tables.ratio_rows(record)
    assert [label.strip() for label, _ in rows] == [
        "tinycnn / PyTorch", "goal, at most", "PyTorch channels_last", "largest memory"]
    assert rows[0][1] == ["–", "–", "–", "0.50", "–", "–", "–", "–", "–"]
    heads, images = tables.text(record).splitlines()[2:4]
    assert (heads.split(), images.split()) == (["VGG-11"], ["4", "of", "224²"])
    assert tables.text(Record(made.about(), [], [])) == ""


def test_failures_are_told_with_their_reason():
    work = {"kind": "step", "name": "vgg11", "batch": 4, "size": 224, "threads": 2}
    record = Record(made.about(), [], [work | {"peer": "pytorch", "reason": "RuntimeError: no"}])
    assert "pytorch: RuntimeError: no (step vgg11)" in tables.text(record)


def test_of_an_op_python_has_what_the_kernels_leave(whole):
    assert tables.overhead_rows(whole) == [
        ("relu", ["12.0", "4.0", "8.0", "12.0"]), ("x + y", ["8.0", "0.0", "8.0", "8.0"])
    ]  # fmt: skip


def test_no_line_of_the_tables_is_wider_than_a_terminal(whole):
    assert max(map(len, tables.text(whole).splitlines())) <= 120


@pytest.mark.parametrize(("seconds", "text"), [(0.00321, "3.21"), (0.0321, "32.1"), (0.321, "321")])
def test_milliseconds_have_three_digits(seconds, text):
    assert tables.milliseconds(seconds) == text


of_each_machine = pytest.mark.parametrize("path", sorted((ROOT / "benchmarks" / "results").glob("*/results.json")),
                                          ids=lambda path: path.parent.name)


@of_each_machine
def test_the_roofs_label_of_copies_lies_beside_the_axis_not_on_its_numbers(path):
    figure = pictures.PICTURES["roofline"](Record.read(path))
    figure.canvas.draw()
    axes = figure.axes[0]
    (label,) = [text for text in axes.texts if text.get_text().startswith("copy")]
    assert label.get_window_extent().x0 > axes.bbox.x0


@of_each_machine
def test_the_roofline_names_what_lies_far_from_the_others_and_no_name_hides_anything(path):
    figure = pictures.PICTURES["roofline"](Record.read(path))
    figure.canvas.draw()
    axes = figure.axes[0]
    names = {text.get_text().replace("\n", " "): text.get_window_extent() for text in axes.texts}
    far = {layer.name.partition(", batch")[0] for layer in LAYERS
           if layer.name.startswith(("depthwise", "grouped", "linear,"))}
    assert {name for name in names if name.startswith(("depthwise", "grouped", "linear"))} == far
    legends = axes.findobj(Legend)
    assert [[text.get_text() for text in legend.get_texts()] for legend in legends].count(["tinycnn", "PyTorch"]) == 1
    assert len(legends) == 2
    boxes = [*names.values(), *(legend.get_window_extent() for legend in legends)]
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    points = [axes.transData.transform(line.get_xydata()[0]) for line in axes.lines if len(line.get_xydata()) == 1]
    assert len(points) > 40
    assert not any(box.contains(*point) for box in boxes for point in points)


def test_every_picture_is_drawn_from_a_whole_record(whole, tmp_path):
    written = pictures.draw(whole, tmp_path)
    assert {path.stem for path in written} == set(pictures.PICTURES)
    assert all(path.stat().st_size > 10_000 for path in written)


def test_a_gpu_has_no_picture_of_threads_or_floors():
    found = {name: make(made.whole("cuda")) is not None for name, make in pictures.PICTURES.items()}
    assert found == {**dict.fromkeys(pictures.PICTURES, True), "threads": False, "floors": False}


def test_without_measurements_there_are_no_pictures(tmp_path):
    assert pictures.draw(Record(made.about(), [], []), tmp_path) == []


def test_bars_that_lose_have_the_same_ink():
    record = made.whole(quick=True)
    for measured in record.measurements:
        if measured["peer"] == TINYCNN.name and measured["name"] == "vgg11":
            measured["best"] *= 10
    (axes,) = pictures.PICTURES["ratios"](record).axes
    bars = {round(bar.get_width(), 2): bar.get_facecolor() for bar in axes.patches if bar.get_width() != 0.25}
    assert bars[5.0] == bars[0.5]


def test_floors_without_the_limits_say_what_is_missing():
    record = made.whole()
    assert "--only limits" not in tables.text(record)
    record.measurements = [m for m in record.measurements if m["kind"] == "account"]
    assert "A layer's floor needs the machine's limits: add them with --resume --only limits" in tables.text(record)


def test_pictures_name_only_the_libraries_and_settings_that_were_timed(whole):
    record = made.whole(quick=True)
    assert "glibc as it is or told to keep large blocks, whichever is faster" in note(whole, "ratios")
    assert "whichever" not in note(record, "ratios")
    assert "PyTorch: N C H W, with glibc told to keep large blocks." in note(record, "memory")
    assert "glibc" not in note(made.whole("cuda"), "ratios")
    record.measurements = [m for m in record.measurements if m["peer"] == TINYCNN.name and m["name"] == "lenet"]
    figure = pictures.PICTURES["memory"](record)
    (axes,) = figure.axes
    assert "PyTorch: " not in note(record, "memory")
    assert not any("PyTorch" in text.get_text() for text in axes.get_legend().get_texts())
    figure.canvas.draw()
    assert axes.get_legend().get_window_extent().y1 < axes.xaxis.label.get_window_extent().y0  # hides it not


def test_a_legend_hides_no_number_however_few_the_rows(whole):
    whole = Record(whole.about, [m for m in whole.measurements if m["name"] == "lenet"], [])
    for name in ("ratios", "ops", "threads", "memory"):
        figure = pictures.PICTURES[name](whole)
        figure.canvas.draw()
        axes = figure.axes[0]
        numbers = min(label.get_window_extent().y0 for label in axes.get_xticklabels())
        assert axes.get_legend().get_window_extent().y1 < numbers, name


def note(record: Record, picture: str) -> str:
    """What stands below the picture, in one line."""
    return pictures.PICTURES[picture](record).get_supxlabel().replace("\n", " ")


def test_a_slope_is_that_of_the_upper_points():
    points = [(x, 7 * x**2.0) for x in (1, 2, 4, 8)]
    assert scaling.slope(points) == pytest.approx(2)
    assert scaling.slope([(1, 100), (2, 100), *((x, x) for x in (128, 256, 512, 1024))]) == pytest.approx(1)


def test_a_gpu_has_no_goals():
    assert any("goal" in label for label, _ in tables.ratio_rows(made.whole("cpu", quick=True)))
    assert not any("goal" in label for label, _ in tables.ratio_rows(made.whole("cuda", quick=True)))


@pytest.mark.parametrize(("op", "kind"), [
    ("Conv2dBackward", "convolution"), ("aten::mkldnn_convolution", "convolution"), ("BatchNormTrain", "normalization"),
    ("aten::threshold_backward", "activation"), ("aten::addmm", "linear"), ("aten::add_", "optimizer"),
    ("aten::add", "copies and sums"), ("CrossEntropy", "loss"), ("MaxPool2d", "pooling"), ("Reshape", "all else"),
    ("Standardize", "normalization"), ("StandardizeBackward", "normalization"),
])
def test_ops_of_both_libraries_are_of_one_kind(op, kind):
    assert ops.kind_of(op) == kind


def results() -> list[Path]:
    return sorted((ROOT / "benchmarks" / "results").glob("*/*.json"))


@pytest.mark.skipif(not results(), reason="no results are checked in")
def test_checked_in_results_are_whole_and_name_no_host():
    for path in results():
        record = Record.read(path)
        assert record.about["versions"]["PyTorch"], path
        assert all(math.isfinite(m.get("best", 1.0)) for m in record.measurements)
        assert set(json.loads(path.read_text(encoding="utf-8"))["machine"]) == {"cpu", "cores", "memory_gb", "system"}


@pytest.mark.skipif(not results(), reason="no results are checked in")
def test_the_readmes_table_is_that_of_the_checked_in_results():
    (path,) = [path for path in results() if path.name == "results.json" and Record.read(path).about["device"] == "cpu"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition(BEGIN)[2].partition(END)[0]
    assert shown == tables.markdown(Record.read(path)), f"python -m benchmarks --table {path.relative_to(ROOT)}"
