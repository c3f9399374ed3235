r"""Text in pictures: the font, how wide a line will be at most, and how XML holds it.

Fonts are generic. How wide a text will be is estimated with the widths of DejaVu Sans, the widest of the usual ones,
so that texts stay inside their boxes whichever font the reader's machine has.
"""

from __future__ import annotations

import html
import re

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
_WIDTHS = {  # thousandths of an em, rounded up
    330: " ',.IJijl·", 400: "-/:;\\f|!()[]rt²", 480: '"', 530: "*_`sz", 560: "?Lc", 620: "FPTYaekovxyδ",
    660: "$0123456789EKSbdghnpqu{}σ√", 720: "ABCRVXZ", 780: "DHNU", 830: "&GOQw", 860: "#+<=>M^~×→−", 1010: "%m@W…",
}
WIDTHS = {character: width / 1000 for width, characters in _WIDTHS.items() for character in characters}
# XML has no place for control characters, half surrogate pairs and two others, not even escaped
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text_width(string: str, size: float, bold: bool = False) -> float:
    r"""How wide a line is at most.

    Examples
    --------
    >>> text_width("ReLU", 10) < text_width("BatchNorm2d", 10) < text_width("BatchNorm2d", 10, bold=True)
    True
    """
    return size * (1.13 if bold else 1.0) * sum(WIDTHS.get(character, 1.01) for character in string)


def escaped(string: str) -> str:
    r"""A string as XML holds it; what XML cannot hold becomes �.

    Examples
    --------
    >>> escaped('<a & "b">')
    '&lt;a &amp; &quot;b&quot;&gt;'
    """
    return html.escape(FORBIDDEN.sub("�", string))
