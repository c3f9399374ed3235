r"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError
from tinycnn.optim.optimizer import Group, Optimizer, check_recorded


class SGD(Optimizer):
    r"""Stochastic gradient descent: a step against the gradient; its formulas: `backend.steps.sgd_step`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; see `Optimizer`.
    lr : float
        Learning rate η ≥ 0, the length of the step.
    momentum : float
        μ ≥ 0, how much of the velocity outlives a step; 0.9 averages about the last ten gradients.
    dampening : float
        τ, how much of each gradient is kept out of the velocity.
    weight_decay : float
        λ ≥ 0, pulls the values towards 0.
    nesterov : bool
        Look ahead along the velocity; needs a momentum and no dampening.
    maximize : bool
        Go up instead of down.
    foreach, fused : accepted and ignored
        They choose between PyTorch's ways to compute the same step; here there is one.
    differentiable : bool
        Only False: steps are not recorded.

    Examples
    --------
    Two steps down ½x², whose gradient is x; the second one carries the momentum of the first:

    >>> import tinycnn
    >>> x = tinycnn.tensor([8.0], requires_grad=True)
    >>> optimizer = tinycnn.optim.SGD([x], lr=0.25, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (0.5 * x**2).sum().backward()
    ...     optimizer.step()
    ...     print(x.item())
    6.0
    3.5
    """

    _shaped_like_param = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_recorded(differentiable)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize,
        })

    def _check_options(self, options: Group) -> None:
        if not options["lr"] >= 0:
            raise ConfigError(f"Invalid learning rate: {options['lr']}; it must be at least 0")
        if not options["momentum"] >= 0:
            raise ConfigError(f"Invalid momentum value: {options['momentum']}; it must be at least 0")
        if not options["weight_decay"] >= 0:
            raise ConfigError(f"Invalid weight_decay value: {options['weight_decay']}; it must be at least 0")
        if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
            raise ConfigError(
                "Nesterov momentum requires a momentum and zero dampening, but momentum is"
                f" {options['momentum']} and dampening is {options['dampening']}"
            )

    def _update(self, p: Tensor, group: Group) -> None:
        assert p.grad is not None
        buffer = self.state[p].get("momentum_buffer") if group["momentum"] else None
        velocity = p.backend.kernels.sgd_step(
            p.array,
            p.grad._postponed or p.grad.array,
            None if buffer is None else buffer.array,
            lr=float(group["lr"]),  # Python numbers leave float32 as it is, NumPy's would widen it
            momentum=float(group["momentum"]),
            dampening=float(group["dampening"]),
            weight_decay=float(group["weight_decay"]),
            nesterov=group["nesterov"],
            maximize=group["maximize"],
        )
        if buffer is None and velocity is not None:
            self.state[p]["momentum_buffer"] = Tensor.wrap(velocity)
