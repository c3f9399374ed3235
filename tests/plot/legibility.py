r"""What every picture must be: well formed, as large as it says, its texts and boxes clear of each other."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree
from collections import Counter
from typing import Any

from tinycnn.plot import SVG

NAMESPACE = "{http://www.w3.org/2000/svg}"


def overlap(a: Any, b: Any) -> bool:
    slack = 0.01
    return bool(
        a.x + a.width > b.x + slack and b.x + b.width > a.x + slack
        and a.y + a.height > b.y + slack and b.y + b.height > a.y + slack
    )


def check(picture: SVG) -> None:
    r"""Well formed, of the size it says, no text over another or over the edge of its box, no box on another."""
    root = ElementTree.fromstring(str(picture))
    width, height = picture.size
    assert root.tag == f"{NAMESPACE}svg"
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == (
        str(width), str(height), f"0 0 {width} {height}",
    )
    assert [element.text for element in root.iter(f"{NAMESPACE}text")] == picture.strings
    solid = [box for box in picture.boxes if box.solid]
    assert [(a, b) for a, b in itertools.combinations(solid, 2) if overlap(a, b)] == []
    assert [(a.string, b.string) for a, b in itertools.combinations(picture.texts, 2) if overlap(a, b)] == []
    for text in picture.texts:
        if (box := text.within) is not None:
            assert box.x <= text.x, text
            assert text.x + text.width <= box.x + box.width, text
            assert box.y <= text.y, text
            assert text.y + text.height <= box.y + box.height, text


def kinds(picture: SVG) -> Counter[str]:
    return Counter(box.kind for box in picture.boxes)


def shortcuts(picture: SVG) -> list[Any]:
    return [arc for arc in picture.arcs if arc.kind == "shortcut"]
