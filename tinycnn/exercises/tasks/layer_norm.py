r"""The exercise on layer normalisation: the same formula over another axis, and why γ has to stay inside the mean."""

from __future__ import annotations

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.exercises.exercise import Arrays, Bug, Case, Exercise, Question
from tinycnn.nn.functional.normalization import layer_norm


def _oracle(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return layer_norm(x, x.shape[-1:], weight, bias, eps)


def _drawn(description: str, *shape: int, scale: float = 1.0, shift: float = 0.0, eps: float | None = None) -> Case:
    def draw(rng: np.random.Generator) -> Arrays:
        x = scale * rng.standard_normal(shape) + shift
        return x, rng.standard_normal(shape[-1]), rng.standard_normal(shape[-1])

    return Case(description, draw, {} if eps is None else {"eps": eps})


def _constant_row(rng: np.random.Generator) -> Arrays:
    x = rng.standard_normal((3, 4))
    x[1] = 5.0
    return x, rng.standard_normal(4), rng.standard_normal(4)


EXERCISE = Exercise(
    name="layer_norm",
    title="Layer normalisation",
    task=r"""
Layer normalisation gives each example the mean 0 and the variance 1 over its own $D$ features. It is the lecture's
equation 5 once more, but where batch normalisation averages down the batch, here the means $\mathrm{E}$ run along the
last axis of `x`, of shape $(\dots, D)$: the examples do not know of each other, and a batch of one is as good as any.

$$\mu = \mathrm{E}[x] \qquad \sigma^2 = \mathrm{E}[(x - \mu)^2] \qquad r = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}
\qquad \hat x = (x - \mu)\,r \qquad y = \gamma \odot \hat x + \beta$$

`weight` $\gamma$ and `bias` $\beta$ have $D$ entries, one for each feature, shared by all examples. The variance
divides by $D$, not by $D - 1$. There may be one axis in front of the last, $(N, D)$, or several, as in ConvNeXt's
$(N, H, W, D)$.

The gradient of $x$ has the three terms of batch normalisation: directly, through $\mu$, through $\sigma^2$. With
$\hat g = \bar y \odot \gamma$,

$$\bar x = r\,\bigl(\hat g - \mathrm{E}[\hat g] - \hat x\,\mathrm{E}[\hat g\,\hat x]\bigr)$$

One thing is new: $\gamma$ varies along the axis that the means run over, so it must be in there before the mean is
taken. $\gamma$ and $\beta$ themselves are used by every example, so that $\bar\gamma = \sum \bar y \odot \hat x$ and
$\bar\beta = \sum \bar y$ add up over all axes but the last.

Write `forward`, and `backward`, which takes $\bar y$ as `g` and returns $\bar x$, $\bar\gamma$ and $\bar\beta$.

Source: Ba, Kiros and Hinton (2016), equations 3 and 4.
""",
    oracle=_oracle,
    gradients=("x", "weight", "bias"),
    visible=(
        Case(
            "two rows of four features, both with the variance 3; with ε = 1 the root is 2",
            lambda rng: (
                np.array([[1.0, 1.0, 5.0, 1.0], [0.0, 0.0, 0.0, 4.0]]),
                np.array([1.0, 2.0, 3.0, 4.0]),
                np.array([10.0, 20.0, 30.0, 40.0]),
            ),
            {"eps": 1.0},
        ),
    ),
    hidden=(
        _drawn("three rows of five features", 3, 5),
        _drawn("images, the channels last", 2, 3, 2, 4, scale=2.0, shift=1.0),
        _drawn("as many rows as features, a large ε", 4, 4, eps=0.5),
    ),
    edges=(
        _drawn("one row", 1, 5),
        _drawn("a single vector, without a batch", 6),
        _drawn("two features, of which always one is the larger", 3, 2),
        _drawn("a single feature, whose variance is 0", 3, 1),
        Case("a constant row, whose variance is 0", _constant_row),
        _drawn("numbers around 1000", 3, 4, shift=1000.0),
        _drawn("no rows at all", 0, 4),
    ),
    questions=(
        Question(
            "What does layer norm average over that batch norm does not, and what can it do for that reason?",
            "Over the features of one example, not over the batch. So it does the same in training and in use,"
            " with a batch of one as well, and needs no running averages.",
        ),
        Question(
            "Why does the gradient of x add up to 0 over each row, whatever `weight` is?",
            "Adding a constant to all features of a row changes nothing, as the mean takes it away; so the"
            " derivative in that direction, which is the sum of x̄ over the row, is 0. The weight comes later and"
            " has no say in it.",
        ),
    ),
    bugs=(
        Bug(
            "gx = r * (gnormal - through_mean - through_var)", "gx = r * (gnormal - through_mean)", "x", "missing-term",
            "The way through the variance was left out. Stretching a row changes nothing, ε aside, so the gradient must"
            " have no part along x̂; this one has.",
        ),
        Bug(
            "through_mean = gnormal.mean(axis=-1, keepdims=True)",
            "through_mean = g.mean(axis=-1, keepdims=True) * weight", "x", "unknown",
            "E[ȳ]·γ was written for E[ȳ ⊙ γ]. In batch norm γ is the same for all that is averaged and may stand"
            " outside; here each feature has its own. A test with γ = 1, as a new layer has it, cannot tell.",
        ),
        Bug(
            "var = x.var(axis=-1, keepdims=True)", "var = x.var(axis=-1, keepdims=True, ddof=1)", None, "scale",
            "The variance was divided by D − 1, as torch.var does unasked; normalisation layers divide by D. With many"
            " features the difference is small, and a single one would be divided by 0.",
        ),
        Bug(
            "mean = x.mean(axis=-1, keepdims=True)", "mean = x.mean(axis=0, keepdims=True)", None, "wrong-axis",
            "The mean was taken down the batch, as in batch norm, instead of along the features: an example's result"
            " then depends on its neighbours, which layer norm was invented to avoid.",
        ),
        Bug(
            "gx = r * (gnormal - through_mean - through_var)", "gx = r * (gnormal - through_var)", "x", "missing-term",
            "The way through the mean was left out. Adding a constant to a row changes nothing, so the gradient of a"
            " row must add up to 0; this one does not.",
        ),
        Bug(
            "gweight = (g * normal).sum(axis=examples)", "gweight = (g * normal).mean(axis=examples)", "weight",
            "scale",
            "Averaged over the examples where the sum is due: every example uses γ, and each adds its share.",
        ),
        Bug(
            "gbias = g.sum(axis=examples)", "gbias = g.reshape(-1, len(bias))[0]", "bias", "missing-sum",
            "Only the first example's gradient was taken. β is added to all of them, so all of them count.",
        ),
    ),
)
