r"""`summary` against the printouts that torchinfo 1.8.0 has left, its options, and what it leaves alone."""

from __future__ import annotations

import contextlib
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.tables.modules import modules
from tests.tables.printouts import ASKED, FOLDER, printed
from tinycnn import nn
from tinycnn.errors import ArgumentError, ConfigError, ShapeError
from tinycnn.tables import ModelStatistics, layer_table, measure, summary

MODELS = modules(tinycnn)


def quiet(name: str, **options: Any) -> ModelStatistics:
    make, size = MODELS[name]
    return summary(nn.utils.skip_init(make), **{"input_size": size, "verbose": 0, **options})


@pytest.mark.parametrize("name", ASKED)
def test_it_prints_what_torchinfo_prints(name: str) -> None:
    assert printed(tinycnn, summary, name, nn.utils.skip_init) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_the_lectures_numbers_of_alexnet(capsys: pytest.CaptureFixture[str]) -> None:
    make, size = MODELS["alexnet"]
    found = summary(nn.utils.skip_init(make), input_size=size)
    assert str(found) + "\n" == capsys.readouterr().out
    assert (found.total_params, found.trainable_params) == (61_100_840, 61_100_840)
    convolutions = 23_296 * 55 * 55 + 307_392 * 27 * 27 + (663_936 + 884_992 + 590_080) * 13 * 13
    assert found.total_mult_adds == convolutions + 37_752_832 + 16_781_312 + 4_097_000
    assert found.total_param_bytes == 4 * 61_100_840
    for line in ("Total mult-adds (Units.MEGABYTES): 714.68", "Input size (MB): 0.60", "Params size (MB): 244.40",
                 "Forward/backward pass size (MB): 3.95", "Estimated Total Size (MB): 248.96"):
        assert line in str(found).splitlines()


def test_every_line_can_be_looked_at() -> None:
    found = quiet("net")
    conv = found.summary_list[1]
    assert (conv.class_name, conv.var_name, conv.depth, conv.depth_index) == ("Conv2d", "conv1", 1, 1)
    assert (conv.input_size, conv.output_size, conv.kernel_size) == ([16, 3, 32, 32], [16, 6, 28, 28], [5, 5])
    assert (conv.num_params, conv.macs) == (456, 16 * 28 * 28 * 456)
    assert [info.is_recursive for info in found.summary_list if info.var_name == "pool"] == [False, True]


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_verbose_prints_or_not(verbose: int, capsys: pytest.CaptureFixture[str]) -> None:
    found = quiet("late", verbose=verbose)
    assert capsys.readouterr().out == (f"{found}\n" if verbose else "")


def test_where_python_is_interactive_the_result_is_not_printed_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.ps1", ">>> ", raising=False)
    quiet("late", verbose=None)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("data", [
    [np.ones((2, 4), "float32"), tinycnn.ones(2, 2, 5, 6)],
    {"x": tinycnn.ones(2, 4), "y": tinycnn.ones(2, 2, 5, 6)},
])
def test_data_may_be_given_in_place_of_sizes(data: Any) -> None:
    assert str(quiet("two", input_size=None, input_data=data)) == str(quiet("two"))
    assert str(quiet("late", input_size=None, input_data=tinycnn.ones(5, 3))) == str(quiet("late"))


def test_whole_numbers_as_input() -> None:
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rows = nn.Parameter(tinycnn.ones(9, 4))

        def forward(self, words: Any) -> Any:
            assert words.dtype == tinycnn.int64
            return self.rows[words]

    assert summary(Table(), (2, 3), dtypes=[tinycnn.int64], verbose=0).summary_list[0].output_size == [2, 3, 4]


def test_a_model_in_double_precision_gets_input_of_its_own_kind() -> None:
    found = summary(nn.Linear(3, 2).double(), (1, 3), verbose=0)
    assert (found.total_param_bytes, found.total_output_bytes) == (8 * 8, 2 * 2 * 8)


def test_many_modules_in_modules() -> None:
    model: nn.Module = nn.Linear(3, 2)
    for _ in range(60):
        model = nn.Sequential(model)  # each around the one before; to look into each anew from each would never end
    found = summary(model, (1, 3), depth=99, verbose=0)
    assert (len(found.summary_list), found.total_params, found.summary_list[0].own_params) == (61, 8, 0)


# The model is left as it was ─────────────────────────────────────────────────────────────────────────────────────────


class Counts(nn.Module):
    r"""It replaces a buffer in every pass."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("passes", tinycnn.zeros(1))

    def forward(self, x: Any) -> Any:
        self.passes = self.passes + 1
        return x


class Fails(nn.Module):
    def forward(self, x: Any) -> Any:
        raise ValueError("not today")


def traced(model: nn.Module) -> list[Any]:
    r"""All that a summary might change."""
    return [
        [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks)) for m in model.modules()],
        [(name, id(p), p.detach().cpu().numpy().tolist(), p.requires_grad, p.grad is None)
         for name, p in model.named_parameters()],
        [(name, id(b), b.cpu().numpy().tolist()) for name, b in model.named_buffers()],
        tinycnn.get_rng_state(),
    ]


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("end", [nn.Identity, Fails])
def test_the_model_is_left_as_it_was(mode: str, end: Any) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), Counts(), end())
    model[1].eval()
    model[0].weight.requires_grad_(False)
    model[0].bias.grad = tinycnn.ones(2)
    before = traced(model)
    with contextlib.suppress(ValueError):
        summary(model, (4, 1, 5, 5), mode=mode, verbose=0)
    assert traced(model) == before


@pytest.mark.parametrize("there", ["cpu", None])
def test_the_model_goes_back_to_its_device(device: Any, there: str | None) -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).to(device)
    before = traced(model)
    found = summary(model, (4, 3), device=there, mode="train", verbose=0)
    assert found.total_params == 12
    assert {tensor.device for tensor in model.state_dict().values()} == {tinycnn.device(device)}
    assert traced(model) == before


def test_an_error_says_how_far_the_model_came() -> None:
    with pytest.raises(ValueError, match="not today") as caught:
        summary(nn.Sequential(nn.Flatten(), nn.Linear(4, 2), Fails()), (1, 2, 2))
    assert caught.value.__notes__ == [
        "summary: the model failed in its forward pass; layers that had run: Flatten (0), Linear (1)"
    ]


# Mistakes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_input_that_does_not_fit_names_the_module() -> None:
    with pytest.raises(ShapeError, match=r"in module  conv1 \(Conv2d\)"):
        quiet("net", input_size=(1, 1, 32, 32))


@pytest.mark.parametrize(("options", "text"), [
    ({"col_names": ["outputsize"]}, "did you mean 'output_size'"),
    ({"row_settings": ["var_name"]}, "did you mean 'var_names'"),
    ({"mode": "test"}, "mode knows no 'test'"),
    ({"verbose": 3}, "verbose is 0"),
    ({"col_width": 0}, "col_width must be a whole number of at least 1, not int 0"),
    ({"depth": "all"}, "depth must be a whole number of at least 0, not str all"),
    ({"input_data": tinycnn.ones(5, 3)}, "not both"),
    ({"input_size": None, "col_names": ["mult_adds"]}, "the model has to run for mult_adds"),
    ({"input_size": (0, 3)}, "must be at least 1"),
    ({"input_size": ()}, "must be at least 1"),
    ({"dtypes": ["float32", "float32"]}, "must name as many inputs"),
])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        quiet("late", **options)


@pytest.mark.parametrize("size", [5, "5, 3", (5.0, 3), [(5, 3), 3]])
def test_what_is_no_size_is_refused(size: Any) -> None:
    with pytest.raises(ArgumentError, match="with the batch"):
        quiet("late", input_size=size)


def test_a_batch_that_was_forgotten() -> None:
    for count in (quiet, lambda name, input_size: measure(MODELS[name].make(), input_size)):
        with pytest.raises(ShapeError) as caught:
            count("net", input_size=(3, 32, 32))
        assert caught.value.__notes__[-1] == "was the batch forgotten? input_size says it too: (1, 3, 32, 32)"


@pytest.mark.parametrize("count", [summary, measure, layer_table])
@pytest.mark.parametrize(("model", "hint"), [
    (nn.Identity, r"Identity\(\) makes one"), ("alexnet", r"get_model\('alexnet'\)"), (5, "int 5"),
])
def test_what_is_no_model_is_refused(count: Any, model: Any, hint: str) -> None:
    with pytest.raises(ArgumentError, match=rf"{count.__name__}: model must be a Module(.|\n)*{hint}"):
        count(model, (1, 3))


@pytest.mark.parametrize("count", [measure, layer_table])
def test_dtypes_are_a_list(count: Any) -> None:
    with pytest.raises(ArgumentError, match=r"one dtype for each input: \['float32'\]"):
        count(nn.Identity(), (1, 3), "float32")


# Printing one pass in several ways ───────────────────────────────────────────────────────────────────────────────────


def test_a_pass_may_be_kept_and_is_not_mistaken_for_another() -> None:
    runs = []

    class Counted(nn.Linear):
        def forward(self, x: Any) -> Any:
            runs.append(tuple(x.shape))
            return super().forward(x)

    one, other = Counted(3, 2), Counted(3, 2)
    for model, rows in ((one, 1), (one, 1), (other, 1), (other, 5), (other, 5)):
        found = summary(model, (rows, 3), cache_forward_pass=True, verbose=0, depth=rows)
        assert found.summary_list[0].output_size == [rows, 2]
    assert runs == [(1, 3), (1, 3), (5, 3)]
    other.requires_grad_(False)
    assert summary(other, (5, 3), cache_forward_pass=True, verbose=0).trainable_params == 0


# In a notebook ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Cells(HTMLParser):
    r"""The cells of a table; every tag has to be closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells[-1] += data


def test_in_a_notebook_it_is_a_table() -> None:
    page = Cells(quiet("net")._repr_html_())
    assert page.cells[:6] == ["Layer (type:depth-idx)", "Output Shape", "Param #", "Net", "[16, 10]", "--"]
    assert page.cells[6:9] == ["Conv2d: 1-1", "[16, 6, 28, 28]", "456"]
    assert "Total params: 62,006" in page.cells
    assert page.attributes <= {"style", "scope", "colspan"}  # nothing from elsewhere


def test_what_a_name_says_cannot_become_html() -> None:
    made = type("<script>alert(1)</script>", (nn.Linear,), {})(3, 2)
    html = summary(made, (1, 3), verbose=0)._repr_html_()
    assert "<script>" not in html
    assert "<script>alert(1)</script>" in Cells(html).cells
