r"""Models by name: the list of them, one made to order, and the weights that are published of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from tinycnn.errors import ArgumentError, ConfigError, described
from tinycnn.models import alexnets, cifar, convnext, convnextv2, digits, efficientnet, lecture, resnet, vgg, weights
from tinycnn.models.weights import WeightsEnum
from tinycnn.nn import Module

MODELS: dict[str, Callable[..., Any]] = {builder.__name__: builder for builder in (
    lecture.softmax_classifier, lecture.lenet,
    digits.resnet_digits, digits.se_resnet_digits,
    alexnets.alexnet, alexnets.alexnet_2012,
    vgg.vgg11, vgg.vgg13, vgg.vgg16, vgg.vgg19, vgg.vgg11_lrn, vgg.vgg16_c,
    vgg.vgg11_bn, vgg.vgg13_bn, vgg.vgg16_bn, vgg.vgg19_bn,
    resnet.resnet18, resnet.resnet34, resnet.resnet50, resnet.resnet101, resnet.resnet152,
    resnet.resnext50_32x4d, resnet.wide_resnet50_2, resnet.plain18, resnet.plain34,
    resnet.se_resnet18, resnet.se_resnet34, resnet.se_resnet50, resnet.se_resnet101, resnet.se_resnet152,
    cifar.resnet20, cifar.resnet32, cifar.resnet44, cifar.resnet56, cifar.resnet110, cifar.plain20, cifar.plain56,
    convnext.convnext_tiny, convnext.convnext_small, convnext.convnext_base, convnext.convnext_large,
    convnextv2.convnextv2_atto, convnextv2.convnextv2_femto, convnextv2.convnextv2_pico, convnextv2.convnextv2_nano,
    convnextv2.convnextv2_tiny, convnextv2.convnextv2_base, convnextv2.convnextv2_large, convnextv2.convnextv2_huge,
    efficientnet.efficientnet_b0,
)}


def list_models(
    module: ModuleType | None = None,
    include: Iterable[str] | str | None = None,
    exclude: Iterable[str] | str | None = None,
) -> list[str]:
    r"""The names that `get_model` knows, in alphabetical order.

    Parameters
    ----------
    module : module, optional                  only the models that are defined there
    include : str or several, optional         patterns, of which a name must match one: "vgg*", "*_bn"
    exclude : str or several, optional         patterns, of which it must match none

    Examples
    --------
    >>> list_models(include="vgg*", exclude=["*_bn", "vgg16_c"])
    ['vgg11', 'vgg11_lrn', 'vgg13', 'vgg16', 'vgg19']
    """
    from fnmatch import fnmatch

    wanted, unwanted = ([p] if isinstance(p, str) else list(p) for p in (include or (), exclude or ()))
    home = None if module is None else module.__name__
    return sorted(
        name for name, builder in MODELS.items()
        if home is None or home in (builder.__module__, builder.__module__.rpartition(".")[0])
        if not wanted or any(fnmatch(name, pattern) for pattern in wanted)
        if not any(fnmatch(name, pattern) for pattern in unwanted)
    )


def get_model_builder(name: str) -> Callable[..., Any]:
    r"""The function that makes the model `name`.

    Raises
    ------
    ConfigError      there is none; the message names those that are spelt alike, and all
    ArgumentError    it is no name at all
    """
    if not isinstance(name, str):
        raise ArgumentError(f"the name of a model is wanted, such as 'resnet50', not {described(name)}")
    try:
        return MODELS[name.lower()]
    except KeyError:
        raise ConfigError(
            f"there is no model {name!r}{_closest(name.lower(), MODELS)} There are {', '.join(list_models())}"
        ) from None


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


def get_model_weights(name: Callable[..., Any] | str) -> type[WeightsEnum]:
    r"""The enum of the official weights of a model, which is given by its builder or its name.

    Raises
    ------
    ConfigError    there is no such model, or none are published of it

    Examples
    --------
    >>> [weights.name for weights in get_model_weights("resnet50")]
    ['IMAGENET1K_V1', 'IMAGENET1K_V2']
    """
    from typing import get_args, get_type_hints

    builder = name if callable(name) else get_model_builder(name)
    annotation = get_type_hints(builder).get("weights")  # which weights a builder takes, its signature says
    for option in (annotation, *get_args(annotation)):
        if isinstance(option, type) and issubclass(option, WeightsEnum):
            return option
    raise ConfigError(f"there are no official weights of {getattr(builder, '__name__', builder)}")


def get_weight(name: str) -> WeightsEnum:
    r"""The weights of this full name.

    Raises
    ------
    ConfigError      there are none, or the name is not of the form ``"Enum.MEMBER"``
    ArgumentError    it is no name at all

    Examples
    --------
    >>> get_weight("ResNet50_Weights.IMAGENET1K_V2").meta["num_params"]
    25557032
    """
    wanted = "a name of weights is wanted, such as 'ResNet50_Weights.IMAGENET1K_V2'"
    if not isinstance(name, str):
        raise ArgumentError(f"{wanted}, not {described(name)}")
    enum_name, dot, member_name = name.partition(".")
    if not dot or "." in member_name:
        raise ConfigError(f"{wanted}, not {name!r}")
    enums = {found: getattr(weights, found) for found in weights.__all__ if found.endswith("_Weights")}
    if enum_name not in enums:
        raise ConfigError(f"there is no enum of weights {enum_name!r}{_closest(enum_name, enums)}")
    member: WeightsEnum = enums[enum_name].verify(member_name)
    return member


def _closest(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else "."
