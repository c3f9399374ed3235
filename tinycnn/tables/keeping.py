r"""A model that is tried must be left as it was: its modes, its statistics, its gradients and the random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tinycnn._tensor import Tensor
from tinycnn.backend import Array
from tinycnn.nn import Module
from tinycnn.random import get_rng_state, set_rng_state


@contextmanager
def as_it_was(model: Module, training: bool = False) -> Iterator[None]:
    r"""Run the block with the model in one mode; afterwards, also after an error, nothing of it has changed.

    What comes back: the mode of each module by itself, the values of all buffers (running statistics move in training
    mode), which parameters want gradients, and the state of the random numbers. Hooks that are registered inside are
    for who registers them to remove.
    """
    modules = list(model.modules())
    modes = [module.training for module in modules]
    buffers = [(module, name, buffer, None if buffer is None else buffer.array.copy())
               for module in modules for name, buffer in module._buffers.items()]
    wanted = [(parameter, parameter._requires_grad) for parameter in model.parameters()]
    state = get_rng_state()
    try:
        model.train(training)
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
        for module, name, buffer, values in buffers:
            module._buffers[name] = buffer
            if buffer is not None and values is not None and not _same(buffer, values):
                buffer.array[...] = values
                buffer._bump_version()
        for parameter, flag in wanted:
            parameter._requires_grad = flag
        set_rng_state(state)


def _same(buffer: Tensor, values: Array) -> bool:
    kind = buffer.array.dtype.kind
    return bool(buffer.backend.xp.array_equal(buffer.array, values, equal_nan=kind in "fc"))
