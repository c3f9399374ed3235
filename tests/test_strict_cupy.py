"""The strict double of CuPy: each misuse is caught, with a word on what to write; right use gives what NumPy gives."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests import strict_cupy as double
from tests.strict_cupy import record_names
from tests.strict_cupy.misuses import CAUGHT
from tests.strict_cupy.names import RECORD
from tests.strict_cupy.uses import SAME

xp = double.xp
Misuse = double.Misuse

HOST = np.arange(12, dtype=np.float32).reshape(3, 4)


def device(*shape: int, dtype: Any = np.float32) -> Any:
    return xp.asarray(np.arange(np.prod(shape, dtype=int), dtype=dtype).reshape(shape))


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    double.reset()
    yield
    double.reset()


# What CuPy refuses, and what it gets wrong in silence ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("error", "word", "misuse"), [row[1:] for row in CAUGHT], ids=[row[0] for row in CAUGHT])
def test_misuse_is_caught_and_the_error_says_what_to_write(
    error: type[Exception], word: str, misuse: Callable[[Any], Any]
) -> None:
    with pytest.raises(error) as caught:
        misuse(device(3, 4))
    assert word in str(caught.value)
    assert caught.type is error  # not one of its subclasses, which would be another mistake


def test_silent_mistakes_of_cupy_are_no_errors_that_numpy_raises() -> None:
    assert not issubclass(Misuse, (IndexError, ValueError, TypeError, RuntimeError))


def test_a_name_is_absent_for_hasattr_too() -> None:
    assert hasattr(xp, "exp")
    assert not hasattr(xp, "vecdot")
    assert not hasattr(device(2), "setflags")
    assert not hasattr(xp.linalg, "vecdot")


# Right use gives what NumPy gives ────────────────────────────────────────────────────────────────────────────────────


def _same(mine: Any, theirs: Any) -> None:
    if isinstance(theirs, (list, tuple)):
        assert len(mine) == len(theirs)
        for one, other in zip(mine, theirs, strict=True):
            _same(one, other)
        return
    assert type(mine) is double.ndarray
    assert mine.shape == np.shape(theirs)
    assert mine.dtype == np.asarray(theirs).dtype
    np.testing.assert_array_equal(xp.asnumpy(mine), theirs)


@pytest.mark.parametrize("use", SAME.values(), ids=SAME)
def test_right_use_gives_what_numpy_gives(use: Callable[[Any, Any], Any]) -> None:
    with np.errstate(all="ignore"):
        expected = use(np, HOST.copy())
    _same(use(xp, xp.asarray(HOST)), expected)


@given(st.data())
def test_any_index_reads_and_writes_what_numpys_does(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(max_dims=4, max_side=4))
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True) | hnp.integer_array_indices(shape))
    host = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    x = xp.asarray(host)
    np.testing.assert_array_equal(xp.asnumpy(x[index]), host[index])
    x[index] = -1.0
    host[index] = -1.0
    np.testing.assert_array_equal(xp.asnumpy(x), host)


@given(hnp.integer_array_indices((3, 4)))
def test_scatter_add_adds_up_what_is_named_twice(index: Any) -> None:
    host, x = np.zeros((3, 4)), xp.zeros((3, 4))
    values = np.arange(np.zeros((3, 4))[index].size, dtype=float).reshape(np.zeros((3, 4))[index].shape)
    np.add.at(host, index, values)
    xp.add.at(x, index, xp.asarray(values))
    np.testing.assert_array_equal(xp.asnumpy(x), host)  # small integers: exact in any order


def test_in_place_operators_write_into_the_array_and_its_views() -> None:
    x = device(3, 4)
    row, element = x[1], x[0, 0]
    x *= 2.0
    x[1:] += 1.0
    element -= 5.0  # on a device an element, too, is a view
    np.testing.assert_array_equal(row.get(), HOST[1] * 2 + 1)
    assert float(x[0, 0]) == -5.0
    assert row.base is not None
    assert xp.may_share_memory(x, row) is True


def test_out_is_written_and_returned() -> None:
    x, out = device(3, 4), xp.empty((3, 4), dtype="float32")
    assert xp.sqrt(x, out=out) is out
    assert xp.cumsum(x, axis=1, out=out) is out
    np.testing.assert_array_equal(out.get(), np.cumsum(HOST, axis=1))


def test_the_way_to_the_device_and_back_is_a_copy() -> None:
    host = HOST.copy()
    x = xp.asarray(host)
    host[:] = 0
    assert xp.asarray(x) is x
    np.testing.assert_array_equal(x.get(), HOST)
    x.get()[:] = 0
    np.testing.assert_array_equal(x.get(), HOST)
    assert xp.asnumpy(host) is host


# What is otherwise than NumPy's ──────────────────────────────────────────────────────────────────────────────────────


def test_results_are_in_c_order_whatever_the_order_of_the_operands() -> None:
    x = device(2, 3, 4).transpose(2, 0, 1)
    assert not (HOST.T + 1).flags.c_contiguous
    for result in (x + 1, xp.exp(x), xp.where(x > 3, x, 0.0), x[[0, 1]], x.sum(axis=0), xp.concatenate([x, x])):
        assert result.flags.c_contiguous
    assert not x.flags.c_contiguous
    assert not x.astype("float64").flags.c_contiguous  # one of the few that keep it
    assert x.copy().flags.c_contiguous


def test_uninitialised_memory_is_poisoned() -> None:
    assert np.isnan(xp.empty((2, 3)).get()).all()
    assert np.isnan(xp.ndarray((2,), dtype="float16").get()).all()
    assert (xp.empty_like(xp.zeros(4, dtype="int64")).get() == np.iinfo("int64").max).all()


def test_floats_are_scatter_added_in_another_order_each_time() -> None:
    values = xp.asarray(np.random.default_rng(0).normal(size=1000).astype("float32"))

    def total() -> float:
        x = xp.zeros(1, dtype="float32")
        xp.add.at(x, xp.zeros(1000, dtype="int64"), values)
        return float(x[0])

    first = [total() for _ in range(5)]
    double.reset()
    assert len(set(first)) > 1
    assert first == [total() for _ in range(5)]  # but the same ones in each test


def test_what_makes_the_host_wait_is_counted() -> None:
    x = device(3, 4)
    with double.count_syncs() as none:
        y = xp.exp(x - x.max(axis=1, keepdims=True))
        y /= y.sum(axis=1, keepdims=True)
        y[:, xp.asarray([0, 1])] = 0.0
        xp.add.at(y, (xp.arange(3), xp.asarray([0, 1, 0])), -1.0)
        assert len(y) == 3
        assert y[0].shape == (4,)
    assert none == 0
    waits: list[Callable[[], Any]] = [
        lambda: float(x.sum()), lambda: int(x[0, 0]), lambda: bool(x[0, 0]), lambda: x[0, 0].item(), x.tolist, x.get,
        lambda: xp.asnumpy(x), lambda: str(x), lambda: f"{x[0, 0]:.2f}", lambda: x[x > 3], lambda: xp.nonzero(x),
        lambda: xp.where(x > 3), lambda: xp.unique(x), x.nonzero, xp.cuda.get_current_stream().synchronize,
        xp.cuda.Device(0).synchronize, lambda: x.__setitem__(x > 3, 0.0),
    ]  # fmt: skip
    for wait in waits:
        with double.count_syncs() as once:
            wait()
        assert once == 1, once.reasons
    assert double.syncs == len(waits)


def test_counting_may_be_nested() -> None:
    x = device()
    with double.count_syncs() as outer:
        float(x)
        with double.count_syncs() as inner:
            int(x)
    assert (int(outer), int(inner)) == (2, 1)
    assert outer.reasons["float()"] == 1


def test_scalars_stay_on_the_device() -> None:
    x = device(3, 4)
    for result in (x.sum(), x[0, 0], xp.count_nonzero(x), xp.allclose(x, x), xp.array_equal(x, x), xp.exp(1.0)):
        assert type(result) is double.ndarray
    assert xp.size(x) == 12
    assert xp.ndim(x) == 2


def test_it_can_be_copied_compared_with_none_and_iterated() -> None:
    x = device(2, 3)
    twin = copy.deepcopy(x)
    x += 1
    np.testing.assert_array_equal(twin.get(), np.arange(6).reshape(2, 3))
    assert not (x == None).get().any()  # noqa: E711  # it is the comparison that is tested
    assert [row.shape for row in x] == [(3,), (3,)]


def test_operators_are_left_to_objects_that_come_before_arrays_and_to_no_others() -> None:
    class Meek:
        def __radd__(self, other: Any) -> str:
            return "meek"

    class Bold(Meek):
        __array_priority__ = 101

    class Apart(Meek):
        __array_ufunc__ = None

    x = device(2)
    assert x + Bold() == "meek"
    assert x + Apart() == "meek"
    with pytest.raises(TypeError, match="__array_priority__ above 100"):
        x + Meek()
    with pytest.raises(TypeError, match="device array and a str"):
        x == "text"  # noqa: B015
    assert (x == ...).shape == (2,)  # so `... in [x]` and `[x].index(...)` ask for the truth of an array
    with pytest.raises(ValueError, match="neither true nor false"):
        [x].index(...)


def test_the_pretended_gpu_can_be_asked_after() -> None:
    assert xp.cuda.runtime.getDeviceCount() == 1
    assert xp.cuda.is_available()
    assert xp.is_available()
    with xp.cuda.Device(0), xp.cuda.Stream():
        assert device(1).device == xp.cuda.Device()
    assert xp.get_array_module(device(1)) is xp
    assert xp.get_array_module(HOST) is np
    with pytest.raises(xp.cuda.runtime.CUDARuntimeError):
        xp.cuda.Device(1)


def test_special_functions() -> None:
    x = xp.asarray([-1.0, 0.0, 0.5])
    np.testing.assert_allclose(double.special.erf(x).get(), [-0.8427007929497149, 0.0, 0.5204998778130465])
    with pytest.raises(AttributeError, match=r"has no cupyx\.scipy\.special\.erff"):
        double.special.erff(x)


def test_the_backend_is_tinycnns_cuda() -> None:
    backend = double.backend()
    assert backend.name == "cuda"
    assert type(backend.asarray(HOST)) is double.ndarray
    np.testing.assert_array_equal(backend.asnumpy(backend.asarray(HOST)), HOST)
    with double.count_syncs() as n:
        backend.synchronize()
    assert n == 1


# The record ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_record_is_what_the_installed_cupy_has() -> None:
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed: the record cannot be compared with it")
    if (cupy.__version__, np.__version__) != (RECORD["version"], RECORD["numpy"]):
        pytest.skip(f"the record is of CuPy {RECORD['version']} on NumPy {RECORD['numpy']}, others are installed")
    assert json.loads(json.dumps(record_names.record())) == RECORD


def test_the_record_knows_what_was_looked_up_by_hand() -> None:
    functions = RECORD["functions"]["cupy"]
    assert functions["sum"] == "a, axis, dtype, out, keepdims"
    assert functions["pad"].startswith("array, pad_width, mode, *, ")
    assert functions["size"] == "a, axis"  # from the docstring of a compiled function
    assert RECORD["methods"]["swapaxes"] == "axis1, axis2"
    assert RECORD["ufuncs"]["cupy"]["add"] == {"nin": 2, "nout": 1, "at": record_names.AT_DTYPES["add"]}
    assert "at" not in RECORD["ufuncs"]["cupy"]["multiply"]
    assert "normal" not in RECORD["generator methods"]
