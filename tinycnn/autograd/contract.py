"""What every op is held to: inputs on one device, and gradients that fit its inputs. The errors name the op."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.node import TensorBase
from tinycnn.backend import Backend, of
from tinycnn.errors import ArgumentError, DeviceError, GraphError, explain

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor
    from tinycnn.autograd.op import Op


class BrokenGradient(GraphError):
    """A gradient that does not fit the input it belongs to: which op's backward gave it, and for which of its inputs.

    `position` is None where there are more gradients than inputs; `gradient` is None where one is missing.
    """

    def __init__(self, message: str, node: Op, position: int | None, gradient: Any) -> None:
        super().__init__(message)
        self.node, self.position, self.gradient = node, position, gradient


def common_backend(op: type[Op], inputs: tuple[Any, ...]) -> Backend:
    """The backend of the Tensors among the inputs.

    Raises
    ------
    DeviceError
        If they lie on two devices.
    ArgumentError
        If there are none.
    """
    backends = [of(x.array) for x in inputs if isinstance(x, TensorBase)]
    if not backends:
        kinds = [type(x).__name__ for x in inputs]
        raise ArgumentError(f"{op.__name__}: expected a Tensor among its inputs, got {kinds}")
    if any(backend is not backends[0] for backend in backends):
        raise DeviceError(
            explain(
                f"{op.__name__}: expected all tensors to be on the same device",
                {f"input {i}": f"{t.backend.name}, shape {t.array.shape}" for i, t in enumerate(inputs)
                 if isinstance(t, TensorBase)},
                "move one with x.to(device); a model and its data must be on one device",
            )
        )
    return backends[0]


def checked(node: Op, gradients: Any) -> tuple[Tensor | None, ...]:
    """What a backward returned, as a tuple, after a look at each: its shape, dtype and device must be the input's.

    Raises
    ------
    BrokenGradient
        Naming the op whose backward broke the contract.
    """
    found = gradients if isinstance(gradients, tuple) else (gradients,)
    edges, shapes, dtypes = node.edges, node.shapes, node.dtypes
    if len(found) != len(edges):
        raise BrokenGradient(
            f"{node.name}: backward returned {len(found)} gradients for {len(edges)} inputs;"
            " it owes one for each, None where there is none",
            node, len(found) if len(found) < len(edges) else None, None,
        )  # fmt: skip
    for position, g in enumerate(found):
        if g is None or edges[position] is None:
            continue
        if not isinstance(g, TensorBase):
            message = f"{node.name}: backward returned a {type(g).__name__} for input {position}, no Tensor"
            raise BrokenGradient(message, node, position, g)
        array = g._postponed or g.array  # of what is not computed yet, shape and dtype are known
        if (
            array.shape != shapes[position]
            or array.dtype != dtypes[position]
            or (type(array) is not node.backend.ndarray and g._postponed is None)
        ):
            raise BrokenGradient(_broken(node, position, g), node, position, g)
    return found


def _broken(node: Op, position: int, gradient: TensorBase) -> str:
    array, shape, dtype = gradient.array, node.shapes[position], node.dtypes[position]
    return explain(
        f"{node.name}: backward returned a gradient for input {position} that does not match the input",
        {
            "input": f"{shape}, {dtype}, {node.backend.name}",
            "gradient": f"{tuple(array.shape)}, {array.dtype}, {gradient.backend.name}",
        },
        "an input that was broadcast gets its gradient summed over the broadcast dimensions"
        if tuple(array.shape) != tuple(shape)
        else "a gradient has the dtype and the device of its input",
    )
