r"""Adam and AdamW: every weight has a step size of its own, from running averages of its gradient and its square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError
from tinycnn.optim.optimizer import Group, Optimizer, check_recorded


class Adam(Optimizer):
    r"""Adam; its formulas: `backend.steps.adam_step`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; see `Optimizer`.
    lr : float
        Learning rate η ≥ 0: about the largest change of a value in one step.
    betas : (float, float)
        β₁ and β₂ in [0, 1), the memories of the two averages.
    eps : float
        ε ≥ 0, keeps the division finite.
    weight_decay : float
        λ ≥ 0. Adam adds λp to the gradient, where the division by √v̂ then acts on it too; see `AdamW`.
    amsgrad : bool
        Divide by the largest v so far.
    maximize : bool
        Go up instead of down.
    decoupled_weight_decay : bool
        Decay as `AdamW` does.
    foreach, capturable, fused : accepted and ignored
        They choose between PyTorch's ways to compute the same step; here there is one.
    differentiable : bool
        Only False: steps are not recorded.

    Examples
    --------
    The first step is of length η, however large the gradient:

    >>> import tinycnn
    >>> x = tinycnn.tensor([1.0, 1.0], requires_grad=True)
    >>> optimizer = tinycnn.optim.Adam([x], lr=0.25)
    >>> (x * tinycnn.tensor([1e-3, 1e3])).sum().backward()
    >>> optimizer.step()
    >>> x.detach().tolist()
    [0.750, 0.750]
    """

    _shaped_like_param = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_recorded(differentiable)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay,
        })

    def _check_options(self, options: Group) -> None:
        if not options["lr"] >= 0:
            raise ConfigError(f"Invalid learning rate: {options['lr']}; it must be at least 0")
        if not options["eps"] >= 0:
            raise ConfigError(f"Invalid epsilon value: {options['eps']}; it must be at least 0")
        if not options["weight_decay"] >= 0:
            raise ConfigError(f"Invalid weight_decay value: {options['weight_decay']}; it must be at least 0")
        if len(options["betas"]) != 2:
            raise ConfigError(f"Invalid betas: {options['betas']}; they are two, β₁ and β₂")
        for i, beta in enumerate(options["betas"]):
            if not 0 <= beta < 1:
                raise ConfigError(f"Invalid beta parameter at index {i}: {beta}; it must lie in [0, 1)")

    def _update(self, p: Tensor, group: Group) -> None:
        assert p.grad is not None
        state = self.state[p]
        if not state:
            state["step"] = Tensor.wrap(np.zeros((), np.float32))  # on the host, where Python reads it
            for average in ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")[: 3 if group["amsgrad"] else 2]:
                state[average] = Tensor.wrap(p.backend.xp.zeros_like(p.array))
        steps = state["step"].array
        steps += 1
        p.backend.kernels.adam_step(
            p.array,
            p.grad._postponed or p.grad.array,
            state["exp_avg"].array,
            state["exp_avg_sq"].array,
            state["max_exp_avg_sq"].array if group["amsgrad"] else None,
            int(steps),
            lr=float(group["lr"]),  # Python numbers leave float32 as it is, NumPy's would widen it
            beta1=float(group["betas"][0]),
            beta2=float(group["betas"][1]),
            eps=float(group["eps"]),
            weight_decay=float(group["weight_decay"]),
            decoupled=group["decoupled_weight_decay"],
            maximize=group["maximize"],
        )


class AdamW(Adam):
    r"""Adam with decoupled weight decay: the values shrink by the factor 1 − ηλ, untouched by the averages.

    Parameters are those of `Adam`, but `weight_decay` is 0.01.

    Examples
    --------
    Where the gradient is 0, only the decay is left:

    >>> import tinycnn
    >>> x = tinycnn.tensor([1.0], requires_grad=True)
    >>> x.grad = tinycnn.zeros(1)
    >>> tinycnn.optim.AdamW([x], lr=0.5, weight_decay=0.5).step()
    >>> x.item()
    0.75
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_recorded(differentiable)
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)
