"""Reverse-mode differentiation: cotangents travel from young nodes to old ones.

A node is made after its inputs, so its serial number is larger than theirs. Taking nodes off a heap, youngest first, is
therefore a topological order: when a node's turn comes, everything that used its result has already sent its share of
the gradient. There is no recursion, so the graph may be as deep as memory allows; and backwards that run with
``create_graph=True`` make younger nodes still, which the running pass never meets.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.grad_mode import set_grad_enabled
from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.autograd.op import Op
from tinycnn.errors import ConfigError, GraphError, ShapeError

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

Target = tuple[Any, int]  # an op and which of its results, or a leaf and 0


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    r"""Add dL/dx to ``x.grad`` for every leaf x that the tensors depend on, where L = Σᵢ ⟨grad_tensorsᵢ, tensorsᵢ⟩.

    Parameters
    ----------
    tensors : what to differentiate
    grad_tensors : the cotangents, of the tensors' shapes; may be left out for tensors of one element
    retain_graph : keep what the graph saved, for another backward; by default as `create_graph`
    create_graph : record the backward itself, for second derivatives
    inputs : accumulate for these only
    """
    roots, cotangents = _seeds("backward", tensors, grad_tensors)
    if inputs is not None and not _as_tuple(inputs):
        raise GraphError("backward: `inputs` cannot be empty; leave it out to reach every leaf")
    wanted = None if inputs is None else [_target(x) for x in _as_tuple(inputs)]
    keep = create_graph if retain_graph is None else retain_graph
    gradients = _run(roots, cotangents, wanted, keep, create_graph)
    others = {} if inputs is None else {_target(x): x for x in _as_tuple(inputs)}
    for target, g in gradients.items():
        leaf: Any = others.get(target, target[0])
        if leaf.grad is None:
            leaf.grad = g if leaf.is_leaf else g.clone()
        elif create_graph:
            leaf.grad = leaf.grad + g
        else:
            leaf.grad.array += g.array
            leaf.grad._bump_version()


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    r"""The gradients Σᵢ ⟨grad_outputsᵢ, ∂outputsᵢ/∂x⟩ for each x of `inputs`; no ``.grad`` is touched.

    Raises
    ------
    GraphError
        If an input was not used for the outputs, unless `allow_unused`, which gives None for it
        (`materialize_grads` gives zeros).
    """
    if materialize_grads and allow_unused is False:
        raise ConfigError("grad: materialize_grads gives zeros for unused inputs, which allow_unused=False forbids")
    if is_grads_batched:
        raise NotImplementedError("autograd.grad: is_grads_batched is not offered; call grad once for each cotangent")
    roots, cotangents = _seeds("grad", outputs, grad_outputs)
    asked = _as_tuple(inputs)
    for position, x in enumerate(asked):
        if not x._requires_grad:
            raise GraphError(f"grad: one of the differentiated Tensors does not require grad: input {position}")
    keep = create_graph if retain_graph is None else retain_graph
    gradients = _run(roots, cotangents, [_target(x) for x in asked], keep, create_graph)
    found: list[Any] = []
    for position, x in enumerate(asked):
        g = gradients.get(_target(x))
        if g is None and materialize_grads:
            g = wrap(x.backend.xp.zeros_like(x.array))
        if g is None and not allow_unused:
            raise GraphError(
                f"grad: one of the differentiated Tensors appears to not have been used in the graph: input {position};"
                " set allow_unused=True if that is meant, and None stands for its gradient"
            )
        found.append(g)
    return tuple(found)


def _run(
    roots: Sequence[Tensor], cotangents: Sequence[Tensor], wanted: list[Target] | None, keep: bool, create_graph: bool
) -> dict[Target, Tensor]:
    """The gradients of all leaves, or of the wanted tensors only."""
    pending: dict[Op, list[Tensor | None]] = {}  # cotangents on their way, by node
    arrived: dict[Target, Tensor] = {}  # gradients of leaves, and of what is wanted
    lent: set[Target] = set()  # leaves whose gradient is memory that others hold too
    heap: list[tuple[int, Op]] = []  # (−serial, node): the youngest on top
    on_path = None if wanted is None else _nodes_towards(roots, {target for target, _ in wanted})

    def arrive(leaf: Target, g: Tensor, borrowed: bool) -> None:
        (lent.discard if leaf in arrived or not borrowed else lent.add)(leaf)
        arrived[leaf] = arrived[leaf] + g if leaf in arrived else g

    def pass_on(edge: Target, g: Tensor) -> None:
        node, number = edge
        if on_path is not None and node not in on_path:
            return
        slots = pending.get(node)
        if slots is None:
            pending[node] = slots = [None] * len(node.results)
            heapq.heappush(heap, (-node.serial, node))
        held = slots[number]
        slots[number] = g if held is None else held + g

    stops = set() if wanted is None else set(wanted)
    with set_grad_enabled(create_graph):
        for root, g in zip(roots, cotangents, strict=True):
            if root.grad_fn is None:
                arrive(_target(root), g, borrowed=True)
            else:
                pass_on(_target(root), g)
        while heap:
            _, node = heapq.heappop(heap)
            slots = pending.pop(node)
            for number, slot in enumerate(slots):
                if slot is not None and node.hooks:
                    slots[number] = slot = _through_hooks(node.hooks.get(number), slot)
                if slot is not None and (node, number) in stops:
                    arrived[node, number] = slot
            if on_path is not None and not any(edge and _leads(edge, on_path, stops) for edge in node.edges):
                continue  # nothing that was asked for lies beyond
            gradients = node.vjp(slots)
            for way, gradient in zip(node.edges, gradients, strict=True):
                if way is None or gradient is None:
                    continue
                if isinstance(way[0], Op):
                    pass_on(way, gradient)
                else:
                    arrive(way, gradient, borrowed=node.lends(gradient, slots, gradients))
            if not keep:
                node.release()
        for edge, g in arrived.items():
            leaf = edge[0]
            if edge in lent:
                arrived[edge] = g = g.clone()
            if is_tensor(leaf) and leaf._leaf_hooks:
                arrived[edge] = _through_hooks(leaf._leaf_hooks, g).clone()  # a hook may keep what it saw
    return arrived if wanted is None else {edge: g for edge, g in arrived.items() if edge in stops}


def _leads(edge: Target, on_path: set[Any], stops: set[Target]) -> bool:
    return edge in stops or edge[0] in on_path


def _nodes_towards(roots: Sequence[Tensor], goals: set[Any]) -> set[Any]:
    """The nodes between the roots and the goals: those from which a goal can be reached, goals included."""
    reached: set[Op] = set()
    stack = [root.grad_fn for root in roots if root.grad_fn is not None]
    while stack:
        node = stack.pop()
        if node not in reached:
            reached.add(node)
            stack += [edge[0] for edge in node.edges if edge is not None and isinstance(edge[0], Op)]
    towards = {goal for goal in goals if isinstance(goal, Op)}
    for node in sorted(reached, key=lambda node: node.serial):  # old before young: parents are decided already
        if any(edge is not None and (edge[0] in goals or edge[0] in towards) for edge in node.edges):
            towards.add(node)
    return towards


def _through_hooks(hooks: dict[int, Any] | None, g: Tensor) -> Tensor:
    for _, hook in sorted((hooks or {}).items()):
        replaced = hook(g)
        if replaced is not None:
            if not is_tensor(replaced):
                raise TypeError(f"a hook must return a Tensor or None, not {type(replaced).__name__}")
            if replaced.array.shape != g.array.shape:
                raise GraphError(f"a hook turned a gradient of shape {g.array.shape} into {replaced.array.shape}")
            g = replaced
    return g


def _seeds(
    op: str, tensors: Tensor | Sequence[Tensor], cotangents: Tensor | Sequence[Tensor | None] | None
) -> tuple[tuple[Tensor, ...], list[Tensor]]:
    """The tensors to start from, each with its cotangent; 1 for a tensor of one element."""
    roots = _as_tuple(tensors)
    given = (None,) * len(roots) if cotangents is None else _as_tuple(cotangents)
    if len(given) != len(roots):
        raise GraphError(f"{op}: got {len(roots)} tensors and {len(given)} gradients for them")
    seeds: list[Tensor] = []
    for root, g in zip(roots, given, strict=True):
        if not root._requires_grad:
            raise GraphError(
                f"{op}: element of the tensors does not require grad and does not have a grad_fn; was it made from"
                " parameters, outside of no_grad() and without detach()?"
            )
        root._check_fresh(op)
        if g is None:
            if root.array.size != 1:
                raise GraphError(
                    f"{op}: grad can be implicitly created only for scalar outputs, but the shape is"
                    f" {tuple(root.array.shape)}; reduce it with sum() or mean(), or pass its gradient"
                )
            g = wrap(root.backend.xp.ones_like(root.array))
        elif g.array.shape != root.array.shape:
            raise ShapeError(
                f"{op}: the gradient has shape {tuple(g.array.shape)}, but the tensor {tuple(root.array.shape)}"
            )
        elif g.array.dtype != root.array.dtype or g.backend is not root.backend:
            raise GraphError(
                f"{op}: the gradient is {g.array.dtype} on {g.backend.name},"
                f" but the tensor {root.array.dtype} on {root.backend.name}"
            )
        seeds.append(g)
    return roots, seeds


def _target(x: Any) -> Target:
    return (x, 0) if x.grad_fn is None else (x.grad_fn, x.output_nr)


def _as_tuple(tensors: Any) -> tuple[Any, ...]:
    return (tensors,) if is_tensor(tensors) else tuple(tensors)
