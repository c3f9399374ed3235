r"""Collating samples into a batch: the results were recorded from torch.utils.data.default_collate."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinycnn as torch
from tinycnn.utils.data import TensorDataset, default_collate, default_convert

Point = namedtuple("Point", "x y")


def plain(batch: Any) -> Any:
    r"""Tensors as (dtype, values), and everything else as it is."""
    if isinstance(batch, torch.Tensor):
        return (batch.dtype.name, batch.tolist())
    if isinstance(batch, dict):
        return type(batch)((key, plain(value)) for key, value in batch.items())
    if hasattr(batch, "_fields"):
        return type(batch)(*map(plain, batch))
    return [plain(item) for item in batch] if isinstance(batch, list) else batch


@pytest.mark.parametrize(
    ("samples", "batch"),
    [
        ([1, 2], ("int64", [1, 2])),
        ([1.5, 2.5], ("float64", [1.5, 2.5])),
        ([True, False], ("bool", [True, False])),
        ([1, 2.5], ("float32", [1, 2.5])),
        ([np.float32(1), np.float32(2)], ("float32", [1, 2])),
        ([np.float64(1)], ("float64", [1])),
        ([np.int32(3), np.int32(4)], ("int32", [3, 4])),
        ([np.bool_(True)], ("bool", [True])),
        ([np.array(3)], ("int64", [3])),
        ([np.ones(2, np.float16)] * 2, ("float16", [[1, 1], [1, 1]])),
        (["a", "b"], ["a", "b"]),
        ([b"a"], [b"a"]),
        ([(1, "x"), (2, "y")], [("int64", [1, 2]), ("x", "y")]),
        ([[1, 2], [3, 4]], [("int64", [1, 3]), ("int64", [2, 4])]),
        ([Point(1, 2.0), Point(3, 4.0)], Point(("int64", [1, 3]), ("float64", [2, 4]))),
        ([{"a": 1}, {"a": 2, "b": 3}], {"a": ("int64", [1, 2])}),
        ([defaultdict(int, a=1)], {"a": ("int64", [1])}),  # its type wants more than a dictionary to be made
        (
            [OrderedDict(a=1, b=[1.0, 2]), OrderedDict(a=2, b=[3.0, 4])],
            OrderedDict(a=("int64", [1, 2]), b=[("float64", [1, 3]), ("int64", [2, 4])]),
        ),
    ],
)
def test_what_each_kind_of_sample_becomes(samples: list[Any], batch: Any) -> None:
    found = plain(default_collate(samples))
    assert found == batch
    assert type(found) is type(batch)


@given(st.data(), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4), st.integers(1, 5))
def test_tensors_get_a_new_first_axis(data: st.DataObject, shape: tuple[int, ...], count: int) -> None:
    arrays = data.draw(hnp.arrays(np.float32, (count, *shape), elements=st.floats(-9, 9, width=32)))
    for samples in ([torch.from_numpy(array) for array in map(np.array, arrays)], list(map(np.array, arrays))):
        batch = default_collate(samples)
        assert batch.shape == (count, *shape)
        assert batch.dtype == torch.float32
        np.testing.assert_array_equal(batch.numpy(), arrays)


def test_a_batch_lies_where_its_samples_do(device: str) -> None:
    dataset = TensorDataset(torch.arange(6, device=device).reshape(3, 2), torch.tensor([7, 8, 9], device=device))
    for batch in (default_collate(dataset.__getitems__([2, 0])), default_collate([dataset[2], dataset[0]])):
        assert [tensor.device.type for tensor in batch] == [device, device]
        assert [tensor.tolist() for tensor in batch] == [[[4, 5], [0, 1]], [9, 7]]


def test_a_batch_is_a_copy() -> None:
    sample = torch.zeros(2)
    default_collate([sample])[0, 0] = 5
    assert sample.tolist() == [0, 0]


def test_gradients_reach_the_samples() -> None:
    sample = torch.ones(2, requires_grad=True)
    default_collate([sample, sample]).sum().backward()
    assert sample.grad.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("samples", "error", "says"),
    [
        (
            [torch.zeros(1, 4, 4)] * 3 + [torch.zeros(1, 4, 5)],
            ValueError,
            r"one shape\n +sample 0 += \(1, 4, 4\)\n +sample 3 += \(1, 4, 5\)\n +hint +resize",
        ),
        ([np.zeros(2), np.zeros(3)], RuntimeError, r"sample 1 += \(3,\)"),
        ([(1, 2), (1,)], RuntimeError, "of equal size, but sample 0 has 2 parts and sample 1 has 1"),
        ([{"a": 1}, {"b": 1}], ValueError, r"sample 1 += \['b'\]"),
        ([object()], TypeError, "found object: turn it into a Tensor"),
        ([{"image": {1, 2}}], TypeError, "found set"),
        ([np.array(["a"])], TypeError, "found ndarray"),
        ([None], TypeError, "found NoneType"),
        ([], ValueError, "at least one sample"),
    ],
)
def test_errors(samples: list[Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        default_collate(samples)


def test_convert_makes_tensors_of_arrays_only() -> None:
    sample = {"image": np.ones(2, np.float32), "point": Point(np.float64(1), "x"), "rest": [1, (2.5, None)]}
    assert plain(default_convert(sample)) == {
        "image": ("float32", [1, 1]),
        "point": Point(("float64", 1.0), "x"),
        "rest": [1, [2.5, None]],
    }
    assert default_convert(np.array("text")).item() == "text"
