"""Takes the pictures that the tests compare the window with, anew: look at them one by one before they are committed.

python scripts/renew_reference_pictures.py OUT      large ones to look at go to OUT, small ones to tests/gui/pictures
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from gui.test_panel_pictures import KEPT, NAMES, SCALES, take  # noqa: E402
from picture_comparison import keep, small  # noqa: E402


def main() -> int:
    """Take and keep them."""
    out = Path(sys.argv[1])
    for scale in SCALES:
        taken, target = out / f"{100 * scale}", KEPT / f"{100 * scale}"
        take(taken, scale)
        target.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            keep(small(taken / f"{name}.png", scale), target / f"{name}.png")
    print(f"Look at the pictures in {out}; the small ones are in {KEPT}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
