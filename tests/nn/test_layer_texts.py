"""How layers print and what their states are called: as PyTorch 2.13 does, so that its files and habits fit."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import tinycnn
from tinycnn import nn

PRINTED = [  # what PyTorch prints for these
    (lambda: nn.Linear(3, 2), "Linear(in_features=3, out_features=2, bias=True)"),
    (lambda: nn.Linear(3, 2, False), "Linear(in_features=3, out_features=2, bias=False)"),
    (lambda: nn.Conv2d(3, 8, 3), "Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))"),
    (
        lambda: nn.Conv2d(3, 8, (3, 5), stride=2, padding=1),
        "Conv2d(3, 8, kernel_size=(3, 5), stride=(2, 2), padding=(1, 1))",
    ),
    (
        lambda: nn.Conv2d(4, 8, 3, stride=(2, 1), padding=(0, 1), dilation=2, groups=4, bias=False),
        "Conv2d(4, 8, kernel_size=(3, 3), stride=(2, 1), padding=(0, 1), dilation=(2, 2), groups=4, bias=False)",
    ),
    (lambda: nn.Conv2d(3, 8, 3, padding="same"), "Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same)"),
    (
        lambda: nn.Conv2d(3, 8, 3, padding="valid", dilation=(1, 2)),
        "Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=valid, dilation=(1, 2))",
    ),
    (
        lambda: nn.Conv2d(3, 8, [3, 5], padding=[1, 2]),
        "Conv2d(3, 8, kernel_size=(3, 5), stride=(1, 1), padding=(1, 2))",
    ),
    (
        lambda: nn.Conv2d(4, 4, 3, padding=(1, 2), padding_mode="circular", groups=2, bias=False),
        "Conv2d(4, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 2), groups=2, bias=False, padding_mode=circular)",
    ),
    (lambda: nn.ConvTranspose2d(3, 4, 3), "ConvTranspose2d(3, 4, kernel_size=(3, 3), stride=(1, 1))"),
    (
        lambda: nn.ConvTranspose2d(4, 6, (3, 2), 2, 1, 1, 2, False, (2, 1)),
        "ConvTranspose2d(4, 6, kernel_size=(3, 2), stride=(2, 2), padding=(1, 1), dilation=(2, 1),"
        " output_padding=(1, 1), groups=2, bias=False)",
    ),
    (lambda: nn.Unfold(2), "Unfold(kernel_size=2, dilation=1, padding=0, stride=1)"),
    (
        lambda: nn.Unfold((2, 3), 2, (1, 0), [1, 2]),
        "Unfold(kernel_size=(2, 3), dilation=2, padding=(1, 0), stride=[1, 2])",
    ),
    (
        lambda: nn.Fold((4, 5), 2, stride=2),
        "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=2)",
    ),
    (lambda: nn.ConstantPad2d(2, 3.5), "ConstantPad2d(padding=(2, 2, 2, 2), value=3.5)"),
    (lambda: nn.ConstantPad1d((1, 2), 0), "ConstantPad1d(padding=(1, 2), value=0)"),
    (lambda: nn.ConstantPad3d(1, 1), "ConstantPad3d(padding=(1, 1, 1, 1, 1, 1), value=1)"),
    (lambda: nn.ZeroPad2d([1, 2, 3, 4]), "ZeroPad2d((1, 2, 3, 4))"),
    (lambda: nn.ZeroPad1d(1), "ZeroPad1d((1, 1))"),
    (lambda: nn.ZeroPad3d(1), "ZeroPad3d((1, 1, 1, 1, 1, 1))"),
    *(
        (lambda kind=kind, d=d: getattr(nn, f"{kind}Pad{d}d")(1), f"{kind}Pad{d}d({(1,) * 2 * d})")
        for kind in ("Reflection", "Replication", "Circular") for d in (1, 2, 3)
    ),
    (lambda: nn.MaxPool2d(2), "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"),
    (
        lambda: nn.MaxPool2d((3, 2), stride=(2, 1), padding=1, dilation=2, ceil_mode=True),
        "MaxPool2d(kernel_size=(3, 2), stride=(2, 1), padding=1, dilation=2, ceil_mode=True)",
    ),
    (lambda: nn.AvgPool2d(2), "AvgPool2d(kernel_size=2, stride=2, padding=0)"),
    (
        lambda: nn.AvgPool2d((3, 2), 2, 1, ceil_mode=True, count_include_pad=False, divisor_override=3),
        "AvgPool2d(kernel_size=(3, 2), stride=2, padding=1)",
    ),
    (lambda: nn.AdaptiveAvgPool2d(1), "AdaptiveAvgPool2d(output_size=1)"),
    (lambda: nn.AdaptiveAvgPool2d((3, None)), "AdaptiveAvgPool2d(output_size=(3, None))"),
    (lambda: nn.AdaptiveMaxPool2d([1, 2], True), "AdaptiveMaxPool2d(output_size=[1, 2])"),
    (
        lambda: nn.BatchNorm1d(4),
        "BatchNorm1d(4, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    ),
    (
        lambda: nn.BatchNorm2d(4, 1e-3, None, False, False),
        "BatchNorm2d(4, eps=0.001, momentum=None, affine=False, bias=False, track_running_stats=False)",
    ),
    (
        lambda: nn.BatchNorm2d(4, bias=False),
        "BatchNorm2d(4, eps=1e-05, momentum=0.1, affine=True, bias=False, track_running_stats=True)",
    ),
    (lambda: nn.LayerNorm(4), "LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)"),
    (
        lambda: nn.LayerNorm((3, 4), 1e-6, bias=False),
        "LayerNorm((3, 4), eps=1e-06, elementwise_affine=True, bias=False)",
    ),
    (
        lambda: nn.LayerNorm([4], elementwise_affine=False),
        "LayerNorm((4,), eps=1e-05, elementwise_affine=False, bias=False)",
    ),
    (lambda: nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)"),
    (lambda: nn.GroupNorm(2, 4, 0.1, False), "GroupNorm(2, 4, eps=0.1, affine=False, bias=False)"),
    (lambda: nn.GroupNorm(2, 4, bias=False), "GroupNorm(2, 4, eps=1e-05, affine=True, bias=False)"),
    (
        lambda: nn.InstanceNorm1d(3),
        "InstanceNorm1d(3, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=False)",
    ),
    (
        lambda: nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
        "InstanceNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    ),
    (lambda: nn.LocalResponseNorm(5), "LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)"),
    (lambda: nn.LocalResponseNorm(5, 1, 1, 2), "LocalResponseNorm(5, alpha=1, beta=1, k=2)"),
    (lambda: nn.ReLU(), "ReLU()"),
    (lambda: nn.ReLU(True), "ReLU(inplace=True)"),
    (lambda: nn.ReLU6(), "ReLU6()"),
    (lambda: nn.ReLU6(True), "ReLU6(inplace=True)"),
    (lambda: nn.Hardtanh(), "Hardtanh(min_val=-1.0, max_val=1.0)"),
    (lambda: nn.Hardtanh(-2, 2, True), "Hardtanh(min_val=-2, max_val=2, inplace=True)"),
    (lambda: nn.LeakyReLU(), "LeakyReLU(negative_slope=0.01)"),
    (lambda: nn.LeakyReLU(0.2, True), "LeakyReLU(negative_slope=0.2, inplace=True)"),
    (lambda: nn.ELU(), "ELU(alpha=1.0)"),
    (lambda: nn.ELU(0.5, True), "ELU(alpha=0.5, inplace=True)"),
    (lambda: nn.Softplus(), "Softplus(beta=1.0, threshold=20.0)"),
    (lambda: nn.Softplus(2, 10), "Softplus(beta=2, threshold=10)"),
    (lambda: nn.LogSigmoid(), "LogSigmoid()"),
    (lambda: nn.Sigmoid(), "Sigmoid()"),
    (lambda: nn.Tanh(), "Tanh()"),
    (lambda: nn.GELU(), "GELU(approximate='none')"),
    (lambda: nn.GELU("tanh"), "GELU(approximate='tanh')"),
    (lambda: nn.SiLU(), "SiLU()"),
    (lambda: nn.SiLU(inplace=True), "SiLU(inplace=True)"),
    (lambda: nn.Softmax(1), "Softmax(dim=1)"),
    (lambda: nn.Softmax(), "Softmax(dim=None)"),
    (lambda: nn.LogSoftmax(-1), "LogSoftmax(dim=-1)"),
    (lambda: nn.Dropout(), "Dropout(p=0.5, inplace=False)"),
    (lambda: nn.Dropout(0.2, True), "Dropout(p=0.2, inplace=True)"),
    (lambda: nn.Dropout2d(0.3), "Dropout2d(p=0.3, inplace=False)"),
    (lambda: nn.Dropout1d(0.3), "Dropout1d(p=0.3, inplace=False)"),
    (lambda: nn.StochasticDepth(0.2, "row"), "StochasticDepth(p=0.2, mode=row)"),
    (lambda: nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
    (lambda: nn.Flatten(0, 2), "Flatten(start_dim=0, end_dim=2)"),
    (lambda: nn.Unflatten(1, (2, 3)), "Unflatten(dim=1, unflattened_size=(2, 3))"),
    (lambda: nn.Identity(54, a=1), "Identity()"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=0.1), "CrossEntropyLoss()"),
    (lambda: nn.Sequential(), "Sequential()"),
    (lambda: nn.ModuleList(), "ModuleList()"),
    (
        lambda: nn.Sequential(OrderedDict(pool=nn.AvgPool2d(2), rest=nn.Sequential(nn.Flatten(), nn.Linear(2, 2)))),
        "Sequential(\n  (pool): AvgPool2d(kernel_size=2, stride=2, padding=0)\n  (rest): Sequential(\n"
        "    (0): Flatten(start_dim=1, end_dim=-1)\n    (1): Linear(in_features=2, out_features=2, bias=True)\n  )\n)",
    ),
    (
        lambda: nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh(), nn.Sequential(nn.ReLU()), nn.Sequential(nn.ReLU())]),
        "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n  (3-4): 2 x Sequential(\n    (0): ReLU()\n  )\n)",
    ),
    (lambda: nn.ModuleDict({"a": nn.ReLU()}), "ModuleDict(\n  (a): ReLU()\n)"),
    (
        lambda: nn.ParameterList([tinycnn.empty(2, 3), tinycnn.empty(4)]),
        "ParameterList(\n    (0): Parameter containing: [tinycnn.float32 of size 2x3]\n"
        "    (1): Parameter containing: [tinycnn.float32 of size 4]\n)",
    ),
    (
        lambda: nn.SqueezeExcitation(8, 2, scale_activation=nn.Tanh),
        "SqueezeExcitation(\n  (avgpool): AdaptiveAvgPool2d(output_size=1)\n"
        "  (fc1): Conv2d(8, 2, kernel_size=(1, 1), stride=(1, 1))\n"
        "  (fc2): Conv2d(2, 8, kernel_size=(1, 1), stride=(1, 1))\n"
        "  (activation): ReLU()\n  (scale_activation): Tanh()\n)",
    ),
]

NORM = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
KEYS = [
    (lambda: nn.Linear(3, 2), ["weight", "bias"]),
    (lambda: nn.Conv2d(3, 2, 1, bias=False), ["weight"]),
    (lambda: nn.ConvTranspose2d(3, 2, 1), ["weight", "bias"]),
    (lambda: nn.ReflectionPad2d(1), []),
    (lambda: nn.BatchNorm2d(3), NORM),
    (lambda: nn.BatchNorm1d(3, affine=False), NORM[2:]),
    (lambda: nn.BatchNorm2d(3, bias=False), NORM[:1] + NORM[2:]),
    (lambda: nn.BatchNorm2d(3, track_running_stats=False), NORM[:2]),
    (lambda: nn.LayerNorm(3), ["weight", "bias"]),
    (lambda: nn.LayerNorm(3, bias=False), ["weight"]),
    (lambda: nn.GroupNorm(2, 4), ["weight", "bias"]),
    (lambda: nn.GroupNorm(2, 4, affine=False), []),
    (lambda: nn.InstanceNorm2d(3), []),
    (lambda: nn.InstanceNorm1d(3, affine=True), NORM[:2]),
    (lambda: nn.InstanceNorm2d(3, track_running_stats=True), NORM[2:]),
    (lambda: nn.Dropout(), []),
    (lambda: nn.CrossEntropyLoss(), []),
    (lambda: nn.CrossEntropyLoss(tinycnn.ones(3)), ["weight"]),
    (lambda: nn.BCEWithLogitsLoss(tinycnn.ones(3), pos_weight=tinycnn.ones(3)), ["weight", "pos_weight"]),
    (lambda: nn.SqueezeExcitation(8, 2), ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]),
    (lambda: nn.Sequential(nn.ReLU(), nn.Linear(2, 2)), ["1.weight", "1.bias"]),
    (lambda: nn.ModuleDict({"a": nn.LayerNorm(2)}), ["a.weight", "a.bias"]),
    (lambda: nn.ParameterList([tinycnn.ones(1), tinycnn.ones(2)]), ["0", "1"]),
]


@pytest.mark.parametrize(("make", "text"), PRINTED, ids=[text.replace("\n", "") for _, text in PRINTED])
def test_text(make, text):
    assert str(make()) == text


@pytest.mark.parametrize(("make", "keys"), KEYS)
def test_state_keys(make, keys):
    assert list(make().state_dict()) == keys


def test_every_layer_is_exported_and_says_what_it_does():
    for name in nn.__all__:
        made = getattr(nn, name)
        if isinstance(made, type) and issubclass(made, nn.Module):
            assert made.__doc__, name
