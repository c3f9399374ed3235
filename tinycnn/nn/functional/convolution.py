"""Convolution and its transpose as PyTorch calls them: arguments checked and brought into one form, then the op."""

from __future__ import annotations

import functools

from tinycnn._tensor import Tensor
from tinycnn.dtypes import FLOATING, INTEGERS, int64
from tinycnn.errors import DomainError, ShapeError, explain
from tinycnn.geometry import Pair, Sizes, Window, pair, transposed_window, window
from tinycnn.nn.functional.images import AXES, batched, like_input
from tinycnn.ops.arguments import checked, expect_one_device, expect_one_dtype
from tinycnn.ops.convolution import Conv2d, Conv2dInput
from tinycnn.ops.shaping import reshape, squeeze
from tinycnn.shapes import integer

Shape = tuple[int, ...]

_TAKES = FLOATING | INTEGERS  # what PyTorch computes with
_TAKES_SPREAD = FLOATING | {int64}  # and with gaps between the entries of a kernel, or transposed


@checked
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
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
    groups, spread = integer("conv2d", "groups", groups), pair("conv2d", "dilation", dilation)
    steps = pair("conv2d", "stride", stride)
    border = padding if isinstance(padding, str) else pair("conv2d", "padding", padding)
    x, ends = batched("conv2d", input), None if bias is None else bias.array.shape
    expect_one_device("conv2d", input=x, weight=weight, bias=bias)
    expect_one_dtype("conv2d", _TAKES if spread == (1, 1) else _TAKES_SPREAD, input=x, weight=weight, bias=bias)
    geometry = _window(input.array.shape, weight.array.shape, ends, steps, border, spread, groups)
    y = Conv2d.apply(x, weight, bias, window=geometry, groups=groups)
    return y if x is input else squeeze(y, 0)


@checked
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    r"""The adjoint of `conv2d` in its input: every pixel puts down a kernel scaled by it, and what overlaps adds up.

        y[n, o, s·p + d·i − pad, s·q + d·j − pad] = b[o] + Σ_{c,p,q,i,j} x[n,c,p,q] · w[c,o,i,j]

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    weight : Tensor, (C, O/groups, kH, kW); the weight of the convolution from O to C channels that this one transposes
    bias : Tensor, (O,), optional
    stride : pixels from one kernel put down to the next
    padding : rings cut off around the result
    output_padding : rows and columns added at the bottom and right, for with a stride several sizes of image lead a
        convolution to the same H W; smaller than the stride or the dilation
    groups, dilation : as for `conv2d`

    Returns
    -------
    Tensor, (N, O, oH, oW) with oH = s·(H − 1) − 2·pad + d·(kH − 1) + 1 + output_padding

    References
    ----------
    Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning", section 4.

    Examples
    --------
    >>> import tinycnn
    >>> conv_transpose2d(tinycnn.tensor([[[1.0, 2.0]]]), tinycnn.ones(1, 1, 1, 3), stride=(1, 2))
    tensor([[[1., 1., 3., 2., 2.]]])
    """
    op = "conv_transpose2d"
    groups = integer(op, "groups", groups)
    _expect_kernels(op, weight.array.shape, "C O/g kH kW")

    def convolve(x: Tensor) -> Tensor:
        (c, o), channels = weight.array.shape[:2], x.array.shape[1]
        facts = {f"input  {AXES[input.array.ndim]}": input.array.shape, "weight C O/g kH kW": weight.array.shape}
        _check_groups(op, groups, c, "input", facts)
        if channels != c:
            raise ShapeError(
                explain(
                    f"{op}: input channels must equal weight.shape[0], but {channels} ≠ {c}",
                    facts,
                    "here the input's channels come first in the weight; conv2d has them second",
                )
            )
        _check_bias(op, weight.array.shape, None if bias is None else bias.array.shape, o * groups)
        expect_one_device(op, input=x, weight=weight, bias=bias)
        expect_one_dtype(op, _TAKES_SPREAD, input=x, weight=weight, bias=bias)
        steps, cut, spread, more = (
            pair(op, name, sizes)
            for name, sizes in (("stride", stride), ("padding", padding), ("dilation", dilation),
                                ("output_padding", output_padding))
        )  # fmt: skip
        geometry = transposed_window(op, x.array.shape[2:], weight.array.shape[2:], steps, cut, spread, more)
        return _plus(Conv2dInput.apply(x, weight, window=geometry, groups=groups), bias)

    return like_input(input, convolve, op)


def _plus(y: Tensor, bias: Tensor | None) -> Tensor:
    return y if bias is None else y + reshape(bias, (1, -1, 1, 1))


@functools.lru_cache(1024)  # layers ask for the same ones at every step
def _window(
    image: Shape, kernels: Shape, bias: Shape | None, stride: Pair, padding: Pair | str, dilation: Pair, groups: int
) -> Window:
    """The window of a convolution, if the shapes of its arguments fit each other."""
    _expect_kernels("conv2d", kernels, "O C/g kH kW")
    _check_channels(image, kernels, groups)
    _check_bias("conv2d", kernels, bias, kernels[0])
    size, kernel = (image[-2], image[-1]), (kernels[2], kernels[3])
    if not isinstance(padding, str):
        return window("conv2d", size, kernel, stride, padding, dilation)
    if padding not in ("same", "valid"):
        raise DomainError(f"conv2d: invalid padding string {padding!r}, should be one of 'valid', 'same'")
    if padding == "same" and stride != (1, 1):
        raise ShapeError("conv2d: padding='same' is not supported for strided convolutions: the size cannot stay")
    total = [d * (k - 1) if padding == "same" else 0 for d, k in zip(dilation, kernel, strict=True)]
    sides = tuple((t // 2, t - t // 2) for t in total)
    return window("conv2d", size, kernel, stride, (sides[0], sides[1]), dilation)


# The rules of shapes, each with its own message ──────────────────────────────────────────────────────────────────────


def _expect_kernels(op: str, kernels: Shape, axes: str) -> None:
    if len(kernels) != 4:
        raise ShapeError(f"{op}: expected a weight of 4 dimensions ({axes}), but got {kernels}")


def _check_groups(op: str, groups: int, divided: int, side: str, facts: dict[str, tuple[int, ...]]) -> None:
    if groups < 1 or not divided or divided % groups:
        raise ShapeError(
            explain(
                f"{op}: groups must be positive and divide the {side} channels, but {divided} channels,"
                f" groups = {groups}",
                facts,
            )
        )


def _check_channels(image: Shape, kernels: Shape, groups: int) -> None:
    channels, (o, c, _, _) = image[-3], kernels
    if groups > 0 < o and not o % groups and channels == c * groups:
        return
    facts = {f"input  {AXES[len(image)]}": image, "weight O C/g kH kW": kernels}
    _check_groups("conv2d", groups, o, "output", facts)
    if channels != c * groups:
        raise ShapeError(
            explain(
                f"conv2d: input channels must equal weight.shape[1] × groups, but {channels} ≠ {c} × {groups}",
                facts,
                _channel_hint(image, c * groups),
            )
        )


def _check_bias(op: str, kernels: Shape, bias: Shape | None, o: int) -> None:
    if bias not in (None, (o,)):
        raise ShapeError(
            explain(
                f"{op}: the bias must have one entry for each of {o} output channels",
                {"weight": kernels, "bias": bias},
            )
        )


def _channel_hint(shape: tuple[int, ...], wanted: int) -> str:
    """The likely mistake: `shape` is N C H W, or C H W."""
    channels, n, order = shape[-3], *(("N ", "0, 3, 1, 2") if len(shape) == 4 else ("", "2, 0, 1"))
    if shape[-1] == wanted:
        return f"is this {n}H W C instead of {n}C H W? permute({order}) reorders it"
    if (channels, wanted) == (4, 3):
        return "is this an RGBA image? x[..., :3, :, :] drops the transparency"
    if (channels, wanted) == (1, 3):
        return f"is this a grey image? x.expand({'-1, ' if n else ''}3, -1, -1) repeats its channel"
    if (channels, wanted) == (3, 1):
        return "is this a colour image? x.mean(-3, keepdim=True) makes it grey"
    return "the layer before must put out as many channels as this one takes in"
