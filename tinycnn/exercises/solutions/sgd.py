r"""A step of stochastic gradient descent with momentum and weight decay."""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations


def step(weight, grad, velocity, lr=0.001, momentum=0.0, weight_decay=0.0):
    grad = grad + weight_decay * weight        # the gradient of ½·λ·‖w‖² is λ·w
    velocity = momentum * velocity + grad      # new arrays: the caller's stay as they are
    return weight - lr * velocity, velocity
