r"""Transfer learning's moves: a new head on a trained body, which is frozen, or learns at a rate of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinycnn import nn
from tinycnn.errors import ConfigError, explain
from tinycnn.nn import Module


def head_of(model: Module) -> tuple[str, nn.Linear]:
    r"""The head of a classifier, the linear layer that makes the logits, and the path to it.

    Raises
    ------
    ConfigError    the last layer with parameters is no linear layer

    Examples
    --------
    >>> from tinycnn import models
    >>> head_of(models.resnet_digits())
    ('fc', Linear(in_features=64, out_features=10, bias=True))
    """
    learning = [(path, part) for path, part in model.named_modules() if [*part.parameters(recurse=False)]]
    path, last = learning[-1] if learning else ("", model)
    if not isinstance(last, nn.Linear) or not path:
        raise ConfigError(explain(
            f"{type(model).__name__} has no head to replace: the last part with parameters must be a Linear",
            {"last layer": f"{path or 'the model itself'} ({type(last).__name__})"},
            "replace by hand the layer that makes the logits: model.<its path> = nn.Linear(features, classes)",
        ))
    return path, last


def replace_head(model: Module, num_classes: int) -> nn.Linear:
    r"""Put a new linear layer for `num_classes` in the place of the model's head; returns it.

    The rest of the model stays as it is; the new head is freshly drawn, on the device and of the dtype of the old one.

    Raises
    ------
    ConfigError    the model's last layer is none that can be replaced, or there are no classes

    Examples
    --------
    >>> from tinycnn import models
    >>> model = models.resnet_digits()
    >>> replace_head(model, 3)
    Linear(in_features=64, out_features=3, bias=True)
    >>> model.fc
    Linear(in_features=64, out_features=3, bias=True)
    """
    if num_classes < 1:
        raise ConfigError(f"replace_head: a head needs at least one class, but num_classes is {num_classes}")
    path, old = head_of(model)
    new = nn.Linear(old.in_features, num_classes, bias=old.bias is not None)
    new = new.to(old.weight.device, old.weight.dtype)
    parent, _, name = path.rpartition(".")
    model.get_submodule(parent)._modules[name] = new
    return new


def freeze_body(model: Module) -> list[Module]:
    r"""Let only the head learn; returns the parts of the body, for `Trainer` to keep in evaluation mode.

    A BatchNorm in training mode would go on moving its running statistics, frozen parameters or not.

    Examples
    --------
    >>> from tinycnn import models
    >>> model = models.resnet_digits()
    >>> body = freeze_body(model)
    >>> [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    ['fc.weight', 'fc.bias']
    """
    path, head = head_of(model)
    model.requires_grad_(False)
    head.requires_grad_(True)
    return [part for name, part in model.named_modules() if name and not f"{path}.".startswith(f"{name}.")]


def parameter_groups(model: Module, lr: float, head_lr: float) -> list[dict[str, Any]]:
    r"""Differential learning rates, for an optimizer: one for the body's parameters, if any learns, one for the head's.

    Examples
    --------
    >>> from tinycnn import models, optim
    >>> optimizer = optim.SGD(parameter_groups(models.resnet_digits(), lr=1e-4, head_lr=1e-2))
    >>> [(len(group["params"]), group["lr"]) for group in optimizer.param_groups]
    [(27, 0.0001), (2, 0.01)]
    """
    _, head = head_of(model)
    body = list(_learning_body(model, head))
    groups = [{"params": body, "lr": lr}] if body else []
    return [*groups, {"params": list(head.parameters()), "lr": head_lr}]


def _learning_body(model: Module, head: Module) -> Iterator[Any]:
    heads = {id(parameter) for parameter in head.parameters()}
    return (p for p in model.parameters() if p.requires_grad and id(p) not in heads)
