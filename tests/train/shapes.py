r"""Small photographs to learn: coloured shapes on dark ground."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image


def draw_shapes(root: Path, counts: dict[str, int], seed: int = 0, size: tuple[int, int] = (20, 16)) -> Path:
    r"""So many images of each class: "empty" is ground alone; others are bright squares, red, green or blue."""
    host = np.random.default_rng(seed)
    for name, count in counts.items():
        os.makedirs(root / name, exist_ok=True)
        for i in range(count):
            pixels = host.integers(0, 60, (size[1], size[0], 3), dtype="u1")
            if name != "empty":
                y, x = host.integers(0, size[1] - 12), host.integers(0, size[0] - 12)
                pixels[y:y + 12, x:x + 12, {"red": 0, "green": 1}.get(name, 2)] += 180
            Image.fromarray(pixels).save(root / name / f"{i:03d}.png")
    return root
