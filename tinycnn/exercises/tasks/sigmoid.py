r"""The exercise on the sigmoid function: a first gradient, and a first overflow."""

from __future__ import annotations

import numpy as np

from tinycnn.exercises.exercise import Bug, Case, Exercise, Question
from tinycnn.ops.activations import sigmoid

EXERCISE = Exercise(
    name="sigmoid",
    title="Sigmoid",
    task=r"""
The sigmoid function turns any number, a logit, into a probability:

$$y = \sigma(x) = \frac{1}{1 + e^{-x}}$$

It acts on each entry of an array by itself. Its derivative needs nothing but its value:

$$\frac{\partial y}{\partial x} = y\,(1 - y) \qquad\text{so that}\qquad \bar x = \bar y \cdot y\,(1 - y)$$

Write `forward`, which computes $y$, and `backward`, which takes $\bar y = \partial L / \partial y$ as `g` and returns
$\bar x = \partial L / \partial x$.

Mind the large numbers: $e^{1000}$ is more than a float can hold, but $\sigma(-1000)$ and $\sigma(1000)$ are ordinary
numbers, 0 and 1, and should come without a warning.
""",
    oracle=sigmoid,
    gradients=("x",),
    visible=(
        Case("numbers of both signs", lambda rng: (np.array([[-1.0, 0.0], [1.0, 2.0]]),)),
    ),
    hidden=(
        Case("a matrix", lambda rng: (rng.standard_normal((3, 4)),)),
        Case("images", lambda rng: (2 * rng.standard_normal((2, 3, 2, 2)),)),
    ),
    edges=(
        Case("large numbers of both signs", lambda rng: (np.array([-1000.0, -40.0, 0.0, 40.0, 1000.0]),)),
        Case("a single number", lambda rng: (np.array(0.5),)),
        Case("an array without entries", lambda rng: (np.zeros((0, 3)),)),
    ),
    questions=(
        Question(
            "For which x is the derivative of σ largest, how large is it, and what does that mean for a gradient"
            " that passes through ten sigmoids one after the other?",
            "At x = 0, where it is ¼. Ten of them multiply it by at most 4⁻¹⁰, about a millionth: it vanishes,"
            " which is why deep nets use ReLU.",
        ),
        Question(
            "Why does `backward` not need x if it has y?",
            "The derivative is y·(1 − y). A layer may keep its output, which the next one keeps anyway, and forget"
            " its input.",
        ),
    ),
    bugs=(
        Bug(
            "return g * y * (1 - y)", "return g * x * (1 - x)", "x", "unknown",
            "The derivative y·(1 − y) was computed from the input x instead of the output y = σ(x). Formulas that name"
            " the output invite this slip: say for each letter whether it is what went in or what came out.",
        ),
        Bug(
            "return g * y * (1 - y)", "return y * (1 - y)", "x", "ignores-upstream",
            "backward returned dy/dx and left out the factor g. That is right only for a loss that is the sum of the"
            " outputs, whose g is 1 everywhere: within a network every layer behind this one would be ignored.",
        ),
        Bug(
            "return g * y * (1 - y)", "return g * y * (y - 1)", "x", "sign",
            "1 − y was written as y − 1. The gradient then points uphill, and training makes the loss larger.",
        ),
        Bug(
            "return np.where(x >= 0, 1, e) / (1 + e)", "return 1 / (1 + e)", None, "unknown",
            "forward computed σ(|x|): the exponential was made safe with the absolute value, but for negative x the"
            " numerator must be e⁻|x| and no longer 1. Tests with positive numbers alone do not show it.",
        ),
    ),
)
