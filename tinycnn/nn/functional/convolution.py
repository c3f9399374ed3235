"""Convolution as PyTorch calls it: arguments checked and brought into one form, then the op."""

from __future__ import annotations

from collections.abc import Sequence

from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, ShapeError, explain
from tinycnn.nn.functional.arguments import expect_one_dtype, expect_tensors
from tinycnn.nn.functional.images import like_input
from tinycnn.ops.convolution import Conv2d
from tinycnn.ops.shaping import reshape
from tinycnn.shapes import Pair, Window, pair, window


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    r"""Cross-correlation of images with kernels, which deep learning calls convolution.

        y[n,o,p,q] = b[o] + Σ_{c,i,j} x[n, c, s·p + d·i − pad, s·q + d·j − pad] · w[o,c,i,j]

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    weight : Tensor, (O, C/groups, kH, kW)
    bias : Tensor, (O,), optional
    stride : pixels from one window to the next, one number or (height, width)
    padding : rings of zeros around the image, one number or (height, width); "valid" is none, "same" (stride 1 only)
        as many as keep H W, an odd one going to the bottom and right
    dilation : pixels from one kernel entry to the next
    groups : the channels are split into this many groups that do not see each other; C of them is a depthwise conv

    Returns
    -------
    Tensor, (N, O, oH, oW) with oH = ⌊(H + 2·pad − d·(kH − 1) − 1) / s⌋ + 1

    Raises
    ------
    ShapeError, DTypeError
        If shapes or dtypes do not fit, saying which rule is broken.

    Examples
    --------
    >>> import tinycnn
    >>> edges = conv2d(tinycnn.eye(3)[None], tinycnn.tensor([[[[1.0, -1.0]]]]))
    >>> edges
    tensor([[[ 1.,  0.],
             [-1.,  1.],
             [ 0., -1.]]])
    """
    expect_tensors("conv2d", input=input, weight=weight, bias=bias)
    if weight.array.ndim != 4:
        raise ShapeError(f"conv2d: expected a weight of 4 dimensions (O C/g kH kW), but got {weight.array.shape}")

    def convolve(x: Tensor) -> Tensor:
        _check(x, weight, bias, groups)
        geometry = _window(x, weight, stride, padding, dilation)
        y = Conv2d.apply(x, weight, window=geometry, groups=groups)
        return y if bias is None else y + reshape(bias, 1, -1, 1, 1)

    return like_input(input, convolve, "conv2d")


def _window(
    x: Tensor,
    weight: Tensor,
    stride: int | Sequence[int],
    padding: int | Sequence[int] | str,
    dilation: int | Sequence[int],
) -> Window:
    kernel: Pair = weight.array.shape[2:]
    step, spread = pair("conv2d", "stride", stride), pair("conv2d", "dilation", dilation)
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise DomainError(f"conv2d: invalid padding string {padding!r}, should be one of 'valid', 'same'")
        if padding == "same" and step != (1, 1):
            raise ShapeError("conv2d: padding='same' is not supported for strided convolutions: the size cannot stay")
        total = [d * (k - 1) if padding == "same" else 0 for d, k in zip(spread, kernel, strict=True)]
        sides = tuple((t // 2, t - t // 2) for t in total)
        return window("conv2d", x.array.shape[2:], kernel, step, (sides[0], sides[1]), spread)
    return window("conv2d", x.array.shape[2:], kernel, step, pair("conv2d", "padding", padding), spread)


def _check(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    """The rules of shapes and dtypes, each with its own message."""
    channels, (o, c, _, _) = x.array.shape[1], weight.array.shape
    facts = {"input  N C H W": x.array.shape, "weight O C/g kH kW": weight.array.shape}
    if groups < 1 or o % groups:
        raise ShapeError(
            explain(
                f"conv2d: groups must be positive and divide the output channels, but {o} channels, groups = {groups}",
                facts,
            )
        )
    if channels != c * groups:
        raise ShapeError(
            explain(
                f"conv2d: input channels must equal weight.shape[1] × groups, but {channels} ≠ {c} × {groups}",
                facts,
                _channel_hint(x.array.shape, c * groups),
            )
        )
    if bias is not None and bias.array.shape != (o,):
        raise ShapeError(
            explain(
                f"conv2d: the bias must have one entry for each of {o} output channels",
                facts | {"bias": bias.array.shape},
            )
        )
    expect_one_dtype("conv2d", input=x, weight=weight, bias=bias)


def _channel_hint(shape: tuple[int, ...], wanted: int) -> str:
    if shape[3] == wanted:
        return "is this N H W C instead of N C H W? permute(0, 3, 1, 2) reorders it"
    if (shape[1], wanted) == (4, 3):
        return "is this an RGBA image? x[:, :3] drops the transparency"
    if (shape[1], wanted) == (1, 3):
        return "is this a grey image? x.expand(-1, 3, -1, -1) repeats its channel"
    if (shape[1], wanted) == (3, 1):
        return "is this a colour image? x.mean(1, keepdim=True) makes it grey"
    return "the layer before must put out as many channels as this one takes in"
