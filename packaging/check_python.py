"""Says what is missing before anything is installed: the right Python, and its venv module."""

import importlib.util
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this very check is for older ones
    sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: make PYTHON=python3.11")
if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
    sys.exit("Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv")
