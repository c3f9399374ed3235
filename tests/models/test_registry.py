r"""Models by name: what there is, one made to order, and a hand for whoever misspells."""

from __future__ import annotations

import pytest

from tinycnn import models
from tinycnn.errors import ConfigError


@pytest.mark.parametrize("name", models.list_models())
def test_every_model_is_public_and_made_by_name(name: str) -> None:
    assert getattr(models, name) is models.get_model_builder(name)
    model = models.get_model(name, num_classes=5)
    assert list(model.parameters())[-1].shape == (5,)  # the last one is the bias of the logits


def test_the_list_is_in_order() -> None:
    assert models.list_models() == sorted(models.list_models())
    assert {"lenet", "resnet_digits", "se_resnet_digits", "softmax_classifier"} <= set(models.list_models())


def test_a_misspelt_name_gets_the_closest_and_all() -> None:
    with pytest.raises(ConfigError, match=r"no model 'se_resnet_digit'; did you mean se_resnet_digits.*softmax_class"):
        models.get_model("se_resnet_digit")
    with pytest.raises(ConfigError, match=r"no model 'zzz'\. There are .*lenet"):
        models.get_model("zzz")


def test_an_option_it_does_not_take() -> None:
    with pytest.raises(TypeError, match="depth"):
        models.get_model("lenet", depth=3)
