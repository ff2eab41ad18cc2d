"""Where the self-contained build starts."""

import sys

from asl_inspector.cli import main

if __name__ == "__main__":
    sys.exit(main())
