r"""``python -m tinycnn`` is the program ``tinycnn``."""

from __future__ import annotations

import sys

from tinycnn.cli import main

sys.exit(main())
