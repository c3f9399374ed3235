r"""Second derivatives: the gradient of a function as a function itself, and their symmetry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd.node import wrap
from tinycnn.gradcheck.evidence import Diagnosis
from tinycnn.gradcheck.subject import Host, drawn
from tinycnn.gradcheck.tensors import Function

ASYMMETRIC = Diagnosis(
    "unknown",
    "The second derivatives ∂²/∂x∂y and ∂²/∂y∂x differ, so that what backward gives is the gradient of no function.",
    "Compare the backward of backward with the formula of the second derivative, term by term.",
)


class Gradient(Function):
    r"""(arguments, cotangents) ↦ the gradients of the arguments: what is checked for second derivatives."""

    order = 2

    def __init__(self, first: Function) -> None:
        self.first, self.options = first, first.options
        self.name = f"the gradient of {first.name}"
        self.point = dict(first.point)
        self.backends = dict(first.backends)
        count = len(first.arguments)
        _, outputs = first.run(first.point)
        self.seeds = range(count, count + len(outputs))
        numbers = [""] if len(outputs) == 1 else [f" {n}" for n in range(len(outputs))]
        self.names = [*first.names, *[f"cotangent{n}" for n in numbers]]
        rng = np.random.default_rng(2)
        for i, y in zip(self.seeds, outputs, strict=True):
            self.point[i], self.backends[i] = drawn(rng, y.array.shape), y.backend
        self.arguments = (*first.arguments, *[self.point[i] for i in self.seeds])
        self._counted, self._dtypes = None, ()

    def call(self, leaves: Mapping[int, Tensor]) -> tuple[Tensor, ...]:
        """The gradients, with the graph that made them."""
        own = {i: leaf for i, leaf in leaves.items() if i not in self.seeds}
        outputs = self.first._outputs(self.first.call(own))
        given = {o: leaves[i].to(y.array.dtype) for o, (i, y) in enumerate(zip(self.seeds, outputs, strict=True))}
        wanted = [i for i, leaf in own.items() if leaf._requires_grad]
        found = self.first._gradients(own, outputs, given, wanted, create_graph=True)
        gradients = [found.get(i) for i in own]
        return tuple(
            wrap(x.backend.xp.zeros_like(x.array)) if g is None else g
            for g, x in zip(gradients, own.values(), strict=True)
        )

    def _leaf(self, i: int, array: Host) -> Tensor:
        return super()._leaf(i, array) if i in self.seeds else self.first._leaf(i, array)

    @property
    def origins(self) -> Sequence[int]:
        """The arguments whose gradients are the outputs that count."""
        return [list(self.first.point)[o] for o in self._counted or ()]


def is_symmetric(subject: Gradient, rng: np.random.Generator) -> bool:
    """Whether uᵀ·H·w = wᵀ·H·u for a gradient's derivative H: second derivatives are the same in either order."""
    shapes = [y.shape for y in subject.forward(subject.point).outputs]
    u, w = ([rng.standard_normal(shape) for shape in shapes] for _ in range(2))
    rows, size = [], 0.0
    for right, left in ((w, u), (u, w)):
        found = subject.vjp(subject.point, right).found
        terms = [x * found[i] for i, x in zip(subject.origins, left, strict=True) if i in found]
        rows.append(float(sum(term.sum() for term in terms)))
        whole = float(sum(abs(g).sum() for g in found.values()))  # where the terms are 0, they are so but for rounding
        size = max(size, float(sum(abs(term).sum() for term in terms)) + 1e-4 * whole)
    return not abs(rows[0] - rows[1]) > 1e-9 * size
