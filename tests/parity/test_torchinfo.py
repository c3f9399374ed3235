r"""`summary` beside torchinfo itself, on the same models in many ways; where both are installed."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tests.tables.modules import modules
from tests.tables.printouts import ASKED, EVERYTHING, FOLDER, printed
from tinycnn import models, nn
from tinycnn.ops.activations import GELU
from tinycnn.ops.convolution import Conv2d
from tinycnn.ops.linalg import Linear
from tinycnn.tables import summary

torch = pytest.importorskip("torch", reason="compares with torchinfo, which needs PyTorch")
torchinfo = pytest.importorskip("torchinfo", "1.8.0", reason="compares with torchinfo, which is not installed")

TOTALS = (
    "total_params", "trainable_params", "total_mult_adds", "total_input", "total_output_bytes", "total_param_bytes",
)
THEIRS, OURS = modules(torch), modules(tinycnn)


def asked(function: Any, model: Any, **options: Any) -> tuple[str, list[int]]:
    r"""What is printed, the result's text, and its totals."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        found = function(model, **options)
    return f"{out.getvalue()}{found!r}", [getattr(found, total) for total in TOTALS]


@pytest.mark.parametrize("name", ASKED)
def test_the_recorded_printouts_are_torchinfos(name: str) -> None:
    assert printed(torch, torchinfo.summary, name) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


@given(
    name=st.sampled_from(sorted(set(OURS) - {"alexnet"})), verbose=st.sampled_from([0, 1, 2]), depth=st.integers(0, 7),
    columns=st.lists(st.sampled_from(EVERYTHING), unique=True), width=st.integers(1, 30), given=st.booleans(),
    rows=st.sets(st.sampled_from(["depth", "var_names", "ascii_only", "hide_recursive_layers"])),
    mode=st.sampled_from(["train", "eval"]),
)
def test_every_option_prints_the_same(
    name: str, verbose: int, depth: int, columns: list[str], width: int, given: bool, rows: set[str], mode: str
) -> None:
    options = {
        "input_size": OURS[name].size if given else None, "verbose": verbose, "depth": depth, "col_width": width,
        "col_names": [c for c in columns if given or c not in {"input_size", "output_size", "mult_adds"}],
        "row_settings": rows, "mode": mode,
    }
    ours, totals = asked(summary, OURS[name].make(), **options)
    theirs, expected = asked(torchinfo.summary, THEIRS[name].make(), **options)
    assert ours == theirs
    assert totals[:3] == expected[:3]


@pytest.mark.parametrize("name", [
    "alexnet", "vgg11", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d", "convnext_tiny", "efficientnet_b0",
])  # fmt: skip
def test_torchvisions_models_print_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torchvision = pytest.importorskip("torchvision", reason="torchvision is not installed")
    monkeypatch.setattr(Conv2d, "forward", lambda ctx, x, w, b, *, window, groups: np.zeros(
        (x.shape[0], w.shape[0], *window.out), x.dtype))
    monkeypatch.setattr(Linear, "forward", lambda ctx, x, w, b: np.zeros((x.shape[0], w.shape[0]), x.dtype))
    monkeypatch.setattr(GELU, "forward", lambda ctx, x: x.copy())
    options = {"input_size": (1, 3, 224, 224), "col_names": EVERYTHING, "depth": 9, "row_settings": ("var_names",)}
    theirs = asked(torchinfo.summary, torchvision.models.get_model(name), **options)
    assert asked(summary, nn.utils.skip_init(models.get_model_builder(name)), **options) == theirs
