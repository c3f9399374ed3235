"""Layers, losses, containers and initialisation beside PyTorch's own, over options that Hypothesis draws."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tinycnn import nn

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

small = st.integers(1, 3)
flag = st.booleans()
pair = st.one_of(small, st.tuples(small, small))
seeds = st.integers(0, 2**32 - 1)


@st.composite
def layers(draw):
    """A layer's name, its arguments, and the shape of an input that fits it."""
    n, c, h, w = draw(small) + 1, draw(small), draw(st.integers(7, 9)), draw(st.integers(7, 9))
    name = draw(st.sampled_from([
        "Linear", "Conv2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "BatchNorm1d", "BatchNorm2d", "LayerNorm",
        "InstanceNorm1d", "InstanceNorm2d", "GroupNorm", "LocalResponseNorm", "ReLU6", "Hardtanh", "LeakyReLU", "ELU",
        "Softplus", "LogSigmoid", "ReLU",
        "Sigmoid", "Tanh", "GELU", "SiLU", "Softmax", "LogSoftmax", "Flatten", "Unflatten", "Identity",
    ]))
    norm = {"eps": draw(st.sampled_from([1e-5, 0.1])), "momentum": draw(st.sampled_from([0.1, None])),
            "affine": draw(flag), "track_running_stats": draw(flag), "bias": draw(flag)}
    if name == "Conv2d":
        groups, same = draw(small), draw(flag)
        options = {
            "padding": draw(st.sampled_from(["same", "valid"])) if same else draw(pair), "dilation": draw(pair),
            "stride": 1 if same else draw(pair), "groups": groups, "bias": draw(flag),
        }
        return name, (c * groups, draw(small) * groups, draw(pair)), options, (n, c * groups, h, w)
    if name == "MaxPool2d":
        options = {"padding": draw(st.integers(0, 1)), "dilation": draw(small), "ceil_mode": draw(flag)}
        return name, (draw(st.integers(2, 3)), draw(pair)), options, (n, c, h, w)
    if name == "AvgPool2d":
        options = {"padding": draw(st.integers(0, 1)), "ceil_mode": draw(flag), "count_include_pad": draw(flag),
                   "divisor_override": draw(st.sampled_from([None, 3]))}
        return name, (draw(st.integers(2, 3)), draw(pair)), options, (n, c, h, w)
    side = st.one_of(st.none(), small)
    return {
        "Linear": ("Linear", (w, draw(small), draw(flag)), {}, draw(st.sampled_from([(w,), (n, w), (n, c, w)]))),
        "AdaptiveAvgPool2d": (name, ((draw(side), draw(side)),), {}, (n, c, h, w)),
        "BatchNorm1d": (name, (c,), norm, draw(st.sampled_from([(n, c), (n, c, w)]))),
        "BatchNorm2d": (name, (c,), norm, (n, c, h, w)),
        "LayerNorm": (name, ([h, w][draw(st.integers(0, 1)):],), {"elementwise_affine": draw(flag), "bias": draw(flag)},
                      (n, c, h, w)),
        "InstanceNorm1d": (name, (c,), norm, draw(st.sampled_from([(c, w), (n, c, w)]))),
        "InstanceNorm2d": (name, (c,), norm, draw(st.sampled_from([(c, h, w), (n, c, h, w)]))),
        "GroupNorm": (name, (c, 2 * c), {"affine": draw(flag), "bias": draw(flag)}, (n, 2 * c, h, w)),
        "LocalResponseNorm": (name, (draw(small), 0.5, draw(st.sampled_from([0.75, 1.0])), 2.0), {}, (n, c, h, w)),
        "Hardtanh": (name, (-0.5, draw(small)), {}, (n, w)),
        "LeakyReLU": (name, (0.3,), {}, (n, w)),
        "ELU": (name, (draw(st.sampled_from([0.5, 2.0])),), {}, (n, w)),
        "Softplus": (name, (draw(small), draw(small)), {}, (n, w)),
        "GELU": (name, (draw(st.sampled_from(["none", "tanh"])),), {}, (n, w)),
        "Softmax": (name, (draw(st.integers(-2, 1)),), {}, (n, w)),
        "LogSoftmax": (name, (draw(st.integers(-2, 1)),), {}, (n, w)),
        "Flatten": (name, (draw(st.integers(0, 1)), draw(st.integers(1, 3))), {}, (n, c, h, w)),
        "Unflatten": (name, (1, (c, -1)), {}, (n, c * h, w)),
    }.get(name, (name, (), {}, (n, c, w)))


def close(ours, theirs):
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")  # PyTorch's, about its speed
@given(case=layers(), seed=seeds)
def test_layers(case, seed):
    name, args, options, shape = case
    rng = np.random.default_rng(seed)
    ours = getattr(nn, name)(*args, **options).double()
    theirs = getattr(torch.nn, name)(*args, **options).double()
    assert str(ours) == str(theirs)
    with tinycnn.no_grad():
        for parameter in ours.parameters():
            parameter.copy_(tinycnn.from_numpy(rng.standard_normal(tuple(parameter.shape))))
    theirs.load_state_dict({key: torch.tensor(value.numpy()) for key, value in ours.state_dict().items()})
    for training in (True, True, False):
        x = rng.standard_normal(shape)
        mine, other = tinycnn.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        y, z = ours.train(training)(mine), theirs.train(training)(other)
        close(y, z)
        g = rng.standard_normal(tuple(z.shape))
        y.backward(tinycnn.tensor(g))
        z.backward(torch.tensor(g))
        close(mine.grad, other.grad)
    for (name, parameter), (other_name, other) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other_name
        close(parameter.grad, other.grad)
    for (name, buffer), (other_name, other) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert name == other_name
        close(buffer, other)


reductions = st.sampled_from(["mean", "sum", "none"])


@given(
    name=st.sampled_from(["NLLLoss", "CrossEntropyLoss", "CrossEntropyLoss rows", "BCELoss", "BCEWithLogitsLoss",
                          "MSELoss", "L1Loss"]),
    n=st.integers(1, 4), c=st.integers(2, 4), more=st.lists(small, max_size=2), reduction=reductions,
    weighted=flag, ignore=flag, smoothing=st.sampled_from([0.0, 0.3]), seed=seeds,
)  # fmt: skip
def test_losses(name, n, c, more, reduction, weighted, ignore, smoothing, seed):
    rng = np.random.default_rng(seed)
    name, _, rows = name.partition(" ")
    x, options = rng.standard_normal((n, c, *more)), {"reduction": reduction}
    target = rng.random(x.shape)
    labels = name in ("NLLLoss", "CrossEntropyLoss") and not rows
    if labels:
        target = rng.integers(0, c, (n, *more))
        options["ignore_index"] = int(target.ravel()[0]) if ignore and (target != target.ravel()[0]).any() else -100
    if name == "BCELoss":
        x = 1 / (1 + np.exp(-x))
    if name == "CrossEntropyLoss":
        options["label_smoothing"] = smoothing
    if weighted and name not in ("MSELoss", "L1Loss"):
        options["weight"] = rng.random(c if name in ("NLLLoss", "CrossEntropyLoss") else x.shape[-1]) + 0.1
    losses, inputs = [], []
    for module, tensor in ((nn, tinycnn.tensor), (torch.nn, torch.tensor)):
        kept = {key: tensor(value) if isinstance(value, np.ndarray) else value for key, value in options.items()}
        inputs.append(tensor(x, requires_grad=True))
        losses.append(getattr(module, name)(**kept)(inputs[-1], tensor(target)))
        losses[-1].sum().backward()
    close(*losses)
    close(inputs[0].grad, inputs[1].grad)


edits = st.lists(
    st.tuples(st.sampled_from(["append", "insert", "delete", "slice", "set", "extend"]), st.integers(-6, 6), small),
    max_size=8,
)


@given(kind=st.sampled_from(["Sequential", "ModuleList"]), changes=edits)
def test_containers(kind, changes):
    """The same edits leave the same modules under the same names, or fail alike."""
    held = []
    for module in (nn, torch.nn):
        made, failed = getattr(module, kind)(), []
        for how, i, n in changes:
            if how == "insert":  # PyTorch's ModuleList takes no index from the end
                i = min(abs(i), len(made))
            new = module.Linear(n, n, bias=False)
            try:
                if how == "append":
                    made.append(new)
                elif how == "extend":
                    made.extend([new, module.ReLU()])
                elif how == "insert":
                    made.insert(i, new)
                elif how == "delete":
                    del made[i]
                elif how == "slice":
                    del made[i:]
                else:
                    made[i] = new
            except IndexError:
                failed.append(how)
        held.append((str(made), str(made[1:]), list(made.state_dict()), len(made), failed))
    assert held[0] == held[1]


# PyTorch's Module, and with it Sigmoid and its like, only seem to take any arguments; its Parameter takes the same, and
# its Hardtanh knows its bounds by older names too, of which it warns.
OTHERS = ("Module", "Parameter", "Sigmoid", "Tanh", "LogSigmoid", "Hardtanh")
LAYERS = [name for name in nn.__all__ if name[0].isupper() and hasattr(torch.nn, name) and name not in OTHERS]


@pytest.mark.parametrize("name", LAYERS)
def test_arguments_names_order_and_defaults(name):
    ours, theirs = (inspect.signature(getattr(module, name)) for module in (nn, torch.nn))
    assert [(p.name, p.default, p.kind) for p in ours.parameters.values()] == [
        (p.name, p.default, p.kind) for p in theirs.parameters.values()
    ]


@pytest.mark.parametrize("name", nn.init.__all__)
def test_arguments_of_initialisation(name):
    ours, theirs = (inspect.signature(getattr(module, name)) for module in (nn.init, torch.nn.init))
    assert [(p.name, p.default) for p in ours.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values()
    ]


@given(shape=st.lists(small, min_size=2, max_size=5), slope=st.floats(-3, 3), groups=small)
def test_identities_fans_and_gains(shape, slope, groups):
    ours, theirs = tinycnn.empty(shape), torch.empty(shape)
    assert nn.init._calculate_fan_in_and_fan_out(ours) == torch.nn.init._calculate_fan_in_and_fan_out(theirs)
    for name in ("linear", "conv3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        expected = torch.nn.init.calculate_gain(name, slope)
        assert nn.init.calculate_gain(name, slope) == pytest.approx(expected, rel=1e-15)
    if len(shape) == 2:
        close(nn.init.eye_(ours), torch.nn.init.eye_(theirs))
    elif shape[0] % groups == 0:
        close(nn.init.dirac_(ours, groups), torch.nn.init.dirac_(theirs, groups))
