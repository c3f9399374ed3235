r"""The exercise on the linear layer: matrices, and the sum over the batch."""

from __future__ import annotations

import numpy as np

from tinycnn.exercises.exercise import Bug, Case, Exercise, Question
from tinycnn.ops.linalg import linear


def _normal(n: int, i: int, o: int) -> Case:
    return Case(
        f"{n} row{'s' * (n != 1)} of {i} number{'s' * (i != 1)}, {o} output{'s' * (o != 1)}",
        lambda rng: (rng.standard_normal((n, i)), rng.standard_normal((o, i)), rng.standard_normal(o)),
    )


EXERCISE = Exercise(
    name="linear",
    title="Linear layer",
    task=r"""
A linear layer multiplies each row of a batch $x$ of shape $(N, I)$ by a weight $W$ of shape $(O, I)$ and adds a bias
$b$ of shape $(O)$:

$$y = x W^\top + b \qquad y_{no} = \sum_i x_{ni} W_{oi} + b_o$$

Every $y_{no}$ depends on row $n$ of $x$, row $o$ of $W$ and entry $o$ of $b$. Adding up all the ways by which each of
them acts on the loss gives

$$\bar x = \bar y\, W \qquad \bar W = \bar y^\top x \qquad \bar b = \sum_n \bar y_n$$

Write `forward`, and `backward`, which takes $\bar y$, of shape $(N, O)$, as `g` and returns $\bar x$, $\bar W$ and
$\bar b$, each of the shape of what it is the gradient of. One matrix product or sum is enough for each; no loops.
""",
    oracle=linear,
    gradients=("x", "weight", "bias"),
    visible=(
        Case(
            "two rows of three numbers, two outputs",
            lambda rng: (
                np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]]),
                np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]]),
                np.array([10.0, 20.0]),
            ),
        ),
    ),
    hidden=(_normal(4, 3, 5), _normal(5, 4, 2), _normal(3, 3, 3)),
    edges=(_normal(1, 3, 2), _normal(4, 1, 3), _normal(4, 3, 1), _normal(0, 3, 2)),
    questions=(
        Question(
            "What is the shape of each gradient, and how does that alone almost tell the formula?",
            "Each has the shape of what it belongs to: (N, I), (O, I), (O). Out of ȳ (N, O), x (N, I) and W (O, I)"
            " there is one product for each that gives it: ȳW, ȳᵀx, and a sum of ȳ over N.",
        ),
        Question(
            "The loss is a mean over the batch. Where does the 1/N stand, and what happens if the layer divides"
            " once more?",
            "In the backward of the loss, so that it is in g already. A second division makes the gradient of the"
            " weight N times too small, as a smaller learning rate would, which is why it is easily overlooked.",
        ),
    ),
    bugs=(
        Bug(
            "gweight = g.T @ x ", "gweight = g.T @ x / len(x) ", "weight", "scale",
            "The gradient of the weight was divided by the number of rows. If the loss is a mean, its own backward has"
            " divided already, and g contains it: a layer only adds up.",
        ),
        Bug(
            "gweight = g.T @ x ", "gweight = (x.T @ g).reshape(weight.shape) ", "weight", "transposed",
            "xᵀ·ȳ is the gradient of Wᵀ, of shape (I, O). reshape forced it into the shape (O, I), which puts the"
            " numbers into other places; what exchanges axes is .T.",
        ),
        Bug(
            "gbias = g.sum(axis=0)", "gbias = g[0]", "bias", "missing-sum",
            "The bias is added to every row, so every row's gradient belongs to it; only the first row's was taken."
            " With a batch of one row the mistake is not seen.",
        ),
        Bug(
            "gbias = g.sum(axis=0)", "gbias = g.mean(axis=0)", "bias", "scale",
            "The mean over the rows was taken where the sum is due: the bias then learns more slowly the larger the"
            " batch is.",
        ),
        Bug(
            "gx = g @ weight ", "gx = -g @ weight ", "x", "sign",
            "A minus too much, as is left over when an update x −= lr·gx and a gradient are written in one line. The"
            " layers in front of this one would climb instead of descend.",
        ),
    ),
)
