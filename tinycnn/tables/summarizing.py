r"""torchinfo's summary of a model: a forward pass with hooks on every module, and a line for each call."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tinycnn.errors import ConfigError, described, explain
from tinycnn.nn import Module
from tinycnn.tables.inputs import converted, drawn, expect_model, listed, reminding, shapes_of, tensors_in
from tinycnn.tables.layer_info import LayerInfo
from tinycnn.tables.passing import layers_alone, layers_passed
from tinycnn.tables.statistics import COLUMNS, FormattingOptions, ModelStatistics

ROW_SETTINGS = ("depth", "var_names", "ascii_only", "hide_recursive_layers")
MODES = ("train", "eval")
NEEDS_INPUT = ("input_size", "output_size", "mult_adds")
STORAGE_OBJECT = 64  # bytes of the Python object around a tensor's memory, which torchinfo counts as input, too

_kept: tuple[Any, list[LayerInfo]] | None = None  # the last pass that was to be kept, and what it was a pass of


def summary(
    model: Module,
    input_size: Any = None,
    input_data: Any = None,
    batch_dim: int | None = None,
    cache_forward_pass: bool | None = None,
    col_names: Iterable[str] | None = None,
    col_width: int = 25,
    depth: int = 3,
    device: Any = None,
    dtypes: Sequence[Any] | None = None,
    mode: str | None = None,
    row_settings: Iterable[str] | None = None,
    verbose: int | None = None,
    **kwargs: Any,
) -> ModelStatistics:
    r"""The modules of a model with their sizes and parameters, as torchinfo 1.8.0 prints them, line for line.

    The model runs once, without recording, and is left as it was: its hooks, modes, statistics, gradients and device,
    and the random numbers, also if it fails; then the error names the module where it arose.

    Parameters
    ----------
    model : Module
    input_size : tuple, or a list of tuples
        The size of the input with its batch, or of each of several; random numbers of that size are drawn.
    input_data : Tensor, array, or a list, tuple or dict of them
        The inputs themselves in place of their sizes; a dict holds keyword arguments. Without either nothing is run,
        and only parameters are shown.
    batch_dim : int, optional
        Where to put a batch of one, if `input_size` does not say the batch.
    cache_forward_pass : bool
        Keep what the pass found for the next call with the same model and sizes, which then only prints it in another
        way. torchinfo keeps it by the model's class, whatever else has changed.
    col_names : sequence of str
        Of input_size, output_size, num_params, params_percent, kernel_size, mult_adds, trainable.
    col_width, depth : int
        Characters a column; levels of nesting that are shown.
    device, dtypes
        Where to run it, and the dtype of each input; by default the model's own.
    mode : str
        "eval" or "train", for the pass.
    row_settings : sequence of str
        Of depth, var_names, ascii_only, hide_recursive_layers.
    verbose : int
        0 prints nothing, 1 prints the summary, 2 adds a line for each parameter; by default 1, and 0 where Python is
        used interactively, for there the result is shown anyway.
    **kwargs
        Further arguments of the model's forward.

    Raises
    ------
    ConfigError      an option has no such value, or columns are asked for that need an input
    ArgumentError    input_size is no tuple or list

    Notes
    -----
    The counts are torchinfo's too, also where others would count differently: a bias or the weight of a normalization
    is a mult-add for each example (in a convolution for each position), the positions of a linear layer's input do not
    count, nor does what is no module; a functional op has no line. The forward/backward size is twice the outputs of
    layers with parameters. `measure` counts what multiplies, and nothing else.

    Examples
    --------
    >>> from tinycnn import nn
    >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
    >>> found = summary(model, (1, 3, 8, 8), col_width=16)
    ========================================================================
    Layer (type:depth-idx)                   Output Shape     Param #
    ========================================================================
    Sequential                               [1, 10]          --
    ├─Conv2d: 1-1                            [1, 8, 6, 6]     224
    ├─ReLU: 1-2                              [1, 8, 6, 6]     --
    ├─Flatten: 1-3                           [1, 288]         --
    ├─Linear: 1-4                            [1, 10]          2,890
    ========================================================================
    Total params: 3,114
    Trainable params: 3,114
    Non-trainable params: 0
    Total mult-adds (Units.MEGABYTES): 0.01
    ========================================================================
    Input size (MB): 0.00
    Forward/backward pass size (MB): 0.00
    Params size (MB): 0.01
    Estimated Total Size (MB): 0.02
    ========================================================================
    >>> found.total_params, found.total_mult_adds
    (3114, 10954)
    """
    expect_model("summary", model)
    given = input_size is not None or input_data is not None
    if col_names is None:
        col_names = ("output_size", "num_params") if given else ("num_params",)
    columns = _known("col_names", col_names, COLUMNS)
    rows = {"depth"} if row_settings is None else set(_known("row_settings", row_settings, ROW_SETTINGS))
    (mode,) = _known("mode", ["eval" if mode is None else mode], MODES)
    verbose = (0 if getattr(sys, "ps1", None) else 1) if verbose is None else verbose
    _check(input_size, input_data, columns, col_width, depth, verbose)
    formatting = FormattingOptions(depth, verbose, columns, col_width, rows)

    inputs, sizes = _inputs(model, input_size, input_data, batch_dim, device, dtypes)
    if given:
        with reminding(sizes if batch_dim is None else None):
            layers = _pass(model, inputs, sizes, kwargs, batch_dim, device, mode == "train", bool(cache_forward_pass))
    else:
        layers = layers_alone(model)
    bytes_in = sum(STORAGE_OBJECT + x.array.nbytes for x in tensors_in(inputs))
    result = ModelStatistics(layers, sizes, bytes_in, formatting)
    if verbose:
        print(result)
    return result


def _inputs(
    model: Module, input_size: Any, input_data: Any, batch_dim: int | None, device: Any, dtypes: Sequence[Any] | None
) -> tuple[Any, Any]:
    r"""The arguments of the model's forward, and their sizes."""
    if input_size is not None:
        sizes = listed(input_size)
        return drawn(model, sizes, dtypes, device, batch_dim), sizes
    data = converted(input_data, device)
    if data is not None and not isinstance(data, list | tuple | Mapping):
        data = [data]
    return data, shapes_of(input_data)


def _pass(
    model: Module, inputs: Any, sizes: Any, kwargs: dict[str, Any], batch_dim: int | None, device: Any,
    training: bool, keep: bool,
) -> list[LayerInfo]:
    r"""The layers that ran; those of the pass before, if it was kept and was of the same."""
    global _kept
    frozen = [parameter.requires_grad for parameter in model.parameters()]
    kinds = [x.dtype for x in tensors_in(inputs)]
    what = (id(model), repr(model), frozen, sizes, kinds, batch_dim, device, training)
    if keep and not kwargs and _kept is not None and _kept[0] == what:
        return _kept[1]
    layers = layers_passed(model, inputs, converted(kwargs, device), batch_dim, device, training)
    if keep and not kwargs:
        _kept = what, layers  # they hold the model, so no other one can get its id
    return layers


def _known(option: str, names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    chosen = [names] if isinstance(names, str) else list(names)
    for name in chosen:
        if name not in known:
            from difflib import get_close_matches  # needed only here

            close = get_close_matches(str(name), list(known), n=1)
            raise ConfigError(explain(
                f"summary: {option} knows no {name!r}", {"known": ", ".join(known)},
                f"did you mean {close[0]!r}?" if close else None,
            ))
    return tuple(map(str, chosen))


def _check(input_size: Any, input_data: Any, columns: Sequence[str], col_width: int, depth: int, verbose: int) -> None:
    if input_size is not None and input_data is not None:
        raise ConfigError("summary: takes input_size or input_data, not both: the data has its sizes")
    missing = [name for name in columns if name in NEEDS_INPUT]
    if input_size is None and input_data is None and missing:
        raise ConfigError(explain(
            f"summary: the model has to run for {' and '.join(missing)}", {"col_names": ", ".join(columns)},
            "pass input_size, such as (1, 3, 224, 224), or input_data",
        ))
    for option, number, least in (("col_width", col_width, 1), ("depth", depth, 0)):
        if not isinstance(number, int) or number < least:
            raise ConfigError(f"summary: {option} must be a whole number of at least {least}, not {described(number)}")
    if verbose not in {0, 1, 2}:
        raise ConfigError(f"summary: verbose is 0 (quiet), 1 (print) or 2 (parameters too), not {described(verbose)}")
