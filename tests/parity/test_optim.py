"""Optimizers and schedules beside PyTorch's own, over options that Hypothesis draws. Needs PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

decays = st.sampled_from([0.0, 0.01, 0.3])
memories = st.floats(0.0, 0.99)
sgd = st.fixed_dictionaries({
    "lr": st.floats(0, 0.5), "momentum": st.sampled_from([0, 0.5, 0.9]), "dampening": st.sampled_from([0, 0.3]),
    "weight_decay": decays, "nesterov": st.booleans(), "maximize": st.booleans(),
}).filter(lambda o: not o["nesterov"] or (o["momentum"] and not o["dampening"]))
adam = st.fixed_dictionaries({
    "lr": st.floats(0, 0.5), "betas": st.tuples(memories, memories), "eps": st.sampled_from([1e-8, 1e-3]),
    "weight_decay": decays, "amsgrad": st.booleans(), "maximize": st.booleans(),
})
optimizers = st.one_of(
    st.tuples(st.just("SGD"), sgd), st.tuples(st.just("Adam"), adam), st.tuples(st.just("AdamW"), adam)
)


@given(
    kind=optimizers,
    shape=st.lists(st.integers(0, 3), max_size=3),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_steps(kind, shape, dtype, seed):
    name, options = kind
    rng = np.random.default_rng(seed)
    start = rng.standard_normal(shape).astype(dtype)
    ours = tinycnn.tensor(start, requires_grad=True)
    theirs = torch.tensor(start, requires_grad=True)
    both = [getattr(tinycnn.optim, name)([ours], **options), getattr(torch.optim, name)([theirs], **options)]
    for _ in range(8):
        g = rng.standard_normal(shape).astype(dtype)
        ours.grad, theirs.grad = tinycnn.tensor(g), torch.tensor(g)
        for optimizer in both:
            optimizer.step()
    # A gradient of about 0 is divided by about 0: what rounds differently there is as large as a step.
    tolerance = {"float32": 1e-4, "float64": 1e-11}[dtype]
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=tolerance)
    mine, other = (optimizer.state_dict()["state"] for optimizer in both)
    assert mine.keys() == other.keys()
    for number, state in other.items():
        assert mine[number].keys() == state.keys()
        for key, value in state.items():
            np.testing.assert_allclose(mine[number][key].numpy(), value.numpy(), rtol=tolerance, atol=tolerance)
    for mine, other in zip(both[0].param_groups, both[1].param_groups, strict=True):
        assert {key: value for key, value in mine.items() if key != "params"}.items() <= other.items()


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_a_state_of_pytorchs_is_taken_over(name):
    theirs = torch.tensor([1.0, -2.0], requires_grad=True)
    theirs_optimizer = getattr(torch.optim, name)([theirs], lr=0.1, **({"momentum": 0.9} if name == "SGD" else {}))
    for _ in range(2):
        theirs_optimizer.zero_grad()
        (theirs**2).sum().backward()
        theirs_optimizer.step()
    state = theirs_optimizer.state_dict()
    state["state"] = {
        number: {key: tinycnn.from_numpy(value.numpy().copy()) for key, value in values.items()}
        for number, values in state["state"].items()
    }
    ours = tinycnn.tensor(theirs.detach().numpy(), requires_grad=True)
    ours_optimizer = getattr(tinycnn.optim, name)([ours])
    ours_optimizer.load_state_dict(state)
    for x, optimizer in ((theirs, theirs_optimizer), (ours, ours_optimizer)):
        for _ in range(3):
            optimizer.zero_grad()
            (x**2).sum().backward()
            optimizer.step()
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-6)


factors = st.floats(0.05, 1.0)
epochs = st.integers(1, 9)
single = st.one_of(
    st.tuples(st.just("StepLR"), st.fixed_dictionaries({"step_size": epochs, "gamma": factors})),
    st.tuples(st.just("MultiStepLR"), st.fixed_dictionaries({"milestones": st.lists(epochs), "gamma": factors})),
    st.tuples(st.just("ExponentialLR"), st.fixed_dictionaries({"gamma": factors})),
    st.tuples(st.just("ConstantLR"), st.fixed_dictionaries({"factor": factors, "total_iters": st.integers(0, 9)})),
    st.tuples(
        st.just("LinearLR"),
        st.fixed_dictionaries({"start_factor": factors, "end_factor": st.floats(0, 1), "total_iters": epochs}),
    ),
    st.tuples(
        st.just("CosineAnnealingLR"), st.fixed_dictionaries({"T_max": epochs, "eta_min": st.sampled_from([0, 0.01])})
    ),
    st.tuples(st.just("LambdaLR"), st.just({"lr_lambda": lambda t: 1 / (1 + t)})),
)
one_cycle = st.fixed_dictionaries({
    "max_lr": st.floats(0.01, 2), "total_steps": st.integers(13, 30), "pct_start": st.floats(0, 1),
    "anneal_strategy": st.sampled_from(["cos", "linear"]), "three_phase": st.booleans(),
    "div_factor": st.floats(1, 50), "final_div_factor": st.floats(1, 1e4), "cycle_momentum": st.booleans(),
})


def rates_of(library, build, steps=12):
    x = library.zeros(1, requires_grad=True)
    optimizer = library.optim.SGD([x], lr=0.5, momentum=0.9)
    schedulers = build(library.optim.lr_scheduler, optimizer)
    seen = []
    for _ in range(steps):
        seen.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return np.array(seen)


def assert_same_rates(build):
    np.testing.assert_allclose(rates_of(tinycnn, build), rates_of(torch, build), rtol=1e-12, atol=1e-15)


@given(st.lists(single, min_size=1, max_size=3))
def test_schedules_alone_and_chained(drawn):
    assert_same_rates(lambda lrs, optimizer: [getattr(lrs, name)(optimizer, **options) for name, options in drawn])


@given(st.lists(single, min_size=1, max_size=4), st.data())
def test_sequences(drawn, data):
    count = len(drawn) - 1
    milestones = sorted(data.draw(st.lists(st.integers(1, 11), min_size=count, max_size=count, unique=True)))
    assert_same_rates(lambda lrs, optimizer: [
        lrs.SequentialLR(optimizer, [getattr(lrs, name)(optimizer, **options) for name, options in drawn], milestones)
    ])


@given(one_cycle)
def test_one_cycle(options):
    try:
        assert_same_rates(lambda lrs, optimizer: [lrs.OneCycleLR(optimizer, **options)])
    except ZeroDivisionError:  # PyTorch's, where a phase has no length; ours goes on
        rates_of(tinycnn, lambda lrs, optimizer: [lrs.OneCycleLR(optimizer, **options)])


@given(
    st.lists(st.floats(-5, 5), min_size=5, max_size=25),
    st.fixed_dictionaries({
        "mode": st.sampled_from(["min", "max"]), "factor": st.floats(0.1, 0.9), "patience": st.integers(0, 3),
        "threshold": st.sampled_from([1e-4, 0.2, 1.0]), "threshold_mode": st.sampled_from(["rel", "abs"]),
        "cooldown": st.integers(0, 3), "min_lr": st.sampled_from([0, 0.01]),
    }),
)
def test_reduce_on_plateau(metrics, options):
    seen = []
    for library in (tinycnn, torch):
        optimizer = library.optim.SGD([library.zeros(1, requires_grad=True)], lr=1.0)
        scheduler = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        seen.append([])
        for metric in metrics:
            scheduler.step(metric)
            seen[-1].append(scheduler.get_last_lr()[0])
    assert seen[0] == seen[1]
