"""A step by layer: what is counted of each, and the floor that follows from the machine's rates."""

from __future__ import annotations

import pytest

import tinycnn
from benchmarks import floors, pictures, tables, turns
from benchmarks.account import OPTIMIZER, layers_of
from benchmarks.nets import NETS
from benchmarks.pictures.floors import by_kind
from tests.benchmarks import made
from tinycnn import nn, optim
from tinycnn.backend.cpu import postponing, steps


@pytest.fixture(scope="module")
def rows():
    """A step of two convolutions alike, batch norm, in-place ReLU and a linear layer."""
    model = nn.Sequential(
        nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True),
        nn.Conv2d(4, 8, 3, 2, 1, bias=False), nn.Flatten(), nn.Linear(8 * 9, 10),
    )
    parameters = sum(p.numel() for p in model.parameters())
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x, labels = tinycnn.randn(2, 4, 6, 6), tinycnn.tensor([0, 1])

    def step():
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()

    return parameters, {row["label"]: row for row in layers_of(step, parameters, 0.0)}


def test_layers_alike_are_one_row_with_the_products_of_both_ways(rows):
    _, found = rows
    both = found["3×3, 4→4 at 6²"]
    once = 2 * (2 * 4 * 36) * (4 * 9)
    assert both["calls"] == 2
    assert both["flop"] == once * (2 + 3)  # of the first the image wants no gradient
    assert found["3×3 /2, 4→8 at 6²"]["flop"] == 3 * 2 * (2 * 8 * 9) * (4 * 9)
    assert found["Linear, 72→10"]["flop"] == 3 * 2 * (2 * 72 * 10)
    assert all(row["seconds"] > 0 for row in found.values())


def test_every_array_counts_once_on_each_way(rows):
    parameters, found = rows
    x, y, w = 2 * 4 * 36, 2 * 8 * 9, 8 * 4 * 9
    assert found["3×3 /2, 4→8 at 6²"]["traffic"] == 4 * ((x + w + y) + (y + x + w + x + w))
    assert found["ReLU, 4 at 6²"]["traffic"] == 4 * (2 * x + 3 * x)
    assert found[OPTIMIZER]["traffic"] == 4 * 5 * parameters


def test_views_cost_no_traffic(rows):
    _, found = rows
    assert [row["traffic"] for label, row in found.items() if label.startswith(("Reshape", "Flatten"))] == [0]


def test_a_gradient_that_the_step_forms_is_not_computed_by_counting_it(monkeypatch):
    for room, name in ((postponing, "_LARGE"), (postponing, "_SLIMMER"), (steps, "_WHOLE")):
        monkeypatch.setattr(room, name, 1)
    monkeypatch.setattr(postponing.Postponed, "whole", lambda self: pytest.fail("it was computed"))
    layer, x = nn.Linear(3, 4, bias=False), tinycnn.randn(2, 3, requires_grad=True)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        layer(x).sum().backward()
        optimizer.step()

    found = {row["label"]: row for row in layers_of(step, 12, 0.0)}
    assert found["Linear, 3→4"]["flop"] == 3 * 2 * (2 * 3 * 4)
    assert found["Linear, 3→4"]["traffic"] == 4 * ((6 + 12 + 8) + (8 + 6 + 12 + 6))


def test_a_floor_is_the_longer_of_products_and_traffic():
    record = made.whole()  # 200 GF/s and 20 GB/s on two threads
    account = floors.timed_layers(record, NETS[1])
    assert [row.seconds for row in account] == sorted((row.seconds for row in account), reverse=True)
    by_label = {row.label: row for row in account}
    assert by_label["3×3, 3→3 at 8²"].floor == pytest.approx(0.05)  # 3 GF take 15 ms, 1 GB takes 50
    assert by_label["ReLU, 1 at 8²"].floor == pytest.approx(0.1)
    rows = tables.floor_rows(record)
    assert [(label.strip(), cells[1]) for label, cells in rows if "floor" in label] == [
        ("convolutions, linear: floor", "150"), ("all else: floor", "1200"), ("together: floor", "1350")]
    assert next(cells[:2] for label, cells in rows if "high" in label) == ["–", "60.0"]  # Net has no such goal


def test_layers_are_called_as_in_the_other_tables():
    record = made.whole()
    labels = ("Normalize, 8 at 4²", "Standardize, 8 at 2²", "Linear, 8→4", "ReLU")
    for row in record.measurements:
        if row["kind"] == "account":
            row["facts"]["layers"] = [{"label": label, "calls": 1, "seconds": 1.0, "flop": 0.0, "traffic": 1.0}
                                      for label in labels]
    assert [row.label for row in floors.timed_layers(record, NETS[1])] == [
        "batch norm, 8 at 4²", "batch norm, 8 at 2²", "linear, 8→4", "ReLU"]
    assert floors.timed_layers(record, NETS[-1])[0].label == "layer norm, 8 at 4²"


def test_without_pytorch_its_row_is_not_there():
    record = made.whole()
    assert tables.floor_rows(record)[-1][0].strip() == "PyTorch's step"
    record.measurements = [m for m in record.measurements if not m["peer"].startswith("pytorch")]
    assert tables.floor_rows(record)
    assert not any("PyTorch" in label for label, _ in tables.floor_rows(record))


def test_that_a_time_can_be_below_its_floor_is_said_by_table_and_picture():
    record = made.whole()
    for said in (tables.text(record), pictures.PICTURES["floors"](record).get_supxlabel()):
        assert "Winograd's algorithm does fewer products" in " ".join(said.split())
    assert "“other …”: all layers of a kind" in " ".join(pictures.PICTURES["floors"](record).get_supxlabel().split())
    record.measurements = [m for m in record.measurements if m["kind"] != "account"]
    assert "Winograd's algorithm does fewer products" not in " ".join(tables.text(record).split())


def test_of_several_turns_every_layer_counts_at_its_best():
    made = [{"layers": [{"label": "a", "seconds": a}, {"label": "b", "seconds": b}]} for a, b in ((2, 3), (1, 4))]
    assert sorted((row["label"], row["seconds"]) for row in turns.best_facts(made)["layers"]) == [("a", 1), ("b", 3)]


def test_layers_that_the_picture_has_no_room_for_are_summed_by_kind():
    rest = [floors.Layer(label, 2, 1.0 * seconds, 0.0, 0.0) for label, seconds in (
        ("1×1, 8→16 at 4²", 6), ("ReLU, 8 at 4²", 2), ("1×1, 4→8 at 4²", 4), ("Add, 8 at 4²", 1), ("Linear, 9→10", 8),
        ("Normalize, 8 at 4²", 3), ("Flatten", 1))]
    assert [(bar.label, [row.seconds for row in bar.layers]) for bar in by_kind(rest)] == [
        ("other 1×1", [6, 4]), ("Linear, 9→10", [8]), ("Normalize, 8 at 4²", [3]), ("all else", [2, 1, 1])]
    assert [bar.label for bar in by_kind(rest[:1])] == ["1×1, 8→16 at 4²"]
