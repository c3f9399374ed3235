"""Whose memory a result is in: its own, so that writing to it leaves the input alone; a view's is the input's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn as torch

OWN: list[tuple[str, Any, Any]] = [
    ("floor of integers", torch.floor, [1, 2]), ("ceil of integers", torch.ceil, [1, 2]),
    ("trunc of integers", torch.trunc, [1, 2]), ("round of integers", torch.round, [1, 2]),
    ("sign of booleans", torch.sign, [True, False]),
    ("prod of one factor", torch.prod, [3.0]), ("prod along a size of 1", lambda x: x.prod(1), [[3.0], [4.0]]),
    ("cumsum of a number", lambda x: x.cumsum(0), 3.0), ("sort of a number", lambda x: x.sort().values, 3.0),
    ("topk of a number", lambda x: x.topk(1).values, 3.0), ("msort of a number", torch.msort, 3.0),
    ("max along the dimension of a number", lambda x: x.max(0).values, 3.0),
    ("kthvalue of a number", lambda x: x.kthvalue(1, 0, True).values, 3.0),
    ("sum of a number", lambda x: x.sum(0), 3.0), ("mean of a number", lambda x: x.mean(0), 3.0),
    ("logsumexp of a number", lambda x: x.logsumexp(0), 3.0), ("amax of a number", lambda x: x.amax(0), 3.0),
    ("flip of nothing", lambda x: x.flip(()), [1.0, 2]), ("roll by 0", lambda x: x.roll(0), [1.0, 2]),
    ("repeat once", lambda x: x.repeat(1), [1.0, 2]), ("cat of one", lambda x: torch.cat([x]), [1.0, 2]),
    ("stack of one", lambda x: torch.stack([x]), [1.0, 2]), ("clamp beyond", lambda x: x.clamp(-9, 9), [1.0, 2]),
    ("index of all", lambda x: x[[0, 1]], [1.0, 2]), ("where always", lambda x: torch.where(x == x, x, x), [1.0, 2]),
    ("positive part", lambda x: x.relu(), [1.0, 2]), ("times 1", lambda x: x * 1, [1.0, 2]),
    ("to the first power", lambda x: x**1, [1.0, 2]), ("masked nowhere", lambda x: x.masked_fill(x > 9, 0), [1.0, 2]),
]  # fmt: skip

VIEWS: list[tuple[str, Any]] = [
    ("expand to the same size", lambda x: x.expand(2, 3)), ("broadcast_to", lambda x: torch.broadcast_to(x, (2, 3))),
    ("expand_as itself", lambda x: x.expand_as(x)), ("reshape to the same size", lambda x: x.reshape(2, 3)),
    ("view of the same size", lambda x: x.view(2, 3)), ("index with …", lambda x: x[...]), ("transpose", torch.t),
    ("permute", lambda x: x.permute(0, 1)), ("chunk", lambda x: x.chunk(1)[0]), ("squeeze", torch.squeeze),
]  # fmt: skip


@pytest.mark.parametrize(("call", "data"), [row[1:] for row in OWN], ids=[row[0] for row in OWN])
def test_a_result_has_memory_of_its_own(call: Any, data: Any, device: str) -> None:
    x = torch.tensor(data, device=device)
    before = x.tolist()
    call(x).logical_not_()
    assert x.tolist() == before


@pytest.mark.parametrize("call", [row[1] for row in VIEWS], ids=[row[0] for row in VIEWS])
def test_a_view_is_a_tensor_of_its_own_in_the_same_memory(call: Any, device: str) -> None:
    x = torch.ones(2, 3, device=device)
    call(x).mul_(5)
    assert x.tolist() == [[5, 5, 5], [5, 5, 5]]
    y = call(x.requires_grad_())
    assert not y.is_leaf
    (g,) = torch.autograd.grad(y.sum(), x)
    assert g.tolist() == np.ones((2, 3)).tolist()


def test_a_clone_of_an_expanded_tensor_is_row_major(device: str) -> None:
    x = torch.arange(3, device=device).expand(2, 4, 3)
    y = x.clone()
    assert y.is_contiguous()
    y.view(-1)[0] = 7
    assert y[0, 0, 0].item() == 7
    assert torch.ones(2, 3, device=device).t().clone().stride() == (1, 3)
