r"""The exercise on squeeze and excitation: an input that is used twice, once for all its pixels together."""

from __future__ import annotations

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.exercises.exercise import Arrays, Bug, Case, Exercise, Question
from tinycnn.ops.activations import relu, sigmoid
from tinycnn.ops.linalg import linear


def _oracle(u: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    s = sigmoid(linear(relu(linear(u.mean((2, 3)), w1)), w2))
    return u * s[:, :, None, None]


def _drawn(description: str, *shape: int, hidden: int, scale: float = 1.0, shift: float = 0.5) -> Case:
    def draw(rng: np.random.Generator) -> Arrays:
        u = scale * (rng.standard_normal(shape) + shift)
        return u, rng.standard_normal((hidden, shape[1])), rng.standard_normal((shape[1], hidden))

    return Case(description, draw)


EXERCISE = Exercise(
    name="squeeze_excite",
    title="Squeeze and excitation",
    task=r"""
A squeeze-and-excitation block looks at all channels of an activation map and decides, image by image, how much of each
to let through. For `u` of shape $(N, C, H, W)$, the lecture's equation 4 in four lines:

$$\begin{aligned}
z &= \mathrm{GlobalAvgPool}(U) && \text{squeeze: the mean of each channel, } (N, C) \\
h &= \mathrm{relu}(W_1 z) && (N, S) \\
s &= \sigma(W_2 h) && \text{excitation: a gate between 0 and 1 for each channel, } (N, C) \\
\hat X &= U \odot s && \text{each channel times its gate}
\end{aligned}$$

`w1` has the shape $(S, C)$ and `w2` the shape $(C, S)$; there are no biases. Each row of $z$ is the vector of one
image, so $W_1 z$ is `z @ w1.T` for the whole batch. $\sigma$ must bear large numbers, as in the exercise on the
sigmoid; $\sigma(a) = \tfrac12 \left(1 + \tanh \tfrac a2\right)$ is one way.

Backward goes through the lines from the last to the first. Two places deserve thought. A gate is used at all pixels of
its channel, so its gradient is a sum, $\bar s_{nc} = \sum_{h,w} \bar y_{nchw}\, u_{nchw}$. And $U$ is used twice, at
the beginning and at the end, so its gradient has two terms:

$$\bar U = \bar y \odot s + \frac{\bar z}{HW}$$

Write `forward`, and `backward`, which takes $\bar y$ as `g` and returns $\bar U$, $\bar W_1$ and $\bar W_2$.

Source: Hu, Shen, Albanie, Sun and Wu (2019), equations 2 to 4, where $S = C/r$.
""",
    oracle=_oracle,
    gradients=("u", "w1", "w2"),
    visible=(
        Case(
            "one image of two channels",
            lambda rng: (
                np.array([[[[1.0, 2.0], [3.0, 2.0]], [[0.0, -1.0], [1.0, 4.0]]]]),
                np.array([[1.0, 1.0]]),
                np.array([[1.0], [-1.0]]),
            ),
        ),
    ),
    hidden=(
        _drawn("five images of four channels, squeezed to three", 5, 4, 2, 3, hidden=3, shift=0.0),
        _drawn("two images of three channels, widened to five", 2, 3, 3, 2, hidden=5),
        _drawn("as many hidden units as channels", 4, 3, 2, 2, hidden=3),
    ),
    edges=(
        _drawn("one image", 1, 3, 2, 2, hidden=2),
        _drawn("one pixel", 3, 4, 1, 1, hidden=2),
        _drawn("one channel", 2, 1, 3, 3, hidden=1),
        Case(
            "no hidden unit on: every gate is ½",
            lambda rng: (1 + rng.random((2, 3, 2, 2)), -1 - rng.random((2, 3)), rng.standard_normal((3, 2))),
        ),
        _drawn("large numbers, where gates are shut or open", 2, 3, 2, 2, hidden=2, scale=1000.0),
    ),
    questions=(
        Question(
            "How many parameters has a block with C channels squeezed to C/16, and what are they beside a 3×3"
            " convolution of C channels?",
            "2·C²/16 = C²/8, beside 9·C²: about 1.4 %. The work is less still, since the two matrices act once an"
            " image and not once a pixel.",
        ),
        Question(
            "If all gates are ½, what does the block do, and may one start there?",
            "It halves every channel. That is a fair start: with w2 at 0 every gate is σ(0) = ½, and the layer"
            " that follows can make up for a constant factor. w1 must not be 0 as well: then the hidden units are"
            " 0, w2 gets no gradient, and w1 none through w2.",
        ),
    ),
    bugs=(
        Bug(
            "gu = g * s[:, :, None, None] + gz[:, :, None, None] / pixels", "gu = g * s[:, :, None, None]", "u",
            "missing-term",
            "U also feeds the squeeze: a brighter channel changes all gates. That second way was left out; the error is"
            " the same for all pixels of a channel, as a mean's share is.",
        ),
        Bug(
            "gz[:, :, None, None] / pixels", "gz[:, :, None, None]", "u", "scale",
            "z is a mean over H·W pixels, so each pixel's share in it is 1/(H·W). Without the factor this is the"
            " gradient of a sum. Nobody notices if a map has one pixel only.",
        ),
        Bug(
            "h = np.maximum(z @ w1.T, 0)", "h = z @ w1.T", None, "missing-term",
            "The ReLU between the two layers is missing. Two matrices without anything between them are one matrix, and"
            " the bottleneck would only be a matrix of low rank.",
        ),
        Bug(
            "z = u.mean(axis=(2, 3))", "z = u.sum(axis=(2, 3))", None, "scale",
            "The squeeze is an average, and here it was a sum: on an image of twice the size the same channel would"
            " open the gate four times as far.",
        ),
        Bug(
            "gu = g * s[:, :, None, None] + gz[:, :, None, None] / pixels",
            "gu = np.broadcast_to(gz[:, :, None, None] / pixels, u.shape)", "u", "missing-term",
            "Only the way through the squeeze is there; the direct one, through U ⊙ s, was left out, though it is the"
            " larger by far.",
        ),
        Bug(
            "gw1 = gb.T @ z", "gw1 = gh.T @ z", "w1", "entries",
            "W₁ got h̄, what arrives behind the ReLU, instead of b̄, what is left before it: units that were off learn as"
            " if they had been on. Rows of W₁ whose unit was on for every image are right, the others wrong.",
        ),
        Bug(
            "gw1 = gb.T @ z", "gw1 = np.outer(gb[0], z[0])", "w1", "missing-sum",
            "The outer product of the first image alone. A matrix product gb.T @ z adds up these outer products over"
            " the batch, which is what is due.",
        ),
        Bug(
            "gw2 = ga.T @ h", "gw2 = ga.T @ h / len(u)", "w2", "scale",
            "Averaged over the batch, where a layer only ever adds up: the 1/N, if there is one, is in the loss.",
        ),
        Bug(
            "gw2 = ga.T @ h", "gw2 = h.T @ ga", "w2", "wrong-shape",
            "The factors were exchanged, and the gradient is that of W₂ᵀ. The shape tells: W₂ is (C, S), this is"
            " (S, C).",
        ),
    ),
)
