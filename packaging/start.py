"""Where the self-contained build starts."""

from asl_inspector.cli import run

if __name__ == "__main__":
    run()
