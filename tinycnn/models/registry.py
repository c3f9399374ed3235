r"""Models by name: the list of them, and one made to order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tinycnn.errors import ConfigError
from tinycnn.nn import Module

_BUILDERS: dict[str, Callable[..., Any]] = {}

Builder = TypeVar("Builder", bound=Callable[..., Any])


def register_model(name: str | None = None) -> Callable[[Builder], Builder]:
    r"""Decorate a function that makes a model, so that it can be asked for by `name`, its own if None.

    Raises
    ------
    ConfigError    there is already a model of this name
    """

    def registered(builder: Builder) -> Builder:
        key = name or builder.__name__
        if key in _BUILDERS:
            raise ConfigError(f"register_model: there is already a model {key!r}; give yours another name")
        _BUILDERS[key] = builder
        return builder

    return registered


def list_models() -> list[str]:
    r"""The names that `get_model` knows, in alphabetical order.

    Examples
    --------
    >>> "se_resnet_digits" in list_models()
    True
    """
    return sorted(_BUILDERS)


def get_model_builder(name: str) -> Callable[..., Any]:
    r"""The function that makes the model `name`.

    Raises
    ------
    ConfigError    there is none; the message names those that are spelt alike, and all
    """
    try:
        return _BUILDERS[name.lower()]
    except KeyError:
        from difflib import get_close_matches  # needed only here

        close = get_close_matches(name.lower(), _BUILDERS, n=3, cutoff=0.5)
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
