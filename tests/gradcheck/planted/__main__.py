"""Plant every bug and see what the checker says of it, beside PyTorch's gradcheck where that is installed.

    python -m tests.gradcheck.planted               what is told of each, and the totals
    python -m tests.gradcheck.planted --markdown    the table of docs/gradient-checking.md
"""

from __future__ import annotations

import sys

from tests.gradcheck.planted.table import markdown, rows, totals


def main() -> None:
    found = rows()
    if "--markdown" in sys.argv[1:]:
        print(markdown(found))
        return
    for row in found:
        print(f"{row.planted.family}: {row.planted.story}\n    [{row.reports[0].cause_code}] {row.reports[0].cause}")
    print("\n" + totals(found))


if __name__ == "__main__":
    main()
