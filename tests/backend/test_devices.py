"""Devices: which there are, what is said where one is missing, and that tensors of two do not mix."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tests import strict_cupy
from tinycnn import backend
from tinycnn.errors import DeviceError
from tinycnn.nn import functional as F


@pytest.fixture
def absent(monkeypatch: Any) -> Any:
    """No "cuda" is installed; what `import cupy` gives is up to the test."""
    monkeypatch.setattr(backend, "_installed", {"cpu": backend.get("cpu")})
    return lambda module: monkeypatch.setitem(sys.modules, "cupy", module)


def fake_cupy(count: Any) -> Any:
    def get_device_count() -> int:
        if isinstance(count, Exception):
            raise count
        return int(count)

    runtime = types.SimpleNamespace(getDeviceCount=get_device_count)
    return types.SimpleNamespace(__version__="14.2.0", cuda=types.SimpleNamespace(runtime=runtime))


def test_without_cupy_it_says_what_to_install(absent: Any) -> None:
    absent(None)  # `import cupy` raises ImportError
    with pytest.raises(DeviceError,
    match=r"device 'cuda' needs CuPy, which cannot be imported(.|\n)*tinycnn\[cuda12x\]"):
        torch.zeros(2, device="cuda")
    with pytest.raises(DeviceError, match="needs CuPy"):
        torch.ones(2).cuda()
    assert (torch.cuda.is_available(), torch.cuda.device_count()) == (False, 0)
    with pytest.raises(DeviceError, match="needs CuPy"):
        torch.cuda.synchronize()
    assert "CuPy" in (backend.why_not_cuda() or "")


@pytest.mark.parametrize("count", [0, RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")])
def test_without_a_gpu_it_says_that_and_not_what_to_install(absent: Any, count: Any) -> None:
    absent(fake_cupy(count))
    with pytest.raises(DeviceError,
    match=r"needs an NVIDIA GPU with its driver, and CuPy 14\.2\.0 finds none") as raised:
        torch.tensor([1.0], device="cuda:0")
    assert ("no CUDA-capable device" in str(raised.value)) == isinstance(count, Exception)
    assert "pip install" not in str(raised.value)
    assert not torch.cuda.is_available()


def test_there_and_back(device: str) -> None:
    x = torch.arange(4.0, device=device, requires_grad=True)
    assert (x.device.type, x.is_cuda) == (device, device == "cuda")
    (x.cpu() * 3).sum().backward()
    assert x.grad.device == x.device
    assert x.grad.tolist() == [3, 3, 3, 3]
    if device == "cuda":
        with pytest.raises(TypeError, match=r"can't convert a cuda tensor to NumPy; use Tensor\.cpu\(\)"):
            x.detach().numpy()
        assert (torch.cuda.is_available(), torch.cuda.device_count()) == (True, 1)
        torch.cuda.synchronize()
    assert x.numpy(force=True).tolist() == [0, 1, 2, 3]


def test_new_tensors_stay_where_the_old_one_is(device: str) -> None:
    x = torch.ones(2, device=device)
    for y in (torch.zeros_like(x), torch.rand_like(x), x.new_zeros(2), x.new_full((2,), 1), x + 1, x[0], x > 0,
    x.max(0)[1]):
        assert y.device == x.device


def test_equal_seeds_start_devices_equal(device: str) -> None:
    drawn = []
    for where in ("cpu", device):
        torch.manual_seed(3)
        made = [torch.randn(2, device=where), torch.rand(2, device=where), torch.randperm(4, device=where),
                torch.randint(9, (3,), device=where), torch.empty(2, device=where).normal_(),
                F.dropout(torch.ones(8, device=where))]  # fmt: skip
        drawn.append([t.tolist() for t in made])
    assert drawn[0] == drawn[1]


@pytest.fixture
def double() -> Any:
    strict_cupy.reset()
    backend.install("cuda", strict_cupy.backend())
    yield "cuda"
    backend.install("cuda", None)


@pytest.mark.parametrize(
    ("name", "mix"),
    [
        ("Add", lambda x, y: x + y),
        ("Mul", lambda x, y: torch.ones((), device=x.device) * y),
        ("MatMul", lambda x, y: x @ y),
        ("Where", lambda x, y: torch.where(x > 0, y, y)),
        ("conv2d", lambda x, y: F.conv2d(x.reshape(1, 1, 2, 2), y.reshape(1, 1, 2, 2))),
        ("Linear", lambda x, y: F.linear(x, y)),
        ("Cat", lambda x, y: torch.cat([x, y])),
        ("layer_norm", lambda x, y: F.layer_norm(x, (2,), y[0])),
    ],
)
def test_tensors_of_two_devices_in_one_op_raise(name: str, mix: Any, double: str) -> None:
    x, y = torch.ones(2, 2), torch.ones(2, 2, device="cuda")
    for one, two in ((x, y), (y, x)):
        headline = f"{name}: expected all tensors to be on the same device\n  input"
        with pytest.raises(DeviceError, match=rf"{headline}(.|\n)*cuda(.|\n)*hint .*\.to\(device\)"):
            mix(one, two)


def test_names_of_devices() -> None:
    assert [str(torch.device(d)) for d in ("cpu", "cuda", "cuda:0")] == ["cpu", "cuda", "cuda:0"]
    assert repr(torch.device("cuda", 0)) == "device(type='cuda', index=0)"
    assert torch.device("cuda") == torch.device("cuda:0") != torch.device("cpu")
    with pytest.raises(DeviceError, match="there is no device 'tpu'; it is 'cpu' or 'cuda'"):
        torch.ones(1, device="tpu")
    with pytest.raises(DeviceError, match="one device a kind, number 0"):
        torch.device("cuda:1")


def test_foreign_arrays_are_refused() -> None:
    with pytest.raises(TypeError, match="no backend computes with arrays of type list"):
        backend.of([1.0])
    assert backend.of(np.zeros(1).view(type("Mapped", (np.ndarray,), {}))) is backend.get("cpu")
    assert repr(backend.get("cpu")) == "<Backend cpu: numpy>"
