"""Sequential, ModuleList, ModuleDict and ParameterList: lists and dictionaries whose contents the model knows."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import tinycnn
from tinycnn import nn
from tinycnn.nn import functional as F


def layers(n):
    return [nn.Linear(i + 1, i + 1) for i in range(n)]


def names(module):
    return list(module._modules)


def sizes(modules):
    return [module.in_features for module in modules]


# Sequential ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sequential_hands_each_output_to_the_next_layer():
    model = nn.Sequential(nn.Flatten(0), nn.ReLU(), nn.Unflatten(0, (2, 2)))
    assert model(tinycnn.tensor([[-1.0, 2.0], [3.0, -4.0]])).tolist() == [[0.0, 2.0], [3.0, 0.0]]
    x = tinycnn.ones(2)
    assert nn.Sequential()(x) is x


@pytest.mark.parametrize("kind", [OrderedDict, dict])
def test_sequential_takes_names(kind):
    model = nn.Sequential(kind(fc=nn.Linear(2, 3), act=nn.ReLU()))
    assert names(model) == ["fc", "act"]
    assert model.fc is model[0]
    assert list(model.state_dict()) == ["fc.weight", "fc.bias"]


def test_one_module_may_come_twice():
    act = nn.ReLU()
    model = nn.Sequential(act, nn.Linear(1, 1), act)
    assert len(model) == 3
    assert list(model) == [act, model[1], act]
    assert len(list(model.modules())) == 3  # itself, and each part once


def test_slices_of_a_sequential_share_layers_and_keep_names():
    model = nn.Sequential(*layers(4))
    part = model[1:3]
    assert type(part) is nn.Sequential
    assert names(part) == ["1", "2"]
    assert part[0] is model[1]
    assert sizes(model[::-1]) == [4, 3, 2, 1]
    assert sizes(model[-1:]) == [4]


def test_sequentials_add_up():
    a, b = nn.Sequential(*layers(2)), nn.Sequential(*layers(3))
    both = a + b
    assert sizes(both) == [1, 2, 1, 2, 3]
    assert names(both) == ["0", "1", "2", "3", "4"]
    assert len(a) == 2
    a += b
    assert sizes(a) == [1, 2, 1, 2, 3]
    with pytest.raises(ValueError, match="only another Sequential can be added, not list"):
        a.__add__([nn.ReLU()])


# What Sequential and ModuleList share ─────────────────────────────────────────────────────────────────────────────────

both_kinds = pytest.mark.parametrize("make", [lambda ms: nn.Sequential(*ms), nn.ModuleList], ids=["Sequential", "List"])


@both_kinds
def test_indexing(make):
    parts = layers(3)
    held = make(parts)
    assert held[0] is parts[0]
    assert held[-1] is parts[2]
    assert held[tinycnn.tensor(1)] is parts[1]
    assert list(held) == parts
    assert len(held) == 3
    for wrong in (3, -4):
        with pytest.raises(IndexError, match=f"index {wrong} is out of range: there are 3"):
            held[wrong]


@both_kinds
def test_replacing(make):
    held, new = make(layers(3)), nn.Linear(9, 9)
    held[-2] = new
    assert sizes(held) == [1, 9, 3]
    assert held.get_submodule("1") is new
    with pytest.raises(IndexError, match="out of range"):
        held[3] = new


@both_kinds
def test_deleting_numbers_the_rest_afresh(make):
    held = make(layers(6))
    del held[0]
    assert sizes(held) == [2, 3, 4, 5, 6]
    assert names(held) == ["0", "1", "2", "3", "4"]
    del held[-1]
    assert sizes(held) == [2, 3, 4, 5]
    del held[1:3]
    assert sizes(held) == [2, 5]
    assert names(held) == ["0", "1"]
    assert held.pop(0).in_features == 2
    assert sizes(held) == [5]
    with pytest.raises(IndexError, match="index 7 is out of range: there are 1"):
        del held[7]


@both_kinds
def test_growing(make):
    held = make(layers(1))
    assert held.append(nn.Linear(5, 5)) is held
    assert held.extend([nn.Linear(6, 6), nn.Linear(7, 7)]) is held
    held.insert(0, nn.Linear(8, 8))
    held.insert(-1, nn.Linear(9, 9))
    held.insert(len(held), nn.Linear(10, 10))
    assert sizes(held) == [8, 1, 5, 6, 9, 7, 10]
    assert names(held) == [str(i) for i in range(7)]
    assert len(list(held.parameters())) == 14
    with pytest.raises(IndexError, match="index 9 is out of range"):
        held.insert(9, nn.ReLU())


@both_kinds
def test_a_sequence_can_be_extended_by_itself(make):
    held = make(layers(2))
    held.extend(held)
    assert sizes(held) == [1, 2, 1, 2]


@both_kinds
def test_children_learn_train_and_move_with_their_container(make, device):
    held = make([nn.Linear(2, 2), nn.Dropout()])
    held.to(device).eval()
    assert not held[1].training
    assert held[0].weight.device.type == device


@both_kinds
@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (nn.ReLU, "item 1 is a type, which is not a Module subclass; ReLU is a class, ReLU() a layer"),
        (F.relu, "a function such as F.relu has a layer of the same name: nn.ReLU()"),
        ([nn.ReLU()], "a star unpacks a list of layers: Sequential(*layers)"),
        (None, "item 1 is a NoneType"),
        ("relu", "it takes layers only"),
    ],
)
def test_what_is_no_module_is_refused_with_a_hint(make, wrong, hint):
    with pytest.raises(TypeError) as caught:
        make([nn.ReLU(), wrong])
    assert hint in str(caught.value)
    held = make([nn.ReLU()])
    for change in (lambda: held.append(wrong), lambda: held.insert(0, wrong), lambda: held.extend([wrong])):
        with pytest.raises(TypeError, match="not a Module"):
            change()
    assert len(held) == 1


# ModuleList ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_module_lists_slice_and_add_up_as_lists():
    held = nn.ModuleList(layers(4))
    assert type(held[1:3]) is nn.ModuleList
    assert names(held[1:3]) == ["0", "1"]
    assert sizes(held[1:3] + layers(1)) == [2, 3, 1]
    held += layers(1)
    assert sizes(held) == [1, 2, 3, 4, 1]
    with pytest.raises(TypeError, match="extend takes an iterable of modules, not Linear"):
        held.extend(nn.Linear(1, 1))


def test_a_module_list_is_no_function():
    with pytest.raises(NotImplementedError, match="ModuleList"):
        nn.ModuleList(layers(1))(tinycnn.ones(1))


# ModuleDict ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_module_dict_is_a_dictionary_in_order():
    a, b, c = layers(3)
    held = nn.ModuleDict({"a": a, "b": b})
    held["c"] = c
    assert held["b"] is b
    assert held.c is c
    assert list(held) == list(held.keys()) == ["a", "b", "c"]
    assert list(held.values()) == [a, b, c]
    assert dict(held.items()) == {"a": a, "b": b, "c": c}
    assert "a" in held
    assert "x" not in held
    assert held.pop("b") is b
    assert len(held) == 2
    del held["a"]
    assert list(held.state_dict()) == ["c.weight", "c.bias"]
    held.clear()
    assert len(held) == 0


def test_module_dict_updates_from_mappings_pairs_and_its_like():
    a, b, c = layers(3)
    held = nn.ModuleDict([("a", a), ("b", b)])
    held.update({"b": c})
    assert list(held.values()) == [a, c]
    held.update(nn.ModuleDict({"d": b}))
    assert list(held) == ["a", "b", "d"]
    held.update(held)
    assert list(held) == ["a", "b", "d"]


@pytest.mark.parametrize(
    ("modules", "error", "message"),
    [
        (5, TypeError, "takes a mapping or pairs of name and module, not int"),
        ({"a": 1}, TypeError, "int is not a Module subclass"),
        ({"a.b": nn.ReLU()}, KeyError, "without dots"),
        ({"training": nn.ReLU()}, KeyError, "attribute 'training' already exists"),
        ({"keys": nn.ReLU()}, KeyError, "attribute 'keys' already exists"),
    ],
)
def test_module_dict_errors(modules, error, message):
    with pytest.raises(error, match=message):
        nn.ModuleDict(modules)


def test_a_missing_name_is_a_key_error():
    with pytest.raises(KeyError):
        nn.ModuleDict()["a"]


# ParameterList ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_parameter_list():
    own = nn.Parameter(tinycnn.ones(1))
    held = nn.ParameterList([own, tinycnn.ones(2)])
    held.append(tinycnn.ones(3)).extend([own])
    assert [p.numel() for p in held] == [1, 2, 3, 1]
    assert held[0] is held[-1] is own
    assert all(isinstance(p, nn.Parameter) and p.requires_grad for p in held)
    assert [p.numel() for p in held[1:3]] == [2, 3]
    held[1] = tinycnn.ones(5)
    held += [tinycnn.ones(6)]
    assert [p.numel() for p in held.parameters()] == [1, 5, 3, 6]  # each once
    assert len(held) == 5
    with pytest.raises(IndexError, match="index 5 is out of range"):
        held[5]
    with pytest.raises(TypeError, match="takes Tensors, not float"):
        held.append(1.0)
    with pytest.raises(TypeError, match="extend takes an iterable of Tensors, not Tensor"):
        held.extend(tinycnn.ones(3))


def test_digits_do_not_clutter_what_an_editor_suggests():
    assert not any(name.isdigit() for name in dir(nn.Sequential(nn.ReLU())))
