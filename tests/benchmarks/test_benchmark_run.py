"""The benchmark's program: its options, what a run does, and what becomes of one that is cut off or meets a failure."""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys

import pytest

import tinycnn
from benchmarks import command, limits, machine, rounds, work, worker
from benchmarks.layers import LAYERS
from benchmarks.nets import NETS
from benchmarks.peers import BLOCKS, LARGE_BLOCKS, LAST, PLAIN, TINYCNN
from benchmarks.record import Record
from tests.benchmarks import made

LENET = next(piece for piece in work.catalogue(1, quick=True) if piece.name == "lenet")
ONE_STEP = ["--only", "lenet", "steps", "--rounds", "1", "--threads", "1", "--machine", "here"]


@pytest.fixture
def without_torch(monkeypatch):
    """PyTorch is not to be found, whether it is installed or not."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_quick_is_limits_and_steps_of_all_eight_networks_in_both_precisions():
    quick = work.catalogue(2, quick=True)
    steps = [piece for piece in quick if piece.kind == "step"]
    assert [(w.name, w.batch, w.size) for w in steps] == [net.key for net in NETS]
    assert {w.section for w in quick} == set(work.QUICK)
    for piece, net in zip(steps, NETS, strict=True):
        assert {TINYCNN, BLOCKS, LAST} <= set(piece.peers)
        assert any(peer.precision == "high" for peer in piece.peers) == (net.high_goal is not None)


def test_a_whole_run_has_every_section():
    assert {piece.section for piece in work.catalogue(2)} == set(work.SECTIONS)
    assert {piece.section for piece in work.catalogue(1)} == set(work.SECTIONS) - {"threads"}
    assert not any(peer in (BLOCKS,) for piece in work.catalogue(2, "cuda") for peer in piece.peers)
    assert {piece.threads for piece in work.catalogue(2)} == {1, 2}


def test_help_says_what_a_run_on_a_gpu_lacks(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    told = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.endswith("(cpu only)")}
    assert told == set(work.SECTIONS) - {piece.section for piece in work.catalogue(2, "cuda")}


def test_only_takes_sections_networks_and_both():
    everything = work.catalogue(2)
    assert {w.section for w in work.chosen(everything, ["inference"])} == {"inference"}
    assert {(w.section, w.name) for w in work.chosen(everything, ["steps", "vgg11"])} == {("steps", "vgg11")}
    both = work.chosen(everything, ["limits", "floors", "lenet"])
    assert {(w.section, w.name) for w in both} == {("limits", "machine"), ("floors", "lenet")}
    assert {w.section for w in work.chosen(everything, ["vgg11"])}.isdisjoint({"limits"})
    assert work.chosen(everything, []) == everything
    for called in (["lecture Net"], ["lecture", "Net"], ["net"], ["LeNet"]):
        assert work.chosen(everything, called) == work.chosen(everything, ["lenet"]), called
    assert work.chosen(everything, ["ConvNeXt-T"]) == work.chosen(everything, ["convnext_tiny"])
    assert work.chosen(everything, ["Steps", "ResNet-18"]) == work.chosen(everything, ["steps", "resnet18"])
    with pytest.raises(ValueError, match=r"no 'vgg12'; sections are .*steps.*networks .*VGG-11"):
        work.chosen(everything, ["vgg12"])
    with pytest.raises(ValueError, match="this run has nothing of inference; it has limits, steps"):
        work.chosen(work.catalogue(2, quick=True), ["inference"])


def test_one_thread_is_set_beside_all_also_when_nothing_else_is_timed():
    assert {w.threads for w in work.chosen(work.catalogue(2), ["threads"])} == {1, 2}
    plan = command.planned(work.catalogue(2), Record(made.about(), [], []), {"tinycnn", "torch"})
    timed = [(*piece.key.values(), peer) for piece, peers in plan for peer in peers]
    assert len(timed) == len(set(timed))  # and nothing twice when everything is


def test_layers_count_their_products_and_their_traffic():
    layer = next(layer for layer in LAYERS if layer.name == "3×3, 64→64 at 56²")
    products = 8 * 56 * 56 * 64 * 64 * 9  # multiply-adds of one of the three
    assert layer.flop == 2 * 3 * products
    assert layer.traffic == 4 * 3 * (2 * 8 * 64 * 56 * 56 + 64 * 64 * 9)
    stem = LAYERS[0]
    assert stem.flop == 2 * 2 * 8 * 112 * 112 * 64 * 3 * 49  # of the image no gradient is wanted
    assert len({layer.name for layer in LAYERS}) == len(LAYERS)


def test_every_worker_has_as_many_threads_and_only_some_keep_blocks():
    env = rounds.environment(LENET, BLOCKS, None)
    assert env["OMP_NUM_THREADS"] == env["OPENBLAS_NUM_THREADS"] == "1"
    assert LARGE_BLOCKS.items() <= env.items()
    assert not LARGE_BLOCKS.keys() & rounds.environment(LENET, PLAIN, None).keys()
    assert env["NVIDIA_TF32_OVERRIDE"] == "0"


@pytest.mark.parametrize("arguments", [
    ["--rounds", "0"], ["--threads", "none"], ["--resume", "--anew"], ["--more", "--anew"], ["--device", "tpu"],
    ["--minutes", "-1"], ["--minutes", "soon"], ["--threads", "100000"], ["--machine", "../elsewhere"],
    ["--machine", ".."], ["--quick", "--dezero", "."],
])
def test_options_that_make_no_sense_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as refused:
        command.main(arguments)
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert "usage" in said
    assert "invalid _" not in said  # argparse would name our function


def test_the_help_names_the_networks_as_the_tables_do(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "networks: lecture Net (lenet), ResNet-18, AlexNet, " in said
    assert all(net.label in said for net in NETS)
    assert all(name in said for name in ("(convnext_tiny)", "resnet110", "resnet152"))


def test_a_run_without_pytorch_times_tinycnn_alone(tmp_path, without_torch, capsys):
    assert command.main(["--quick", *ONE_STEP, "--output", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert 'PyTorch is not installed: tinycnn is timed alone (python -m pip install -e ".[parity]")' in said.err
    record = Record.read(tmp_path / "here" / "quick.json")
    (measured,) = record.measurements
    assert measured["peer"] == TINYCNN.name
    assert measured["parameters"] == 62_006
    assert 0 < measured["best"] <= measured["median"]
    assert "Training step, ms" in said.out


def test_a_folder_that_cannot_be_written_is_told_of_before_anything_is_measured(tmp_path, without_torch, capsys):
    (tmp_path / "file").touch()
    code = command.main(["--quick", *ONE_STEP, "--output", str(tmp_path / "file")])
    assert code == command.NOT_POSSIBLE
    said = capsys.readouterr().err
    assert f"nothing can be written to {tmp_path / 'file' / 'here'}" in said
    assert "--output" in said
    assert "turn" not in said  # the bar


@pytest.mark.parametrize("option", ["--resume", "--more"])
def test_there_must_be_a_run_to_go_on_with(option, tmp_path, without_torch, capsys):
    assert command.main([*ONE_STEP, "--output", str(tmp_path), option]) == command.NOT_POSSIBLE
    assert f"no results in {tmp_path / 'here' / 'results.json'} to go on with" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_a_run_goes_on_where_it_was_left_and_never_replaces_another_unasked(tmp_path, without_torch, capsys):
    arguments = [*ONE_STEP, "--output", str(tmp_path)]
    path = tmp_path / "here" / "results.json"
    about = made.about() | {"machine": machine.machine(), "versions": machine.versions(), "threads": 1}
    record = Record(about, [], [])
    record.add(LENET, TINYCNN, made.measured(LENET, TINYCNN))
    record.write(path)
    before = path.read_bytes()
    assert command.main(arguments) == command.NOT_POSSIBLE
    assert "--resume goes on with them, --more adds turns, --anew begins anew" in capsys.readouterr().err
    assert command.main([*arguments, "--resume"]) == 0  # nothing is left to do
    assert path.read_bytes() == before
    record.about["versions"] = {"tinycnn": "0.0.1"}
    record.write(path)
    assert command.main([*arguments, "--resume"]) == command.NOT_POSSIBLE
    assert "another versions" in capsys.readouterr().err


def test_more_turns_join_those_that_are_there(tmp_path, without_torch, capsys):
    arguments = [*ONE_STEP, "--output", str(tmp_path)]
    path = tmp_path / "here" / "results.json"
    about = made.about() | {"machine": machine.machine(), "versions": machine.versions(), "threads": 1}
    record = Record(about, [], [])
    slow = made.measured(LENET, TINYCNN)
    for turn in (slow, *slow["turns"]):
        turn |= {"best": 1e3, "median": 1e3}
    record.add(LENET, TINYCNN, slow | {"memory": 1 << 50})
    record.write(path)
    assert command.main([*arguments, "--more"]) == 0
    (found,) = Record.read(path).measurements
    assert len(found["turns"]) == len(slow["turns"]) + 1
    assert found["best"] == found["turns"][-1]["best"] < 1e3
    assert found["median"] == 1e3
    assert found["memory"] == 1 << 50


def test_more_begins_with_what_has_the_fewest_turns_and_goes_on_where_the_time_was_up(
    tmp_path, without_torch, monkeypatch, capsys
):
    begun = []

    def of(self, piece, peers, failed, tick):
        begun.append(piece.name)
        return {peer: made.measured(piece, peer) for peer in peers}

    monkeypatch.setattr(rounds.Rounds, "of", of)
    clock = itertools.count()
    monkeypatch.setattr(command.time, "monotonic", lambda: next(clock))
    arguments = ["--only", "inference", "--threads", "1", "--machine", "here", "--output", str(tmp_path)]
    assert command.main(arguments) == 0
    every, begun[:] = begun.copy(), []
    while len(begun) < len(every):
        assert command.main([*arguments, "--more", "--minutes", "0.05"]) == 0  # three looks at the clock
        assert "the time is up: --more goes on" in capsys.readouterr().err
    assert begun[: len(every)] == every
    assert len(every) > 4
    record = Record.read(tmp_path / "here" / "results.json")
    failing = next(piece for piece in work.catalogue(1) if piece.kind == "inference")
    record.measurements = [m for m in record.measurements if m["name"] != failing.name]
    record.fail(failing, TINYCNN, "it always does")  # which is not to keep the others waiting
    record.write(tmp_path / "here" / "results.json")
    begun.clear()
    assert command.main([*arguments, "--more", "--minutes", "0.05"]) == 0
    assert begun
    assert failing.name not in begun


def test_an_interrupted_run_keeps_what_was_measured(tmp_path, without_torch, monkeypatch, capsys):
    def of(self, piece, peers, failed, tick):
        if piece.kind == "step":
            raise KeyboardInterrupt
        return {peer: made.measured(piece, peer) for peer in peers}

    monkeypatch.setattr(rounds.Rounds, "of", of)
    code = command.main(["--quick", "--threads", "1", "--machine", "here", "--output", str(tmp_path)])
    assert code == command.INTERRUPTED
    assert "interrupted: what was measured is kept" in capsys.readouterr().err
    assert {m["kind"] for m in Record.read(tmp_path / "here" / "quick.json").measurements} == {"limits"}


def test_when_the_time_is_up_nothing_new_begins(tmp_path, without_torch, capsys):
    command.main(["--quick", "--minutes", "1e-9", "--machine", "here", "--output", str(tmp_path)])
    assert "the time is up" in capsys.readouterr().err


def test_a_peer_that_fails_is_told_of_and_the_others_go_on():
    broken = work.Work("step", "no such net", 1, 32, 1, (TINYCNN,), "steps")
    told = []
    found = rounds.Rounds(1, 0.0).of(broken, [TINYCNN], lambda peer, reason: told.append((peer, reason)), lambda: None)
    assert found == {}
    assert told == [(TINYCNN, "KeyError: 'no such net'")]


def test_a_worker_that_dies_or_hangs_is_told_from_one_that_answers(monkeypatch):
    with rounds.Worker(LENET, TINYCNN, "cpu") as worker:
        assert worker.ready()["parameters"] == 62_006
        with pytest.raises(rounds.PeerFailed, match="no answer for 0 s"):
            worker.answer(patience=0.01)
        worker.process.kill()
        with pytest.raises(rounds.PeerFailed, match="its process ended with -9"):
            worker.turn(0.0)
    assert worker.process.poll() is not None


def test_where_memory_is_short_no_process_waits_beside_another(monkeypatch):
    monkeypatch.setattr(rounds, "available_memory", lambda: 0)
    started = []
    begin = rounds.Worker.__init__
    monkeypatch.setattr(rounds.Worker, "__init__", lambda self, *args: (started.append(self), begin(self, *args))[1])
    found = rounds.Rounds(2, 0.0).of(LENET, [TINYCNN], lambda *why: pytest.fail(str(why)), lambda: None)
    assert len(found[TINYCNN]["turns"]) == len(started) == 2


def test_without_a_gpu_the_program_says_so_and_fails(monkeypatch, capsys):
    def none():
        raise RuntimeError("device 'cuda' needs CuPy")

    monkeypatch.setattr(machine, "gpu", none)
    assert command.main(["--device", "cuda"]) == command.NO_GPU
    assert "there is no GPU to time: device 'cuda' needs CuPy" in capsys.readouterr().err


def test_a_record_comes_back_as_it_was_written(tmp_path):
    record = made.whole()
    record.write(tmp_path / "results.json")
    again = Record.read(tmp_path / "results.json")
    assert (again.about, again.measurements, again.failures) == (record.about, record.measurements, record.failures)
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"measurements": [], "failures": [], "format": 99}'])
def test_other_files_are_no_records(tmp_path, text, capsys):
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    assert command.main(["--table", str(path)]) == command.NOT_POSSIBLE
    assert "results.json" in capsys.readouterr().err


def test_table_and_draw_show_what_was_measured_before(tmp_path, capsys):
    path = tmp_path / "results.json"
    made.whole(quick=True).write(path)
    assert command.main(["--table", str(path)]) == 0
    assert "| tinycnn / PyTorch | 0.50 |" in capsys.readouterr().out
    assert command.main(["--draw", str(path)]) == 0
    assert (tmp_path / "ratios.png").exists()


@pytest.mark.parametrize(("cpu", "name"), [
    ("AMD EPYC (Zen 5)", "amd-epyc-zen-5-2-cores"),
    ("Intel(R) Core(TM) i7-1165G7 CPU @ 2.80GHz", "intel-core-i7-1165g7-2-cores"),
    ("Apple M3", "apple-m3-2-cores"),
])
def test_a_machine_has_a_folders_name(cpu, name):
    assert machine.slug({"cpu": cpu, "cores": 2}) == name


def test_a_worker_of_tinycnn_never_imports_pytorch():
    order = LENET.key | {"library": "tinycnn", "precision": "highest", "channels_last": False, "device": "cpu"}
    code = f"""
import sys
from benchmarks import worker
facts, turn = worker.prepare({order!r})
turn(0.0)
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=rounds.ROOT)
    assert done.stdout.strip() == "False"


def test_pytorchs_networks_are_built_from_the_same_source():
    pytest.importorskip("torch", reason="PyTorch is not installed")
    code = """
import sys, torch
from benchmarks import nets, stand_in
stand_in.install(torch)
for name in sys.argv[1:]:
    model = nets.build(name, 224)
    assert isinstance(model, torch.nn.Module)
    print(sum(p.numel() for p in model.parameters()))
print("numpy" in repr(sys.modules["tinycnn"]), hasattr(sys.modules["tinycnn"], "tensor"))
"""
    names = ["alexnet", "vgg11", "resnet18", "resnet50", "convnext_tiny"]
    program = [sys.executable, "-c", code, *names]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=rounds.ROOT)
    *counts, real = done.stdout.split("\n")[:-1]
    assert list(map(int, counts)) == [61_100_840, 132_863_336, 11_689_512, 25_557_032, 28_589_128]
    assert real == "False False"  # tinycnn itself was not imported


@pytest.mark.parametrize("kind", ["step", "inference", "layer", "limits", "ops"])
def test_a_worker_computes_on_the_device_it_is_told_and_waits_for_it(kind, device, monkeypatch):
    waits, wait = [], tinycnn.cuda.synchronize
    monkeypatch.setattr(tinycnn.cuda, "synchronize", lambda: (waits.append(None), wait())[1])
    monkeypatch.setattr(worker, "peak", lambda order: 1)
    monkeypatch.setattr(limits, "SIDE", 8)
    monkeypatch.setattr(limits, "COPIED", 1024)
    name, batch, size = ("3×3, 512→512 at 7²", 8, 7) if kind == "layer" else ("lenet", 2, 32)
    order = {"kind": kind, "name": name, "batch": batch, "size": size, "threads": 1, "library": "tinycnn",
             "precision": "highest", "channels_last": False, "device": device}
    _, turn = worker.prepare(order)
    found = turn(0.0)
    assert found.get("best", 1) > 0
    assert kind == "ops" or (len(waits) > 0) == (device == "cuda")  # the profiler waits by itself
