"""Module: what becomes a part, how parts are found, changed together, copied and printed. As PyTorch 2.13 has it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinycnn
from tinycnn import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.act = nn.ReLU(inplace=True)
        self.none = None
        self.register_module("gone", None)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))

    def extra_repr(self):
        return "kind=plain\nsecond line"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(tinycnn.ones(1))
        self.register_buffer("count", tinycnn.tensor([3]))
        self.register_buffer("scratch", tinycnn.zeros(2), persistent=False)
        self.features = nn.Sequential(Block(), nn.Flatten())
        self.head = nn.Linear(8, 2, bias=False)

    def forward(self, x):
        return self.head(self.features(x)) * self.scale


PARAMETERS = [
    "scale", "features.0.conv.weight", "features.0.conv.bias", "features.0.norm.weight", "features.0.norm.bias",
    "head.weight",
]
MODULES = ["", "features", "features.0", "features.0.conv", "features.0.norm", "features.0.act", "features.1", "head"]


def names(pairs):
    return [name for name, _ in pairs]


# Registration ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_attributes_are_told_apart_by_what_they_are():
    net = Net()
    assert names(net.named_parameters()) == PARAMETERS
    assert names(net.named_modules()) == MODULES
    assert names(net.named_buffers())[:2] == ["count", "scratch"]
    net.plain, net.tensor = [1, 2], tinycnn.ones(3)
    assert names(net.named_parameters()) == PARAMETERS
    assert "tensor" not in names(net.named_buffers())
    assert {"scale", "count", "features", "plain", "training"} <= set(dir(net))


def test_a_name_means_one_thing_at_a_time():
    net = Net()
    net.head = nn.Parameter(tinycnn.ones(2))
    assert "head" in names(net.named_parameters())
    assert "head" not in names(net.named_modules())
    net.scratch = nn.Parameter(tinycnn.ones(2))
    assert "scratch" in net.state_dict()  # it is no unsaved buffer any more
    net.scale = nn.Linear(1, 1)
    assert "scale.weight" in names(net.named_parameters())
    net.later = 5
    net.later = nn.Parameter(tinycnn.ones(1))
    assert isinstance(net.later, nn.Parameter)
    assert "later" not in net.__dict__


def test_parts_belong_to_the_module_alone_not_to_its_class():
    class Choice(nn.Module):
        def __init__(self, kind):
            super().__init__()
            if kind == "parameter":
                self.part = nn.Parameter(tinycnn.ones(1))
            elif kind == "buffer":
                self.register_buffer("part", tinycnn.ones(2))
            elif kind == "module":
                self.part = nn.ReLU()

    modules = {kind: Choice(kind) for kind in ("parameter", "buffer", "module", "none")}
    assert not hasattr(Choice, "part")
    assert modules["parameter"].part is modules["parameter"]._parameters["part"]
    assert modules["buffer"].part is modules["buffer"]._buffers["part"]
    assert modules["module"].part is modules["module"]._modules["part"]
    with pytest.raises(AttributeError, match="'Choice' object has no attribute 'part'"):
        modules["none"].part  # noqa: B018 -- the look is the test
    modules["none"].part = 5
    assert modules["none"].part == 5
    modules["module"]._modules["part"] = other = nn.Tanh()  # what holds the parts may be changed itself
    assert modules["module"].part is other
    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Choice.__new__(Choice).part  # noqa: B018 -- the look is the test


def test_none_keeps_the_place_and_a_tensor_renews_a_buffer():
    net = Net()
    net.count, net.head, net.scale = None, None, None
    assert (net.count, net.head, net.scale) == (None, None, None)
    assert not {"count", "head.weight", "scale"} & set(net.state_dict())
    net.count = tinycnn.ones(4)
    assert net.state_dict()["count"].shape == (4,)
    del net.head
    assert not hasattr(net, "head")
    with pytest.raises(AttributeError, match="unknown"):
        del net.unknown


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda n: setattr(n, "scale", tinycnn.ones(1)), TypeError, "cannot assign 'Tensor' as parameter 'scale'"),
        (lambda n: setattr(n, "scale", 1.0), TypeError, r"'float' as parameter 'scale' \(Parameter or None expected\)"),
        (lambda n: setattr(n, "head", tinycnn.ones(1)), TypeError, "cannot assign 'Tensor' as child module 'head'"),
        (lambda n: setattr(n, "count", 3), TypeError, r"'int' as buffer 'count' \(Tensor or None expected\)"),
        (lambda n: n.register_parameter("w", tinycnn.ones(1)), TypeError, "parameter 'w': Tensor is not a Parameter"),
        (lambda n: n.register_buffer("w", [1]), TypeError, "buffer 'w': list is not a Tensor"),
        (lambda n: n.add_module("w", nn.ReLU), TypeError, "child module 'w': type is not a Module subclass"),
        (lambda n: n.register_parameter("head", None), KeyError, "attribute 'head' already exists"),
        (lambda n: n.register_buffer("forward", None), KeyError, "attribute 'forward' already exists"),
        (lambda n: n.register_module("count", nn.ReLU()), KeyError, "attribute 'count' already exists"),
        (lambda n: n.register_buffer("a.b", None), KeyError, "buffer name must be not empty and without dots"),
        (lambda n: n.add_module("", nn.ReLU()), KeyError, "child module name must be not empty"),
        (lambda n: n.register_parameter(3, None), TypeError, "parameter name should be a string, not int"),
    ],
)
def test_what_cannot_be_a_part(change, error, message):
    with pytest.raises(error, match=message):
        change(Net())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: setattr(m, "fc", nn.Linear(1, 1)), r"cannot assign a child module before the Module\.__init__\(\)"),
        (lambda m: setattr(m, "w", nn.Parameter(tinycnn.ones(1))), "cannot assign a parameter before"),
        (lambda m: m.register_buffer("b", tinycnn.ones(1)), "cannot assign a buffer before"),
        (lambda m: m(1), r"its __init__ has to call super\(\)\.__init__\(\) before anything else"),
        (lambda m: m.fc, r"object has no attribute 'fc'; its __init__ has to call super"),
    ],
)
def test_a_forgotten_super_init_is_named(change, message):
    class Forgetful(nn.Module):
        def __init__(self):
            self.size = 3

    with pytest.raises(AttributeError, match=message):
        change(Forgetful())


def test_a_missing_forward_is_named():
    class Shell(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r'Module \[Shell\] is missing the required "forward" function'):
        Shell()(1)
    for holder in (nn.ModuleList(), nn.ModuleDict()):
        with pytest.raises(NotImplementedError, match=r'"forward" function: it only holds modules; .* use Sequential'):
            holder(1)


# Walking ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def shared():
    act, net = nn.Linear(2, 2), nn.Module()
    net.a, net.b, net.c = act, act, nn.Sequential(act)
    net.tied = act.weight
    return net


def test_what_is_shared_comes_once():
    net = shared()
    assert names(net.named_children()) == ["a", "c"]
    assert len(list(net.children())) == 2
    assert names(net.named_modules()) == ["", "a", "c"]
    assert names(net.named_modules(remove_duplicate=False)) == ["", "a", "b", "c", "c.0"]
    assert list(net.modules(remove_duplicate=False)) == [net, net.a, net.a, net.c, net.a]
    assert names(net.named_parameters()) == ["tied", "a.bias"]
    assert names(net.named_parameters(remove_duplicate=False)) == [
        "tied", "a.weight", "a.bias", "b.weight", "b.bias", "c.0.weight", "c.0.bias",
    ]
    assert list(net.state_dict()) == names(net.named_parameters(remove_duplicate=False))
    calls = []
    net.apply(calls.append)
    assert calls == [net.a, net.a, net.c, net]  # PyTorch's apply goes by children too


def test_prefixes_and_depth():
    net = Net()
    assert names(net.named_parameters("net", recurse=False)) == ["net.scale"]
    assert names(net.named_buffers("net", recurse=False)) == ["net.count", "net.scratch"]
    assert names(net.named_modules(prefix="net"))[:2] == ["net", "net.features"]
    assert next(iter(net.features.state_dict(prefix="x."))) == "x.0.conv.weight"
    assert len(list(net.parameters(recurse=False))) == 1
    assert len(list(net.buffers())) == 5
    assert len(list(net.modules())) == len(MODULES)


def test_parts_are_found_by_path():
    net = Net()
    assert net.get_submodule("") is net
    assert net.get_submodule("features.0.conv") is net.features[0].conv
    assert net.get_parameter("features.0.conv.bias") is net.features[0].conv.bias
    assert net.get_buffer("features.0.norm.running_var") is net.features[0].norm.running_var
    for get, path, message in (
        (net.get_submodule, "features.3", r"Sequential has no part '3' \(asked for 'features\.3'\)"),
        (net.get_submodule, "head.weight", "Linear has no part 'weight'"),
        (net.get_parameter, "count", "Net has no parameter 'count'"),
        (net.get_parameter, "head.bias", "Linear has no parameter 'bias'"),
        (net.get_buffer, "scale", "Net has no buffer 'scale'"),
    ):
        with pytest.raises(AttributeError, match=message):
            get(path)


# Changing all of it ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_train_and_eval_reach_every_part_through_its_own_train():
    class Frozen(nn.BatchNorm2d):
        def train(self, mode=True):
            return super().train(False)

    net = nn.Sequential(nn.Dropout(), nn.Sequential(Frozen(2)))
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert (net.training, net[0].training, net[1].training, net[1][0].training) == (True, True, True, False)
    with pytest.raises(ValueError, match="training mode is expected to be boolean, but got str yes"):
        net.train("yes")
    with pytest.raises(ValueError, match=r"to be boolean, but got Tensor of shape \(1, 3\)"):
        net.train(tinycnn.zeros(1, 3))


def test_requires_grad_and_zero_grad():
    net = nn.Linear(2, 1)
    assert net.requires_grad_(False) is net
    assert not any(p.requires_grad for p in net.parameters())
    net.requires_grad_()
    net(tinycnn.ones(2)).backward()
    gradient = net.weight.grad
    net.zero_grad(set_to_none=False)
    assert net.weight.grad.tolist() == gradient.tolist() == [[0, 0]]
    net.zero_grad()
    assert net.weight.grad is None


@pytest.mark.parametrize(("change", "dtype"), [
    (lambda n: n.double(), "float64"), (lambda n: n.half(), "float16"), (lambda n: n.double().float(), "float32"),
    (lambda n: n.to(tinycnn.float64), "float64"), (lambda n: n.to(dtype="float16"), "float16"),
    (lambda n: n.to(tinycnn.zeros(1).double()), "float64"), (lambda n: n.to("cpu", tinycnn.float64), "float64"),
])
def test_conversion_changes_what_is_floating_and_keeps_the_objects(change, dtype):
    net = Net()
    net(tinycnn.ones(2, 1, 4, 4)).sum().backward()
    before = list(net.parameters())
    assert change(net) is net
    assert all(p is q for p, q in zip(net.parameters(), before, strict=True))
    assert {p.dtype.name for p in net.parameters()} | {p.grad.dtype.name for p in net.parameters()} == {dtype}
    assert [b.dtype.name for b in net.buffers()] == ["int64", dtype, dtype, dtype, "int64"]
    net(tinycnn.ones(2, 1, 4, 4, dtype=dtype)).sum().backward()


def test_type_converts_everything_and_to_refuses_integers():
    assert Net().type("float64").count.dtype == "float64"
    with pytest.raises(TypeError, match=r"nn\.Module\.to only accepts floating point dtypes, but got int64"):
        Net().to("int64")


def test_moving_to_a_device_and_back(device):
    net = Net()
    assert net.to(device) is net
    for tensor in (*net.parameters(), *net.buffers()):
        assert tensor.device.type == device
    net(tinycnn.ones(2, 1, 4, 4, device=device)).sum().backward()
    assert net.cpu().scale.grad.device.type == "cpu"
    if device == "cuda":
        assert net.cuda().scale.is_cuda


def test_a_conversion_that_changes_nothing_is_no_write():
    net = nn.Linear(2, 2)
    y = (net.weight * net.weight).sum()
    net.float().cpu()
    y.backward()
    assert net.weight.grad.equal(2 * net.weight)


# Copies and pictures ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_copies_are_equal_and_independent(copied):
    net = nn.ModuleList([Net(), shared()])
    net[0](tinycnn.ones(2, 1, 4, 4)).sum().backward()
    twin = copied(net)
    assert str(twin) == str(net)
    assert all(p.grad is None for p in twin.parameters())
    for (name, tensor), (other_name, other) in zip(net.state_dict().items(), twin.state_dict().items(), strict=True):
        assert name == other_name
        assert other.equal(tensor)
        assert not np.shares_memory(other.array, tensor.array)
    assert all(isinstance(p, nn.Parameter) and p.requires_grad for p in twin.parameters())
    assert twin[1].a is twin[1].b
    assert twin[1].tied is twin[1].a.weight
    x = tinycnn.ones(2, 1, 4, 4)
    assert twin[0](x).equal(net[0](x))
    with tinycnn.no_grad():
        twin[0].scale.mul_(2)
    assert net[0].scale.item() == 1


def test_printing():
    net = Net()
    assert repr(net) == (  # as PyTorch prints this
        "Net(\n  (features): Sequential(\n    (0): Block(\n      kind=plain\n      second line\n"
        "      (conv): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))\n"
        "      (norm): BatchNorm2d(2, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)\n"
        "      (act): ReLU(inplace=True)\n      (gone): None\n    )\n    (1): Flatten(start_dim=1, end_dim=-1)\n  )\n"
        "  (head): Linear(in_features=8, out_features=2, bias=False)\n)"
    )
    assert repr(nn.Module()) == "Module()"
    net.extra_repr = lambda: "a=1\nb=2"
    del net.features, net.head
    assert repr(net) == "Net(\n  a=1\n  b=2\n)"


def test_a_parameter():
    data = tinycnn.tensor([1.0, 2.0])
    p = nn.Parameter(data)
    assert repr(p) == "Parameter containing:\ntensor([1., 2.], requires_grad=True)"
    assert repr(nn.Parameter(data, requires_grad=False)) == "Parameter containing:\ntensor([1., 2.])"
    assert (type(p * 2), type(p.detach()), type(p.data)) == (tinycnn.Tensor,) * 3
    assert p.array is data.array
    assert isinstance(p, tinycnn.Tensor)
    assert p.is_leaf
    assert nn.Parameter(p.exp()).is_leaf
    with pytest.raises(RuntimeError, match="only tensors of floating type can require gradients"):
        nn.Parameter(tinycnn.tensor([1, 2]))
