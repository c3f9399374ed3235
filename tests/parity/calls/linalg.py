"""What is asked about products of matrices, and einsum."""

from __future__ import annotations

from typing import Any

import numpy as np

from .call import NAN, Call, Draw, f

draw = Draw("linalg")
n, i, x, y = draw.n, draw.i, draw.n(2, 3), draw.n(3, 2)


def einsum(*args: Any) -> Call:
    return Call("torch.einsum", list(args))


CALLS: list[Call] = [
    Call("F.linear", [draw.n(2, 3, 4), draw.n(2, 4), draw.n(2)]),
    Call("torch.matmul", [x, y]),
    Call("torch.matmul", [n(3), n(3)]),
    Call("torch.matmul", [n(3), y]),
    Call("torch.matmul", [x, n(3)]),
    Call("torch.matmul", [n(3), n(2, 3, 1)]),
    Call("torch.matmul", [n(2, 1, 3), n(3)]),
    Call("torch.matmul", [n(2, 1, 2, 3), n(3, 3, 1)]),
    Call("torch.matmul", [n(2, 2, 3), y]),
    Call("torch.matmul", [n(2, 0), n(0, 3)]),
    Call("torch.matmul", [i(2, 2), i(2, 2)]),
    Call("torch.matmul", [f([NAN, 1.0]), f([1.0], [2.0])]),
    Call("Tensor.__matmul__", [x, y]),
    Call("torch.mm", [x, y]),
    Call("torch.bmm", [n(2, 1, 3), n(2, 3, 2)]),
    Call("torch.mv", [x, n(3)]),
    Call("torch.dot", [n(3), n(3)]),
    Call("torch.outer", [n(2), n(3)]),
    Call("torch.addmm", [n(2), x, y], {"beta": 0.5, "alpha": -2}),
    # einsum: products, sums, diagonals, transpositions, implicit output, ellipsis, sizes 1, lists
    einsum("ij,jk->ik", x, y), einsum("ij,jk", x, y), einsum("ij->ji", x), einsum("ji", x), einsum("ij->", x),
    einsum("ii", n(2, 2)), einsum("ii->i", n(2, 2)), einsum("iji->j", n(2, 3, 2)), einsum("iii->i", n(2, 2, 2)),
    einsum("i,j->ij", n(2), n(3)), einsum("bi,bj->bij", n(2, 1), n(2, 3)),
    einsum("bij,bjk->bik", n(2, 1, 2), n(2, 2, 1)),
    einsum("ij,kj,lk->il", x, x, y), einsum(" i j , j k -> k i ", x, y), einsum("bA,aA", x, n(1, 3)),
    einsum("Ba,aB->B", x, y),
    einsum("...ij,...jk->...ik", n(2, 1, 2), n(3, 1, 2, 1)), einsum("i...->...i", x), einsum("...", x),
    einsum("...i->...", x),
    einsum("i...,i->...", n(2, 3), n(2)), einsum("ij...->ji", n(2, 1, 3)), einsum("ij,ij->i", n(2, 1), n(2, 3)),
    einsum(",ij", n(), x),
    einsum("ij,k->", x, n(2)), einsum("ij,jk->ik", n(2, 0), n(0, 2)), einsum("ij->i", i(2, 3)),
    einsum("i,i->", i(3), i(3)),
    einsum(x, [0, 1], y, [1, 2], [0, 2]), einsum(x, [1, 0]), einsum(x, [..., 0], n(3), [0], [...]),
    einsum("ij,jk->ik", [x, y]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.linear", [draw.n(2, 3), draw.n(2, 4)]),
    Call("F.linear", [draw.n(2, 4), draw.n(2, 4).astype("float32")]),
    Call("torch.matmul", [x, x]),
    Call("torch.matmul", [n(), x]),
    Call("torch.matmul", [x, n(2)]),
    Call("torch.matmul", [n(2, 2, 3), n(3, 3, 2)]),
    Call("torch.matmul", [x, y.astype("float32")]),
    Call("torch.matmul", [x, i(3, 2)]),
    Call("torch.matmul", [np.ones((2, 2), bool), np.ones((2, 2), bool)]),
    Call("torch.matmul", [x, 2.0]),
    Call("torch.mm", [x, n(3)]),
    Call("torch.mm", [x, x]),
    Call("torch.bmm", [x, y]),
    Call("torch.bmm", [n(2, 1, 2), n(3, 2, 1)]),
    Call("torch.mv", [x, y]),
    Call("torch.dot", [x, y]),
    Call("torch.dot", [n(2), n(3)]),
    Call("torch.outer", [x, n(2)]),
    einsum("ij,jk", x), einsum("ij", x, x), einsum("i->i", x), einsum("ijk", x), einsum("ii", x), einsum("ij,jk", x, x),
    einsum("ij->k", x), einsum("ij->ii", x), einsum("i1", x), einsum("ij->i>", x), einsum("i..j", x),
    einsum("......", x),
    einsum("ij"), einsum("ij,jk->ik", x, y.astype("float32")), einsum(x, [0, 52]), einsum("ij", 1.0),
]  # fmt: skip
