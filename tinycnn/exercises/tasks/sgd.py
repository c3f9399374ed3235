r"""The exercise on stochastic gradient descent: one step, written without changing anything in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.exercises.exercise import Arrays, Bug, Case, Exercise, Part, Question
from tinycnn.optim.sgd import SGD


def _oracle(weight: Tensor, grad: Tensor, velocity: Tensor, **options: Any) -> tuple[Tensor, Tensor]:
    """A step of the library's own optimizer, which starts with this velocity."""
    p = weight.detach().clone().requires_grad_()
    optimizer = SGD([p], **options)
    if options.get("momentum"):
        optimizer.state[p] = {"momentum_buffer": velocity.detach().clone()}
    p.grad = grad.detach().clone()
    optimizer.step()
    decayed = grad + options.get("weight_decay", 0.0) * weight
    return p.detach(), optimizer.state[p]["momentum_buffer"] if options.get("momentum") else decayed


def _in_turn(step: Callable[..., Any], weight: Any, grads: Any, velocity: Any, **options: Any) -> Any:
    """One step for each gradient, each from where the last one led."""
    for grad in grads:
        weight, velocity = step(weight, grad, velocity, **options)
    return weight, velocity


def _drawn(description: str, *shape: int, steps: int | None = None, **options: Any) -> Case:
    def draw(rng: np.random.Generator) -> Arrays:
        grads = rng.standard_normal(shape if steps is None else (steps, *shape))
        start = rng.standard_normal if steps is None else np.zeros
        return rng.standard_normal(shape), grads, np.asarray(start(shape))

    return Case(description, draw, options)


def _round(description: str, **options: Any) -> Case:
    arrays = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([1.0, 1.0])
    return Case(description, lambda rng: arrays, options)


_ALL: Mapping[str, Any] = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
_VISIBLE = (_round("plain", lr=0.5), _round("with momentum", lr=0.5, momentum=0.5))

EXERCISE = Exercise(
    name="sgd",
    title="A step of SGD",
    task=r"""
Stochastic gradient descent moves each weight a little against its gradient $g$. With a learning rate $\eta$, a momentum
$\mu$ and a weight decay $\lambda$, one step is

$$\begin{aligned}
g &\leftarrow g + \lambda w && \text{the gradient of } \tfrac12\lambda\lVert w\rVert^2 \text{ comes on top} \\
v &\leftarrow \mu v + g && \text{the velocity, a fading memory of the gradients} \\
w &\leftarrow w - \eta v
\end{aligned}$$

as in Sutskever, Martens, Dahl and Hinton (2013), but with $\eta$ outside of the velocity. Write `step`, which returns
the new weight and the new velocity. It returns new arrays: those that it is given stay as they are.
""",
    oracle=_oracle,
    gradients=(),
    functions=("step",),
    outputs=("new weight", "new velocity"),
    visible=_VISIBLE,
    hidden=(),
    edges=(),
    own_parts=(
        Part("shapes", 1, "shapes", (_drawn("a matrix", 2, 3, **_ALL), _drawn("a single number", **_ALL))),
        Part("plain step", 2, "values", (_drawn("a plain step", 2, 3, lr=0.1),)),
        Part("momentum", 2, "values", (_drawn("a step with momentum", 2, 3, lr=0.1, momentum=0.9),)),
        Part("weight decay", 2, "values", (
            _drawn("a step with weight decay", 2, 3, lr=0.1, weight_decay=0.1),
            _drawn("a step with momentum and weight decay", 2, 3, **_ALL),
        )),
        Part("several steps", 2, "values", (_drawn("five steps in turn", 2, 3, steps=5, **_ALL),), use=_in_turn),
    ),
    questions=(
        Question(
            "With a momentum of 0.9 and a gradient that stays the same, how long does a step become, and after"
            " about how many steps is it nearly there?",
            "1/(1 − 0.9) = 10 times as long as without. The velocity after n steps is g·(1 − 0.9ⁿ)/0.1, which is"
            " 65 % of that after 10 steps and 90 % after 22.",
        ),
        Question(
            "What does weight decay do to a weight whose gradient is always 0?",
            "Without momentum it is multiplied by 1 − ηλ at each step, and so decays exponentially, which is where"
            " the name comes from.",
        ),
    ),
    bugs=(
        Bug(
            "grad = grad + weight_decay * weight ", "grad = grad - weight_decay * weight ", None, "sign",
            "Weight decay with the wrong sign drives the weights away from 0, faster the larger they are: training goes"
            " well for a while and then blows up.",
        ),
        Bug(
            "velocity = momentum * velocity + grad ", "velocity = momentum * velocity + (1 - momentum) * grad ", None,
            "scale",
            "This velocity is a mean of the gradients, as in Adam, where SGD has a sum: with a momentum of 0.9 the"
            " steps are a tenth as long, and a learning rate out of a paper seems not to learn.",
        ),
        Bug(
            "return weight - lr * velocity, velocity", "return weight - lr * grad, velocity", None, "missing-term",
            "The velocity is computed and handed on, but the step still goes along the gradient. Without momentum"
            " nothing is wrong, which is why each option wants a test of its own.",
        ),
    ),
)
