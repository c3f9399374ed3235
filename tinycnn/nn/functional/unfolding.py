"""Windows as columns and back, as PyTorch calls it."""

from __future__ import annotations

from tinycnn._tensor import Tensor
from tinycnn.dtypes import FLOATING, bool_
from tinycnn.errors import RankError, ShapeError, explain
from tinycnn.geometry import Pair, Sizes, Window, pair, window
from tinycnn.nn.functional.images import expect_pixels, like_input
from tinycnn.ops.arguments import checked, expect_one_dtype
from tinycnn.ops.shaping import squeeze, unsqueeze
from tinycnn.ops.unfolding import Fold, Unfold
from tinycnn.shapes import product


def _geometry(op: str, size: Pair, kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Window:
    kernel, steps = pair(op, "kernel_size", kernel_size, single=False), pair(op, "stride", stride, single=False)
    rings, spread = pair(op, "padding", padding, single=False), pair(op, "dilation", dilation, single=False)
    return window(op, size, kernel, steps, rings, spread)


@checked
def unfold(
    input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Tensor:
    r"""Every window of the image as a column: what makes a convolution one product of matrices ("im2col").

        y[n, (c, i, j), (p, q)] = x[n, c, s·p + d·i − pad, s·q + d·j − pad]

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    kernel_size, dilation, padding, stride : one number or (height, width)

    Returns
    -------
    Tensor, (N, C·kH·kW, oH·oW) or without N

    Examples
    --------
    >>> import tinycnn
    >>> unfold(tinycnn.arange(6.0).reshape(1, 2, 3), 2)
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """

    def columns(x: Tensor) -> Tensor:
        expect_one_dtype("unfold", FLOATING | {bool_}, input=x)
        expect_pixels("unfold", x)
        geometry = _geometry("unfold", x.array.shape[2:], kernel_size, dilation, padding, stride)
        return Unfold.apply(x, window=geometry)

    return like_input(input, columns, "unfold")


@checked
def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """The adjoint of `unfold`: each column is added back to the pixels of its window ("col2im").

    Parameters
    ----------
    input : Tensor, (N, C·kH·kW, L) or (C·kH·kW, L), as many columns as there are windows
    output_size : H and W of the image, one number or two
    kernel_size, dilation, padding, stride : one number or (height, width)

    Returns
    -------
    Tensor, (N, C, H, W) or (C, H, W)

    Examples
    --------
    >>> import tinycnn
    >>> ones = unfold(tinycnn.ones(1, 3, 3), 2)
    >>> fold(ones, 3, 2)                                # how many windows see each pixel
    tensor([[[1., 2., 1.],
             [2., 4., 2.],
             [1., 2., 1.]]])
    """
    shape, rank = input.array.shape, input.array.ndim
    if rank not in (2, 3) or 0 in shape[-2:]:
        raise RankError(
            explain("fold: expected columns N C·kH·kW L or C·kH·kW L; only the batch may be empty", {"input": shape})
        )
    expect_one_dtype("fold", FLOATING | {bool_}, input=input)
    size = pair("fold", "output_size", output_size, single=False)
    geometry = _geometry("fold", size, kernel_size, dilation, padding, stride)
    rows, columns = shape[-2:]
    facts = {"input": shape, "output_size": size, "kernel_size": geometry.kernel, "windows oH oW": geometry.out}
    if rows % product(geometry.kernel):
        raise ShapeError(explain(f"fold: kH·kW = {product(geometry.kernel)} must divide the {rows} rows", facts))
    if columns != product(geometry.out):
        raise ShapeError(
            explain(
                f"fold: needs a column for each of {product(geometry.out)} windows, but got {columns}",
                facts,
                "dilation, padding and stride must be those of the unfold",
            )
        )
    image = Fold.apply(input if rank == 3 else unsqueeze(input, 0), window=geometry)
    return image if rank == 3 else squeeze(image, 0)
