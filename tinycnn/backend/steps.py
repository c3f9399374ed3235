r"""One step of an optimizer on one array of weights: the textbook's formulas, for any array module."""

from __future__ import annotations

import math
from typing import Any

from tinycnn.geometry import Window

KERNELS = ("adam_step", "postpone", "postpone_conv2d_weight", "sgd_step")
Array = Any


def postpone(xp: Any, x: Array, y: Array) -> Any:
    """X·Y as a gradient that a step computes where it needs it; see `tinycnn.backend.cpu.postponing`.

    It has ``shape``, ``dtype`` and ``whole()``; a lock, ``looking``, for threads that want the whole at once; for a
    step ``[rows]`` and ``transpose``; and ``multiplied``, whether its operations are done already. None where it is as
    well computed at once, as with these formulas, which take whole arrays.
    """
    return None


def postpone_conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Any:
    """The gradient of a convolution's kernels, likewise."""
    return None


def sgd_step(
    xp: Any,
    p: Array,
    g: Array,
    velocity: Array | None,
    *,
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    maximize: bool = False,
    scratch: Array | None = None,
) -> Array | None:
    r"""One step on the array `p`, in place. Returns the velocity after it, None without momentum.

        g ← g + λp                         weight decay: the gradient of ½λ‖p‖²
        v ← μv + (1 − τ)g                  the first time v ← g
        p ← p − η·{g | v | g + μv}         plain | momentum | Nesterov

    with lr η, momentum μ, dampening τ and weight_decay λ; `maximize` takes −g for g. The velocity is a sum of
    gradients, not of steps: η stands before it, so that a changed learning rate acts at once. `scratch` is memory of
    p's shape to compute in.

    References
    ----------
    Sutskever, Martens, Dahl, Hinton (2013), "On the importance of initialization and momentum in deep learning",
    equations 1–4, where v already contains η.
    """
    scratch = xp.empty_like(p) if scratch is None else scratch  # the one temporary of the usual way
    if maximize:
        g = -g
    if weight_decay:
        g = xp.add(g, xp.multiply(p, weight_decay, out=scratch), out=scratch)
    if momentum:
        if velocity is None:
            velocity = xp.array(g)  # a copy: g may be the gradient itself
        else:
            velocity *= momentum
            velocity += (1 - dampening) * g if dampening else g
        g = g + momentum * velocity if nesterov else velocity
    p -= xp.multiply(g, lr, out=scratch)
    return velocity


def adam_step(
    xp: Any,
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array | None,
    t: int,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float = 0.0,
    decoupled: bool = False,
    maximize: bool = False,
    scratch: Array | None = None,
) -> None:
    r"""Step number `t` = 1, 2, … on the array `p`; p, m, v and v_max change in place.

        g ← g + λp                         Adam's weight decay  | AdamW's:  p ← (1 − ηλ)p
        m ← β₁m + (1 − β₁)g                average of the gradient
        v ← β₂v + (1 − β₂)g²               average of its square
        m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)   both began at 0: take out that bias
        p ← p − η m̂/(√v̂ + ε)

    with lr η and weight_decay λ; `maximize` takes −g for g. AMSGrad, where there is a `v_max`, puts the largest v so
    far in the place of v, so that step sizes never grow again. `scratch` is memory of p's shape to compute in.

    References
    ----------
    Kingma, Ba (2015), "Adam: A Method for Stochastic Optimization", algorithm 1.
    Loshchilov, Hutter (2019), "Decoupled Weight Decay Regularization", algorithm 2.
    Reddi, Kale, Kumar (2018), "On the Convergence of Adam and Beyond", algorithm 2 (AMSGrad).
    """
    if maximize:
        g = -g
    if weight_decay and decoupled:
        p *= 1 - lr * weight_decay
    elif weight_decay:
        g = g + weight_decay * p

    scratch = xp.empty_like(p) if scratch is None else scratch  # the one temporary of the rest
    xp.subtract(g, m, out=scratch)
    scratch *= 1 - beta1
    m += scratch  # m + (1 − β₁)(g − m)

    xp.multiply(g, 1 - beta2, out=scratch)  # before g², which float16 may not hold
    scratch *= g
    v *= beta2
    v += scratch
    if v_max is not None:
        xp.maximum(v_max, v, out=v_max)
        v = v_max

    xp.sqrt(v, out=scratch)
    scratch /= math.sqrt(1 - beta2**t)
    scratch += eps
    xp.divide(m, scratch, out=scratch)
    scratch *= lr / (1 - beta1**t)
    p -= scratch
