r"""The exercise on ReLU: the shortest backward there is, and what happens at 0."""

from __future__ import annotations

import numpy as np

from tinycnn.exercises.exercise import Bug, Case, Exercise, Question
from tinycnn.ops.activations import relu

EXERCISE = Exercise(
    name="relu",
    title="ReLU",
    task=r"""
The rectified linear unit keeps what is positive and sets the rest to 0:

$$y = \max(x, 0)$$

It works on each entry of an array by itself, whatever the array's shape. Where $x$ is positive, $y$ moves along with
it; where $x$ is negative, $y$ stays at 0 however $x$ moves. So backward lets through what came back for the one, and
nothing for the other:

$$\bar x = \bar y \cdot [x > 0]$$

where $[x > 0]$ is 1 if the condition holds and 0 if not. At exactly 0 the graph has a corner and no derivative; take 0
there, as PyTorch does.

Write `forward`, which computes $y$, and `backward`, which takes $\bar y = \partial L / \partial y$ as `g` and returns
$\bar x = \partial L / \partial x$, of the shape of $x$. Both return new arrays and leave `x` and `g` as they are.

Nair and Hinton (2010) made this function popular; in the lecture it is the $g$ of equation 4.
""",
    oracle=relu,
    gradients=("x",),
    visible=(
        Case("numbers of both signs", lambda rng: (np.array([[-2.0, 1.0], [3.0, -0.5]]),)),
    ),
    hidden=(
        Case("a matrix", lambda rng: (rng.standard_normal((3, 4)),)),
        Case("images", lambda rng: (rng.standard_normal((2, 3, 2, 2)),)),
    ),
    edges=(
        Case("exactly 0", lambda rng: (np.array([-1.0, 0.0, 1.0]),)),
        Case("nothing positive", lambda rng: (-1 - rng.random((2, 3)),)),
        Case("large numbers of both signs", lambda rng: (np.array([-1000.0, 1000.0]),)),
        Case("a single number", lambda rng: (np.array(0.5),)),
        Case("an array without entries", lambda rng: (np.zeros((0, 3)),)),
    ),
    questions=(
        Question(
            "What is the derivative of ReLU at 0, and does it matter which value `backward` takes there?",
            "There is none: from the left it is 0, from the right 1. Any number between is a subgradient; PyTorch"
            " and this exercise take 0. A float is exactly 0 so rarely in training that it makes no difference, but"
            " zeros from padding do occur.",
        ),
        Question(
            "A unit gives 0 for every image. Can training bring it back?",
            "Not by its own gradient, which is 0 for every image: it is dead. Only a change of the layers before"
            " it can lift it above 0 again.",
        ),
    ),
    bugs=(
        Bug(
            "return g * (x > 0)", "return g * (x < 0)", "x", "entries",
            "The mask is inverted: gradient flows where the unit is off and stops where it is on. Every entry that"
            " should be 0 is not, and the other way round, so no factor turns the one gradient into the other.",
        ),
        Bug(
            "return g * (x > 0)", "return 1.0 * (x > 0)", "x", "ignores-upstream",
            "This is dy/dx, the slope of ReLU alone; the chain rule multiplies it by the g that arrives from behind."
            " A test with a g of ones cannot tell the difference.",
        ),
        Bug(
            "return np.maximum(x, 0)", "return np.maximum(x, 0, out=x)", None, "mutated-input",
            "The result is right, but it was written over the input. Whoever else holds that array, such as a skip"
            " connection around this layer, finds other numbers in it than were put there. Nobody notices if nobody"
            " looks at x again, or if nothing in it is negative.",
        ),
        Bug(
            "return g * (x > 0)", "return g * (g > 0)", "x", "entries",
            "The mask was taken of the gradient instead of the input: whatever is positive passes, whether the unit was"
            " on or off. Nobody notices where g and x have the same signs. As a picture of what a network looks at this"
            " has its uses (the \"deconvolution\" of Zeiler and Fergus, 2014); a gradient is linear in g, and this is"
            " not.",
        ),
        Bug(
            "return g * (x > 0)", "return g[x > 0]", "x", "wrong-shape",
            "Indexing with a mask picks out the entries that are on and strings them together. A gradient has an entry"
            " for each entry of x: the others must be there, as zeros.",
        ),
    ),
)
