"""The numbers of SGD, Adam and AdamW after 25 steps: those PyTorch 2.13 computes."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tinycnn import optim
from tinycnn.backend.steps import adam_step, sgd_step

# From (1, −2, 3), 25 steps along g = (1, ½, 2)·x + cos(t·(1, 2, 3)), in float64.
RECORDED = {
    "plain": ("SGD", {"lr": 0.1}, [0.12457836052532784, -0.5110424624456757, 0.06399793285206982]),
    "momentum": (
        "SGD", {"lr": 0.1, "momentum": 0.9},
        [0.04727771977842429, -0.3069270175750181, 0.5238639434675814],
    ),
    "dampening": (
        "SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
        [0.3332114531545913, 0.5494942949640684, -0.46671849841424606],
    ),
    "nesterov": (
        "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        [0.15761453564806052, -0.08834402120405692, 0.12307956536863773],
    ),
    "weight decay": (
        "SGD", {"lr": 0.1, "weight_decay": 0.3},
        [0.0831641117722259, -0.1965966172992741, 0.05807026785796341],
    ),
    "all but nesterov": (
        "SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.1, "weight_decay": 0.2, "maximize": True},
        [16.472097139716347, -6.347534578407119, 421.3919001130326],
    ),
    "nesterov, decay": (
        "SGD", {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.2, "nesterov": True},
        [0.09728783718076564, 0.13689585294494433, 0.030153893456803256],
    ),
    "Adam": ("Adam", {}, [0.9797609363416484, -1.980535044598626, 2.9752925800150978]),
    "Adam, options": (
        "Adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 0.001},
        [-0.009726624874002209, -0.4703848702326603, 0.8351189125982729],
    ),
    "Adam, decay": (
        "Adam", {"lr": 0.1, "weight_decay": 0.3},
        [-0.17470258928112908, -0.13689869949075517, 0.7654727679626065],
    ),
    "Adam, amsgrad": (
        "Adam", {"lr": 0.1, "betas": (0.5, 0.5), "amsgrad": True},
        [0.17915733833072936, -0.7837520821911519, 1.2174197850089499],
    ),
    "Adam, maximize": (
        "Adam", {"lr": 0.02, "weight_decay": 0.1, "maximize": True},
        [1.4173508315730923, -2.343279002189388, 3.4998019021998803],
    ),
    "Adam, short memory": (
        "Adam", {"lr": 0.1, "betas": (0.1, 0.2)},
        [0.22521904114235164, -0.6228282863252668, 0.6332867361439186],
    ),
    "Adam, decoupled": (
        "Adam", {"lr": 0.1, "weight_decay": 0.3, "decoupled_weight_decay": True},
        [-0.11202418347117155, -0.027487447431039085, 0.06256667877546615],
    ),
    "AdamW": ("AdamW", {}, [0.9795142675274741, -1.9800380860905893, 2.9745461134894944]),
    "AdamW, options": (
        "AdamW", {"lr": 0.1, "betas": (0.8, 0.95), "weight_decay": 0.5},
        [0.0011149998494272388, -0.020147573602124297, 0.011298267520388334],
    ),
    "AdamW, amsgrad": (
        "AdamW", {"lr": 0.1, "betas": (0.5, 0.5), "weight_decay": 0.1, "amsgrad": True, "maximize": True},
        [2.4889393136205626, -3.1694450694336966, 4.504581574495355],
    ),
}


@pytest.mark.parametrize(("name", "options", "expected"), RECORDED.values(), ids=RECORDED)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_values_after_25_steps_are_pytorchs(name, options, expected, dtype, device):
    x = tinycnn.tensor([1.0, -2.0, 3.0], dtype=dtype, device=device, requires_grad=True)
    optimizer = getattr(optim, name)([x], **options)
    for t in range(25):
        g = np.array([1.0, 0.5, 2.0]) * x.detach().cpu().numpy() + np.cos(t * np.array([1.0, 2.0, 3.0]))
        x.grad = tinycnn.tensor(g, dtype=dtype, device=device)
        optimizer.step()
    tolerance = {"float64": 1e-13, "float32": 5e-6}[dtype]
    np.testing.assert_allclose(x.detach().cpu().numpy(), expected, rtol=tolerance, atol=tolerance)


def test_pytorchs_defaults():
    x = tinycnn.ones(1, requires_grad=True)
    sgd = {"lr": 0.001, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False}
    adam = {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False, "maximize": False}
    assert optim.SGD([x]).defaults == sgd
    assert optim.Adam([x]).defaults == {**adam, "decoupled_weight_decay": False}
    assert optim.AdamW([x]).defaults == {**adam, "weight_decay": 0.01, "decoupled_weight_decay": True}
    # and the order of the arguments
    assert list(optim.SGD([x], 1, 2, 0, 4, True).defaults.values())[:5] == [1, 2, 0, 4, True]
    assert list(optim.Adam([x], 1, (0.2, 0.3), 4, 5, True).defaults.values())[:5] == [1, (0.2, 0.3), 4, 5, True]
    assert list(optim.AdamW([x], 1, (0.2, 0.3), 4, 5, True).defaults.values())[:5] == [1, (0.2, 0.3), 4, 5, True]


def test_momentum_goes_on_after_it_was_off_for_a_while():
    x = tinycnn.zeros(1, requires_grad=True)
    optimizer = optim.SGD([x], lr=1.0, momentum=0.5)
    for momentum, expected in ((0.5, -1.0), (0.0, -2.0), (0.5, -3.5)):  # v = 1, then untouched, then ½ + 1
        optimizer.param_groups[0]["momentum"] = momentum
        x.grad = tinycnn.ones(1)
        optimizer.step()
        assert x.item() == expected


# The arithmetic alone ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_velocity_is_a_copy_of_the_gradient():
    p, g = np.zeros(2), np.ones(2)
    velocity = sgd_step(np, p, g, None, lr=1.0, momentum=0.5, dampening=0.9)
    np.testing.assert_array_equal(velocity, [1.0, 1.0])
    assert not np.shares_memory(velocity, g)
    assert sgd_step(np, p, g, None, lr=1.0) is None


def test_steps_are_in_place_and_leave_the_gradient():
    p, g, m, v, v_max = (np.full(3, value, np.float32) for value in (1, 2, 0, 0, 0))
    adam_step(np, p, g, m, v, v_max, 1, lr=0.5, beta1=0.9, beta2=0.99, eps=0.0, weight_decay=0.0, maximize=True)
    np.testing.assert_allclose(p, 1.5, rtol=1e-6)  # a step of length η, upwards
    np.testing.assert_allclose(m, -0.2, rtol=1e-6)
    np.testing.assert_allclose(v, 0.04, rtol=1e-6)
    np.testing.assert_array_equal(v_max, v)
    np.testing.assert_array_equal(g, np.full(3, 2, np.float32))


def test_amsgrad_never_forgets_the_largest_square():
    p, m, v, v_max = (np.zeros(1) for _ in range(4))
    for t, g in enumerate([10.0, 0.1, 0.1, 0.1], start=1):
        before = v_max.copy()
        adam_step(np, p, np.full(1, g), m, v, v_max, t, lr=0.1, beta1=0.5, beta2=0.5, eps=1e-8)
        assert v_max >= before
    assert v < v_max == 50.0


def test_the_square_of_a_gradient_may_exceed_float16():
    p, m, v = (np.zeros(1, np.float16) for _ in range(3))
    adam_step(np, p, np.full(1, 1000.0, np.float16), m, v, None, 1, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-4)
    assert v.dtype == np.float16
    np.testing.assert_allclose(p, -0.1, rtol=1e-2)
