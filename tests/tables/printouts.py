r"""What is asked of `summary`: models and options whose printouts torchinfo 1.8.0 has left in recorded/.

``python -m tests.tables.printouts`` asks it anew, where torch and torchinfo are installed.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.tables.modules import modules

FOLDER = Path(__file__).parent / "recorded"

EVERYTHING = (
    "input_size", "output_size", "num_params", "params_percent", "kernel_size", "mult_adds", "trainable",
)

#: By the name of the file: the model, and the options.
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "alexnet": ("alexnet", {}),
    "alexnet_all_columns": ("alexnet", {"col_names": EVERYTHING, "col_width": 18}),
    "alexnet_depth_1": ("alexnet", {"depth": 1, "col_names": EVERYTHING}),
    "net_verbose": ("net", {"verbose": 2, "col_names": ("kernel_size", "num_params", "mult_adds")}),
    "shared": ("shared", {"row_settings": ("depth", "var_names")}),
    "shared_hidden": ("shared", {"row_settings": ("hide_recursive_layers",)}),
    "lists": ("lists", {"depth": 5, "row_settings": ("var_names", "depth")}),
    "late": ("late", {}),
    "two": ("two", {"col_names": ("input_size", "output_size", "num_params")}),
    "two_without_batch": ("two", {"input_size": [(4,), (2, 5, 6)], "batch_dim": 0, "scale": 3}),
    "frozen": ("frozen", {"col_names": ("num_params", "trainable", "params_percent"), "mode": "train"}),
    "deep": ("deep", {"row_settings": ("ascii_only", "var_names"), "depth": 4, "col_names": EVERYTHING[::-1]}),
    "own": ("own", {"col_names": ("num_params", "params_percent", "mult_adds")}),
    "mixed": ("mixed", {}),
    "mixed_not_run": ("mixed", {"input_size": None, "col_names": ("num_params", "kernel_size")}),
}


def _made(make: Callable[[], Any]) -> Any:
    return make()


def printed(torch: Any, summary: Callable[..., Any], name: str, made: Callable[..., Any] = _made) -> str:
    r"""What the call prints; `made` calls what makes the model."""
    model, options = ASKED[name]
    make, size = modules(torch)[model]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        summary(made(make), **{"input_size": size, **options})
    return out.getvalue()


def main() -> None:
    r"""Write torchinfo's answers."""
    import torch
    import torchinfo

    if torchinfo.__version__ != "1.8.0":
        raise SystemExit(f"printouts are those of torchinfo 1.8.0, not of {torchinfo.__version__}")
    FOLDER.mkdir(exist_ok=True)
    for name in ASKED:
        (FOLDER / f"{name}.txt").write_text(printed(torch, torchinfo.summary, name), encoding="utf-8")


if __name__ == "__main__":
    main()
