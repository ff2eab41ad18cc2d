"""Pictures of every panel, light and dark, and of the pages of the report, for the documentation.

    python scripts/make_screenshots.py docs/pictures             the demo case
    python scripts/make_screenshots.py OUT --scale 2 FILE...     another case, at another scale
    python scripts/make_screenshots.py OUT --size 1000x700       in a smaller window

Runs wherever Qt does; without a screen it uses Qt's offscreen platform. Pages of the report need pdftoppm.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAGES_SHOWN = 3


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--scale", default="1")
    parser.add_argument("--schemes", default="light,dark")
    parser.add_argument("--size", default="", help="of the window, as WIDTHxHEIGHT")
    parser.add_argument("--no-report", action="store_true")
    options = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = options.scale
    if not os.environ.get("DISPLAY") and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    options.out.mkdir(parents=True, exist_ok=True)
    from panel_pictures import Album  # Qt reads the scale when it is imported

    size = tuple(map(int, options.size.split("x"))) if options.size else None
    Album(options.out, options.schemes.split(",")).take(options.files, size)
    if not options.no_report:
        take_report(options.out, options.files)
    return 0


def take_report(out: Path, files: list[Path]) -> None:
    """The first pages of the report."""
    tool = shutil.which("pdftoppm")
    if tool is None:
        print("pdftoppm is missing, so there are no pictures of the report", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "report.pdf"
        what = ["diagnose", *map(str, files), "--fail-on", "never"] if files else ["demo"]
        command = [sys.executable, "-m", "asl_inspector", *what, "--pdf", str(pdf)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for page in map(str, range(1, PAGES_SHOWN + 1)):  # one by one: together they are numbered by the page count
            name = str(out / f"report-{page}")
            subprocess.run(
                [tool, "-png", "-r", "70", "-f", page, "-l", page, "-singlefile", str(pdf), name], check=True
            )


if __name__ == "__main__":
    sys.exit(main())
