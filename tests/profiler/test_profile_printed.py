"""How a profile is shown: as tables, in notebooks, as a picture, as a file for a browser, on the command line."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import tinycnn as torch
from tests.profiler.clock import Clock, Layer, ones, slow
from tinycnn import nn
from tinycnn.autograd import Op
from tinycnn.cli import main
from tinycnn.errors import ConfigError
from tinycnn.nn import functional as F
from tinycnn.profiler import profile, record_function, tensorboard_trace_handler
from tinycnn.profiler.module_costs import FUNCTIONS


@pytest.fixture
def known(still: Clock) -> profile:
    """A profile of which every number is known: 100 ms."""
    model = nn.Sequential(Layer(1, 10), nn.Sequential(Layer(2, 20), Layer(3, 30)))
    with profile() as prof:
        loss = slow(model(ones()), 4, 20)
        loss.backward(torch.ones(2))
        with record_function("<step>"):
            still.work(8)
        still.work(2)
    return prof


def test_the_table_by_op(known: profile) -> None:
    assert str(known) == known.key_averages().table() == """\
                                         Time in ms
Op                        Calls  forward  backward      all    share  MB made
─────────────────────────────────────────────────────────────────────────────
Slow                          4   10.000    80.000   90.000   90.0 %      0.0
<step>                        1        –         –    8.000    8.0 %        –
(Python between the ops)      1        –         –    2.000    2.0 %        –
(recording all this)          1        –         –        –    0.0 %        –
─────────────────────────────────────────────────────────────────────────────
all                               10.000    80.000  100.000  100.0 %      0.0

Results and gradients that were there at the same time: at most 0.0 MB."""


def test_the_table_by_module(known: profile) -> None:
    text = re.sub(r" at most.*", "", known.by_module().table())
    assert text == """\
                                                     Time in ms
Module                    Class       Calls  forward  backward      all    share  MB made
─────────────────────────────────────────────────────────────────────────────────────────
Sequential                Sequential      1    6.000    60.000   66.000   66.0 %      0.0
  0                       Layer           1    1.000    10.000   11.000   11.0 %      0.0
  1                       Sequential      1    5.000    50.000   55.000   55.0 %      0.0
    0                     Layer           1    2.000    20.000   22.000   22.0 %      0.0
    1                     Layer           1    3.000    30.000   33.000   33.0 %      0.0
(ops outside modules)                          4.000    20.000   24.000   24.0 %      0.0
<step>                                    1        –         –    8.000    8.0 %        –
(Python between the ops)                           –         –    2.000    2.0 %        –
(recording all this)                               –         –        –    0.0 %        –
─────────────────────────────────────────────────────────────────────────────────────────
all                                           10.000    80.000  100.000  100.0 %      0.0

A module's row counts its parts; what it has more than they have together, it does itself."""
    shallow = known.by_module().table(depth=0).splitlines()
    assert [line.split()[0] for line in shallow[3:8]] == ["Sequential", "(ops", "<step>", "(Python", "(recording"]


def test_rows_in_another_order_and_fewer_of_them() -> None:
    with profile() as prof:
        for count, name in enumerate(("exp", "log", "sqrt"), start=1):
            for _ in range(count):
                getattr(torch.ones(10 ** (4 - count)), name)()
    found = prof.key_averages()
    for order, names in (("count", ["Sqrt", "Log", "Exp"]), ("bytes", ["Exp", "Log", "Sqrt"]),
                         ("cpu_memory_usage", ["Exp", "Log", "Sqrt"])):  # fmt: skip
        words = found.table(sort_by=order).split()
        assert [word for word in words if word in names] == names
    lines = found.table(sort_by="count", row_limit=1, header="the most often").splitlines()
    assert lines[0] == "the most often"
    assert [line.split("  ")[0] for line in lines[4:6]] == ["Sqrt", f"({len(found) - 1} more)"]
    assert lines[7].startswith("all ")
    assert len(found.table(row_limit=-1).splitlines()) == len(found) + 7
    assert "(Pyth…" in found.table(max_name_column_width=6)
    with pytest.raises(ConfigError, match="no order 'cpu_time_totl'; did you mean 'cpu_time_total'"):
        found.table(sort_by="cpu_time_totl")
    with pytest.raises(ConfigError, match=r"no order 'sideways'\. The orders are bytes, "):
        found.table(sort_by="sideways")
    for name in ("self_cuda_time_total", "device_time_total", "cpu_time", "self_cpu_memory_usage", "flops"):
        assert found.table(sort_by=name)


def test_a_rate_is_operations_by_time(still: Clock) -> None:
    from tinycnn.profiler.averages import EventAverage, EventList

    event = EventAverage("Conv2d", True)
    event.forward, event.backward, event.flops, event.backward_flops = 2_000.0, 1_000.0, 4 * 10**8, 8 * 10**8
    lines = EventList([event]).table().splitlines()
    assert lines[1].split()[-2:] == ["forward", "backward"]
    assert lines[3].split()[-2:] == ["200.0", "800.0"]


def test_all_rows_as_one(known: profile) -> None:
    events = known.key_averages()
    total = events.total_average()
    assert total.key == "Total"
    assert total.self_cpu_time_total == pytest.approx(events.self_cpu_time_total)
    assert total.count == sum(event.count for event in events) > 0
    assert total.flops == sum(event.flops for event in events)


def test_steps_are_told_of(still: Clock) -> None:
    with profile() as prof:
        for _ in range(4):
            slow(torch.ones(2), 3)
            prof.step()
    assert "4 steps, 3.00 ms each." in str(prof)
    assert "4 steps, 3.00 ms each." in str(prof.by_module())


def test_a_notebook_shows_tables_in_which_names_are_text(known: profile) -> None:
    page = known._repr_html_()
    assert page.count("<table") == page.count("</table>") == 2
    assert "&lt;step&gt;" in page
    assert "<step>" not in page
    assert known.key_averages()._repr_html_() in page
    assert known.by_module()._repr_html_() in page


# Pictures ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def bars(axes: Any) -> dict[str, float]:
    """The length of each bar, with all its colours."""
    names = [label.get_text() for label in axes.get_yticklabels()]
    lengths: Counter[str] = Counter()
    for patch in axes.patches:
        lengths[names[round(patch.get_y() + patch.get_height() / 2)]] += patch.get_width()
    return {name: pytest.approx(lengths[name]) for name in names}


def test_the_bars_are_the_times(known: profile) -> None:
    figure = known.chart("a step")
    by_op, by_module, memory = figure.axes
    assert bars(by_op) == {"Slow": 90, "<step>": 8, "(Python between the ops)": 2, "(recording all this)": 0}
    assert bars(by_module) == {
        "0 Layer": 11, "1.0 Layer": 22, "1.1 Layer": 33, FUNCTIONS: 24, "<step>": 8, "(Python between the ops)": 2,
        "(recording all this)": 0,
    }  # fmt: skip
    assert [text.get_text() for text in by_op.get_legend().get_texts()] == ["forward", "backward", "outside of ops"]
    assert "in memory" in memory.get_title(loc="left")
    assert figure.get_suptitle() == "a step"
    assert known.chart().get_suptitle() == "Where 100.0 ms go"  # nobody spoke of steps
    assert by_op.get_xlabel() == by_module.get_xlabel() == "ms"


def test_the_curve_of_memory_is_as_high_as_the_peak_that_is_told() -> None:
    class Twice(Op):
        """y = 2x, x̄ = 2ȳ, by way of results that are gone when it ends"""

        def forward(ctx, x: Any) -> Any: return 2 * x
        def backward(ctx, g: Any) -> Any: return g.exp().exp().log().log() * 2

    x = torch.ones(1000, 1000, requires_grad=True)  # 4 MB
    with profile() as prof:
        Twice.apply(x).sum().backward()
    memory = prof.chart().axes[2]
    (curve,) = memory.lines
    whole = max(span.live for span in prof.events() if span.op is span)
    assert max(curve.get_ydata()) == prof.key_averages().peak / 1e6 > whole / 1e6
    assert f"at most {max(curve.get_ydata()):.1f} MB" in memory.get_title(loc="left")


def test_the_curve_of_memory_ends_at_what_is_there_although_an_op_failed(still: Clock) -> None:
    x, prof = torch.ones(1000, 1000), profile()
    prof.start()
    kept = x.exp()
    with pytest.raises(ZeroDivisionError):
        slow(kept, 1, fail=True)
    prof.stop()
    (curve,) = prof.chart().axes[2].lines
    assert curve.get_ydata()[-1] == 4.0


def test_a_deep_model_is_shown_as_deep_as_there_is_room_for(still: Clock) -> None:
    model = nn.Sequential(*(nn.Sequential(*(Layer(1, 1) for _ in range(10))) for _ in range(6)))
    with profile() as prof:
        model(ones()).sum().backward()
    assert bars(prof.chart().axes[1])["5 Sequential"] == 20
    wide = nn.Sequential(*(Layer(1, 1) for _ in range(60)))
    with profile() as prof:
        wide(ones()).sum().backward()
    found = bars(prof.chart().axes[1])
    assert len(found) == 34
    assert sum(float(length.expected) for length in found.values()) == pytest.approx(120)


def test_bars_are_of_one_step_and_cover_what_a_module_does_itself(still: Clock) -> None:
    class Busy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = Layer(1, 0)

        def forward(self, x: Any) -> Any:
            return slow(self.part(x), 5)

    model = Busy()
    with profile() as prof:
        for _ in range(2):
            model(torch.ones(2))
            prof.step()
    figure = prof.chart()
    found = bars(figure.axes[1])
    assert (found["Busy itself"], found["part Layer"]) == (5, 1)
    assert figure.get_suptitle() == "Where a step of 6.0 ms goes"
    assert figure.axes[1].get_xlabel() == "ms a step"


# Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_trace_nests_and_arrows_lead_back(known: profile, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    known.export_chrome_trace(path)
    found = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    spans = [event for event in found if event["ph"] == "X"]
    assert Counter(event["name"] for event in spans)["Slow"] == 8  # four forward, four in a backward
    assert Counter(event["cat"] for event in spans) == {"cpu_op": 12, "python_function": 5, "user_annotation": 1}
    first = next(event for event in spans if event["name"] == "Slow")
    assert (first["ts"], first["dur"]) == (0, 1000)
    assert first["args"]["Module"] == "0"
    assert first["args"]["Input Dims"] == [[2]]
    starts, ends = ({event["id"]: event["ts"] for event in found if event["ph"] == way} for way in "sf")
    assert set(ends) == set(starts)
    assert len(starts) == 4
    assert all(starts[number] < ends[number] for number in starts)
    backs = [event for event in spans if event["name"] == "SlowBackward0"]
    assert sorted(event["dur"] for event in backs) == [10_000, 20_000, 20_000, 30_000]
    assert [event["args"]["live"] for event in found if event["ph"] == "C"]


def test_a_trace_may_be_compressed_and_is_written_whole_or_not_at_all(
    known: profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trace.json.gz"
    known.export_chrome_trace(str(path))
    before = path.read_bytes()
    assert json.loads(gzip.decompress(before))["traceEvents"]

    def full(*_: Any) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gzip, "compress", full)
    with pytest.raises(OSError, match="No space"):
        known.export_chrome_trace(str(path))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["trace.json.gz"]


def test_a_handler_writes_a_file_each_round(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    with profile(on_trace_ready=tensorboard_trace_handler(folder, "me")):
        torch.ones(2).exp()
    with profile(on_trace_ready=tensorboard_trace_handler(folder, use_gzip=True)):
        torch.ones(2).exp()
    names = sorted(os.listdir(folder))
    assert len(names) == 2
    assert re.fullmatch(r"me\.\d+\.pt\.trace\.json", names[0])
    assert names[1].endswith(".pt.trace.json.gz")


# The command line ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_profile_prints_both_tables_and_writes_the_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    chart, trace = tmp_path / "step.png", tmp_path / "step.json"
    assert main(["profile", "lenet", "--batch", "4", "--steps", "2", "--chart", str(chart), "--trace", str(trace)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("lenet: training steps on a batch of 4 × 3 × 32 × 32")
    assert re.search(r"^Conv2d +4 ", text, re.MULTILINE)
    assert re.search(r"^  conv1 +Conv2d +2 ", text, re.MULTILINE)
    assert re.search(r"^Optimizer.step#SGD.step +2 ", text, re.MULTILINE)
    assert "2 steps, " in text
    assert text.endswith(f"\npicture: {chart}\n\ntrace: {trace}\n")
    assert chart.read_bytes().startswith(b"\x89PNG")
    assert json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]


def test_profile_of_an_evaluation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "lenet", "--evaluate", "--steps", "1", "--size", "32", "--threads", "1"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("lenet: evaluations of a batch of 4 × 3 × 32 × 32, with 1 thread\n")
    assert re.search(r"^Conv2d +2 +[\d.]+ +– ", text, re.MULTILINE)
    assert "Optimizer" not in text


@pytest.mark.parametrize(("arguments", "text"), [
    (["profile", "lenex"], "did you mean lenet"),
    (["profile", "lenet", "--batch", "0"], "--batch is at least 1, not 0"),
    (["profile", "lenet", "--steps", "-1"], "--steps is at least 1, not -1"),
    (["profile", "lenet", "--threads", "0"], "--threads is at least 1, not 0"),
    (["profile", "lenet", "--depth", "-1"], "--depth is at least 0, not -1"),
])  # fmt: skip
def test_mistakes_on_the_command_line(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert text in err


# PyTorch's own example ───────────────────────────────────────────────────────────────────────────────────────────────


def test_pytorchs_recipe_runs_with_the_import_rewritten() -> None:
    from tinycnn.profiler import ProfilerActivity

    model, inputs = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), torch.randn(5, 3, 16, 16)
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as prof, record_function("model_inference"):
        model(inputs)
    assert "model_inference" in prof.key_averages().table(sort_by="cpu_time_total", row_limit=10)
    grouped = prof.key_averages(group_by_input_shape=True).table(sort_by="cpu_time_total", row_limit=10)
    assert "[[5, 3, 16, 16], [8, 3, 3, 3], [8]]" in grouped
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True, record_shapes=True) as prof:
        F.relu(model(inputs))
    assert prof.key_averages().table(sort_by="self_cpu_memory_usage", row_limit=10)
