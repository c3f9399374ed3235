"""Pictures."""


from pathlib import Path

from benchmarks.record import Record


def draw(record: Record, folder: Path) -> list[Path]:
    return []
