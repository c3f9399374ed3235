r"""The exercise on batch normalisation: statistics that depend on what they normalise."""

from __future__ import annotations

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.exercises.exercise import Arrays, Bug, Case, Exercise, Question
from tinycnn.nn.functional.batch_normalization import batch_norm


def _oracle(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return batch_norm(x, None, None, weight, bias, training=True, eps=eps)


def _drawn(description: str, *shape: int, scale: float = 1.0, shift: float = 0.0, eps: float | None = None) -> Case:
    def draw(rng: np.random.Generator) -> Arrays:
        x = scale * rng.standard_normal(shape) + shift
        return x, rng.standard_normal(shape[1]), rng.standard_normal(shape[1])

    return Case(description, draw, {} if eps is None else {"eps": eps})


def _constant_channel(rng: np.random.Generator) -> Arrays:
    x = rng.standard_normal((3, 2, 2, 2))
    x[:, 1] = 5.0
    return x, rng.standard_normal(2), rng.standard_normal(2)


EXERCISE = Exercise(
    name="batch_norm",
    title="Batch normalisation",
    task=r"""
Batch normalisation gives each channel the mean 0 and the variance 1 over the batch, then lets two learned numbers a
channel, $\gamma$ (`weight`) and $\beta$ (`bias`), choose another scale and shift. It is the lecture's equation 5, with
means $\mathrm{E}$ over $N$, $H$ and $W$ of `x`, of shape $(N, C, H, W)$:

$$\mu = \mathrm{E}[x] \qquad \sigma^2 = \mathrm{E}[(x - \mu)^2] \qquad r = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}
\qquad \hat x = (x - \mu)\,r \qquad y = \gamma \hat x + \beta$$

$\varepsilon$ (`eps`) keeps the root away from 0. The variance divides by $m = NHW$, not by $m - 1$. Running averages,
which a layer keeps for later, are no part of this exercise.

$\gamma$ and $\beta$ are used $m$ times each, so their gradients are sums over $N$, $H$ and $W$:
$\bar\beta = \sum \bar y$ and $\bar\gamma = \sum \bar y\,\hat x$. An $x$, however, acts on every output of its channel:
directly, through $\mu$ and through $\sigma^2$. Follow the three ways (on paper, once in a lifetime) and it comes to,
with $\hat g = \bar y\,\gamma$,

$$\bar x = r\,\bigl(\hat g - \mathrm{E}[\hat g] - \hat x\,\mathrm{E}[\hat g\,\hat x]\bigr)$$

Write `forward`, and `backward`, which takes $\bar y$ as `g` and returns $\bar x$, $\bar\gamma$ and $\bar\beta$, the
last two of shape $(C)$. Without loops; `keepdims=True` makes the means fit.

Source: Ioffe and Szegedy (2015), algorithm 1, where the gradients stand too, in a longer form.
""",
    oracle=_oracle,
    gradients=("x", "weight", "bias"),
    visible=(
        Case(
            "two images of two channels, which both have the variance 3; with ε = 1 the root is 2",
            lambda rng: (
                np.array([[[[2.0, 6.0]], [[0.0, 0.0]]], [[[2.0, 2.0]], [[0.0, 4.0]]]]),
                np.array([1.0, 2.0]),
                np.array([10.0, 20.0]),
            ),
            {"eps": 1.0},
        ),
    ),
    hidden=(
        _drawn("three images of two channels", 3, 2, 2, 3),
        _drawn("a channel's values far from 0 and wide", 2, 3, 3, 2, scale=4.0, shift=10.0),
        _drawn("a large ε", 4, 2, 2, 2, eps=0.5),
    ),
    edges=(
        _drawn("one image", 1, 2, 3, 3),
        _drawn("one pixel", 4, 3, 1, 1),
        _drawn("one channel", 2, 1, 2, 2),
        Case("a constant channel, whose variance is 0", _constant_channel),
        _drawn("numbers around 1000", 3, 2, 2, 2, shift=1000.0),
    ),
    questions=(
        Question(
            "Add a constant to one channel of x, or multiply it by 2. What happens to y, and what follows for the"
            " gradient of x?",
            "Nothing, but for ε. So the gradient has no part along (1, …, 1) nor along x̂: in each channel the"
            " sums of x̄ and of x̄·x̂ are 0. Both are handy tests.",
        ),
        Question(
            "What happens with a batch of one image, whose channels are a single pixel?",
            "The mean is the pixel itself, so x̂ = 0 and y = β whatever x is: nothing passes, and the gradient of"
            " x is 0. PyTorch refuses such a batch in training.",
        ),
    ),
    bugs=(
        Bug(
            "gx = r * (gnormal - through_mean - through_var)", "gx = r * (gnormal - through_var)", "x", "missing-term",
            "Moving one pixel moves the mean of the whole channel, and so every output a little the other way:"
            " −r·E[ĝ]. Left out, the gradient of a channel no longer adds up to 0, though adding a constant to a"
            " channel changes nothing.",
        ),
        Bug(
            "gnormal = g * per_channel(weight)", "gnormal = g", "x", "scale",
            "γ was forgotten on the way back. Freshly made layers have γ = 1, so that the mistake shows only after some"
            " training, or with a γ drawn at random.",
        ),
        Bug(
            "var = x.var(axis=AXES, keepdims=True)", "var = x.var(axis=AXES, keepdims=True, ddof=1)", None, "scale",
            "The variance was divided by m − 1, as a statistician estimates it and as torch.var does unasked. Batch"
            " norm divides by m when it normalises; only its running average takes m − 1.",
        ),
        Bug(
            "mean = x.mean(axis=AXES, keepdims=True)", "mean = x.mean(axis=(1, 2, 3), keepdims=True)", None,
            "wrong-axis",
            "The mean of each image over its channels was taken, as layer norm does, instead of that of each channel"
            " over the batch. keepdims=True makes it fit, and nothing complains.",
        ),
        Bug(
            "gx = r * (gnormal - through_mean - through_var)", "gx = r * (gnormal - through_mean)", "x", "missing-term",
            "The way through the variance was left out: moving a pixel away from the mean widens the channel, and all"
            " outputs shrink. The error is proportional to x̂, which is how to recognise it.",
        ),
        Bug(
            "gx = r * (gnormal - through_mean - through_var)", "gx = r * gnormal", "x", "missing-term",
            "Mean and variance were treated as constants, as they are when a trained network is used. In training they"
            " are made from x, and both owe it a gradient.",
        ),
        Bug(
            "gweight = (g * normal).sum(axis=AXES)", "gweight = (g * normal).mean(axis=AXES)", "weight", "scale",
            "γ is used at every pixel of every image, and its gradient is the sum over all of these; here it was"
            " averaged.",
        ),
        Bug(
            "gweight = (g * normal).sum(axis=AXES)", "gweight = (g * x).sum(axis=AXES)", "weight", "unknown",
            "γ multiplies x̂, the normalised numbers, but its gradient was computed with x, those that came in. For"
            " inputs that happen to be normalised already the two agree.",
        ),
        Bug(
            "gbias = g.sum(axis=AXES)", "gbias = g[0].sum(axis=(1, 2))", "bias", "missing-sum",
            "Only the first image's pixels were added up. β is added to all images of the batch.",
        ),
    ),
)
