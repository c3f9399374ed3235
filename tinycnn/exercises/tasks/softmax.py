r"""The exercise on softmax: outputs that all depend on all inputs of their row."""

from __future__ import annotations

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.exercises.exercise import Bug, Case, Exercise, Question
from tinycnn.ops.logits import softmax


def _oracle(z: Tensor) -> Tensor:
    return softmax(z, 1)


EXERCISE = Exercise(
    name="softmax",
    title="Softmax",
    task=r"""
A classifier gives each class a score, its logit, and softmax makes probabilities of them, positive and adding up to 1.
For a batch $z$ of shape $(N, K)$, each row by itself:

$$y_k = \frac{e^{z_k}}{\sum_i e^{z_i}}$$

This is the lecture's formula under "Softmax Classifier". As it stands it breaks for large logits: $e^{1000}$ is more
than a float can hold. But taking the same number off all logits of a row changes nothing (why?), and if that number is
the largest of them, no exponent is above 0.

Each output depends on every logit of its row, since all stand in the denominator. For two classes $i$ and $k$

$$\frac{\partial y_i}{\partial z_k} = y_i \left([i = k] - y_k\right)$$

and the gradient of $z_k$ adds up the ways through all outputs:

$$\bar z_k = \sum_i \bar y_i \frac{\partial y_i}{\partial z_k} = y_k \Bigl(\bar y_k - \sum_i \bar y_i y_i\Bigr)$$

Write `forward`, and `backward`, which takes $\bar y$ as `g` and returns $\bar z$; both have the shape $(N, K)$. The
sum in the bracket is one number for each row: no $K \times K$ matrix is needed, and no loop.
""",
    oracle=_oracle,
    gradients=("z",),
    visible=(
        Case("two rows of three logits", lambda rng: (np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]),)),
    ),
    hidden=(
        Case("four rows of three logits", lambda rng: (rng.standard_normal((4, 3)),)),
        Case("three rows of five logits, further apart", lambda rng: (3 * rng.standard_normal((3, 5)),)),
        Case("as many rows as classes", lambda rng: (rng.standard_normal((3, 3)),)),
    ),
    edges=(
        Case("logits of ±1000", lambda rng: (np.array([[1000.0, 1000.0, -1000.0], [-1000.0, -1000.0, -1001.0]]),)),
        Case("one row", lambda rng: (rng.standard_normal((1, 4)),)),
        Case("a single class, whose probability is 1", lambda rng: (rng.standard_normal((3, 1)),)),
        Case("all logits equal", lambda rng: (np.full((2, 4), 7.0),)),
    ),
    questions=(
        Question(
            "Add the same number to all logits of a row. What happens to the output, and what does it say about"
            " the sum of the gradient over the row?",
            "Nothing: the factor cancels. As moving along (1, …, 1) changes nothing, the gradient has no part in"
            " that direction: it adds up to 0 in each row.",
        ),
        Question(
            "Why must the largest logit be subtracted, and why is it allowed?",
            "So that no exponent is above 0 and nothing overflows; e⁸⁹ is too much for float32 already. It is"
            " allowed because a constant added to all logits of a row cancels.",
        ),
    ),
    bugs=(
        Bug(
            "shared = (g * y).sum(axis=1, keepdims=True)", "shared = (g * y).sum(axis=0, keepdims=True)", "z",
            "wrong-axis",
            "What the denominator passes back was added up over the batch instead of over the classes, though each row"
            " has a denominator of its own. keepdims=True lets the shapes fit all the same.",
        ),
        Bug(
            "return y * (g - shared)", "return y * g", "z", "missing-term",
            "zₖ acts in two ways: through its own numerator, and through the denominator that all outputs share. The"
            " second, −yₖ·Σᵢ ȳᵢyᵢ, is missing, so that raising one probability does not seem to lower the others."
            " Nobody notices where that sum happens to be 0 in every row.",
        ),
        Bug(
            "e = np.exp(z - z.max(axis=1, keepdims=True))", "e = np.exp(z)", None, "unknown",
            "The formula as it stands in the book: right for small logits, but e¹⁰⁰⁰ overflows to ∞ and ∞/∞ is NaN."
            " Take the largest logit of the row off first.",
        ),
        Bug(
            "return e / e.sum(axis=1, keepdims=True)", "return e / e.sum(axis=0, keepdims=True)", None, "wrong-axis",
            "The sum runs down the batch instead of along the classes: now the columns add up to 1, and the"
            " probabilities of one image depend on which others happen to be in its batch.",
        ),
        Bug(
            "return y * (g - shared)", "return g * y * (1 - y)", "z", "missing-term",
            "y·(1 − y) is the diagonal of the Jacobian, the slope of each output in its own logit, and all there is for"
            " the sigmoid. Softmax has entries beside the diagonal too: ∂yᵢ/∂zₖ = −yᵢ·yₖ.",
        ),
        Bug(
            "return y * (g - shared)", "return y * (shared - g)", "z", "sign",
            "The two terms of the bracket were exchanged, so the gradient points the other way and training would lower"
            " the probability that it should raise.",
        ),
        Bug(
            "return y * (g - shared)", "return y * (1 - y)", "z", "ignores-upstream",
            "This is the slope of each output in its own logit; what comes back from the loss, g, is not looked at, and"
            " the other outputs are left out too.",
        ),
    ),
)
