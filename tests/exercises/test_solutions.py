r"""The worked solutions agree with the library, and the planted bugs do not."""

import types
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tinycnn
from tinycnn.exercises.catalogue import NAMES, argument_names, find, solution, solution_source
from tinycnn.exercises.right import drawn, function, gradients, outputs
from tinycnn.gradcheck import CAUSES, check

WITH_BACKWARD = [name for name in NAMES if find(name).functions == ("forward", "backward")]
BUGS = [(name, number) for name in NAMES for number in range(len(find(name).bugs))]
BACKWARD_BUGS = [(name, number) for name, number in BUGS if find(name).bugs[number].argument]

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)


# The solutions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def together(returned):
    return returned if isinstance(returned, tuple) else (returned,)


def check_solution(name, arrays, options=None):
    """Forward and backward are the oracle's, and leave their arguments alone."""
    exercise, written, options = find(name), solution(name), options or {}
    kept = [array.copy() for array in arrays]
    y = written.forward(*arrays, **options)
    wanted = outputs(exercise, arrays, options)[0]
    assert np.shape(y) == wanted.shape
    assert np.asarray(y).dtype == np.float64
    np.testing.assert_allclose(y, wanted, rtol=1e-10, atol=1e-10)

    g = np.random.default_rng(1).standard_normal(np.shape(y))
    g_kept = g.copy()
    got = together(written.backward(g, *arrays, **options))
    due = gradients(exercise, g, arrays, options)
    assert len(got) == len(due) == len(exercise.gradients)
    for a, b in zip(got, due, strict=True):
        assert a.shape == b.shape
        assert a.dtype == np.float64
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10 * max(1, np.abs(b).max(initial=0)))
    for array, before in zip((*arrays, g), (*kept, g_kept), strict=True):
        np.testing.assert_array_equal(array, before)


def normal(seed, *shapes):
    rng = np.random.default_rng(seed)
    return tuple(rng.standard_normal(shape) for shape in shapes)


@pytest.mark.parametrize("name", WITH_BACKWARD)
def test_every_case_of_an_exercise(name):
    exercise = find(name)
    for number, case in enumerate((*exercise.visible, *exercise.hidden, *exercise.edges)):
        check_solution(name, drawn(case, 0, number), case.options)


@pytest.mark.parametrize("name", ["sigmoid", "relu"])
@given(seed=seeds, shape=st.lists(sizes, max_size=4), scale=st.sampled_from([0.1, 1.0, 100.0]))
def test_elementwise(name, seed, shape, scale):
    (x,) = normal(seed, tuple(shape))
    check_solution(name, (np.asarray(scale * x),))


@given(seed=seeds, n=sizes, k=st.integers(1, 6), scale=st.sampled_from([1.0, 30.0, 1000.0]))
def test_softmax(seed, n, k, scale):
    (z,) = normal(seed, (n, k))
    check_solution("softmax", (scale * z,))


@given(seed=seeds, n=sizes, k=st.integers(1, 6), scale=st.sampled_from([1.0, 30.0, 1000.0]))
def test_log_softmax_nll(seed, n, k, scale):
    (z,) = normal(seed, (n, k))
    check_solution("log_softmax_nll", (scale * z, np.random.default_rng(seed).integers(k, size=n)))


@given(seed=seeds, n=sizes, i=sizes, o=sizes)
def test_linear(seed, n, i, o):
    check_solution("linear", normal(seed, (n, i), (o, i), (o,)))


@given(
    seed=seeds, n=sizes, c=sizes, o=sizes, size=st.tuples(*[st.integers(1, 8)] * 2),
    kernel=st.tuples(*[st.integers(1, 4)] * 2), stride=st.integers(1, 4), padding=st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_conv2d(seed, n, c, o, size, kernel, stride, padding):
    assume(all(s + 2 * padding >= k for s, k in zip(size, kernel, strict=True)))
    arrays = normal(seed, (n, c, *size), (o, c, *kernel), (o,))
    check_solution("conv2d", arrays, {"stride": stride, "padding": padding})


@given(
    seed=seeds, n=sizes, c=sizes, size=st.tuples(*[st.integers(1, 8)] * 2), kernel=st.integers(1, 4),
    stride=st.integers(1, 4), padding=st.integers(0, 2), ties=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_max_pool2d(seed, n, c, size, kernel, stride, padding, ties):
    assume(2 * padding <= kernel <= min(size) + 2 * padding)
    (x,) = normal(seed, (n, c, *size))
    options = {"kernel_size": kernel, "stride": stride, "padding": padding}
    check_solution("max_pool2d", (np.round(x) if ties else x,), options)


@given(seed=seeds, n=sizes, c=sizes, h=sizes, w=sizes, eps=st.sampled_from([1e-5, 0.1]))
def test_batch_norm(seed, n, c, h, w, eps):
    assume(n * h * w > 1)
    check_solution("batch_norm", normal(seed, (n, c, h, w), (c,), (c,)), {"eps": eps})


@given(seed=seeds, leading=st.lists(sizes, max_size=3), d=sizes, eps=st.sampled_from([1e-5, 0.1]))
def test_layer_norm(seed, leading, d, eps):
    check_solution("layer_norm", normal(seed, (*leading, d), (d,), (d,)), {"eps": eps})


@given(seed=seeds, n=sizes, c=sizes, h=sizes, w=sizes, s=sizes)
def test_squeeze_excite(seed, n, c, h, w, s):
    check_solution("squeeze_excite", normal(seed, (n, c, h, w), (s, c), (c, s)))


@given(seed=seeds, n=sizes, d=sizes, m=sizes)
def test_residual_block(seed, n, d, m):
    check_solution("residual_block", normal(seed, (n, d), (m, d), (d, m)))


def test_squeeze_excite_is_the_layer_without_its_biases():
    block = tinycnn.nn.SqueezeExcitation(4, 2).double()
    u, w1, w2 = normal(0, (3, 4, 2, 3), (2, 4), (4, 2))
    with tinycnn.no_grad():
        for layer, weight in ((block.fc1, w1), (block.fc2, w2)):
            layer.weight.copy_(tinycnn.tensor(weight)[:, :, None, None])
            layer.bias.zero_()
        np.testing.assert_allclose(
            solution("squeeze_excite").forward(u, w1, w2), block(tinycnn.tensor(u)).numpy(), rtol=1e-12
        )


# The bugs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def planted(name, number):
    """The solution with a bug in it, as a namespace."""
    bug, source = find(name).bugs[number], solution_source(name)
    module = types.ModuleType(f"{name}_{number}")
    exec(compile(source.replace(bug.old, bug.new), f"<{name}, bug {number}>", "exec"), module.__dict__)
    return module


def ran(functions, exercise, arrays, options):
    """All that comes out of a right or wrong version, and what it leaves of its arguments; or the error."""
    arrays = tuple(array.copy() for array in arrays)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = together(getattr(functions, exercise.functions[0])(*arrays, **options))
            if "backward" in exercise.functions:
                g = np.random.default_rng(2).standard_normal(outputs(exercise, arrays, options)[0].shape)
                results += together(functions.backward(g, *arrays, **options))
    except Exception as error:
        return error
    return (*results, *arrays)


def differs(a, b):
    if isinstance(a, Exception) or isinstance(b, Exception):
        return type(a) is not type(b)
    return any(
        np.shape(x) != np.shape(y) or not np.allclose(x, y, rtol=1e-6, atol=1e-9) for x, y in zip(a, b, strict=True)
    )


def every_case(exercise):
    parts = [case for part in exercise.own_parts for case in part.cases]
    for number, case in enumerate((*exercise.hidden, *exercise.edges, *exercise.visible, *parts)):
        yield drawn(case, 3, number), case.options


def test_each_exercise_has_several_bugs():
    for name in NAMES:
        assert len(find(name).bugs) >= (3 if name == "sgd" else 4)


@pytest.mark.parametrize(("name", "number"), BUGS)
def test_a_bug_is_one_edit_with_a_story(name, number):
    exercise = find(name)
    bug = exercise.bugs[number]
    assert solution_source(name).count(bug.old) == 1
    assert "\n" not in bug.old + bug.new
    assert bug.cause in CAUSES
    assert bug.argument is None or bug.argument in exercise.gradients
    assert set(exercise.gradients) <= set(argument_names(name))
    assert bug.story.endswith((".", "?"))
    assert len(bug.story) > 80


@pytest.mark.parametrize(("name", "number"), BUGS)
def test_a_bug_changes_what_comes_out(name, number):
    exercise = find(name)
    assert any(
        differs(ran(planted(name, number), exercise, arrays, options), ran(solution(name), exercise, arrays, options))
        for arrays, options in every_case(exercise)
    )


@pytest.mark.parametrize(("name", "number"), BACKWARD_BUGS)
def test_a_bug_in_backward_makes_its_own_gradient_wrong_and_leaves_forward_right(name, number):
    exercise = find(name)
    bug, place = exercise.bugs[number], exercise.gradients.index(exercise.bugs[number].argument)
    wrong = False
    for arrays, options in every_case(exercise):
        if not all(array.size for array in arrays):
            continue  # of no rows, no first one can be taken
        with np.errstate(all="ignore"):
            y, wanted = planted(name, number).forward(*arrays, **options), outputs(exercise, arrays, options)[0]
            np.testing.assert_allclose(y, wanted, rtol=1e-10, atol=1e-10)
            g = np.random.default_rng(4).standard_normal(wanted.shape)
            got = together(planted(name, number).backward(g, *arrays, **options))[place]
        wrong |= differs((got,), (gradients(exercise, g, arrays, options)[place],))
    assert wrong, bug.story


@pytest.mark.parametrize(("name", "number"), BACKWARD_BUGS)
def test_a_bug_in_backward_shows_in_the_first_hidden_case_that_puzzles_are_set_with(name, number):
    exercise = find(name)
    bug, case = exercise.bugs[number], exercise.hidden[0]
    if bug.cause == "kink":
        return  # it shows where two entries are equal, and random ones never are
    arrays = drawn(case, 0, 0)
    g = np.random.default_rng(6).standard_normal(outputs(exercise, arrays, case.options)[0].shape)
    place = exercise.gradients.index(bug.argument)
    got = together(planted(name, number).backward(g, *arrays, **case.options))[place]
    assert differs((got,), (gradients(exercise, g, arrays, case.options)[place],))


@pytest.mark.parametrize(("name", "number"), BACKWARD_BUGS)
def test_the_checker_catches_a_bug_in_backward_and_blames_the_right_argument(name, number):
    bug, case, functions = find(name).bugs[number], find(name).hidden[0], planted(name, number)
    if bug.cause == "kink":
        return  # as above
    for seed in range(3):
        arrays = drawn(case, seed, 0)
        report = check(functions.forward, arrays, backward=functions.backward, options=case.options, seed=seed)
        assert report.verdict == "fail"
        assert report.argument_name == bug.argument


@pytest.mark.parametrize("name", WITH_BACKWARD)
def test_the_checker_has_nothing_to_say_against_a_solution(name):
    written = solution(name)
    for number, case in enumerate(find(name).hidden):
        report = check(written.forward, drawn(case, 7, number), backward=written.backward, options=case.options)
        assert report.passed, report


@pytest.mark.parametrize("name", WITH_BACKWARD)
def test_the_oracle_as_a_function_of_arrays_is_the_solution(name):
    case = find(name).hidden[0]
    arrays = drawn(case, 5)
    np.testing.assert_allclose(
        function(find(name))(*arrays, **case.options), solution(name).forward(*arrays, **case.options), rtol=1e-10
    )
