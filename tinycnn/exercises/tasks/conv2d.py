r"""The exercise on convolution: windows going forward, overlapping shares coming back."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.exercises.exercise import Arrays, Bug, Case, Exercise, Question
from tinycnn.nn.functional.convolution import conv2d


def _drawn(
    description: str, x: tuple[int, int, int, int], kernel: tuple[int, int], outputs: int, **options: Any
) -> Case:
    def draw(rng: np.random.Generator) -> Arrays:
        weight = rng.standard_normal((outputs, x[1], *kernel))
        return rng.standard_normal(x), weight, rng.standard_normal(outputs)

    return Case(description, draw, options)


def _round(description: str, **options: Any) -> Case:
    def draw(rng: np.random.Generator) -> Arrays:
        return np.arange(1.0, 10.0).reshape(1, 1, 3, 3), np.array([[[[1.0, 2.0], [0.0, -1.0]]]]), np.array([10.0])

    return Case(description, draw, options)


EXERCISE = Exercise(
    name="conv2d",
    title="Convolution",
    task=r"""
A convolution lays the same small kernel on every place of an image. `x` is a batch of images of shape $(N, C, H, W)$,
`weight` holds $O$ kernels, of shape $(O, C, k_H, k_W)$, and `bias` is one number for each of them. With $x$ padded by
`padding` rows and columns of zeros on each side, and $s$ the stride,

$$y_{nopq} = b_o + \sum_{c,i,j} x_{n,\,c,\,sp+i,\,sq+j}\; w_{ocij}$$

The kernel is not turned over (LeCun et al. 1998, and every framework since, call this a convolution all the same). The
output has the shape $(N, O, o_H, o_W)$ with $o_H = \lfloor (H + 2\,\mathrm{padding} - k_H) / s \rfloor + 1$, and $o_W$
likewise: where the stride does not divide, the last rows and columns lie under no window.

For the gradients, ask of each number where it is used, and add up what comes back from there:

$$\bar b_o = \sum_{n,p,q} \bar y_{nopq} \qquad
\bar w_{ocij} = \sum_{n,p,q} \bar y_{nopq}\; x_{n,\,c,\,sp+i,\,sq+j} \qquad
\bar x_{n,\,c,\,sp+i,\,sq+j} \mathrel{+}= \sum_o \bar y_{nopq}\; w_{ocij}$$

the last for all $p, q, i, j$: windows overlap, so a pixel receives from several. Write `forward` and `backward`, which
takes $\bar y$ as `g` and returns $\bar x$, $\bar w$ and $\bar b$ in the shapes of `x`, `weight` and `bias`.
`numpy.lib.stride_tricks.sliding_window_view` shows all windows at once, and `np.einsum` takes the sums nearly as they
stand here. Loops over the places $(i, j)$ of the kernel are welcome, loops over pixels are slow.
""",
    oracle=conv2d,
    gradients=("x", "weight", "bias"),
    visible=(
        _round("a 3 × 3 image and a 2 × 2 kernel"),
        _round("the same with stride 2 and padding 1", stride=2, padding=1),
    ),
    hidden=(  # the first one shows every bug
        _drawn("stride 2, which leaves a remainder", (3, 2, 6, 6), (3, 3), 2, stride=2),
        _drawn("a batch of two, 3 × 3 kernels", (2, 2, 5, 5), (3, 3), 3),
        _drawn("kernels that are not square, padding 1", (2, 3, 4, 5), (3, 2), 2, padding=1),
        _drawn("stride 2 and padding 1", (2, 2, 5, 6), (3, 3), 2, stride=2, padding=1),
    ),
    edges=(
        _drawn("one image, one channel, one kernel", (1, 1, 4, 4), (3, 3), 1),
        _drawn("a 1 × 1 kernel", (2, 3, 3, 3), (1, 1), 2),
        _drawn("a kernel as large as the image", (2, 2, 3, 4), (3, 4), 2),
        _drawn("a stride larger than the kernel, with a remainder", (2, 1, 7, 8), (2, 2), 2, stride=3),
        _drawn("more padding than kernel", (1, 2, 2, 2), (2, 2), 2, padding=3),
        _drawn("no images at all", (0, 2, 4, 4), (3, 3), 2),
    ),
    questions=(
        Question(
            "How many outputs does one pixel in the middle of x act on, with a 3×3 kernel, O output channels and"
            " stride 1, and with stride 2?",
            "9·O with stride 1. With stride 2 it is 1, 2 or 4 places, depending on the parity of its row and"
            " column, times O: gradients of strided convolutions have a chessboard in them.",
        ),
        Question(
            "Why does a bias directly before a batch norm never learn anything?",
            "Batch norm subtracts the mean of each channel, and with it the bias. So the loss does not depend on"
            " it and its gradient is 0.",
        ),
    ),
    bugs=(
        Bug(
            "return gx, gweight, gbias", "return gx, gweight[:, :, ::-1, ::-1], gbias", "weight", "flipped",
            "The gradient of the weight came out turned by 180°, as if forward had turned the kernel. Entry (i, j) of"
            " the kernel meets the pixel (sp + i, sq + j), and so does its gradient.",
        ),
        Bug(
            "gpadded[met] += np.einsum", "gpadded[met] = np.einsum", "x", "overwritten",
            "Neighbouring windows overlap, and each adds to the gradient of the pixels they share. With = in place of"
            " += only the last place of the kernel that met a pixel is kept. Nobody notices with 1 × 1 kernels, or with"
            " a stride as large as the kernel.",
        ),
        Bug(
            '"ncpqij,ocij->nopq", seen, weight)', '"ncpqij,ocij->nopq", seen, weight[:, :, ::-1, ::-1])', None,
            "flipped",
            "Mathematics turns the kernel over before it slides it, frameworks do not: what they call convolution is a"
            " cross-correlation. A network that learns its own kernels would learn turned ones and never notice; with"
            " weights from elsewhere it would see nothing as it is.",
        ),
        Bug(
            "gbias = g.sum(axis=(0, 2, 3))", "gbias = g.mean(axis=(0, 2, 3))", "bias", "scale",
            "The bias is added to every pixel of every image, so its gradient is the sum over all of them; here it was"
            " averaged.",
        ),
        Bug(
            'np.einsum("nopq,ncpqij->ocij", g, seen)', 'np.einsum("opq,cpqij->ocij", g[0], seen[0])', "weight",
            "missing-sum",
            "Only the first image's share of the weight's gradient was taken. All images of the batch meet the same"
            " kernel, and each has its say.",
        ),
        Bug(
            'np.einsum("nopq,ncpqij->ocij", g, seen)', 'np.einsum("nopq,ncpqij->ocij", g, seen) / len(x)', "weight",
            "scale",
            "The gradient of the weight was averaged over the batch. If an average is wanted the loss has it, and g is"
            " divided by N already.",
        ),
        Bug(
            "weight[:, :, i, j])", "weight[:, :, kh - 1 - i, kw - 1 - j])", "x", "flipped",
            "Turning the kernel is right where the gradient is written as a convolution of g padded with zeros. Here"
            " each place (i, j) hands its share back to the pixels that it met, through the weight that it met them"
            " with; turned once more, the weights and the pixels no longer belong together.",
        ),
        Bug(
            "gpadded = np.zeros_like(padded)",
            "gpadded = np.zeros((*x.shape[:2], stride * (oh - 1) + kh, stride * (ow - 1) + kw))", "x", "wrong-shape",
            "The size was worked out from the windows. They reach stride·(oH − 1) + kH rows far, but where the stride"
            " leaves a remainder the image goes on: rows that no window sees have a gradient too, 0.",
        ),
    ),
)
