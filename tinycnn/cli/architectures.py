r"""Models of the command line: made by name without drawing weights, and the input that each is made for."""

from __future__ import annotations

import argparse

from tinycnn import models, nn
from tinycnn.errors import ConfigError
from tinycnn.models import cifar

_INPUTS = {
    "alexnet_2012": (1, 3, 227, 227),
    "lenet": (1, 3, 32, 32),
    **dict.fromkeys(("softmax_classifier", "resnet_digits", "se_resnet_digits"), (1, 1, 8, 8)),
    **dict.fromkeys(models.list_models(cifar), (1, 3, 32, 32)),
}


def usual_input(name: str) -> tuple[int, ...]:
    r"""The size of the input that the model of this name is made for, with a batch of one.

    Examples
    --------
    >>> usual_input("resnet50"), usual_input("resnet56"), usual_input("lenet")
    ((1, 3, 224, 224), (1, 3, 32, 32), (1, 3, 32, 32))
    """
    return _INPUTS.get(name.lower(), (1, 3, 224, 224))


def chosen_input(options: argparse.Namespace) -> tuple[int, ...]:
    r"""The size that was asked for, or the usual one.

    Raises
    ------
    ConfigError    it is no N C H W
    """
    if options.input is None:
        return usual_input(options.model)
    if len(options.input) != 4:
        given = " ".join(map(str, options.input))
        raise ConfigError(f"--input takes the sizes of a batch of images, N C H W, such as 1 3 224 224, not {given}")
    return tuple(options.input)


def undrawn(name: str) -> nn.Module:
    r"""A model to be counted, not to be used: its weights are whatever lay in memory."""
    model: nn.Module = nn.utils.skip_init(models.get_model_builder(name))
    return model


def add_model(parser: argparse.ArgumentParser, usual: str) -> None:
    r"""The arguments that say which model and of which input."""
    parser.add_argument("model", metavar="MODEL", help=f"one of {', '.join(models.list_models())}")
    parser.add_argument("--input", metavar="N", type=int, nargs="+",
                        help=f"the input's size with its batch: N C H W (default: what the model is made for{usual})")
