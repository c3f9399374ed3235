r"""Where weights start: constants, identities, and random numbers whose spread keeps signals from fading or exploding.

Of a layer y = W·x with n_in independent inputs of mean 0, each output has the variance n_in·Var[w]·E[x²]. So a stack of
layers neither shrinks nor stretches its signal when n_in·Var[w] is 1, and neither its gradient when n_out·Var[w] is 1.
Xavier settles between the two, Kaiming keeps one of them and makes up for what the activation takes away.

All functions write into the tensor, outside the graph, and return it. Random numbers are drawn on the host.

References
----------
Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", equations 12, 16.
He, Zhang, Ren and Sun 2015, "Delving deep into rectifiers", equations 10, 14 and 15.
Saxe, McClelland and Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning in deep linear networks".
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.errors import ConfigError, ShapeError, explain
from tinycnn.nn.filling import filling, write, write_drawn
from tinycnn.random import Generator, host

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

_GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "sigmoid"), 1.0),
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


# Constants and identities ─────────────────────────────────────────────────────────────────────────────────────────────


@filling
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0."""
    return constant_(tensor, 0.0)


@filling
def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity: a linear layer then hands on its inputs, as many as there are outputs."""
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: only a matrix can be the identity, but the tensor has shape {tuple(tensor.shape)}")
    return write(tensor, np.eye(*tensor.shape))


@filling
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    r"""Fill kernels with unit impulses, W[o, c, centre] = [o = c]: a convolution then hands on its input channels.

    Parameters
    ----------
    tensor : Tensor, (O, C/groups, kernel…)
        With one, two or three kernel dimensions. Each group starts again with its first channel.
    """
    if not 3 <= tensor.ndim <= 5:
        raise ShapeError(f"dirac_: takes 3, 4 or 5 dimensions, but the tensor has shape {tuple(tensor.shape)}")
    outputs, channels, *kernel = tensor.shape
    if groups < 1 or outputs % groups:
        raise ConfigError(f"dirac_: the {outputs} output channels must be divisible by groups, but groups is {groups}")
    centre = tuple(k // 2 for k in kernel)
    values = np.zeros(tensor.shape)
    for o in range(outputs):
        c = o % (outputs // groups)
        if c < channels:
            values[(o, c, *centre)] = 1
    return write(tensor, values)


# Random numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────


@filling
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the uniform distribution on [a, b)."""
    if a > b:
        raise ConfigError(f"uniform_: the lower bound must not exceed the upper one, but {a} > {b}")
    rng = host(generator)
    return write_drawn(tensor, lambda count: rng.uniform(a, b, count))


@filling
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the normal distribution N(mean, std²)."""
    if std < 0:
        raise ConfigError(f"normal_: a standard deviation must not be negative, but it is {std}")
    rng = host(generator)
    return write_drawn(tensor, lambda count: rng.normal(mean, std, count))


@filling
def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    r"""Fill with draws from the normal distribution N(mean, std²), given that they lie in [a, b].

    Rejection sampling: draw, keep what is accepted, and draw again for the rest. Where the interval is likely, the
    candidates are normal and those inside are kept. Where it is not (a tail, or a sliver), nearly all of these would be
    thrown away; then the candidates x are uniform on [a, b], each kept with the probability φ(x) / φ(m), φ being the
    normal density and m the point of the interval where it is highest. Either way the distribution is right, in the
    tails too.

    Note that `a` and `b` are bounds of the values, not multiples of `std`: for weights cut off at two standard
    deviations of 0.02 they are −0.04 and 0.04.

    References
    ----------
    Robert 1995, "Simulation of truncated normal variables", section 2.
    """
    if std <= 0 or a > b:
        raise ConfigError(f"trunc_normal_: needs std > 0 and a ≤ b, but std is {std}, a is {a} and b is {b}")
    rng = host(generator)
    mode = min(max(mean, a), b)
    low, high = max(a, mode - 10 * std), min(b, mode + 10 * std)  # farther out, the density is below e⁻⁵⁰ of φ(m)
    likely = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std) > 0.3

    def accepted(count: int) -> Any:
        if likely:
            x = rng.normal(mean, std, count)
            return x[(a <= x) & (x <= b)]
        x = rng.uniform(low, high, count)
        return x[rng.random(count) <= np.exp(((mode - mean) ** 2 - (x - mean) ** 2) / (2 * std**2))]

    values = accepted(tensor.numel())
    while values.size < tensor.numel():
        values = np.concatenate((values, accepted(tensor.numel() - values.size)))
    return write(tensor, values.reshape(tensor.shape))


def _normal_cdf(x: float) -> float:
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


@filling
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    r"""Fill with an orthogonal matrix times `gain`, drawn evenly from all of them: W·Wᵀ = gain²·1, or Wᵀ·W if tall.

    The dimensions behind the first are taken as one. Q of the QR decomposition of a normal matrix is orthogonal; the
    draw is even once each column has the sign with which R's diagonal is positive.

    References
    ----------
    Mezzadri 2007, "How to generate random matrices from the classical compact groups", section 5.
    """
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: needs two dimensions or more, but the tensor has shape {tuple(tensor.shape)}")
    if not tensor.numel():
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    q, r = np.linalg.qr(host(generator).standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return write(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


# Random numbers of the right spread ───────────────────────────────────────────────────────────────────────────────────


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    r"""The factor by which weights must be larger because of the activation behind them.

    ================================  ==============================
    linear, conv1d … conv3d, sigmoid  1
    tanh                              5/3
    relu                              √2, for it lets half through
    leaky_relu                        √(2 / (1 + slope²)), slope = `param` or 0.01
    selu                              3/4
    ================================  ==============================

    Examples
    --------
    >>> calculate_gain("relu"), calculate_gain("leaky_relu", 0.2)
    (1.4142, 1.3868)
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ConfigError(f"calculate_gain: negative_slope {slope!r} not a valid number")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ConfigError(f"calculate_gain: no gain is known for {nonlinearity!r}, only for {[*_GAINS, 'leaky_relu']}")
    return _GAINS[nonlinearity]


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs one output sees, and how many outputs one input reaches: C·kH·kW and O·kH·kW."""
    if tensor.ndim < 2:
        raise ShapeError(explain(
            "fan in and fan out cannot be computed for a tensor with fewer than 2 dimensions",
            {"tensor": tuple(tensor.shape)},
            "biases and the weights of norms start at constants: zeros_, ones_",
        ))
    outputs, inputs, *kernel = tensor.shape
    return inputs * math.prod(kernel), outputs * math.prod(kernel)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2 / max(sum(_calculate_fan_in_and_fan_out(tensor)), 1))


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    modes = ("fan_in", "fan_out")
    if mode not in modes:
        raise ConfigError(f"kaiming: mode must be one of {modes}, but it is {mode!r}")
    if not tensor.numel():
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return 0.0
    fan = _calculate_fan_in_and_fan_out(tensor)[modes.index(mode)]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    r"""Fill from the uniform distribution on ±√3·σ with σ = gain·√(2 / (n_in + n_out)).

    That is equation 16 of Glorot and Bengio 2010, ±√6 / √(n_in + n_out), times the gain; a uniform distribution on
    ±c has the variance c²/3.
    """
    bound = math.sqrt(3) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    r"""Fill from N(0, σ²) with σ = gain·√(2 / (n_in + n_out)): equation 12 of Glorot and Bengio, times the gain."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    r"""Fill from the uniform distribution on ±√3·σ, with the σ of `kaiming_normal_`."""
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    r"""Fill from N(0, σ²) with σ = gain / √n.

    For ReLU the gain is √2, so that ½·n·Var[w] = 1, which is equation 10 of He et al. 2015 with n = n_in, and their
    equation 14 with n = n_out.

    Parameters
    ----------
    a : float
        The slope below 0 of the leaky rectifier behind the layer (equation 15); 0 makes it ReLU.
    mode : {"fan_in", "fan_out"}
        Whether the activations on their way forward keep their spread, or the gradients on their way back.
    nonlinearity : str
        The activation behind the layer, as `calculate_gain` takes it.

    Examples
    --------
    >>> import tinycnn
    >>> w = kaiming_normal_(tinycnn.empty(64, 32, 3, 3), generator=tinycnn.Generator().manual_seed(0))
    >>> w.std().item(), (2 / (32 * 3 * 3)) ** 0.5
    (0.083, 0.083)
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)
