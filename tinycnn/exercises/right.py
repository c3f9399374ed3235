r"""What is right: the outputs and gradients of an exercise's oracle, as arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd import grad
from tinycnn.exercises.catalogue import argument_names
from tinycnn.exercises.exercise import Arrays, Case, Exercise

Use = Callable[..., Any] | None
_OURS = 20261126  # before every seed: the checker draws from the same seeds, and its g must not be our x


def drawn(case: Case, *seed: int) -> Arrays:
    """The arguments of a case: the same for the same seed."""
    return tuple(np.asarray(array) for array in case.draw(np.random.default_rng((_OURS, 1, *seed))))


def copied(arrays: Arrays) -> Arrays:
    """Arrays to hand to functions that may write into them."""
    return tuple(array.copy() for array in arrays)


def cotangent(shape: Sequence[int], seed: int) -> Any:
    """Random numbers to be handed to backward, others than any argument's."""
    return np.asarray(np.random.default_rng((_OURS, 2, seed)).standard_normal(shape))


def outputs(exercise: Exercise, arrays: Arrays, options: Mapping[str, Any], use: Use = None) -> Arrays:
    """What the exercise's first function should return, as a tuple."""
    tensors = [Tensor.wrap(array.copy()) for array in arrays]
    made = use(exercise.oracle, *tensors, **options) if use else exercise.oracle(*tensors, **options)
    return tuple(y.numpy() for y in (made if isinstance(made, tuple) else (made,)))


def function(exercise: Exercise) -> Callable[..., Any]:
    """The oracle as a function of arrays."""
    def forward(*arrays: Any, **options: Any) -> Any:
        made = outputs(exercise, arrays, options)
        return made if len(made) > 1 else made[0]

    return forward


def gradients(exercise: Exercise, g: Any, arrays: Arrays, options: Mapping[str, Any]) -> Arrays:
    """What backward should return for the cotangent g, as a tuple."""
    wanted = [argument_names(exercise.name).index(name) for name in exercise.gradients]
    tensors = [Tensor.wrap(array.copy()).requires_grad_(i in wanted) for i, array in enumerate(arrays)]
    made = exercise.oracle(*tensors, **options)
    return tuple(x.numpy() for x in grad(made, [tensors[i] for i in wanted], Tensor.wrap(np.array(g))))


def counted(shape: Sequence[int]) -> Any:
    """1, 2, 3, …: a cotangent with which no two outputs count the same, and everybody can reckon."""
    return np.arange(1.0, math.prod(shape) + 1).reshape(shape)
