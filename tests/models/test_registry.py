r"""Models by name: what there is, one made to order, its weights, and a hand for whoever misspells."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest

from tinycnn import models
from tinycnn.errors import ArgumentError, ConfigError
from tinycnn.models import registry

SMALL = ("lenet", "resnet_digits", "se_resnet_digits", "softmax_classifier", "resnet20", "plain20")


@pytest.mark.parametrize("name", models.list_models())
def test_every_model_is_public_and_takes_what_all_take(name: str) -> None:
    builder = models.get_model_builder(name)
    assert getattr(models, name) is builder
    parameters = signature(builder).parameters
    assert [*parameters][:3] == ["weights", "progress", "num_classes"]
    assert (parameters["weights"].default, parameters["progress"].default) == (None, True)
    assert all(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in parameters.values())
    assert builder.__doc__


@pytest.mark.parametrize("name", SMALL)
def test_a_model_is_made_by_name(name: str) -> None:
    model = models.get_model(name.upper(), num_classes=5)
    assert list(model.parameters())[-1].shape == (5,)  # the last one is the bias of the logits


def test_the_list_is_in_order_and_complete() -> None:
    names = models.list_models()
    assert names == sorted(names)
    public = {
        name for name in models.__all__
        if name.islower() and not name.startswith(("get_", "list_", "imagenet_classes", "pretrained"))
    }
    assert set(names) == public


def test_the_list_by_patterns() -> None:
    assert models.list_models(include="vgg*_bn") == ["vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"]
    assert models.list_models(include=["lenet", "plain*"]) == ["lenet", "plain18", "plain20", "plain34", "plain56"]
    assert models.list_models(include=iter(["lenet", "vgg16*"]), exclude=iter(["*_*"])) == ["lenet", "vgg16"]
    assert models.list_models(exclude="*") == []
    assert models.list_models(include=[]) == models.list_models()  # as in torchvision: no pattern at all
    assert models.list_models(models) == models.list_models()
    assert models.list_models(models.vgg, "*16*") == ["vgg16", "vgg16_bn", "vgg16_c"]


def test_a_misspelt_name_gets_the_closest_and_all() -> None:
    with pytest.raises(ConfigError, match=r"no model 'se_resnet_digit'; did you mean se_resnet_digits.*softmax_class"):
        models.get_model("se_resnet_digit")
    with pytest.raises(ConfigError, match=r"no model 'zzz'\. There are .*lenet"):
        models.get_model("zzz")
    with pytest.raises(ArgumentError, match="the name of a model is wanted, such as 'resnet50', not function"):
        models.get_model(models.resnet50)  # type: ignore[arg-type]


def test_an_option_it_does_not_take() -> None:
    with pytest.raises(TypeError, match="depth"):
        models.get_model("lenet", depth=3)


def test_the_weights_of_a_model() -> None:
    assert models.get_model_weights("resnet50") is models.ResNet50_Weights
    assert models.get_model_weights(models.vgg16_bn) is models.VGG16_BN_Weights
    for name in models.list_models():
        enum = _weights_of(name)
        assert enum is None or enum.__name__.removesuffix("_Weights").replace("_", "").lower() == name.replace("_", "")


def _weights_of(name: str) -> Any:
    try:
        return models.get_model_weights(name)
    except ConfigError:
        return None


def test_every_enum_belongs_to_a_model() -> None:
    taken = {enum.__name__ for name in models.list_models() if (enum := _weights_of(name))}
    assert taken == {name for name in registry.weights.__all__ if name.endswith("_Weights")}


def test_a_model_without_weights() -> None:
    with pytest.raises(ConfigError, match="there are no official weights of lenet"):
        models.get_model_weights("lenet")
    with pytest.raises(ConfigError, match="no model 'lenetto'; did you mean lenet"):
        models.get_model_weights("lenetto")


def test_weights_by_their_full_name() -> None:
    assert models.get_weight("ResNet50_Weights.IMAGENET1K_V1") is models.ResNet50_Weights.IMAGENET1K_V1
    assert models.get_weight("ResNet50_Weights.DEFAULT") is models.ResNet50_Weights.IMAGENET1K_V2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ResNet50_Weights", r"such as 'ResNet50_Weights\.IMAGENET1K_V2', not 'ResNet50_Weights'"),
        ("a.b.c", "a name of weights is wanted"),
        ("Resnet50_Weights.DEFAULT", "no enum of weights 'Resnet50_Weights'; did you mean .*ResNet50_Weights"),
        ("ResNet50_Weights.V2", r"ResNet50_Weights has no 'V2'(.|\n)*IMAGENET1K_V2"),
        ("WeightsEnum.DEFAULT", "no enum of weights 'WeightsEnum'"),
    ],
)
def test_names_that_are_none(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        models.get_weight(name)


def test_what_is_no_name_at_all() -> None:
    with pytest.raises(ArgumentError, match=r"a name of weights is wanted.*, not ResNet50_Weights"):
        models.get_weight(models.ResNet50_Weights.DEFAULT)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="the name of a model is wanted, such as 'resnet50', not int 5"):
        models.get_model_weights(5)  # type: ignore[arg-type]
