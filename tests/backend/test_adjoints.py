r"""Linear kernels and ops against their adjoints, ⟨A·x, y⟩ = ⟨x, Aᵀ·y⟩: no step, no kinks, any dtype and device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinycnn as torch
from tests.backend.geometries import normal, windows
from tinycnn import backend
from tinycnn.ops import diagonals, indexing, padding, scattering
from tinycnn.shapes import product

pytestmark = pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-5)])


def assert_adjoint(ax: Any, y: Any, x: Any, aty: Any, tolerance: float) -> None:
    """The two products agree, relative to how large they might have been."""
    scale = 1 + np.linalg.norm(np.ravel(ax)) * np.linalg.norm(np.ravel(y))
    assert ax.dtype == x.dtype == aty.dtype
    assert aty.shape == x.shape
    assert abs(np.vdot(ax, y).astype("float64") - np.vdot(x, aty)) <= tolerance * scale


@given(geometry=windows(), n=st.integers(1, 2), groups=st.integers(1, 3), o=st.integers(1, 2), c=st.integers(1, 2))
def test_the_three_faces_of_convolution(
    device: str, dtype: str, tolerance: float, geometry: Any, n: int, groups: int, o: int, c: int
) -> None:
    b = backend.get(device)
    x, w, g = (normal(n, c * groups, *geometry.size, dtype=dtype), normal(o * groups, c, *geometry.kernel, dtype=dtype),
               normal(n, o * groups, *geometry.out, dtype=dtype))  # fmt: skip
    xd, wd, gd = map(b.asarray, (x, w, g))
    y, gx, gw = (
        b.asnumpy(b.kernels.conv2d(xd, wd, None, geometry, groups)),
        b.asnumpy(b.kernels.conv2d_input(gd, wd, geometry, groups)),
        b.asnumpy(b.kernels.conv2d_weight(xd, gd, geometry, groups)),
    )
    assert y.shape == g.shape
    assert_adjoint(y, g, x, gx, tolerance)
    assert_adjoint(y, g, w, gw, tolerance)


@given(geometry=windows(), n=st.integers(1, 2), c=st.integers(1, 3))
def test_unfold_and_fold(device: str, dtype: str, tolerance: float, geometry: Any, n: int, c: int) -> None:
    b = backend.get(device)
    x = normal(n, c, *geometry.size, dtype=dtype)
    columns = normal(n, c * product(geometry.kernel), product(geometry.out), dtype=dtype)
    unfolded = b.asnumpy(b.kernels.unfold(b.asarray(x), geometry))
    folded = b.asnumpy(b.kernels.fold(b.asarray(columns), geometry))
    assert unfolded.shape == columns.shape
    assert_adjoint(unfolded, columns, x, folded, tolerance)


@given(geometry=windows(pooling=True), n=st.integers(1, 2), c=st.integers(1, 3), data=st.data())
def test_pooling(device: str, dtype: str, tolerance: float, geometry: Any, n: int, c: int, data: Any) -> None:
    b = backend.get(device)
    x, g = normal(n, c, *geometry.size, dtype=dtype), normal(n, c, *geometry.out, dtype=dtype)
    xd, gd = b.asarray(x), b.asarray(g)
    winner = b.kernels.max_pool2d(xd, geometry)[1]
    picked, unpicked = b.kernels.pick(xd, winner, geometry), b.kernels.unpick(gd, winner, geometry)
    assert_adjoint(b.asnumpy(picked), g, x, b.asnumpy(unpicked), tolerance)
    summed, spread = b.kernels.sum_pool2d(xd, geometry), b.kernels.spread2d(gd, geometry)
    assert_adjoint(b.asnumpy(summed), g, x, b.asnumpy(spread), tolerance)


def assert_ops_adjoint(x: Any, there: Any, back: Any, device: str, tolerance: float) -> None:
    """An op on Tensors, the op that must be its adjoint, and that backward uses just that."""
    leaf = torch.tensor(x, device=device, requires_grad=True)
    ax = there(leaf)
    y = torch.tensor(normal(*ax.shape, dtype=x.dtype, seed=1), device=device)
    ax.backward(y)
    aty = back(y)
    assert_adjoint(*(t.detach().cpu().numpy() for t in (ax, y, leaf, aty)), tolerance=tolerance)
    np.testing.assert_allclose(leaf.grad.cpu().numpy(), aty.cpu().numpy(), rtol=10 * tolerance, atol=10 * tolerance)


@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=1, base_shape=(2, 3, 2), max_dims=4, max_side=3))
def test_expand_and_sum_to_shape(device: str, dtype: str, tolerance: float, shapes: Any) -> None:
    (shape,), full = shapes.input_shapes, shapes.result_shape
    x = normal(*shape, dtype=dtype)
    assert_ops_adjoint(x, lambda t: t.expand(full), lambda g: g.sum_to_size(shape), device, tolerance)
    wide = normal(*full, dtype=dtype)
    assert_ops_adjoint(wide, lambda t: t.sum_to_size(shape), lambda g: g.expand(full), device, tolerance)


@given(shape=hnp.array_shapes(max_dims=3, max_side=3), data=st.data())
def test_pad_and_crop(device: str, dtype: str, tolerance: float, shape: tuple[int, ...], data: Any) -> None:
    widths = tuple(data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) for _ in shape)
    x = normal(*shape, dtype=dtype)
    padded = tuple(n + sum(w) for n, w in zip(shape, widths, strict=True))

    def pad(t: Any) -> Any:
        return padding.Pad.apply(t, widths=widths, value=0)

    def crop(t: Any) -> Any:
        return padding.Crop.apply(t, widths=widths)

    assert_ops_adjoint(x, pad, crop, device, tolerance)
    assert_ops_adjoint(normal(*padded, dtype=dtype), crop, pad, device, tolerance)


@given(shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), data=st.data())
def test_gather_and_scatter(device: str, dtype: str, tolerance: float, shape: tuple[int, ...], data: Any) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    picks = data.draw(st.integers(1, 6))  # more than there are: some twice
    host = np.random.default_rng(2).integers(0, shape[axis], [picks if i == axis else n for i, n in enumerate(shape)])
    index = torch.tensor(host, device=device)

    def scatter(g: Any) -> Any:
        return scattering.ScatterZeros.apply(g, index, axis=axis, shape=shape)

    x = normal(*shape, dtype=dtype)
    assert_ops_adjoint(x, lambda t: t.gather(axis, index), scatter, device, tolerance)
    assert_ops_adjoint(normal(*host.shape, dtype=dtype), scatter, lambda g: g.gather(axis, index), device, tolerance)


@given(data=st.data())
def test_getitem_and_scatter_into(device: str, dtype: str, tolerance: float, data: Any) -> None:
    shape = (3, 4)
    rows = np.array(data.draw(st.lists(st.integers(-3, 2), min_size=1, max_size=5)))
    index = data.draw(st.sampled_from([
        (rows,), (slice(None), rows), (rows, slice(1, None, 2)), (rows, rows), (normal(*shape) > 0,), (Ellipsis, 1),
    ]))  # fmt: skip
    on_device = tuple(torch.tensor(i, device=device) if isinstance(i, np.ndarray) else i for i in index)

    def scatter(g: Any) -> Any:
        raw = tuple(i.array if isinstance(i, torch.Tensor) else i for i in on_device)
        return indexing.ScatterInto.apply(g, index=raw, shape=shape)

    assert_ops_adjoint(normal(*shape, dtype=dtype), lambda t: t[on_device], scatter, device, tolerance)


@given(rows=st.integers(1, 4), columns=st.integers(1, 4), offset=st.integers(-4, 4))
def test_diagonals_and_triangles(
    device: str, dtype: str, tolerance: float, rows: int, columns: int, offset: int
) -> None:
    x = normal(2, rows, columns, dtype=dtype)
    shape = (rows, columns)

    def read(t: Any) -> Any:
        return diagonals.Diagonal.apply(t, offset=offset)

    def write(t: Any) -> Any:
        return diagonals.DiagonalInto.apply(t, offset=offset, shape=shape)

    def upper(t: Any) -> Any:
        return diagonals.Triangle.apply(t, by="triu", k=offset)

    assert_ops_adjoint(x, read, write, device, tolerance)
    assert_ops_adjoint(x, upper, upper, device, tolerance)


@given(shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), by=st.integers(-5, 5), data=st.data())
def test_what_only_moves_elements(
    device: str, dtype: str, tolerance: float, shape: tuple[int, ...], by: int, data: Any
) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    order = tuple(data.draw(st.permutations(range(len(shape)))))
    back = tuple(np.argsort(order).tolist())
    x = normal(*shape, dtype=dtype)
    assert_ops_adjoint(x, lambda t: t.roll(by, axis), lambda t: t.roll(-by, axis), device, tolerance)
    assert_ops_adjoint(x, lambda t: t.flip(axis), lambda t: t.flip(axis), device, tolerance)
    assert_ops_adjoint(x, lambda t: t.permute(order), lambda t: t.permute(back), device, tolerance)
    assert_ops_adjoint(x, lambda t: t.reshape(-1), lambda t: t.reshape(shape), device, tolerance)
