"""The house: every op has a case, names are what they seem, files are short, the import is light."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tinycnn
from tests.cases import CASES
from tinycnn.autograd import Op
from tinycnn.autograd.function import FunctionNode, Undifferentiable
from tinycnn.ops.activations import Smooth

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    m.name for m in pkgutil.walk_packages(tinycnn.__path__, "tinycnn.") if not m.name.endswith("__main__")
)
NAMESPACES = [
    "tinycnn", "tinycnn.autograd", "tinycnn.nn", "tinycnn.nn.functional", "tinycnn.nn.init", "tinycnn.nn.utils",
    "tinycnn.optim", "tinycnn.optim.lr_scheduler", "tinycnn.utils.data", "tinycnn.datasets", "tinycnn.exercises",
    "tinycnn.gradcheck", "tinycnn.hub", "tinycnn.models", "tinycnn.plot", "tinycnn.profiler", "tinycnn.serialization",
    "tinycnn.tables", "tinycnn.train", "tinycnn.transforms", "tinycnn.transforms.functional",
]


def python(program: str, *options: str) -> str:
    """What a program prints in an interpreter of its own, where every warning is an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def subclasses(kind: type) -> set[type]:
    return {kind}.union(*(subclasses(c) for c in kind.__subclasses__())) if kind.__subclasses__() else {kind}


def test_every_op_has_a_case() -> None:
    for name in MODULES:
        if name.startswith(("tinycnn.ops", "tinycnn.nn", "tinycnn.autograd")):
            importlib.import_module(name)
    bases = {Op, FunctionNode, Undifferentiable, Smooth}
    ops = {op for op in subclasses(Op) if op.__module__.startswith("tinycnn.")} - bases
    assert ops - {case.op for case in CASES} == set()


def test_every_op_says_its_formula_in_its_docstring() -> None:
    assert [case.op.__name__ for case in CASES if not case.op.__doc__] == []


@pytest.mark.parametrize("path", sorted(map(str, (p.relative_to(ROOT) for p in ROOT.glob("tinycnn/**/*.py")))))
def test_a_file_is_short_and_says_what_lives_in_it(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350
    assert ast.get_docstring(ast.parse(text))
    assert Path(path).stem not in ("utils", "helpers", "common")


def test_no_two_test_files_have_one_name() -> None:
    """pytest imports them by name alone."""
    names = [path.name for path in ROOT.glob("tests/**/test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_the_exported_names_are_there(namespace: str) -> None:
    module = importlib.import_module(namespace)
    assert sorted(name for name in module.__all__ if not hasattr(module, name)) == []
    assert len(set(module.__all__)) == len(module.__all__)


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d", "dropout", "group_norm", "layer_norm", "max_pool2d"])
def test_the_top_module_hands_on_the_functions_of_nn_that_pytorchs_does(name: str) -> None:
    assert getattr(tinycnn, name) is getattr(tinycnn.nn.functional, name)


KINDS = f"""
import importlib
def kinds():
    spaces = map(importlib.import_module, {NAMESPACES})
    return {{s.__name__: {{name: type(getattr(s, name)).__name__ for name in s.__all__}} for s in spaces}}
"""


def test_no_submodule_bears_the_name_of_a_function_or_class() -> None:
    """Importing a submodule binds its name in its package, where it would cover a function of that name."""
    everything = f"for name in {MODULES}: importlib.import_module(name)\n"
    before, after = (ast.literal_eval(python(f"{KINDS}{load}print(kinds())")) for load in ("", everything))
    assert before == after
    callable_names = {
        f"{space}.{name}" for space, names in before.items() for name, kind in names.items() if kind != "module"
    }
    assert callable_names & set(MODULES) == set()


def test_the_import_leaves_heavy_modules_alone() -> None:
    heavy = ("matplotlib", "PIL", "urllib.request", "tqdm", "safetensors", "threadpoolctl", "cupy", "numpy.random",
             "dataclasses", "inspect")  # fmt: skip
    program = "import numpy, sys; had = set(sys.modules); import tinycnn; print(sorted(set(sys.modules) - had))"
    new = ast.literal_eval(python(program))
    assert [name for name in new if name in heavy] == []
    assert [name for name in new if name.startswith(("tinycnn.nn", "tinycnn.train", "tinycnn.plot"))] == []


# A convolutional net that learns where NumPy is all there is, as in a browser ────────────────────────────────────────

NUMPY_ALONE = """
import sys, threading, _thread

class OnlyNumPy:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"matplotlib", "tqdm", "safetensors", "threadpoolctl", "cupy", "cupyx", "torch",
                                      "scipy", "PIL", "multiprocessing"}:
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, OnlyNumPy())

def cannot(*args, **kwargs):
    raise RuntimeError("can't start new thread")

threading.Thread.start = _thread.start_new_thread = cannot
"""
TRAINING = """
import tinycnn as torch
from tinycnn import nn, optim
from tinycnn.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(24, 1, 8, 8)
y = (x.mean((1, 2, 3)) > 0).long()
net = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 2)
)
optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
losses = []
for epoch in range(6):
    for images, labels in DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
print(losses[0], losses[-1])
"""


def test_it_trains_with_numpy_alone_and_without_threads() -> None:
    first, last = map(float, python(NUMPY_ALONE + TRAINING).split())
    assert last < first / 2


def test_the_blockade_of_that_test_holds() -> None:
    with pytest.raises(AssertionError, match="No module named 'tqdm'"):
        python(NUMPY_ALONE + "import tqdm")
    with pytest.raises(AssertionError, match="can't start new thread"):
        python(NUMPY_ALONE + "threading.Thread(target=print).start()")


def test_the_errors_of_ops_and_functions_are_of_the_family() -> None:
    """A model adds its path to the errors of the family; those of Python itself would arrive without it."""
    builtin = ("ArithmeticError", "AssertionError", "IndexError", "NotImplementedError", "RuntimeError", "TypeError",
               "ValueError", "ZeroDivisionError")  # fmt: skip
    found = []
    rooms = ("shapes.py", "geometry.py", "ops/*.py", "nn/functional/*.py")
    for path in (path for room in rooms for path in ROOT.glob(f"tinycnn/{room}")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                found += [f"{path.name}:{node.lineno}"] * (node.exc.func.id in builtin)
    assert found == []


def test_every_error_is_caught_as_pytorchs_would_be() -> None:
    kinds: dict[str, Any] = {name: getattr(tinycnn, name) for name in tinycnn.__all__ if name.endswith("Error")}
    assert len(kinds) >= 6
    assert all(issubclass(kind, tinycnn.TinycnnError) for kind in kinds.values())
    assert issubclass(tinycnn.ShapeError, RuntimeError)
    assert issubclass(tinycnn.ShapeError, ValueError)
    assert issubclass(tinycnn.DTypeError, TypeError)
