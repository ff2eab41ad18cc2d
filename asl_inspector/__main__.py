"""`python -m asl_inspector`."""

from __future__ import annotations

import sys

from asl_inspector.cli import main

if __name__ == "__main__":
    sys.exit(main())
