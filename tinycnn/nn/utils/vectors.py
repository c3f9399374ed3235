r"""All parameters of a model as one vector θ, and back."""

from __future__ import annotations

from collections.abc import Iterable

from tinycnn._tensor import Tensor
from tinycnn.errors import ShapeError, explain
from tinycnn.nn.utils.clipping import tensors_in
from tinycnn.ops.arguments import expect_tensor
from tinycnn.ops.joining import cat


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    r"""θ = (θ₁, θ₂, …): the elements of all parameters, one after the other, in the graph.

    Parameters
    ----------
    parameters : iterable of Tensor
        ``model.parameters()``.

    Examples
    --------
    >>> from tinycnn import nn
    >>> nn.utils.parameters_to_vector(nn.Linear(10, 4).parameters()).shape
    tinycnn.Size([44])
    """
    return cat([parameter.reshape(-1) for parameter in tensors_in("parameters_to_vector", parameters)])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    r"""Make consecutive parts of a vector the parameters, each in its shape, unseen by the graph.

    The parameters then share the vector's memory, and have its dtype.

    Parameters
    ----------
    vec : Tensor, (number of elements,)
    parameters : iterable of Tensor
        ``model.parameters()``; all are changed, or none.

    Raises
    ------
    ShapeError
        If the vector does not have as many elements as the parameters. (PyTorch lets it be longer.)

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> layer = nn.Linear(2, 1)
    >>> nn.utils.vector_to_parameters(tinycnn.tensor([1.0, 2.0, 3.0]), layer.parameters())
    >>> layer.weight.data, layer.bias.data
    (tensor([[1., 2.]]), tensor([3.]))
    """
    expect_tensor("vector_to_parameters", "vec", vec)
    targets = tensors_in("vector_to_parameters", parameters)
    sizes = [target.numel() for target in targets]
    if vec.ndim != 1 or vec.numel() != sum(sizes):
        raise ShapeError(explain(
            "vector_to_parameters: the vector must have one element for each of the parameters'",
            {"vec": tuple(vec.shape), "parameters": f"{len(sizes)}, of {sum(sizes)} elements"},
            "does it come from a model of another size?",
        ))
    for target, part in zip(targets, vec.detach().split(sizes), strict=True):
        target.data = part.view(target.shape)
