r"""The exercise on a residual block: two ways forward, two gradients to add."""

from __future__ import annotations

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.exercises.exercise import Arrays, Bug, Case, Exercise, Question
from tinycnn.ops.activations import relu
from tinycnn.ops.linalg import linear


def _oracle(x: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    return relu(linear(relu(linear(x, w1)), w2) + x)


def _drawn(description: str, n: int, d: int, m: int) -> Case:
    def draw(rng: np.random.Generator) -> Arrays:
        return rng.standard_normal((n, d)), rng.standard_normal((m, d)), rng.standard_normal((d, m))

    return Case(description, draw)


EXERCISE = Exercise(
    name="residual_block",
    title="Residual block",
    task=r"""
Make a plain network deeper and beyond some depth it gets worse, even on the data it is trained on. He et al. (2016)
let each block learn only what to change, and add its input to its output (the lecture's Figure 14). Here with two dense
layers and no biases, as in their equation 1:

$$F(x) = W_2\, \mathrm{relu}(W_1 x) \qquad\qquad y = \mathrm{relu}(F(x) + x)$$

`x` has the shape $(N, D)$, `w1` the shape $(M, D)$ and `w2` the shape $(D, M)$, so that $F(x)$ and $x$ can be added.
Each row of $x$ is one example: $W_1 x$ is `x @ w1.T` for the whole batch.

Give the steps names, $a = W_1 x$, $h = \mathrm{relu}(a)$ and $t = W_2 h + x$, and go back from the last to the first:

$$\bar t = \bar y \odot [t > 0] \qquad \bar W_2 = \bar t^\top h \qquad \bar h = \bar t\, W_2 \qquad
\bar a = \bar h \odot [a > 0] \qquad \bar W_1 = \bar a^\top x$$

What remains is $\bar x$. $x$ is used twice, so two gradients arrive, and they are added. Which are they? The simpler of
the two is why networks of a hundred layers can be trained at all.

Write `forward`, and `backward`, which takes $\bar y$, of shape $(N, D)$, as `g` and returns $\bar x$, $\bar W_1$ and
$\bar W_2$.
""",
    oracle=_oracle,
    gradients=("x", "w1", "w2"),
    visible=(
        Case(
            "two rows of two features, three hidden units",
            lambda rng: (
                np.array([[1.0, 2.0], [-1.0, 3.0]]),
                np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]]),
                np.array([[1.0, 0.0, 1.0], [0.0, -2.0, 0.0]]),
            ),
        ),
    ),
    hidden=(
        _drawn("four rows of three features, five hidden units", 4, 3, 5),
        _drawn("five rows of four features, two hidden units", 5, 4, 2),
        _drawn("as many hidden units as features", 4, 4, 4),
    ),
    edges=(
        _drawn("one row", 1, 4, 3),
        _drawn("one feature, one hidden unit", 5, 1, 1),
        Case(
            "W₂ = 0: the block passes positive numbers on as they are",
            lambda rng: (0.5 + rng.random((3, 4)), rng.standard_normal((2, 4)), np.zeros((4, 2))),
        ),
        Case(
            "no hidden unit on: the skip connection alone",
            lambda rng: (0.5 + rng.random((3, 4)), -0.5 - rng.random((2, 4)), rng.standard_normal((4, 2))),
        ),
        _drawn("no rows at all", 0, 3, 2),
    ),
    questions=(
        Question(
            "What is the gradient of x if W₂ = 0, and why is that welcome in a net of a hundred blocks?",
            "ȳ where x > 0: it passes as if the block were not there. A block that starts near 0 does no harm, and"
            " the gradient reaches the first layer undiminished.",
        ),
        Question(
            "What would be lost if the skip connection came after the outer relu, y = relu(F(x)) + x?",
            "Nothing of the gradient, which then passes untouched even where y is negative; but relu(F) ≥ 0, so"
            " that each block can only add, and the numbers grow from block to block. He et al. (2016b) move the"
            " relu to the front for that reason.",
        ),
    ),
    bugs=(
        Bug(
            "gx = gt + ga @ w1", "gx = ga @ w1", "x", "missing-term",
            "The gradient of the skip connection was forgotten. Forward is a residual network, backward a plain one:"
            " it trains as badly as without skips, and nothing in the loss says why.",
        ),
        Bug(
            "gw1 = ga.T @ x", "gw1 = np.outer(ga[0], x[0])", "w1", "missing-sum",
            "The outer product of the first row alone. Every row of the batch went through W₁, and the matrix product"
            " ga.T @ x adds up their outer products. With a batch of one row nobody notices.",
        ),
        Bug(
            "gx = gt + ga @ w1", "gx = g + ga @ w1", "x", "entries",
            "The skip connection ends before the outer ReLU, not behind it: its share is ȳ ⊙ [t > 0] as well. The"
            " entries where the output is 0 are wrong, all others right; if no output is 0, nobody notices.",
        ),
        Bug(
            "return h, h @ w2.T + x", "return h, h @ w2.T", None, "missing-term",
            "The skip connection is missing in forward: this is a plain block of two layers, and with weights near 0"
            " its output is 0 instead of its input.",
        ),
        Bug(
            "gx = gt + ga @ w1", "gx = gt", "x", "missing-term",
            "Only the skip connection hands its gradient on; what the block's own layers owe their input is missing."
            " W₁ and W₂ learn, but the blocks before are not told of them.",
        ),
        Bug(
            "gw2 = gt.T @ h", "gw2 = g.T @ h", "w2", "unknown",
            "The outer ReLU was skipped on the way to W₂: outputs that were off still pull at its rows.",
        ),
        Bug(
            "gw2 = gt.T @ h", "gw2 = gt.T @ h / len(x)", "w2", "scale",
            "Divided by the number of rows. If the loss is a mean, the 1/N has come in with g already.",
        ),
        Bug(
            "gw1 = ga.T @ x", "gw1 = gh.T @ x", "w1", "unknown",
            "W₁ got h̄, what arrives behind the inner ReLU, instead of ā, what is left before it: hidden units that were"
            " off learn as if they had been on. Only rows of W₁ whose unit is on for the whole batch are right.",
        ),
    ),
)
