r"""The base of all optimizers: which tensors are trained, with which options, and what is remembered between steps."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd import enable_grad, observing
from tinycnn.errors import ConfigError, ShapeError, explain

Group = dict[str, Any]  # "params": the tensors; every other key: an option of the optimizer


def check_recorded(differentiable: bool) -> None:
    r"""Refuse PyTorch's option to record the steps themselves."""
    if differentiable:
        raise NotImplementedError("optimizer: differentiable=True is not offered; steps are not part of the graph")


class Optimizer:
    r"""Updates tensors from their gradients, in place.

    An optimizer derives from this class and writes `_update`, which changes one tensor. What it remembers about a
    tensor lies in ``self.state[tensor]``, a dictionary.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The leaves to train. A dictionary is a parameter group: its tensors under ``"params"``, and beside them the
        options in which it departs from `defaults`.
    defaults : dict
        The options of every group that does not name its own.

    Attributes
    ----------
    param_groups : list of dict
        The groups with all their options; change one there and the next step obeys (schedulers do just that).
    state : dict
        For each tensor that was updated, what the optimizer remembers about it.

    Raises
    ------
    TypeError
        If something other than tensors is to be trained.
    ValueError
        If there is nothing to train, a tensor is not a leaf or lies in two groups, or an option is out of range.

    Examples
    --------
    The weight matrix decays, the bias does not:

    >>> import tinycnn
    >>> weight, bias = tinycnn.ones(2, 2, requires_grad=True), tinycnn.ones(2, requires_grad=True)
    >>> groups = [{"params": [weight], "weight_decay": 0.1}, {"params": [bias]}]
    >>> optimizer = tinycnn.optim.SGD(groups, lr=0.5)
    >>> (weight.sum() + bias.sum()).backward()
    >>> optimizer.step()
    >>> weight[0, 0].item(), bias[0].item()     # 1 − 0.5·(1 + 0.1·1) and 1 − 0.5·1
    (0.45, 0.5)
    """

    #: names of the state that has the shape of its tensor, checked when a state is loaded
    _shaped_like_param: tuple[str, ...] = ()
    #: whether `step` was called; a scheduler asks before its own first step
    _stepped = False

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got"
                f" {type(params).__name__}: give it model.parameters(), or [tensor] for a single one"
            )
        self._check_options(defaults)
        self.defaults = defaults
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups = _ordered(params)
        if not groups:
            raise ConfigError(explain(
                "optimizer got an empty parameter list",
                hint="are the layers in a Python list, which hides them, where nn.ModuleList would show them? Or was"
                " model.parameters() read to its end before? It is a generator, good for one pass",
            ))
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Train more tensors, with the options in `param_group` and otherwise the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        if "params" not in param_group:
            raise KeyError(f"a parameter group keeps its tensors under 'params', but this one has {list(param_group)}")
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else _ordered(params)
        for p in params:
            _check_trainable(p)
        if len(set(params)) < len(params):
            warnings.warn(
                "optimizer: a parameter group holds the same tensor twice; each step will update it twice", stacklevel=3
            )
        if not {p for group in self.param_groups for p in group["params"]}.isdisjoint(params):
            raise ConfigError("some parameters appear in more than one parameter group")
        group = {**self.defaults, **param_group, "params": params}
        self._check_options(group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all tensors; with ``set_to_none=False``, keep their memory and fill it with 0."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                else:
                    p.grad = p.grad.detach().zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every tensor that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Clears the gradients, computes the loss, calls ``backward()`` on it and returns it.

        Returns
        -------
        The loss that `closure` returned, or None.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        named = observing.inside(f"Optimizer.step#{type(self).__name__}.step")
        with named, np.errstate(all="ignore"):  # what diverges becomes inf and NaN quietly, as in PyTorch
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self._update(p, group)
                        p._bump_version()  # arrays were written to, which the graph does not see by itself
        self._stepped = True
        return loss

    def _update(self, p: Tensor, group: Group) -> None:
        """Change the array of `p`, in place, given ``p.grad`` and the options of its group."""
        raise NotImplementedError(f"{type(self).__name__} must define _update(p, group), or a step() of its own")

    def _check_options(self, options: Group) -> None:
        """Raise ConfigError if an option is out of range."""

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs to go on from here, tensors being numbered in the order they were given.

        Returns
        -------
        dict
            ``{"state": {0: {...}, ...}, "param_groups": [{..., "params": [0, ...]}]}``. It holds the optimizer's own
            tensors, not copies: further steps change them.
        """
        number: dict[Any, int] = {}
        for group in self.param_groups:
            for p in group["params"]:
                number.setdefault(p, len(number))
        return {
            "state": {number.get(p, p): state for p, state in self.state.items()},
            "param_groups": [
                {**group, "params": [number[p] for p in group["params"]]} for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where another optimizer of the same tensors was; its state is copied to their devices and dtypes.

        Raises
        ------
        ValueError
            If the groups, their sizes, or the shapes of the tensors differ.
        """
        saved_groups = state_dict["param_groups"]
        here, saved = ([len(group["params"]) for group in groups] for groups in (self.param_groups, saved_groups))
        if here != saved:
            what = (
                "has a different number of parameter groups" if len(here) != len(saved)
                else "contains a parameter group that doesn't match the size of optimizer's group"
            )
            raise ConfigError(explain(
                f"loaded state dict {what}",
                {"tensors in each group, here": here, "tensors in each group, saved": saved},
                "build the optimizer from the same model, in the same groups, before loading",
            ))
        param_of: dict[Any, Tensor] = {}
        for group, saved_group in zip(self.param_groups, saved_groups, strict=True):
            param_of.update(zip(saved_group["params"], group["params"], strict=True))

        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for number, values in state_dict["state"].items():
            if number in param_of:
                p = param_of[number]
                state[p] = {key: self._fit(p, number, key, value) for key, value in values.items()}
            else:
                state[number] = deepcopy(values)
        self.state = state
        self.param_groups = [
            {**self.defaults, **deepcopy({**saved_group, "params": []}), "params": group["params"]}
            for group, saved_group in zip(self.param_groups, saved_groups, strict=True)
        ]

    def _fit(self, p: Tensor, number: int, key: str, value: Any) -> Any:
        """A copy of a saved value, on the device and in the dtype of its tensor."""
        if not isinstance(value, Tensor):
            return deepcopy(value)
        if key in self._shaped_like_param and value.shape != p.shape:
            raise ShapeError(explain(
                f"load_state_dict: {key} of parameter {number} does not have that parameter's shape",
                {key: value.shape, "parameter": p.shape},
                "was the state saved from another model, or its parameters given in another order?",
            ))
        if key != "step":  # the count of steps stays on the host, where Python reads it
            value = value.to(device=p.device, dtype=p.dtype if value.is_floating_point() else None)
        return value.detach().clone()

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def _ordered(params: Iterable[Any]) -> list[Any]:
    if isinstance(params, set | frozenset):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but a set has another order in every"
            " run, so that a saved state could not be matched; use a list"
        )
    return list(params)


def _check_trainable(p: Any) -> None:
    if not isinstance(p, Tensor):
        hint = "; give it model.parameters(), not model.named_parameters()" if isinstance(p, tuple) else ""
        raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}{hint}")
    if not (p.is_leaf or p.retains_grad):
        raise ConfigError(explain(
            "can't optimize a non-leaf Tensor",
            {"made by": type(p.grad_fn).__name__, "shape": p.shape},
            "train the tensor it was computed from, or start afresh: x.detach().requires_grad_()",
        ))
