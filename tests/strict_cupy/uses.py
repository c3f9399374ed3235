"""Right use: expressions of a module m and its array x, 3 by 4, that mean the same for NumPy and CuPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SAME: dict[str, Callable[[Any, Any], Any]] = {
    "arithmetic": lambda m, x: (x * 2.0 - 1) / (x + 3) ** 2,
    "scalars on the left": lambda m, x: 1.0 - np.float32(2) * x,
    "NumPy scalars keep their dtype": lambda m, x: x * np.float64(2),
    "comparison": lambda m, x: (x > 3) & (x <= np.float32(7)) | (x == 0),
    "modulo and floor": lambda m, x: x % 5 + x // 5,
    "divmod": lambda m, x: divmod(x, 5),
    "matmul": lambda m, x: x @ x.T,
    "unary": lambda m, x: abs(-x) + ~(x > 2),
    "ufuncs": lambda m, x: m.exp(-x) + m.sqrt(x) + m.maximum(x, 3.0) + m.tanh(x),
    "ufunc with dtype": lambda m, x: m.add(x, x, dtype="float64"),
    "division by zero is quiet": lambda m, x: m.log(x * 0),
    "sum": lambda m, x: x.sum(axis=(0, 1), keepdims=True),
    "mean and variance": lambda m, x: m.mean(x, axis=0) + x.var(axis=0, ddof=1),
    "all of no dimensions": lambda m, x: x.sum() + x.max(),
    "argmax": lambda m, x: m.argmax(x, axis=1),
    "any and all": lambda m, x: (x > 3).any(axis=0) & m.all(x >= 0),
    "cumsum": lambda m, x: m.cumsum(x, axis=1),
    "reshape and transpose": lambda m, x: x.reshape(2, -1, 3).transpose(1, 0, 2).reshape(6, 2),
    "slices": lambda m, x: x[1:, ::-2] + x[0, None, 1:3],
    "an index array": lambda m, x: x[m.asarray([2, 0, 2])],
    "index arrays and slices": lambda m, x: x[:, m.asarray([[0, 1], [3, -1]])],
    "two index arrays": lambda m, x: x[m.asarray([0, 2]), m.asarray([1, -1])],
    "a list as index": lambda m, x: x[[0, -1], 1:],
    "a mask": lambda m, x: x[x > 4],
    "one element": lambda m, x: x[1, 2],
    "take": lambda m, x: m.take(x, m.asarray([1, 1]), axis=1),
    "take_along_axis": lambda m, x: m.take_along_axis(x, m.argsort(-x, axis=1), axis=1),
    "where": lambda m, x: m.where(x > 3, x, 0.0),
    "nonzero": lambda m, x: m.stack(m.nonzero(x > 3)),
    "concatenate and stack": lambda m, x: m.concatenate([x, m.stack([x[0], x[1]])], axis=0),
    "split": lambda m, x: m.split(x, 2, axis=1),
    "pad": lambda m, x: m.pad(x, ((1, 0), (2, 1)), constant_values=-1.0),
    "pad that reflects": lambda m, x: m.pad(x, 1, mode="reflect"),
    "einsum": lambda m, x: m.einsum("ij,kj->ik", x, x, optimize=True),
    "tensordot": lambda m, x: m.tensordot(x, x, axes=((0, 1), (0, 1))),
    "sort": lambda m, x: m.sort(-x, axis=1),
    "clip": lambda m, x: m.clip(x, 2.0, 5.0) + x.clip(1, 3),
    "roll and flip": lambda m, x: m.roll(m.flip(x, axis=1), 1, axis=0),
    "repeat and tile": lambda m, x: m.repeat(m.tile(x, (1, 2)), 2, axis=0),
    "moveaxis, swapaxes, expand_dims, squeeze": lambda m, x: m.squeeze(
        m.moveaxis(m.expand_dims(x, 0), 0, 2).swapaxes(0, 1), axis=2
    ),
    "broadcast_to": lambda m, x: m.broadcast_to(x[0], (2, 4)) * 2,
    "sliding windows": lambda m, x: m.lib.stride_tricks.sliding_window_view(x, (2, 2)).sum(axis=(-2, -1)),
    "strides": lambda m, x: m.lib.stride_tricks.as_strided(x, (2, 3, 2), (16, 4, 4)) * 1,
    "linalg": lambda m, x: m.linalg.norm(x, axis=1) + m.linalg.inv(x[:, :3] + m.eye(3, dtype="float32")).sum(),
    "creation": lambda m, x: m.zeros((3, 4)) + m.ones_like(x) + m.full((3, 4), 2) + m.arange(4) + m.linspace(0, 1, 4),
    "integers": lambda m, x: x.astype(m.int64) // 2 << 1,
    "astype, copy, view": lambda m, x: x.astype("float16").copy().view(m.int16),
    "one_hot": lambda m, x: (m.arange(4)[None] == m.asarray([1, 0, 3])[:, None]).astype(x.dtype),
    "unique": lambda m, x: m.unique(x % 3, return_counts=True),
    "bincount": lambda m, x: m.bincount(x.astype("int64").ravel() % 5, minlength=7),
    "count_nonzero": lambda m, x: m.count_nonzero(x) + m.allclose(x, x),
    "histogram": lambda m, x: m.histogram(x, bins=4),
    "result_type": lambda m, x: m.zeros(2, dtype=m.result_type(x, m.float64)),
    "fft": lambda m, x: m.fft.rfft(x, axis=1).real,
    "outer and reduce": lambda m, x: m.add.reduce(m.multiply.outer(x[0], x[1]), axis=0),
    "tri": lambda m, x: m.tril(x) + m.triu(x, 1),
}
