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

from tinycnn.autograd import observing
from tinycnn.autograd.grad_mode import is_grad_enabled, set_grad_enabled, state
from tinycnn.autograd.node import through_hooks, wrap
from tinycnn.autograd.op import Op
from tinycnn.autograd.ownership import owned
from tinycnn.autograd.seeds import as_tuple, seeds
from tinycnn.backend.quiet import quietly
from tinycnn.errors import ConfigError, GraphError

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
    given = () if inputs is None else as_tuple("backward", inputs)
    if inputs is not None and not given:
        raise GraphError("backward: `inputs` cannot be empty; leave it out to reach every leaf")
    asked = {_target(x): x for x in given}
    keep = create_graph if retain_graph is None else retain_graph
    starts = seeds("backward", tensors, grad_tensors)
    for target, g in _gradients(starts, None if inputs is None else list(asked), keep, create_graph).items():
        x: Any = asked.get(target, target[0])
        if x._grad is None:
            x.grad = g if x.grad_fn is None else g.clone()
        elif create_graph:
            x.grad = x.grad + g
        else:
            x.grad.array += g.array
            x.grad._bump_version()


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    r"""The gradients Σᵢ ⟨grad_outputsᵢ, ∂outputsᵢ/∂x⟩ for each x of `inputs`; no ``.grad`` is touched, whatever
    `only_inputs` says.

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
    asked, starts = as_tuple("grad", inputs), seeds("grad", outputs, grad_outputs)
    if not asked:
        raise GraphError("grad: `inputs` cannot be empty: name what to differentiate by")
    for position, x in enumerate(asked):
        if not x._requires_grad:
            raise GraphError(f"grad: one of the differentiated Tensors does not require grad: input {position}")
    keep = create_graph if retain_graph is None else retain_graph
    gradients = _gradients(starts, [_target(x) for x in asked], keep, create_graph)
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


def _gradients(
    starts: list[tuple[Tensor, Tensor]], wanted: list[Target] | None, keep: bool, create_graph: bool
) -> dict[Target, Tensor]:
    """What `_run` finds. Wherever an interrupt (Ctrl-C) comes, be it where its ``with`` ends, recording goes on."""
    recording = state.enabled
    try:
        return _run(starts, wanted, keep, create_graph)
    finally:
        state.enabled = recording


def _run(
    starts: list[tuple[Tensor, Tensor]], wanted: list[Target] | None, keep: bool, create_graph: bool
) -> dict[Target, Tensor]:
    """The gradients of all leaves, or of what is wanted only, from the tensors to start at and their cotangents."""
    pending: dict[Op, list[Tensor | None]] = {}  # cotangents on their way, by node
    arrived: dict[Target, Tensor] = {}  # gradients of leaves, and of what is wanted
    ours: set[int] = set()  # the ids of those of them that nobody else holds
    heap: list[tuple[int, Op]] = []  # (−serial, node): the youngest on top
    stops = set(wanted or ())
    on_path = None if wanted is None else _nodes_towards([root for root, _ in starts], {node for node, _ in wanted})

    def send(to: Target, g: Any, own: bool = False) -> None:
        slots: Any  # where the gradient waits: among the node's cotangents, or with the leaves'
        place: Any
        node, number = to
        if not isinstance(node, Op):
            slots, place = arrived, to
            held = arrived.get(to)
        elif on_path is not None and node not in on_path:
            return
        else:
            slots, place = pending.get(node), number
            if slots is None:
                pending[node] = slots = [None] * len(node.results)
                heapq.heappush(heap, (-node.serial, node))
            held = slots[place]
        if held is not None:
            g, own = _sum(held, g, id(held) in ours, own), True
        (ours.add if own else ours.discard)(id(g))
        slots[place] = g

    with set_grad_enabled(create_graph):
        for root, g in starts:
            send(_target(root), g)
        while heap:
            _, node = heapq.heappop(heap)
            slots = pending.pop(node)
            if node.hooks or stops:
                _announce(node, slots, stops, arrived)
            if on_path is not None and not any(edge and (edge in stops or edge[0] in on_path) for edge in node.edges):
                continue  # nothing that was asked for lies beyond
            node.may_overwrite = not (create_graph or node.hooks or stops) and id(slots[0]) in ours
            if observing.observer is None:
                gradients = node.vjp(slots)
            else:
                gradients = observing.told(node, "backward", tuple(slots), node.vjp, slots)
            del slots  # memory goes as early as it can
            lends = node.lends
            for place, edge in enumerate(node.edges):
                if edge is not None and gradients[place] is not None:
                    own = not lends and owned(gradients, place)  # asked while the tuple alone holds it
                    send(edge, gradients[place], own)
            del gradients
            if not keep:
                node.release()
        for target, g in arrived.items():
            leaf = target[0]
            if isinstance(leaf, Op):
                continue
            if id(g) not in ours:
                arrived[target] = g = g.clone()
            if leaf._leaf_hooks:
                arrived[target] = through_hooks(leaf._leaf_hooks, g).clone()  # a hook may keep what it saw
    return arrived if wanted is None else {target: g for target, g in arrived.items() if target in stops}


def _announce(node: Op, slots: list[Tensor | None], stops: set[Target], arrived: dict[Target, Tensor]) -> None:
    """Show a node's cotangents to the hooks, which may replace them, and keep those that were asked for."""
    for number, slot in enumerate(slots):
        if slot is not None:
            slots[number] = slot = through_hooks((node.hooks or {}).get(number), slot)
            if (node, number) in stops:
                arrived[node, number] = slot


def _sum(held: Tensor, g: Tensor, held_is_ours: bool, g_is_ours: bool) -> Tensor:
    """held + g, in the memory of one that nobody else sees, if the sum need not be differentiated."""
    mine, other = (held, g) if held_is_ours else (g, held)
    if is_grad_enabled() or not (held_is_ours or g_is_ours):
        return held + g
    with observing.inside("adding gradients up"):
        quietly(held.backend.xp.add, mine.array, other.array, out=mine.array)
    return mine


def _nodes_towards(roots: list[Tensor], goals: set[Any]) -> set[Any]:
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


def _target(x: Any) -> Target:
    return x if x.grad_fn is None else x.grad_fn, x.output_nr
