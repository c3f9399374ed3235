"""How long `import tinycnn` takes, as a multiple of `import numpy`:  python benchmarks/import_time.py

Fresh interpreters take turns, and the best of each counts: whatever else the machine does can only make one slower.
The aim is at most 1.5.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

CLOCK = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def seconds(module: str, bytecode: str) -> float:
    """The time that importing it takes in an interpreter of its own, compiled modules being kept in `bytecode`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = bytecode
    command = [sys.executable, "-c", CLOCK.format(module)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="how often each is imported (default: 15)")
    rounds = parser.parse_args().rounds
    best = {"numpy": float("inf"), "tinycnn": float("inf")}
    with tempfile.TemporaryDirectory() as bytecode:
        for _ in range(rounds + 1):  # the first round compiles
            best = {module: min(before, seconds(module, bytecode)) for module, before in best.items()}
    for module, least in best.items():
        print(f"{module:<8} {1000 * least:7.1f} ms")
    print(f"ratio    {best['tinycnn'] / best['numpy']:7.2f}")


if __name__ == "__main__":
    main()
