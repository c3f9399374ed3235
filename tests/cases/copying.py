"""Cases of tinycnn.ops.copying, and of the engine's own Alias."""

from __future__ import annotations

from tinycnn import backend
from tinycnn.autograd.composition import Alias
from tinycnn.errors import DeviceError
from tinycnn.ops import copying

from .case import Case, normal

CASES = [
    Case(copying.Clone, lambda x: x.clone(), (normal(2, 3),), lambda x: x),
    Case(copying.Clone, lambda x: x.transpose(0, 1).contiguous(), (normal(2, 3),), lambda x: x.T, note="contiguous",
         batch=()),
    Case(copying.Transfer, lambda x: copying.Transfer.apply(x, to=backend.get("cpu")), (normal(2, 3),), lambda x: x,
         looks=(1, 1),
         errors=((DeviceError, "there is no device 'tpu'", lambda t: t([1.0]).to(backend.device("tpu"))),)),
    Case(Alias, Alias.apply, (normal(2, 3),), lambda x: x),
]  # fmt: skip
