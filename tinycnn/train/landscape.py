r"""The loss around a solution: a plane through all the weights at once, in directions that do justice to every filter.

A network of n weights has its loss over n dimensions; a picture has two. So one looks at a plane through θ*, the
weights that were found, along two random directions δ and η:

    f(α, β) = L(θ* + α δ + β η)

The scale of δ decides what one sees. Where a normalization follows, weights ten times as large make the same network,
and a step of fixed length would then be a tenth as far: its landscape looks flat, and is not. So every filter of a
direction is given the length of the filter that it is added to (filter normalization):

    δᵢⱼ ← δᵢⱼ / ‖δᵢⱼ‖ · ‖θᵢⱼ‖        filter j of layer i

One unit on either axis then is, for every filter, a step as long as itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.errors import ArgumentError, ConfigError, described, explain
from tinycnn.nn import Module
from tinycnn.random import Generator, host

Direction = Mapping[str, Tensor]  #: a step for each parameter, by its name


class Landscape(NamedTuple):
    r"""The loss on a grid of steps from the weights that were found."""

    alphas: Any  #: (A,), float64: steps along the first direction
    betas: Any  #: (B,), float64: along the second
    losses: Any  #: (B, A), float64; infinite or NaN where the network overflows

    @property
    def centre(self) -> float:
        r"""The loss nearest to α = β = 0, which is θ* itself where the number of points is odd."""
        return float(self.losses[np.abs(self.betas).argmin(), np.abs(self.alphas).argmin()])


def filter_normalized_direction(model: Module, generator: Generator | None = None) -> dict[str, Tensor]:
    r"""A random direction whose every filter is as long as that of the model.

    A filter is what makes one output: the kernel of one output channel of a convolution, the weights of one unit of a
    linear layer. Biases and the γ and β of normalizations, parameters of one axis, stay as they are: their steps are 0.

    Parameters
    ----------
    generator : Generator or None      what it is drawn with; the default one if None

    References
    ----------
    Li, Xu, Taylor, Studer, Goldstein (2018), "Visualizing the loss landscape of neural nets", section 4.

    Examples
    --------
    >>> from tinycnn import nn
    >>> layer = nn.Linear(3, 2)
    >>> direction = filter_normalized_direction(layer)
    >>> bool(((direction["weight"] ** 2).sum(1) - (layer.weight ** 2).sum(1)).abs().max() < 1e-6)
    True
    >>> direction["bias"]
    tensor([0., 0.])
    """
    source = host(generator)
    return {name: _like(parameter, source) for name, parameter in _parameters(model).items()}


def _like(parameter: Tensor, source: Any) -> Tensor:
    weights = parameter.numpy(force=True)
    step = np.zeros(weights.shape)
    if weights.ndim > 1:
        step = source.standard_normal(weights.shape)
        axes = tuple(range(1, weights.ndim))
        lengths = [np.sqrt(np.square(a, dtype=np.float64).sum(axes, keepdims=True)) for a in (weights, step)]
        step *= lengths[0] / np.maximum(lengths[1], np.finfo(np.float64).tiny)
    return parameter.detach().new_tensor(step.astype(weights.dtype))


def loss_landscape(
    model: Module,
    loss: Callable[[Module], Any],
    *,
    extent: float = 1.0,
    points: int = 21,
    directions: tuple[Direction, Direction] | None = None,
    generator: Generator | None = None,
    on_point: Callable[[float], object] | None = None,
) -> Landscape:
    r"""The loss on a square grid around the model's weights; the model is left as it was found.

    Parameters
    ----------
    loss : callable
        Of the model, whose weights lie at one point of the grid, to a number; it decides on what images, and whether
        the model is in training or evaluation mode.
    extent : float
        The grid reaches from −extent to extent along both directions.
    points : int
        Of the grid along each; an odd number has θ* among them.
    directions : two mappings from names to Tensors, or None
        δ and η; parameters they do not name stay. If None, two of `filter_normalized_direction`.
    generator : Generator or None
        What these are drawn with; the default one if None.
    on_point : callable, optional
        Called with every loss as it is found.

    Raises
    ------
    ConfigError      there are no points, or no extent
    ArgumentError    a direction does not fit the model's parameters

    References
    ----------
    Li, Xu, Taylor, Studer, Goldstein (2018), "Visualizing the loss landscape of neural nets", sections 3 and 4.

    Examples
    --------
    The mean square of w itself, from w = 2: along a direction as long as w, it is 0 one step back.

    >>> import tinycnn
    >>> from tinycnn import nn
    >>> layer = nn.Linear(1, 1, bias=False)
    >>> _ = nn.init.constant_(layer.weight, 2.0)
    >>> there, nowhere = ({"weight": tinycnn.tensor([[step]])} for step in (2.0, 0.0))
    >>> loss_landscape(layer, lambda m: (m.weight ** 2).mean(), points=3, directions=(there, nowhere)).losses[0]
    array([ 0.,  4., 16.])
    """
    if points < 1 or not 0 < extent < np.inf:
        raise ConfigError(f"loss_landscape: a grid has points and an extent, not points={points} and extent={extent}")
    if directions is None:
        directions = filter_normalized_direction(model, generator), filter_normalized_direction(model, generator)
    for direction in directions:
        _check(model, direction)
    steps = np.linspace(-extent, extent, points)
    before = {name: value.clone() for name, value in model.state_dict().items()}  # buffers too: a loss may change them
    modes = [(part, part.training) for part in model.modules()]
    losses = np.empty((points, points))
    try:
        with no_grad(), np.errstate(over="ignore", invalid="ignore"):
            for row, column in np.ndindex(points, points):
                _move(model, before, directions, (float(steps[column]), float(steps[row])))
                losses[row, column] = float(loss(model))
                if on_point is not None:
                    on_point(float(losses[row, column]))
    finally:
        model.load_state_dict(before)
        for part, training in modes:
            part.training = training
    return Landscape(steps, steps.copy(), losses)


def _move(
    model: Module, before: Mapping[str, Tensor], directions: tuple[Direction, Direction], steps: tuple[float, float]
) -> None:
    r"""θ* + α δ + β η."""
    for name, parameter in _parameters(model).items():
        moved = before[name]
        for direction, step in zip(directions, steps, strict=True):
            if name in direction:
                moved = moved + step * direction[name]
        parameter.copy_(moved)


def _parameters(model: Module) -> dict[str, Tensor]:
    if not isinstance(model, Module):
        raise ArgumentError(f"a landscape is that of a model, a Module, not of {described(model)}")
    return dict(model.named_parameters())


def _check(model: Module, direction: Direction) -> None:
    shapes = {name: tuple(parameter.shape) for name, parameter in _parameters(model).items()}
    for name, step in direction.items():
        if shapes.get(name) != tuple(step.shape):
            raise ArgumentError(explain(
                f"loss_landscape: the direction does not fit the model at {name!r}",
                {"direction": tuple(step.shape), "parameter": shapes.get(name, "none of this name")},
                "filter_normalized_direction(model) makes one for this model",
            ))
