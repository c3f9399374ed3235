"""What `tinycnn gradcheck` checks: every differentiable function, in the forms it is used in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tinycnn import backend as backends
from tinycnn import random
from tinycnn._tensor import Tensor
from tinycnn.autograd.agreement import vjp_of
from tinycnn.gradcheck.case import Case, between, case, coins, distinct, labels, normal, signed, sixteenths
from tinycnn.nn import functional as F
from tinycnn.nn.excitation import SqueezeExcitation
from tinycnn.nn.pooling import AdaptiveAvgPool2d
from tinycnn.ops import choice, joining
from tinycnn.ops.contraction import einsum
from tinycnn.ops.copying import Transfer

__all__ = ["CASES"]

ARITHMETIC = (
    case("add", Tensor.add, normal(2, 3), normal(3)),
    case("sub", Tensor.sub, normal(2, 3), normal(2, 1)),
    case("mul", Tensor.mul, normal(2, 3), normal(3)),
    case("div", Tensor.div, normal(2, 3), signed(2, 3)),
    case("div", Tensor.div, between(2.1, 2.9, 2, 3), between(0.9, 1, 2, 3), rounding_mode="floor"),
    case("remainder", Tensor.remainder, between(2.1, 2.9, 2, 3), between(0.9, 1, 2, 3)),
    case("fmod", Tensor.fmod, between(-2.9, -2.1, 2, 3), between(0.9, 1, 2, 3)),
    case("pow x**y", Tensor.pow, between(0.5, 2, 2, 3), normal(2, 3)),
    case("pow x**3", lambda x: x**3, normal(2, 3)),
    case("pow 2**x", lambda x: 2**x, normal(2, 3)),
    case("neg", Tensor.neg, normal(2, 3)),
    case("maximum", choice.maximum, distinct(2, 3), between(-0.1, 0.1, 3)),
    case("minimum", choice.minimum, distinct(2, 3), between(-0.1, 0.1, 3)),
    case("clamp", Tensor.clamp, distinct(2, 4), min=-0.7, max=0.7),
    case("clamp to Tensors", Tensor.clamp, distinct(2, 4), between(-0.8, -0.6, 4), between(0.6, 0.8, 4)),
    case("clamp min", Tensor.clamp_min, distinct(2, 4), min=0.1),
    case("clamp max", Tensor.clamp_max, distinct(2, 4), max=0.1),
    case("clamp min to a Tensor", Tensor.clamp_min, distinct(2, 4), between(-0.1, 0.1, 4)),
    case("clamp max to a Tensor", Tensor.clamp_max, distinct(2, 4), between(-0.1, 0.1, 4)),
    case("where", choice.where, coins(2, 3), normal(2, 3), normal(3)),
    case("masked_fill", Tensor.masked_fill, normal(2, 3), coins(2, 3), value=5.0),
)

ELEMENTWISE = (
    case("exp", Tensor.exp, normal(2, 3)),
    case("expm1", Tensor.expm1, normal(2, 3)),
    case("log", Tensor.log, between(0.5, 2, 2, 3)),
    case("log1p", Tensor.log1p, between(-0.5, 2, 2, 3)),
    case("log2", Tensor.log2, between(0.5, 2, 2, 3)),
    case("sqrt", Tensor.sqrt, between(0.5, 2, 2, 3)),
    case("rsqrt", Tensor.rsqrt, between(0.5, 2, 2, 3)),
    case("square", Tensor.square, normal(2, 3)),
    case("abs", Tensor.abs, signed(2, 3)),
    case("sign", Tensor.sign, signed(2, 3)),
    case("floor", Tensor.floor, between(0.1, 0.9, 2, 3)),
    case("sin", Tensor.sin, normal(2, 3)),
    case("cos", Tensor.cos, normal(2, 3)),
    case("tanh", Tensor.tanh, normal(2, 3)),
    case("erf", Tensor.erf, normal(2, 3)),
    case("sigmoid", F.sigmoid, normal(2, 3)),
    case("logsigmoid", F.logsigmoid, normal(2, 3)),
    case("softplus", F.softplus, normal(2, 3)),
    case("relu", F.relu, signed(2, 3)),
    case("relu6", F.relu6, between(-1, 1, 2, 3)),
    case("hardtanh", F.hardtanh, distinct(2, 4), min_val=-0.6, max_val=0.6),
    case("leaky_relu", F.leaky_relu, signed(2, 3), negative_slope=0.2),
    case("elu", F.elu, signed(2, 3), alpha=0.7),
    case("gelu", F.gelu, normal(2, 3)),
    case("gelu", F.gelu, normal(2, 3), approximate="tanh"),
    case("silu", F.silu, normal(2, 3)),
    case("dropout", lambda x: _same_draw(F.dropout, x), normal(2, 3)),
    case("dropout1d", lambda x: _same_draw(F.dropout1d, x), normal(2, 3, 2)),
    case("dropout2d", lambda x: _same_draw(F.dropout2d, x), normal(2, 3, 2, 2)),
    case("stochastic_depth", lambda x: _same_draw(lambda y: F.stochastic_depth(y, 0.5, "row"), x), normal(4, 3)),
)

SHAPES = (
    case("reshape", lambda x: x.reshape(3, 4), normal(2, 6)),
    case("permute", lambda x: x.permute(2, 0, 1), normal(2, 3, 2)),
    case("expand", lambda x: x.expand(2, 3, 4), normal(3, 1)),
    case("sum_to_size", lambda x: x.sum_to_size(3, 1), normal(2, 3, 4)),
    case("flip", lambda x: x.flip(0, 1), normal(2, 3)),
    case("roll", Tensor.roll, normal(2, 3), shifts=(1, 2), dims=(0, 1)),
    case("repeat", lambda x: x.repeat(2, 2), normal(2, 3)),
    case("pad", F.pad, normal(2, 3), pad=(1, 2, 0, -1)),
    case("pad reflect", lambda x: F.pad(x, (2, 1), "reflect"), normal(2, 4)),
    case("pad replicate", lambda x: F.pad(x, (2, 1), "replicate"), normal(2, 4)),
    case("pad circular", lambda x: F.pad(x, (2, 1), "circular"), normal(2, 4)),
    case("diagonal", Tensor.diagonal, normal(3, 4), offset=1),
    case("tril", Tensor.tril, normal(3, 4)),
    case("cat", lambda *xs: joining.cat(xs, 1), normal(2, 1), normal(2, 3)),
    case("stack", lambda *xs: joining.stack(xs, 1), normal(2, 3), normal(2, 3)),
    case("split", lambda x: x.split([1, 2], 1), normal(2, 3)),
    case("clone", Tensor.clone, normal(2, 3)),
    case("contiguous", lambda x: x.T.contiguous(), normal(2, 3)),
    case("to float32", Tensor.float, sixteenths(2, 3), step=1 / 16),
    case("to device", lambda x: Transfer.apply(x, to=backends.get("cpu")), normal(2, 3)),
)

INDEXING = (
    case("getitem slices", lambda x: x[1:, ::2], normal(3, 4)),
    case("getitem integers", lambda x, i: x[i, i], normal(3, 4), labels(3, 5)),
    case("getitem mask", lambda x, mask: x[mask], normal(2, 3), coins(2, 3)),
    case("setitem", lambda x, v: _written(x, v), normal(3, 4), normal(4)),
    case("index_select", lambda x, i: x.index_select(1, i), normal(2, 3), labels(3, 4)),
    case("gather", lambda x, i: x.gather(1, i), normal(2, 3), labels(3, 2, 4)),
    case("scatter_add", lambda x, i, src: x.scatter_add(1, i, src), normal(2, 3), labels(3, 2, 4), normal(2, 4)),
)

REDUCTIONS = (
    case("sum", Tensor.sum, normal(2, 3, 2), dim=(0, 2), keepdim=True),
    case("mean", Tensor.mean, normal(2, 3), dim=1),
    case("var", Tensor.var, normal(2, 3), dim=1),
    case("std", Tensor.std, normal(2, 3), dim=1),
    case("prod", Tensor.prod, normal(2, 3), dim=1),
    case("cumsum", Tensor.cumsum, normal(2, 3), dim=1),
    case("amax", Tensor.amax, distinct(2, 3, 2), dim=(0, 1)),
    case("amin", Tensor.amin, distinct(2, 3), dim=1),
    case("max", Tensor.max, distinct(2, 3), dim=1),
    case("min", Tensor.min, distinct(2, 3), dim=1),
    case("sort", Tensor.sort, distinct(2, 3), dim=1),
    case("topk", Tensor.topk, distinct(2, 3), k=2),
    case("logsumexp", Tensor.logsumexp, normal(2, 3), dim=1),
    case("norm", Tensor.norm, normal(2, 3), dim=1),
    case("norm", Tensor.norm, signed(2, 3), p=3),
)

PRODUCTS = (
    case("matmul", Tensor.matmul, normal(2, 3), normal(3, 4)),
    case("matmul of stacks", Tensor.matmul, normal(2, 1, 2, 3), normal(2, 3, 2)),
    case("matmul of vectors", Tensor.matmul, normal(3), normal(3)),
    case("einsum bij,bjk->bik", lambda x, y: einsum("bij,bjk->bik", x, y), normal(2, 2, 3), normal(2, 3, 2)),
    case("einsum ii->i", lambda x: einsum("ii->i", x), normal(3, 3)),
    case("linear", F.linear, normal(2, 3), normal(4, 3), normal(4)),
)

IMAGES = (
    case("conv2d", F.conv2d, normal(2, 2, 4, 3), normal(3, 2, 2, 2), normal(3)),
    case("conv2d 1x1", F.conv2d, normal(2, 3, 2, 2), normal(2, 3, 1, 1), normal(2)),
    case("conv2d", F.conv2d, normal(1, 2, 5, 4), normal(2, 2, 3, 3), normal(2), stride=2, padding=1),
    case("conv2d", F.conv2d, normal(1, 2, 6, 5), normal(2, 2, 2, 2), stride=3),
    case("conv2d", F.conv2d, normal(1, 2, 3, 4), normal(2, 2, 2, 3), padding="same"),
    case("conv2d", F.conv2d, normal(1, 2, 5, 4), normal(2, 2, 2, 2), padding=1, dilation=2),
    case("conv2d", F.conv2d, normal(2, 4, 3, 3), normal(4, 2, 2, 2), normal(4), groups=2),
    case("conv2d depthwise", F.conv2d, normal(1, 3, 3, 4), normal(3, 1, 3, 3), padding=1, groups=3),
    case("conv_transpose2d", F.conv_transpose2d, normal(1, 2, 3, 2), normal(2, 3, 2, 3), normal(3), stride=2),
    case("conv_transpose2d", F.conv_transpose2d, normal(1, 4, 2, 2), normal(4, 1, 2, 2), stride=2, padding=1,
         output_padding=1, groups=2, dilation=2),
    case("unfold 2x3", lambda x: F.unfold(x, (2, 3), padding=1, stride=2), normal(1, 2, 4, 5)),
    case("fold 2x2", lambda x: F.fold(x, (3, 4), 2), normal(1, 8, 6)),
    case("max_pool2d 2x2", lambda x: F.max_pool2d(x, 2), distinct(2, 2, 4, 4)),
    case("max_pool2d 3x3", lambda x, **o: F.max_pool2d(x, 3, **o), distinct(1, 2, 5, 4), stride=2, padding=1),
    case("max_pool2d 2x2", lambda x, **o: F.max_pool2d(x, 2, **o), distinct(1, 2, 5, 3), ceil_mode=True),
    case("max_pool2d 2x2", lambda x, **o: F.max_pool2d(x, 2, **o), distinct(1, 1, 5, 4), stride=1, dilation=2),
    case("max_pool2d gradient", vjp_of(lambda x: F.max_pool2d(x, 2), 1), distinct(1, 1, 4, 4), normal(1, 1, 2, 2)),
    case("avg_pool2d 2x2", lambda x: F.avg_pool2d(x, 2), normal(2, 2, 4, 4)),
    case("avg_pool2d 3x3", lambda x, **o: F.avg_pool2d(x, 3, **o), normal(1, 2, 5, 4), stride=2, padding=1),
    case("avg_pool2d count_include_pad=False", lambda x: F.avg_pool2d(x, 2, None, 1, False, False), normal(1, 2, 5, 4)),
    case("avg_pool2d 2x2", lambda x, **o: F.avg_pool2d(x, 2, **o), normal(1, 2, 5, 3), ceil_mode=True),
    case("adaptive_avg_pool2d to 1x1", lambda x: F.adaptive_avg_pool2d(x, 1), normal(2, 2, 3, 4)),
    case("adaptive_avg_pool2d to 3x2", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), normal(1, 2, 5, 3)),
    case("adaptive_max_pool2d to 3x2", lambda x: F.adaptive_max_pool2d(x, (3, 2)), distinct(1, 1, 5, 3)),
)

NORMALISATION = (
    case("batch_norm", lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
         normal(3, 2, 2, 2), normal(2), normal(2)),
    case("batch_norm without weight", lambda x: F.batch_norm(x, None, None, training=True), normal(4, 2)),
    case("batch_norm evaluated", lambda x, w, b: F.batch_norm(x, b.detach() * 0, w.detach() * 0 + 2, w, b),
         normal(2, 2, 2, 2), signed(2), normal(2)),
    case("layer_norm", lambda x, w, b: F.layer_norm(x, (4,), w, b), normal(2, 3, 4), normal(4), normal(4)),
    case("layer_norm", F.layer_norm, normal(2, 2, 3), normalized_shape=(2, 3)),
    case("group_norm", lambda x, w, b: F.group_norm(x, 2, w, b), normal(2, 4, 2, 2), normal(4), normal(4)),
    case("instance_norm", F.instance_norm, normal(2, 2, 3, 2)),
    case("local_response_norm", F.local_response_norm, normal(2, 4, 2, 2), size=3, alpha=0.5),
    case("global_response_norm", F.global_response_norm, normal(2, 2, 3, 4), normal(4), normal(4)),
)  # fmt: skip

LOSSES = (
    case("softmax", F.softmax, normal(2, 3), dim=1),
    case("log_softmax", F.log_softmax, normal(2, 3), dim=1),
    case("nll_loss weighted", lambda x, w, t: F.nll_loss(x, t, w), normal(4, 3), between(0.5, 2, 3), labels(3, 4)),
    case("cross_entropy", F.cross_entropy, normal(4, 3), labels(3, 4)),
    case("cross_entropy", F.cross_entropy, normal(4, 3), labels(3, 4), label_smoothing=0.1),
    case("cross_entropy of pixels", F.cross_entropy, normal(2, 3, 2, 2), labels(3, 2, 2, 2)),
    case("cross_entropy of distributions", F.cross_entropy, normal(4, 3), between(0, 1, 4, 3)),
    case("binary_cross_entropy", F.binary_cross_entropy, between(0.1, 0.9, 2, 3), between(0, 1, 2, 3)),
    case("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, normal(2, 3), between(0, 1, 2, 3)),
    case("mse_loss", F.mse_loss, normal(2, 3), normal(2, 3)),
    case("l1_loss", F.l1_loss, distinct(2, 3), between(-0.1, 0.1, 2, 3)),
)

NETWORKS = (
    case("SqueezeExcitation", lambda *xs: _squeeze_excitation(*xs),
         normal(2, 3, 2, 2), normal(2, 3, 1, 1), normal(2), normal(3, 2, 1, 1), normal(3)),
    case("network conv-norm-relu-loss", lambda *xs: _network(*xs),
         normal(3, 2, 3, 3), normal(2, 2, 2, 2), between(0.5, 2, 2), between(0, 1, 2), labels(8, 3)),
)  # fmt: skip

CASES: tuple[Case, ...] = (
    *ARITHMETIC, *ELEMENTWISE, *SHAPES, *INDEXING, *REDUCTIONS, *PRODUCTS, *IMAGES, *NORMALISATION, *LOSSES, *NETWORKS,
)  # fmt: skip


def _same_draw(function: Any, x: Tensor) -> Tensor:
    """A function that draws random numbers, made to draw the same ones each time; others find theirs unchanged."""
    state = random.get_rng_state()
    try:
        random.manual_seed(0)
        return function(x)  # type: ignore[no-any-return]  # functions of F give Tensors
    finally:
        random.set_rng_state(state)


def _squeeze_excitation(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    """The layer's forward, with weights that are inputs."""
    parts: Any = SimpleNamespace(
        avgpool=AdaptiveAvgPool2d(1), activation=F.relu, scale_activation=F.sigmoid,
        fc1=lambda z: F.conv2d(z, w1, b1), fc2=lambda z: F.conv2d(z, w2, b2),
    )  # fmt: skip
    return SqueezeExcitation.forward(parts, x)


def _network(x: Tensor, w: Tensor, gamma: Tensor, beta: Tensor, target: Tensor) -> Tensor:
    maps = F.relu(F.batch_norm(F.conv2d(x, w), None, None, gamma, beta, training=True))
    return F.cross_entropy(maps.flatten(1), target)


def _written(x: Tensor, v: Tensor) -> Tensor:
    y = x.clone()
    y[1] = v
    return y * y
