"""Class indices as vectors."""

from __future__ import annotations

from tinycnn._tensor import Tensor
from tinycnn.creation import arange
from tinycnn.errors import DomainError, DTypeError, ShapeError
from tinycnn.ops.arguments import checked
from tinycnn.ops.comparison import eq
from tinycnn.ops.indices import check_index
from tinycnn.ops.shaping import unsqueeze
from tinycnn.shapes import integer


@checked
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Each class index as a vector of 0s with a 1 at that place; as many classes as the largest index asks for.

    Examples
    --------
    >>> import tinycnn
    >>> one_hot(tinycnn.tensor([2, 0]))
    tensor([[0, 0, 1],
            [1, 0, 0]])
    """
    num_classes = integer("one_hot", "num_classes", num_classes)
    if tensor.array.dtype != "int64":
        raise DTypeError(f"one_hot: is only applicable to index tensors of type int64, not {tensor.array.dtype}")
    if not tensor.array.size and num_classes <= 0:
        raise ShapeError("one_hot: can not infer total number of classes from an empty tensor")
    if num_classes == -1:
        num_classes = int(tensor.max()) + 1
    try:
        check_index("one_hot", tensor, tensor.array.ndim, num_classes, 0)
    except IndexError as error:
        raise DomainError(f"{error}: class values must be in [0, num_classes)") from None
    return eq(unsqueeze(tensor, -1), arange(num_classes, device=tensor.device)).long()
