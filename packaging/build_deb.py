"""Puts the self-contained folder into a Debian package: build/asl-inspector_VERSION_ARCH.deb.

    sh packaging/build_deb.sh, or, when the folder is there: python packaging/build_deb.py

Needs dpkg-deb, and PySide6 for the icons: the interpreter that built the folder has it. The package has no scripts: the
triggers of desktop-file-utils, shared-mime-info and hicolor-icon-theme make the entry, the types and the icons known, and
take them away again.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import sys
import tempfile
from email.utils import formatdate
from pathlib import Path

from icons import DRAWING, LINUX_SIZES, pictures
from project import version_of

ROOT = Path(__file__).resolve().parent.parent
DEPENDS = (
    "libc6 (>= 2.31)",
    "libdbus-1-3",
    "libegl1",
    "libfontconfig1",
    "libgl1",
    "libglib2.0-0 | libglib2.0-0t64",
    "libx11-xcb1",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xinerama0",
    "libxcb-xkb1",
    "libxkbcommon-x11-0",
)


def main() -> int:
    """Build the package; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "folder" / "asl-inspector")
    parser.add_argument("--out", type=Path, default=ROOT / "build")
    options = parser.parse_args()
    if not (options.folder / "asl-inspector").is_file():
        print(f"There is no program in {options.folder}; run packaging/build_folder.sh first.", file=sys.stderr)
        return 2
    if shutil.which("dpkg-deb") is None:
        print("dpkg-deb is missing: a Debian package is built on Debian or Ubuntu.", file=sys.stderr)
        return 2
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"],  # noqa: S607 - Debian's own, wherever it is
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    version = version_of()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)  # a package of files that all may read
        fill(root, options.folder, version)
        write_control(root, version, architecture)
        options.out.mkdir(parents=True, exist_ok=True)
        target = options.out / f"asl-inspector_{version}_{architecture}.deb"
        part = target.with_suffix(".part")  # what is broken off must not look like a package
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z3", "--build", str(root), str(part)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        part.replace(target)
    print(f"{target}: {target.stat().st_size / 1e6:,.0f} MB")
    return 0


def fill(root: Path, folder: Path, version: str) -> None:
    """The files of the package."""
    shutil.copytree(folder, root / "usr/lib/asl-inspector", symlinks=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/asl-inspector").symlink_to("../lib/asl-inspector/asl-inspector")
    here = ROOT / "packaging" / "linux"
    copy(here / "asl-inspector.desktop", root / "usr/share/applications/asl-inspector.desktop")
    copy(here / "asl-inspector.xml", root / "usr/share/mime/packages/asl-inspector.xml")
    icons = root / "usr/share/icons/hicolor"
    copy(DRAWING, icons / "scalable/apps/asl-inspector.svg")
    write_icons(icons)
    documents = root / "usr/share/doc/asl-inspector"
    copy(ROOT / "LICENSE", documents / "copyright")
    changes = f"asl-inspector ({version}) unstable; urgency=low\n\n  * See CHANGELOG.md.\n\n -- ASL Inspector <>  {formatdate()}\n"
    with gzip.GzipFile(documents / "changelog.gz", "wb", mtime=0) as file:
        file.write(changes.encode())


def copy(source: Path, target: Path) -> None:
    """One file, readable by all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def write_icons(icons: Path) -> None:
    """The drawing in every size that desktops ask for."""
    for size, png in pictures(LINUX_SIZES).items():
        target = icons / f"{size}x{size}" / "apps" / "asl-inspector.png"
        target.parent.mkdir(parents=True)
        target.write_bytes(png)


def write_control(root: Path, version: str, architecture: str) -> None:
    """What the package says of itself, and the sums of its files."""
    import hashlib

    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(path.stat().st_size for path in files) // 1024
    sums = []
    for path in files:
        with path.open("rb") as file:
            sums.append(f"{hashlib.file_digest(file, 'md5').hexdigest()}  {path.relative_to(root)}\n")
    folder = root / "DEBIAN"
    folder.mkdir()
    (folder / "md5sums").write_text("".join(sums), "utf-8")
    (folder / "control").write_text(
        f"Package: asl-inspector\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: ASL Inspector <>\n"
        f"Installed-Size: {size}\nDepends: {', '.join(DEPENDS)}\n"
        "Recommends: desktop-file-utils, shared-mime-info, hicolor-icon-theme\nSection: science\nPriority: optional\n"
        "Description: find out why a sign-language recogniser got a bad number\n"
        " Opens checkpoints, clips, vocabularies and histories without executing them, runs\n"
        " the network, and names the ranked causes of a bad number with proof.\n",
        "utf-8",
    )


if __name__ == "__main__":
    sys.exit(main())
