"""How tensors print, as recorded from PyTorch 2.13 with its name replaced."""

from __future__ import annotations

import pytest

import tinycnn as torch

RECORDED = """
>>> torch.tensor(3.14159265)
tensor(3.1416)
>>> torch.tensor(3)
tensor(3)
>>> torch.tensor(True)
tensor(True)
>>> torch.tensor(1e-5)
tensor(1.0000e-05)
>>> torch.tensor(100000.0)
tensor(100000.)
>>> torch.tensor(1e10)
tensor(1.0000e+10)
>>> torch.tensor(float("-inf"))
tensor(-inf)
>>> torch.tensor([1, -20, 300])
tensor([  1, -20, 300])
>>> torch.tensor([1.0, 10.0])
tensor([ 1., 10.])
>>> torch.tensor([1.0, float("nan"), float("inf"), -float("inf")])
tensor([1., nan, inf, -inf])
>>> torch.tensor([0.5, float("nan"), -float("inf")])
tensor([0.5000,    nan,   -inf])
>>> torch.tensor([0.0, float("nan")])
tensor([0., nan])
>>> torch.tensor([-0.0, 1.0])
tensor([-0., 1.])
>>> torch.tensor([[0.5, -1.25], [100.125, 0.0]])
tensor([[  0.5000,  -1.2500],
        [100.1250,   0.0000]])
>>> torch.tensor([1e-6, 1.0, 1000.0])
tensor([1.0000e-06, 1.0000e+00, 1.0000e+03])
>>> torch.tensor([1.0, 1e9])
tensor([1.0000e+00, 1.0000e+09])
>>> torch.tensor([0.001, 10.0])
tensor([1.0000e-03, 1.0000e+01])
>>> torch.tensor([1.0, 2000.0])
tensor([1.0000e+00, 2.0000e+03])
>>> torch.tensor([1, 10**12])
tensor([            1, 1000000000000])
>>> torch.tensor([[True, False], [False, False]])
tensor([[ True, False],
        [False, False]])
>>> torch.tensor([1.5], dtype=torch.float64)
tensor([1.5000], dtype=tinycnn.float64)
>>> torch.tensor([60000.0, 1.0], dtype=torch.float16)
tensor([6.0000e+04, 1.0000e+00], dtype=tinycnn.float16)
>>> torch.tensor([[-5], [12345]], dtype=torch.int16)
tensor([[   -5],
        [12345]], dtype=tinycnn.int16)
>>> torch.tensor([])
tensor([])
>>> torch.zeros(2, 0, 3)
tensor([], size=(2, 0, 3))
>>> torch.tensor([], dtype=torch.int64)
tensor([], dtype=tinycnn.int64)
>>> torch.zeros((0, 2), dtype=torch.float64)
tensor([], size=(0, 2), dtype=tinycnn.float64)
>>> torch.tensor([1.0], requires_grad=True)
tensor([1.], requires_grad=True)
>>> torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
tensor(1.5000, dtype=tinycnn.float64, requires_grad=True)
>>> torch.tensor([1.0], requires_grad=True) * 2
tensor([2.], grad_fn=<MulBackward0>)
>>> torch.arange(12).reshape(2, 2, 3)
tensor([[[ 0,  1,  2],
         [ 3,  4,  5]],

        [[ 6,  7,  8],
         [ 9, 10, 11]]])
>>> torch.arange(8.0).reshape(2, 2, 1, 2)
tensor([[[[0., 1.]],

         [[2., 3.]]],


        [[[4., 5.]],

         [[6., 7.]]]])
>>> torch.arange(30)
tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,
        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])
>>> torch.arange(60.0).reshape(2, 30) / 3
tensor([[ 0.0000,  0.3333,  0.6667,  1.0000,  1.3333,  1.6667,  2.0000,  2.3333,
          2.6667,  3.0000,  3.3333,  3.6667,  4.0000,  4.3333,  4.6667,  5.0000,
          5.3333,  5.6667,  6.0000,  6.3333,  6.6667,  7.0000,  7.3333,  7.6667,
          8.0000,  8.3333,  8.6667,  9.0000,  9.3333,  9.6667],
        [10.0000, 10.3333, 10.6667, 11.0000, 11.3333, 11.6667, 12.0000, 12.3333,
         12.6667, 13.0000, 13.3333, 13.6667, 14.0000, 14.3333, 14.6667, 15.0000,
         15.3333, 15.6667, 16.0000, 16.3333, 16.6667, 17.0000, 17.3333, 17.6667,
         18.0000, 18.3333, 18.6667, 19.0000, 19.3333, 19.6667]])
>>> torch.arange(9.0, requires_grad=True) / 7
tensor([0.0000, 0.1429, 0.2857, 0.4286, 0.5714, 0.7143, 0.8571, 1.0000, 1.1429],
       grad_fn=<DivBackward0>)
>>> torch.arange(10.0, requires_grad=True) / 7
tensor([0.0000, 0.1429, 0.2857, 0.4286, 0.5714, 0.7143, 0.8571, 1.0000, 1.1429,
        1.2857], grad_fn=<DivBackward0>)
>>> torch.arange(1001)
tensor([   0,    1,    2,  ...,  998,  999, 1000])
>>> torch.arange(3000).reshape(50, 60)
tensor([[   0,    1,    2,  ...,   57,   58,   59],
        [  60,   61,   62,  ...,  117,  118,  119],
        [ 120,  121,  122,  ...,  177,  178,  179],
        ...,
        [2820, 2821, 2822,  ..., 2877, 2878, 2879],
        [2880, 2881, 2882,  ..., 2937, 2938, 2939],
        [2940, 2941, 2942,  ..., 2997, 2998, 2999]])
>>> torch.arange(2000.0).reshape(20, 10, 10)[:, :7] * 2
tensor([[[0.0000e+00, 2.0000e+00, 4.0000e+00,  ..., 1.4000e+01,
          1.6000e+01, 1.8000e+01],
         [2.0000e+01, 2.2000e+01, 2.4000e+01,  ..., 3.4000e+01,
          3.6000e+01, 3.8000e+01],
         [4.0000e+01, 4.2000e+01, 4.4000e+01,  ..., 5.4000e+01,
          5.6000e+01, 5.8000e+01],
         ...,
         [8.0000e+01, 8.2000e+01, 8.4000e+01,  ..., 9.4000e+01,
          9.6000e+01, 9.8000e+01],
         [1.0000e+02, 1.0200e+02, 1.0400e+02,  ..., 1.1400e+02,
          1.1600e+02, 1.1800e+02],
         [1.2000e+02, 1.2200e+02, 1.2400e+02,  ..., 1.3400e+02,
          1.3600e+02, 1.3800e+02]],

        [[2.0000e+02, 2.0200e+02, 2.0400e+02,  ..., 2.1400e+02,
          2.1600e+02, 2.1800e+02],
         [2.2000e+02, 2.2200e+02, 2.2400e+02,  ..., 2.3400e+02,
          2.3600e+02, 2.3800e+02],
         [2.4000e+02, 2.4200e+02, 2.4400e+02,  ..., 2.5400e+02,
          2.5600e+02, 2.5800e+02],
         ...,
         [2.8000e+02, 2.8200e+02, 2.8400e+02,  ..., 2.9400e+02,
          2.9600e+02, 2.9800e+02],
         [3.0000e+02, 3.0200e+02, 3.0400e+02,  ..., 3.1400e+02,
          3.1600e+02, 3.1800e+02],
         [3.2000e+02, 3.2200e+02, 3.2400e+02,  ..., 3.3400e+02,
          3.3600e+02, 3.3800e+02]],

        [[4.0000e+02, 4.0200e+02, 4.0400e+02,  ..., 4.1400e+02,
          4.1600e+02, 4.1800e+02],
         [4.2000e+02, 4.2200e+02, 4.2400e+02,  ..., 4.3400e+02,
          4.3600e+02, 4.3800e+02],
         [4.4000e+02, 4.4200e+02, 4.4400e+02,  ..., 4.5400e+02,
          4.5600e+02, 4.5800e+02],
         ...,
         [4.8000e+02, 4.8200e+02, 4.8400e+02,  ..., 4.9400e+02,
          4.9600e+02, 4.9800e+02],
         [5.0000e+02, 5.0200e+02, 5.0400e+02,  ..., 5.1400e+02,
          5.1600e+02, 5.1800e+02],
         [5.2000e+02, 5.2200e+02, 5.2400e+02,  ..., 5.3400e+02,
          5.3600e+02, 5.3800e+02]],

        ...,

        [[3.4000e+03, 3.4020e+03, 3.4040e+03,  ..., 3.4140e+03,
          3.4160e+03, 3.4180e+03],
         [3.4200e+03, 3.4220e+03, 3.4240e+03,  ..., 3.4340e+03,
          3.4360e+03, 3.4380e+03],
         [3.4400e+03, 3.4420e+03, 3.4440e+03,  ..., 3.4540e+03,
          3.4560e+03, 3.4580e+03],
         ...,
         [3.4800e+03, 3.4820e+03, 3.4840e+03,  ..., 3.4940e+03,
          3.4960e+03, 3.4980e+03],
         [3.5000e+03, 3.5020e+03, 3.5040e+03,  ..., 3.5140e+03,
          3.5160e+03, 3.5180e+03],
         [3.5200e+03, 3.5220e+03, 3.5240e+03,  ..., 3.5340e+03,
          3.5360e+03, 3.5380e+03]],

        [[3.6000e+03, 3.6020e+03, 3.6040e+03,  ..., 3.6140e+03,
          3.6160e+03, 3.6180e+03],
         [3.6200e+03, 3.6220e+03, 3.6240e+03,  ..., 3.6340e+03,
          3.6360e+03, 3.6380e+03],
         [3.6400e+03, 3.6420e+03, 3.6440e+03,  ..., 3.6540e+03,
          3.6560e+03, 3.6580e+03],
         ...,
         [3.6800e+03, 3.6820e+03, 3.6840e+03,  ..., 3.6940e+03,
          3.6960e+03, 3.6980e+03],
         [3.7000e+03, 3.7020e+03, 3.7040e+03,  ..., 3.7140e+03,
          3.7160e+03, 3.7180e+03],
         [3.7200e+03, 3.7220e+03, 3.7240e+03,  ..., 3.7340e+03,
          3.7360e+03, 3.7380e+03]],

        [[3.8000e+03, 3.8020e+03, 3.8040e+03,  ..., 3.8140e+03,
          3.8160e+03, 3.8180e+03],
         [3.8200e+03, 3.8220e+03, 3.8240e+03,  ..., 3.8340e+03,
          3.8360e+03, 3.8380e+03],
         [3.8400e+03, 3.8420e+03, 3.8440e+03,  ..., 3.8540e+03,
          3.8560e+03, 3.8580e+03],
         ...,
         [3.8800e+03, 3.8820e+03, 3.8840e+03,  ..., 3.8940e+03,
          3.8960e+03, 3.8980e+03],
         [3.9000e+03, 3.9020e+03, 3.9040e+03,  ..., 3.9140e+03,
          3.9160e+03, 3.9180e+03],
         [3.9200e+03, 3.9220e+03, 3.9240e+03,  ..., 3.9340e+03,
          3.9360e+03, 3.9380e+03]]])
"""

PRINTED = [part.split("\n", 1) for part in RECORDED.strip().split(">>> ")[1:]]


@pytest.mark.parametrize(("expression", "printed"), PRINTED, ids=[expression for expression, _ in PRINTED])
def test_what_pytorch_prints(expression: str, printed: str) -> None:
    assert repr(eval(expression)) == printed.rstrip("\n")


def test_the_device_is_told(device: str) -> None:
    note = "" if device == "cpu" else ", device='cuda:0'"
    assert repr(torch.ones(1, device=device)) == f"tensor([1.]{note})"
    assert repr(torch.ones(1, 0, device=device)) == f"tensor([]{note}, size=(1, 0))"


def test_print_options() -> None:
    x = torch.arange(6.0) / 7
    try:
        torch.set_printoptions(precision=2, linewidth=20)
        assert repr(x) == "tensor([0.00, 0.14,\n        0.29, 0.43,\n        0.57, 0.71])"
        torch.set_printoptions(threshold=3, edgeitems=1)
        assert repr(x) == "tensor([0.00,  ...,\n        0.71])"
        torch.set_printoptions(profile="default", sci_mode=True)
        assert repr(x[1]) == "tensor(1.4286e-01)"
        torch.set_printoptions(profile="short")
        assert repr(x[1]) == "tensor(0.14)"
    finally:
        torch.set_printoptions(profile="default")


def test_results_of_several_parts_print_each_on_its_own_lines() -> None:
    x = torch.tensor([[1.0, 3.0], [4.0, 2.0]])
    assert repr(x.max(1, keepdim=True)) == (
        "ValuesIndices(\nvalues=tensor([[3.],\n        [4.]]),\nindices=tensor([[1],\n        [0]]))"
    )
    assert str(x.aminmax()) == "MinMax(\nmin=tensor(1.),\nmax=tensor(4.))"
