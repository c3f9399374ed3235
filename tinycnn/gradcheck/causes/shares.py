r"""Shares: n = Σₒ g[o]·J[o] is a sum over outputs o. Which of its terms does backward add up, which does it lose?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Probe, Trial, solve
from tinycnn.gradcheck.evidence import Diagnosis, Host

ADD = (
    "Write += where you write =, into an array of zeros; with repeated indices use np.add.at, since x[i] += g counts a"
    " repeated i once."
)

Along = list[tuple[tuple[int, ...], list[Host]]]  # output axes, and the shares along them for each probe
MOST_SHARES = 128
MOST_NUMBERS = 300_000  # in all shares along some axes


def output_left_out(trial: Trial) -> Diagnosis | None:
    """Of several outputs, one's cotangent is not used."""
    if trial.evidence.jacobian is None or len(trial.live) < 2:
        return None
    for skipped in trial.live:
        start = sum(np.size(trial.evidence.outputs[k]) for k in trial.live if k < skipped)
        jacobian = np.reshape(trial.evidence.jacobian[skipped], (-1, *trial.shape))
        gs = (p.g[start:start + len(jacobian)] for p in trial.probes)
        if trial.explained(p.numeric - np.tensordot(g, jacobian, 1) for p, g in zip(trial.probes, gs, strict=True)):
            return Diagnosis(
                "missing-term",
                f"The gradient of {trial.name} lacks what comes through output {skipped}: the function has"
                f" {len(trial.live)} outputs, and each adds its share.",
                "backward is given a g for each output; none of them may be left unused.",
            )
    return None


def lost_shares(trial: Trial) -> Diagnosis | None:
    """Of the shares along one or several axes of the output, which are there?"""
    along = list(_shares_along(trial)) if trial.small and not trial.acts_on_each_alone else []
    looks = (_single_share, _last_share, _shares_along_an_axis, _first_share, _one_share_each, _some_shares)
    return next((found for look in looks if (found := look(trial, along)) is not None), None)


def _single_share(trial: Trial, along: Along) -> Diagnosis | None:
    """a = shareᵢ for one index i along one or several axes of the output."""
    for kept, shares in along:
        alive = _alive_shares(shares)
        for i in alive if 2 <= len(alive) <= MOST_SHARES and trial.equations >= 3 else ():
            if trial.explained(s[i] for s in shares):
                return _told(trial, kept, alive, [i], shares[0])
    return None


def _shares_along_an_axis(trial: Trial, along: Along) -> Diagnosis | None:
    r"""a = Σᵢ cᵢ·shareᵢ along one axis of the output, with every c 0 or 1: shares are left out."""
    return _chosen_shares(trial, along, axes=1)


def _some_shares(trial: Trial, along: Along) -> Diagnosis | None:
    """The same along several axes together: of the places of an image, some are left out."""
    return _chosen_shares(trial, along, axes=4)


def _chosen_shares(trial: Trial, along: Along, axes: int) -> Diagnosis | None:
    for kept, shares in along:
        alive = _alive_shares(shares)
        if not 2 <= len(alive) <= MOST_SHARES or len(kept) > axes or trial.equations < len(alive) + 3:
            continue
        columns = [np.concatenate([s[i][trial.known] for s in shares]) for i in alive]
        c = solve(columns, np.concatenate([p.analytic[trial.known] for p in trial.probes]))
        if c is None or not (np.minimum(np.abs(c), np.abs(c - 1)) < 1e-4).all():
            continue
        chosen = [i for i, weight in zip(alive, c, strict=True) if weight > 0.5]
        if chosen and trial.explained((s[chosen].sum(0) for s in shares), len(alive)):
            return _told(trial, kept, alive, chosen, shares[0])
    return None


def _last_share(trial: Trial, along: Along) -> Diagnosis | None:
    r"""Where several outputs have a share in an entry, only the last is there: = for +=."""
    return _single_use(trial, along, "last")


def _first_share(trial: Trial, along: Along) -> Diagnosis | None:
    """The same with the first, as in a loop over the places of a kernel, where the last place sees the first window."""
    return _single_use(trial, along, "first")


def _single_use(trial: Trial, along: Along, which: str) -> Diagnosis | None:
    for kept, shares in along:
        if trial.explained(_only(s, which) for s in shares):
            return _overwritten(trial, kept, f"only that of the {which} is there")
    return None


def _one_share_each(trial: Trial, along: Along) -> Diagnosis | None:
    r"""Every entry of a holds one of the shares or none, whichever use came last: = for += with overlapping windows."""
    if trial.equations < 8:
        return None
    for kept, shares in along:
        if all(_one_of(trial, p, s) for p, s in zip(trial.probes, shares, strict=True)):
            return _overwritten(trial, kept, "only that of one is there")
    return None


RULES = (output_left_out, lost_shares)


def _share(trial: Trial, probe: Probe, kept: tuple[int, ...]) -> Host:
    r"""The shares of output positions along the axes `kept`, the other axes summed over: (positions, \*argument)."""
    assert trial.jacobian is not None
    assert trial.y is not None
    out = trial.y.ndim
    summed = [k for k in range(out) if k not in kept]
    order = (*kept, *summed, *range(out, out + len(trial.shape)))
    positions = int(np.prod([trial.y.shape[k] for k in kept]))
    g = probe.g.transpose(*kept, *summed).reshape(positions, 1, -1)
    jacobian = trial.jacobian.transpose(order).reshape(positions, g.shape[2], -1)
    return np.asarray((g @ jacobian).reshape(positions, *trial.shape))


def _shares_along(trial: Trial) -> Iterator[tuple[tuple[int, ...], list[Host]]]:
    """For every choice of output axes, few of them first, the shares under each cotangent."""
    if trial.y is None:
        return
    long = [k for k in range(trial.y.ndim) if trial.y.shape[k] > 1]
    for count in range(1, len(long) + 1):
        for kept in itertools.combinations(long, count):
            if np.prod([trial.y.shape[k] for k in kept]) * trial.a.size <= MOST_NUMBERS:
                yield kept, [_share(trial, p, kept) for p in trial.probes]


def _alive_shares(shares: list[Host]) -> list[int]:
    """The indices whose share is not 0."""
    size = max(float(np.abs(s).max()) for s in shares)
    return [i for i in range(len(shares[0])) if any(np.abs(s[i]).max() > 1e-9 * size for s in shares)]


def _alive(shares: Host) -> Host:
    return np.asarray(np.abs(shares) > 1e-7 * np.abs(shares).max())


def _only(shares: Host, which: str) -> Host:
    """For each entry the last or the first share that is not 0."""
    alive = _alive(shares)
    at = alive.shape[0] - 1 - alive[::-1].argmax(0) if which == "last" else alive.argmax(0)
    return np.take_along_axis(shares, at[None], 0)[0]


def _one_of(trial: Trial, probe: Probe, shares: Host) -> bool:
    """Whether a is a share or 0 everywhere, where several meet at least twice a single one, and right where one is."""
    size = np.abs(shares).max()
    fits = (np.abs(shares - probe.analytic) < 1e-6 * size).any(0)
    zero = np.abs(probe.analytic) < 1e-9 * size
    several = _alive(shares).sum(0) > 1
    single_share = several & fits & ~zero & (np.abs(probe.analytic - probe.numeric) > 1e-6 * size)
    wrong = np.abs(probe.analytic - probe.numeric) > 1e-6 * size + 3 * trial.tolerance
    return bool((fits | zero)[trial.known].all() and single_share.sum() >= 1 and 2 * (wrong & zero).sum() <= wrong.size)


def _told(
    trial: Trial, kept: tuple[int, ...], alive: list[int], chosen: list[int], shares: Host
) -> Diagnosis | None:
    assert trial.y is not None
    where = words.axes(kept, trial.y.ndim)
    lost = [i for i in alive if i not in chosen]
    border = lost == list(range(lost[0], alive[-1] + 1)) and len(kept) == 1 and kept[0] >= 2
    there, missed = (_alive(shares)[some].any(0) for some in (chosen, lost))
    if not (border or kept == (0,)) and 2 * np.count_nonzero(there & missed) <= np.count_nonzero(missed):
        return _alone(trial, kept, lost, len(alive)) if len(kept) == 1 else None
    if len(chosen) == 1 and not (border and len(alive) <= 2 and len(trial.shape) > 2):
        again = " (= for += in a loop would do that)" if chosen[0] == alive[-1] else ""
        return Diagnosis(
            "missing-sum",
            f"The gradient of {trial.name} is the share of index {words.some(chosen)} along {where} of the output"
            f" alone, where the sum over all {len(alive)} is due{again}.",
            f"Every output that {trial.name} acts on adds its share: sum over {where} of g, or add up in the loop.",
        )
    if border:
        return Diagnosis(
            "stride-remainder",
            f"The gradient of {trial.name} lacks the share of the last of the {len(alive)} places along {where} of the"
            f" output: index {words.some(lost)}.",
            "Compare where the loop of backward ends with where that of forward ends: (H + 2p − k)//s + 1 windows fit.",
        )
    return Diagnosis(
        "missing-sum" if kept[0] == 0 or len(kept) > 1 else "missing-term",
        f"The gradient of {trial.name} lacks the share of index {words.some(lost)} along {where} of the output; the"
        f" other {len(chosen)} of {len(alive)} are there.",
        "Compare the indices over which backward runs with those of forward.",
    )


def _alone(trial: Trial, kept: tuple[int, ...], lost: list[int], count: int) -> Diagnosis:
    """Each share acts on entries of its own: nothing is added up, and no sum is cut short."""
    assert trial.y is not None
    return Diagnosis(
        "entries",
        f"The gradient of {trial.name} lacks what comes from index {words.some(lost)} along"
        f" {words.axes(kept, trial.y.ndim)} of the output; what comes from the other {count - len(lost)} is there.",
        "Compare the indices over which backward runs with those of forward.",
    )


def _overwritten(trial: Trial, kept: tuple[int, ...], left: str) -> Diagnosis:
    assert trial.y is not None
    return Diagnosis(
        "overwritten",
        f"Several outputs, at different places along {words.axes(kept, trial.y.ndim)}, have a share in the same entry"
        f" of {trial.name}; in its gradient {left}, and the others are overwritten.",
        ADD,
    )
