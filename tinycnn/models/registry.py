r"""Models by name: the list of them, and one made to order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinycnn.errors import ConfigError
from tinycnn.models.lecture import lenet, softmax_classifier
from tinycnn.models.resnet import resnet_digits, se_resnet_digits
from tinycnn.nn import Module

MODELS: dict[str, Callable[..., Any]] = {
    builder.__name__: builder for builder in (lenet, resnet_digits, se_resnet_digits, softmax_classifier)
}


def list_models() -> list[str]:
    r"""The names that `get_model` knows, in alphabetical order.

    Examples
    --------
    >>> "se_resnet_digits" in list_models()
    True
    """
    return sorted(MODELS)


def get_model_builder(name: str) -> Callable[..., Any]:
    r"""The function that makes the model `name`.

    Raises
    ------
    ConfigError    there is none; the message names those that are spelt alike, and all
    """
    try:
        return MODELS[name.lower()]
    except KeyError:
        from difflib import get_close_matches  # needed only here

        close = get_close_matches(name.lower(), MODELS, n=3, cutoff=0.5)
        question = f"; did you mean {' or '.join(close)}?" if close else "."
        raise ConfigError(f"there is no model {name!r}{question} There are {', '.join(list_models())}") from None


def get_model(name: str, **config: Any) -> Module:
    r"""A new model of this name, made with these options.

    Raises
    ------
    ConfigError    there is none of this name; the message names those that are spelt alike, and all
    TypeError      it does not take one of the options

    Examples
    --------
    >>> get_model("softmax_classifier", num_classes=3, image_size=4)
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=16, out_features=3, bias=True)
    )
    """
    model: Module = get_model_builder(name)(**config)
    return model
