r"""The exercise on max pooling: a gradient that goes to the winner."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.exercises.exercise import Bug, Case, Exercise, Question
from tinycnn.nn.functional.pooling import max_pool2d


def _drawn(description: str, *shape: int, **options: Any) -> Case:
    return Case(description, lambda rng: (rng.standard_normal(shape),), options)


_ROUND = np.array([[[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 8.0, 7.0], [-1.0, -4.0, 9.0, 6.0], [-3.0, -2.0, 10.0, 11.0]]]])
_HALVED = {"kernel_size": 2, "stride": 2}
_OVERLAPPING = {"kernel_size": 3, "stride": 2}

EXERCISE = Exercise(
    name="max_pool2d",
    title="Max pooling",
    task=r"""
Max pooling makes an activation map smaller: of each window it keeps the largest number. `x` has the shape
$(N, C, H, W)$, and each channel is pooled by itself. With windows of $k \times k$ (`kernel_size`), $s$ apart
(`stride`),

$$y_{ncpq} = \max_{0 \le i, j < k} x_{n,\,c,\,sp+i,\,sq+j}$$

The output has $\lfloor (H + 2\,\mathrm{padding} - k) / s \rfloor + 1$ rows, and columns likewise; where the stride does
not divide, the last rows and columns are left out. AlexNet pools with $k = 3$ and $s = 2$, so that windows overlap (in
the lecture, Figure 8; Krizhevsky et al. 2012, section 3.4). `padding` adds a border that must never win, so it is made
of $-\infty$: a border of zeros would beat every negative number.

An output is a copy of its window's winner and moves with it alone, so all of $\bar y$ goes there:

$$\bar x_{ncuv} = \sum \bar y_{ncpq} \quad\text{over the windows } (p, q) \text{ that } (u, v) \text{ wins}$$

A pixel may win in several windows and then gets the sum; one that wins in none gets 0. If several are equal, the first
wins, counted row by row.

Write `forward`, and `backward`, which takes $\bar y$ as `g` and returns $\bar x$, of the shape of $x$. Loops over the
$k \times k$ places in the window are welcome; loops over all windows are slow.
""",
    oracle=max_pool2d,
    gradients=("x",),
    visible=(
        Case("a 4 × 4 image, windows of 2 × 2", lambda rng: (_ROUND,), _HALVED),
        Case("windows of 3 × 3 that overlap", lambda rng: (_ROUND,), {"kernel_size": 3, "stride": 1}),
    ),
    hidden=(  # the first one shows every bug but that of ties
        _drawn("windows of 3 × 3 that overlap, with padding", 2, 2, 5, 6, **_OVERLAPPING, padding=1),
        _drawn("windows of 2 × 2", 2, 3, 4, 6, **_HALVED),
        _drawn("windows of 3 × 3 that overlap", 2, 2, 7, 5, **_OVERLAPPING),
        _drawn("windows of 2 × 2 at every place", 2, 2, 4, 4, kernel_size=2, stride=1),
    ),
    edges=(
        Case("everything negative, with padding", lambda rng: (-1 - rng.random((2, 2, 4, 4)),),
             {**_OVERLAPPING, "padding": 1}),
        _drawn("a stride that leaves a remainder", 2, 2, 5, 7, **_HALVED),
        _drawn("a stride larger than the window", 1, 2, 7, 7, kernel_size=2, stride=3),
        _drawn("windows of 1 × 1", 2, 1, 3, 3, kernel_size=1, stride=1),
        _drawn("a window as large as the image", 2, 2, 3, 3, kernel_size=3, stride=3),
        Case("all pixels equal: the first wins", lambda rng: (np.full((1, 2, 4, 4), 3.0),), _HALVED),
        Case("ties in windows that overlap", lambda rng: (rng.integers(3, size=(2, 2, 5, 5)) * 1.0,), _OVERLAPPING),
    ),
    questions=(
        Question(
            "Which share of the inputs gets a gradient other than 0, for windows of 2×2 with stride 2?",
            "A quarter at most: one of the four in each window. The others did not act on the output.",
        ),
        Question(
            "Two numbers of a window are equal and largest. What are the possibilities for their gradient, and"
            " what does `sum(gx)` say about each?",
            "The first may take all of it, as here and in PyTorch, or they may share it. Both keep the sum of gx"
            " equal to the sum of g. Giving all of it to both does not, and is wrong.",
        ),
    ),
    bugs=(
        Bug(
            "gpadded[met] += g * won", "gpadded[met] += won", "x", "ignores-upstream",
            "Each winner got a 1 instead of its window's g: how often a pixel won, not what it contributes to the"
            " loss.",
        ),
        Bug(
            "gpadded[met] += g * won", "gpadded[met] = g * won", "x", "overwritten",
            "With = the last place of the window that met a pixel replaces what the others gave it, usually by 0. With"
            " windows that do not overlap nothing is wrong; AlexNet's do overlap.",
        ),
        Bug(
            "constant_values=-np.inf", "constant_values=0", None, "entries",
            "The border was made of zeros, as for a convolution. Where all numbers at the edge of the image are"
            " negative the border wins, and the output is a 0 that stands nowhere in the image.",
        ),
        Bug(
            "gpadded[met] += g * won", "gpadded[met] += g / kernel_size**2", "x", "unknown",
            "This is the gradient of average pooling, where all pixels of a window share. A maximum depends on its"
            " winner alone.",
        ),
        Bug(
            "won = winner == i * kernel_size + j", "won = winner == j * kernel_size + i", "x", "entries",
            "The winner's number in its window counts row by row, so it is i·k + j. Read as j·k + i it names the pixel"
            " on the other side of the window's diagonal.",
        ),
        Bug(
            "won = winner == i * kernel_size + j", "won = winner != i * kernel_size + j", "x", "unknown",
            "The mask is inverted: all pixels of a window got its gradient but the one that won, to which alone it"
            " is due.",
        ),
        Bug(
            "won = winner == i * kernel_size + j", "won = padded[met] == forward(x, kernel_size, stride, padding)", "x",
            "kink",
            "All pixels that equal the maximum were taken for winners. With random numbers there is one in each window"
            " and nothing is wrong; in an image with plain areas, or behind a ReLU with its many zeros, the gradient"
            " is counted once for each of the equals.",
        ),
        Bug(
            "return gpadded[:, :, padding : padding + h, padding : padding + w]", "return gpadded[:, :, :h, :w]", "x",
            "unknown",
            "The border was cut off at one end only, so that the whole gradient lies `padding` pixels too far down and"
            " to the right. Without padding nothing is wrong.",
        ),
    ),
)
