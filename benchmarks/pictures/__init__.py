"""The pictures of a record, each drawn if there is something to show in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.pictures import floors, layers, nets, ops, resources, roofline, scaling
from benchmarks.record import Record
from tinycnn.plot.canvas import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES: dict[str, Callable[[Record], Figure | None]] = {
    "ratios": nets.ratios, "layers": layers.ratios, "roofline": roofline.roofline, "ops": ops.by_op,
    "floors": floors.floors,
    "scaling": scaling.curves, "threads": resources.threads, "memory": resources.memory,
}


def draw(record: Record, folder: Path) -> list[Path]:
    """Write them as PNG files into the folder; the paths of those that there are."""
    written = []
    for name, make in PICTURES.items():
        figure = make(record)
        if figure is not None:
            write(figure, folder / f"{name}.png")
            written.append(folder / f"{name}.png")
    return written
