"""`python -m asl_inspector`."""

from __future__ import annotations

from asl_inspector.cli import run

if __name__ == "__main__":
    run()
