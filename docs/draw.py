"""Draws the pictures of the README: `python docs/draw.py` takes about a minute, and needs the extra `notebooks`."""

from __future__ import annotations

import json
from pathlib import Path

from tinycnn import plot
from tinycnn.cli import main

DOCS = Path(__file__).parent
CHECK = "gradcheck docs/example/conv2d.py:forward,backward --input 2 3 5 5 --input 4 3 3 3 --input 4 --plot"


def wrong_gradient() -> None:
    """What the tour's second command draws."""
    main([*CHECK.split(), str(DOCS / "pictures" / "wrong_gradient.png")])


def landscapes() -> None:
    """The loss landscapes of notebook 7, by running its cells up to that picture."""
    notebook = json.loads((DOCS.parent / "notebooks" / "07_resnet.ipynb").read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    for cell in (c for c in notebook["cells"] if c["cell_type"] == "code"):
        source = "".join(cell["source"])
        if source.startswith("plot.landscapes("):
            plot.write(eval(source, names), DOCS / "pictures" / "landscapes.png")  # our own notebook
            return
        exec(source, names)


if __name__ == "__main__":
    wrong_gradient()
    landscapes()
