"""What convolution and pooling ask of their input: N C H W, or one image C H W without its N."""

from __future__ import annotations

from collections.abc import Callable

from tinycnn._tensor import Tensor
from tinycnn.errors import RankError, ShapeError, explain
from tinycnn.ops.shaping import squeeze, unsqueeze

AXES = {3: "C H W", 4: "N C H W"}


def batched(op: str, input: Tensor) -> Tensor:
    """`input` as N C H W.

    Raises
    ------
    RankError
        If it has neither 3 nor 4 dimensions.
    """
    rank = input.array.ndim
    if rank not in (3, 4):
        raise RankError(
            explain(
                f"{op}: expected 3D (unbatched) or 4D (batched) input, but got {rank} dimensions",
                {"input": input.array.shape},
                "images are N C H W; unsqueeze(1) adds the channel that grey images lack"
                if rank == 2
                else "images are N C H W, or C H W for a single one",
            )
        )
    return unsqueeze(input, 0) if rank == 3 else input


def like_input(input: Tensor, function: Callable[[Tensor], Tensor], op: str) -> Tensor:
    """``function`` of the batched input, without the N if the input had none."""
    y = function(batched(op, input))
    return squeeze(y, 0) if input.array.ndim == 3 else y


def expect_pixels(op: str, x: Tensor) -> None:
    """Raise a ShapeError if images have no channels or no pixels; that there are no images is all right."""
    if 0 in x.array.shape[1:]:
        raise ShapeError(
            explain(f"{op}: expected C, H and W to be non-zero; only the batch may be empty", {"input": x.array.shape})
        )
