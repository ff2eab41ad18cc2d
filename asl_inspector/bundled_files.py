"""The bundled files: fonts, icons, the demo case, and the documentation."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.errors import DataError


def resources() -> Path:
    """The folder of bundled files: inside the installed package, or beside it in a source tree.

    Raises:
        DataError: If neither is there.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "resources", package.parent / "resources"):
        if (folder / "demo").is_dir():
            return folder
    raise DataError("The bundled files of the program are missing.", advice="Install it again.")


def documentation() -> Path:
    """The folder of the documentation: inside the installed package, or beside it in a source tree.

    Raises:
        DataError: If neither is there.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "docs", package.parent / "docs"):
        if (folder / "guide" / "README.md").is_file():
            return folder
    raise DataError("The user guide of the program is missing.", advice="Install it again.")


def demo_files() -> list[Path]:
    """The files of the demo case, as a user would drop them."""
    return sorted(
        path for path in (resources() / "demo").iterdir() if path.suffix in (".pt", ".pkl", ".json", ".ipynb")
    )
