r"""The exercise on the loss of a softmax classifier: from logits and labels to one number, and back."""

from __future__ import annotations

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.exercises.exercise import Arrays, Bug, Case, Exercise, Question
from tinycnn.nn.functional.classification import nll_loss
from tinycnn.ops.logits import log_softmax


def _oracle(z: Tensor, target: Tensor) -> Tensor:
    return nll_loss(log_softmax(z, 1), target)


def _drawn(description: str, n: int, k: int, spread: float = 1.0) -> Case:
    def draw(rng: np.random.Generator) -> Arrays:
        return spread * rng.standard_normal((n, k)), rng.integers(k, size=n)

    return Case(description, draw)


EXERCISE = Exercise(
    name="log_softmax_nll",
    title="Log-softmax and negative log-likelihood",
    task=r"""
This is the loss that nearly every classifier is trained with. `z` holds the logits, of shape $(N, K)$, and `target` the
label of each row, $N$ integers from 0 to $K - 1$. With $p$ the softmax of each row,

$$\ell = -\frac{1}{N} \sum_n \ln p_{n,t_n}
\qquad\text{where}\qquad \ln p_{nk} = z_{nk} - \ln \sum_i e^{z_{ni}}$$

the mean over the batch of the negative log-likelihood (the lecture's equation 2) or, which is the same, of the
cross-entropy (equation 3).

Compute $\ln p$ in one go and never take the logarithm of $p$: for a logit far below the others $p$ rounds to 0, and
$\ln 0 = -\infty$. With $m$ the largest logit of a row, $\ln \sum_i e^{z_i} = m + \ln \sum_i e^{z_i - m}$, where nothing
overflows.

The gradient is one of the pleasant surprises of the subject (Bishop 2006, equation 4.109): prediction minus truth,

$$\bar z_{nk} = \frac{\bar \ell}{N} \bigl(p_{nk} - [k = t_n]\bigr)$$

Derive it, then write `forward`, which returns the number $\ell$, and `backward`, which takes $\bar \ell$, a number too,
as `g` and returns $\bar z$, of shape $(N, K)$. The labels are integers and have no gradient.
""",
    oracle=_oracle,
    gradients=("z",),
    visible=(
        Case(
            "two rows of three logits",
            lambda rng: (np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), np.array([2, 0])),
        ),
    ),
    hidden=(
        _drawn("four rows of three classes", 4, 3),
        _drawn("five rows of two classes", 5, 2),
        _drawn("three rows of six classes, further apart", 3, 6, spread=3.0),
    ),
    edges=(
        Case(
            "logits of ±1000",
            lambda rng: (np.array([[1000.0, -1000.0, 0.0], [-1000.0, -1001.0, -1000.0]]), np.array([1, 1])),
        ),
        _drawn("one row", 1, 4),
        Case("all rows of the same class", lambda rng: (rng.standard_normal((4, 3)), np.full(4, 2))),
        Case("a single class, whose loss is 0", lambda rng: (rng.standard_normal((3, 1)), np.zeros(3, dtype=int))),
    ),
    questions=(
        Question(
            "What is the loss of a network that knows nothing, for 10 classes, and why is that worth knowing?",
            "−log(1/10) = 2.303. A loss far above it at the start shows a mistake in the initialisation or the"
            " data before an hour is spent on training.",
        ),
        Question(
            "Why are log-softmax and NLL one function here, and not log, softmax and a mean?",
            "A probability below about 1e-45 is 0 in float32, and its logarithm −∞; z − logsumexp(z) is an"
            " ordinary number. And the gradient of both together is simply p minus one-hot, divided by N.",
        ),
    ),
    bugs=(
        Bug(
            "return g * (p - truth) / len(z)", "return g * p / len(z)", "z", "missing-term",
            "p is what the sum over all classes contributes. The logit of the true class also stands in front of the"
            " logarithm, which gives the −1 that is missing: without it every logit would be pushed down.",
        ),
        Bug(
            "return g * (p - truth) / len(z)", "return g * (p - truth)", "z", "scale",
            "The loss is a mean over N rows, and each row has a share of 1/N in it. Left out, the gradient is N times"
            " too long, and the learning rate would have to change with the size of the batch. With a single row nobody"
            " notices.",
        ),
        Bug(
            "return -log_softmax(z)[rows, target].mean()", "return -log_softmax(z)[rows, target].sum()", None, "scale",
            "The losses were added up instead of averaged. Both are in use, but with a sum the step of the optimizer"
            " grows with the batch, and backward, which divides by N, belongs to the mean.",
        ),
        Bug(
            "shifted = z - z.max(axis=1, keepdims=True) ", "shifted = z ", None, "unknown",
            "Without taking off the largest logit, e¹⁰⁰⁰ overflows and the loss is infinite or NaN. Ordinary logits"
            " give the right answer, so the mistake waits for the first badly scaled batch.",
        ),
        Bug(
            "return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))",
            "return shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))", None, "wrong-axis",
            "The probabilities were made to add up to 1 over the batch, not over the classes: the likelihood of one"
            " image then depends on the other images.",
        ),
        Bug(
            "return g * (p - truth) / len(z)", "return g * (p - truth) / z.size", "z", "scale",
            "Divided by all entries, N·K, instead of the rows, N: the loss is a mean over the examples, not over the"
            " classes.",
        ),
        Bug(
            "return g * (p - truth) / len(z)", "return g * (truth - p) / len(z)", "z", "sign",
            "Truth minus prediction is the gradient of the log-likelihood, which one would climb. The loss is its"
            " negative, which one descends: prediction minus truth.",
        ),
        Bug(
            "return g * (p - truth) / len(z)", "return (p - truth) / len(z)", "z", "ignores-upstream",
            "g was left out, since it is 1 where the loss is the end of the network. It no longer is as soon as the"
            " loss is weighted, or added to another one.",
        ),
    ),
)
