"""pad: every mode against NumPy's, what negative widths mean in each, and values in every dtype."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tests.nn.functional.slopes import assert_slopes, host
from tinycnn.nn import functional as F

NUMPYS = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
INF, NAN = float("inf"), float("nan")


@given(mode=st.sampled_from([*NUMPYS]), size=st.lists(st.integers(1, 4), min_size=1, max_size=3), batched=st.booleans(),
       data=st.data())  # fmt: skip
def test_borders_are_numpys(mode, size, batched, data):
    shape = [2, 2, *size][1 - batched :]
    most = {"reflect": [n - 1 for n in size], "circular": size}.get(mode, [3] * len(size))
    widths = [(data.draw(st.integers(0, m)), data.draw(st.integers(0, m))) for m in most]
    x = np.random.default_rng(size).standard_normal(shape)
    expected = np.pad(x, [(0, 0)] * (len(shape) - len(size)) + widths, mode=NUMPYS[mode])
    flat = [w for width in reversed(widths) for w in width]
    np.testing.assert_array_equal(F.pad(tinycnn.from_numpy(x), flat, mode).numpy(), expected)
    assert_slopes(lambda x: F.pad(x, flat, mode), x)


def border(widths, mode, device="cpu", row=(0, 1, 2, 3)):
    return host(F.pad(tinycnn.tensor([row], device=device), widths, mode))[0].tolist()


def test_a_mirror_shows_what_is_then_cut_off(device):
    assert border((-1, 3), "reflect", device) == [1, 2, 3, 2, 1, 0]
    assert border((-3, 1), "replicate", device) == [3, 3]
    assert border((2, -1), "replicate", device) == [0, 0, 0, 1, 2]


def test_what_is_cut_off_does_not_go_round(device):
    assert border((-1, 3), "circular", device) == [1, 2, 3, 1, 2, 3]
    assert border((2, -1), "circular", device) == [1, 2, 0, 1, 2]
    assert border((-2, -2), "circular", device) == []


def test_corners_continue_both_ways(device):
    x = tinycnn.arange(4, device=device).reshape(1, 2, 2)
    assert host(F.pad(x, (1, 1, 1, 1), "circular"))[0].tolist() == [
        [3, 2, 3, 2], [1, 0, 1, 0], [3, 2, 3, 2], [1, 0, 1, 0],
    ]  # fmt: skip
    assert host(F.pad(x, (1, 1, 1, 1), "replicate"))[0].tolist() == [
        [0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3],
    ]  # fmt: skip


def test_edges_gather_the_gradients_of_their_copies(device):
    for mode, expected in (("replicate", [3, 1, 3]), ("circular", [2, 3, 2]), ("reflect", [2, 3, 2])):
        x = tinycnn.zeros(1, 3, device=device).requires_grad_()
        F.pad(x, (2, 2), mode).sum().backward()
        assert host(x.grad)[0].tolist() == expected


@pytest.mark.parametrize(("dtype", "value", "expected"), [
    ("int64", 1.7, 1), ("int64", -1.7, -1), ("uint8", 255, 255), ("int8", -128, -128), ("bool", 0.5, True),
    ("bool", NAN, True), ("float16", INF, INF), ("float16", 65504, 65504), ("int32", True, 1), ("float32", None, 0),
    ("int16", np.float64(2.5), 2), ("int16", tinycnn.tensor(2.5), 2),
])  # fmt: skip
def test_values_become_the_dtypes_own(dtype, value, expected, device):
    x = tinycnn.ones(2, device=device).to(dtype)
    y = F.pad(x, (1, 0), value=value)
    assert (y.dtype, host(y)[0]) == (dtype, expected)


@pytest.mark.parametrize(("dtype", "value"), [
    ("uint8", -1), ("uint8", -0.5), ("uint8", 255.5), ("int8", 300), ("int64", NAN), ("int64", INF), ("float16", 65505),
    ("float32", 1e39), ("int64", 2**64),
])  # fmt: skip
def test_values_out_of_range_are_refused(dtype, value):
    x = tinycnn.ones(2).to(dtype)
    with pytest.raises(RuntimeError, match=rf"pad: the number .* cannot be converted to {dtype} without overflow"):
        F.pad(x, (1, 0), value=value)
    assert F.pad(x, (0, -1), value=value).shape == (1,)  # where none is needed none is looked at


@pytest.mark.parametrize("mode", [*NUMPYS])
def test_a_border_of_no_width_is_a_copy(mode, device):
    x = tinycnn.ones(2, 3, device=device)
    y = F.pad(x, (0, 0), mode)
    x.zero_()
    assert host(y).tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize("mode", [*NUMPYS])
def test_an_empty_batch_gets_its_border(mode, device):
    x = tinycnn.ones(0, 2, 3, 4, device=device).requires_grad_()
    y = F.pad(x, (2, -1, -1, 2), mode)
    y.sum().backward()
    assert (y.shape, x.grad.shape) == ((0, 2, 4, 5), (0, 2, 3, 4))


def test_integers_and_booleans_where_a_mode_takes_them(device):
    x = tinycnn.tensor([[True, False]], device=device)
    assert host(F.pad(x, (0, 1), "circular")).tolist() == [[True, False, True]]
    assert F.pad(x.to("int16"), (1, 0), "reflect").dtype == "int16"
    for mode in ("reflect", "replicate"):
        with pytest.raises(RuntimeError, match=r"pad: input cannot be bool, only float16, .* and uint8"):
            F.pad(x, (1, 0), mode)
