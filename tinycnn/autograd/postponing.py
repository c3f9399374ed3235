r"""A gradient that is computed when somebody looks at it, which the step of an optimizer need not do.

The weights' gradient in a large linear layer is a product of two slim matrices; that of kernels of which most entries
meet only padding is a few numbers among zeros. The engine carries to the leaf what it is made of, as `_postponed`; an
optimizer that knows its ways forms it piece by piece, in the cache, as it changes the weights. Whoever else asks for
it, a hook, another gradient to be added to it, or the user of ``p.grad``, finds an array as always: it is computed at
the first look.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from tinycnn.autograd import node
from tinycnn.autograd.node import TensorBase
from tinycnn.backend import Array
from tinycnn.backend.quiet import quietly

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


_plainly: Any = TensorBase.__dict__["array"].__set__


class Postponed(TensorBase):
    """A tensor before its array is there. It becomes a plain one as it gets it, at the first look or by assignment."""

    @property
    def array(self) -> Array:
        product = self._postponed
        if product is not None:
            with product.looking:
                if self._postponed is not None:  # no other thread was first
                    self.array = quietly(product.whole)
        return self.array  # which is a plain attribute by now

    @array.setter
    def array(self, made: Array) -> None:
        _plainly(self, made)  # first of all: another thread may look
        self.__class__ = node._tensor_type  # type: ignore[assignment]  # the class ends here
        self._postponed = None


@functools.cache
def _kind(plain: Any) -> Any:
    return type(plain.__name__, (Postponed, plain), {"__module__": plain.__module__})


def postponed(product: Any) -> Tensor:
    """The tensor that will be ``product.whole()``."""
    tensor = node.wrap(None)
    tensor._postponed = product
    plain: Any = node._tensor_type
    tensor.__class__ = _kind(plain)
    return tensor
