"""What is made of a peer's turns: the best of each counts."""

from __future__ import annotations

from statistics import median
from typing import Any

Measured = dict[str, Any]


def summary(found: Measured) -> Measured:
    """One measurement of all turns: the best, the median of their medians, the largest memory; or the facts alone."""
    turns = found.pop("turns")
    if "facts" in turns[0]:
        return found | {"facts": best_facts([turn["facts"] for turn in turns]), "times": len(turns)}
    memory = [turn.pop("memory") for turn in turns]
    return found | _of_turns(turns, memory)


def joined(before: Measured, more: Measured) -> Measured:
    """One measurement of two, made at different times."""
    if "facts" in before:
        facts = best_facts([before["facts"], more["facts"]])
        return before | {"facts": facts, "times": before.get("times", 1) + more["times"]}
    return before | _of_turns([*before["turns"], *more["turns"]], [before["memory"], more["memory"]])


def _of_turns(turns: list[Measured], memory: list[Any]) -> Measured:
    return {
        "best": min(turn["best"] for turn in turns), "median": median(turn["median"] for turn in turns),
        "memory": max(memory) if None not in memory else None, "turns": turns,
    }


def best_facts(turns: list[dict[str, Any]]) -> dict[str, Any]:
    """Of rates the highest, of profiles the shortest, of layers the shortest of each, as of ops and their kernels."""
    if "layers" in turns[0]:
        found: dict[str, dict[str, Any]] = {}
        for row in sorted((row for turn in turns for row in turn["layers"]), key=lambda row: float(row["seconds"])):
            found.setdefault(row["label"], row)
        return {"layers": list(found.values())}
    if "overhead" in turns[0]:
        rows = turns[0]["overhead"].items()
        return {"overhead": {op: {what: min(turn["overhead"][op][what] for turn in turns) for what in row}
                             for op, row in rows}}
    if "ops" in turns[0]:
        return min(turns, key=lambda facts: sum(op["seconds"] for op in facts["ops"]))
    return {name: max(facts[name] for facts in turns) for name in turns[0]}
