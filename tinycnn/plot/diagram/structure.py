r"""What the steps of a network make together: a chain, blocks of branches, a longest path with ears, stages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from tinycnn.plot.diagram.steps import Step
from tinycnn.plot.diagram.tracing import Trace

JOINED = ("norm", "activation", "scale", "shape")


class Ear(NamedTuple):
    r"""A way beside the longest path: from a step, through others or none, to a later one. A shortcut is one."""

    start: int
    inner: tuple[int, ...]
    end: int


def consumers(steps: Sequence[Step]) -> list[list[int]]:
    r"""For every step the places of those that take its result."""
    found: list[list[int]] = [[] for _ in steps]
    for i, step in enumerate(steps):
        for j in step.inputs:
            found[j].append(i)
    return found


def joined(steps: Sequence[Step]) -> list[Step]:
    r"""Norms, activations and the like as `followers` of the step whose result they take, if nobody else takes it.

    A norm belongs to the layer before it, and has no place of its own, as long as no activation came between them: what
    normalizes responses behind the activation, as AlexNet's does, is a step by itself. A pooling that changes nothing
    is left out.
    """
    taken = consumers(steps)
    heads: list[Step] = []
    place: dict[int, int] = {}
    for i, step in enumerate(steps):
        before = step.inputs[0] if len(step.inputs) == 1 else None
        if before is not None and taken[before] == [i]:
            head = heads[place[before]]
            follows = _belongs(step, (head, *head.followers)[-1])
            if follows:
                heads[place[before]] = head._replace(followers=(*head.followers, step))
            if follows or step.is_idle_pooling:
                place[i] = place[before]
                continue
        place[i] = len(heads)
        heads.append(step._replace(inputs=tuple(dict.fromkeys(place[j] for j in step.inputs))))
    return heads


def _belongs(step: Step, before: Step) -> bool:
    apart = step.kind == "norm" and before.kind == "activation"
    return step.kind in JOINED and before.kind != "input" and not apart


def chained(trace: Trace) -> list[Step]:
    r"""The network as a chain: where it branches, all from the branching to the meeting is one step, a block."""
    steps = trace.steps
    taken = consumers(steps)
    chain: list[Step] = []
    group: list[int] = []
    reach = 0  # the last step that takes the result of an earlier one
    for i, step in enumerate(steps):
        group.append(i)
        if reach <= i:  # every way from the input to the output leads through this step
            inputs = () if not chain else (len(chain) - 1,)
            chain.append(step._replace(inputs=inputs) if len(group) == 1 else _block(trace, group, inputs))
            group = []
        ends_here = not taken[i] and i < len(steps) - 1  # another output: no later step is on every way
        reach = max([reach, *taken[i], len(steps) * ends_here])
    if group:
        chain.append(_block(trace, group, (len(chain) - 1,)))
    return chain


def _block(trace: Trace, group: Sequence[int], inputs: tuple[int, ...]) -> Step:
    r"""One step in place of many, named after the module in which they ran."""
    parts = tuple(trace.steps[i] for i in group)
    around = [c for c in trace.calls if c.began < parts[0].serial and parts[-1].serial < c.ended and c.path]
    title = type(around[-1].module).__name__ if around else "branches"
    return parts[-1]._replace(path=around[-1].path if around else "", inputs=inputs, parts=parts, title=title)


def replaced(steps: Sequence[Step], group: Sequence[int], title: str) -> list[Step]:
    r"""The steps with some of them as one; only the last of them may give its result to others."""
    gone = set(group)
    place: dict[int, int] = {}
    made: list[Step] = []
    for i, step in enumerate(steps):
        if i in gone and i != group[-1]:
            continue
        inputs: tuple[int, ...] = step.inputs
        if i == group[-1]:
            inputs = tuple(j for k in group for j in steps[k].inputs if j not in gone)
            step = step._replace(parts=tuple(steps[k] for k in group), title=title)
        place[i] = len(made)
        made.append(step._replace(inputs=tuple(dict.fromkeys(place[j] for j in inputs))))
    return made


class Gate(NamedTuple):
    r"""Squeeze and excitation: a product of activation maps with one number a channel that was made from them."""

    maps: int                 # U
    squeeze: int              # the pooling
    inner: tuple[int, ...]    # what makes s of z
    product: int


def gates(steps: Sequence[Step]) -> list[Gate]:
    r"""Every gate: U ⊙ s where s, of 1 × 1, comes by a chain of layers from a pooling of U."""
    taken, found = consumers(steps), []
    for product, step in enumerate(steps):
        if step.kind != "merge" or step.label() != "⊙" or len(step.inputs) != 2:
            continue
        for weights, maps in (step.inputs, step.inputs[::-1]):
            way, taker = [weights], product
            while way[0] != maps and len(steps[way[0]].inputs) == 1 and taken[way[0]] == [taker]:
                taker = way[0]
                way.insert(0, steps[taker].inputs[0])
            if way[0] == maps and len(way) > 2 and steps[way[1]].kind == "pool" and _squeezed(steps, way):
                found.append(Gate(maps, way[1], tuple(way[2:]), product))
                break
    return found


def _squeezed(steps: Sequence[Step], way: Sequence[int]) -> bool:
    return all(steps[i].volume[1:] == (1, 1) for i in way[1:]) and steps[way[-1]].volume[0] == steps[way[0]].volume[0]


def spine(steps: Sequence[Step]) -> list[int]:
    r"""The longest way from the input to the output: through most layers with weights, and of those most steps."""
    best: list[tuple[int, int]] = []
    before: list[int | None] = []
    for step in steps:
        j = max(step.inputs, key=lambda k: best[k], default=None)
        so_far = (0, 0) if j is None else best[j]
        best.append((so_far[0] + step.depth, so_far[1] + 1))
        before.append(j)
    way: list[int] = []
    at: int | None = len(steps) - 1
    while at is not None:
        way.append(at)
        at = before[at]
    return way[::-1]


def ears(steps: Sequence[Step], way: Sequence[int]) -> list[Ear]:
    r"""All that is not on the longest path, as ways that begin and end on what came before them."""
    covered, used = set(way), set(pairwise(way))
    taken = consumers(steps)
    rank = depths(steps)
    found: list[Ear] = []
    edges = sorted((a, b) for b, step in enumerate(steps) for a in step.inputs)
    while left := [edge for edge in edges if edge not in used and edge[0] in covered]:
        for start, b in left:
            if (start, b) in used:
                continue
            inner = []
            used.add((start, b))
            while b not in covered:
                inner.append(b)
                covered.add(b)
                after = [c for c in taken[b] if (b, c) not in used]
                if not after:
                    break  # a second output
                nearest = min(after, key=lambda c: (c in covered, rank[c]))
                used.add((b, nearest))
                b = nearest
            found.append(Ear(start, tuple(inner), b))
    return found


def depths(steps: Sequence[Step]) -> list[int]:
    r"""For every step the number of steps on the longest way to it: its row in a picture."""
    rows: list[int] = []
    for step in steps:
        rows.append(1 + max((rows[j] for j in step.inputs), default=-1))
    return rows


def lanes(intervals: Sequence[tuple[float, float]]) -> list[int]:
    r"""A lane for each interval, 0 the innermost, so that those in one lane do not overlap; short ones go inside.

    Examples
    --------
    >>> lanes([(0, 9), (1, 3), (3, 5), (2, 4)])
    [2, 0, 0, 1]
    """
    given = [0] * len(intervals)
    full: list[list[tuple[float, float]]] = []
    for i in sorted(range(len(intervals)), key=lambda i: (intervals[i][1] - intervals[i][0], intervals[i])):
        low, high = intervals[i]
        lane = next((n for n, held in enumerate(full) if all(high <= a or b <= low for a, b in held)), len(full))
        if lane == len(full):
            full.append([])
        full[lane].append((low, high))
        given[i] = lane
    return given
