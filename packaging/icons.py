"""The program's icon in the forms that systems ask for: PNG files for Linux, one .ico for Windows, one .icns for macOS.

python packaging/icons.py build/icons       the .ico and the .icns, for the builds of those systems
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DRAWING = ROOT / "resources" / "icons" / "asl-inspector.svg"
LINUX_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
WINDOWS_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)  # at 100 % to 250 % of Windows' 16, 32 and 48
MAC_KINDS = {  # Apple's names of pictures in an .icns that are PNG; with @2x the same number of pixels counts twice
    b"ic11": 32,
    b"ic12": 64,
    b"ic07": 128,
    b"ic13": 256,
    b"ic08": 256,
    b"ic14": 512,
    b"ic09": 512,
    b"ic10": 1024,
}


def pictures(sizes: Sequence[int]) -> dict[int, bytes]:
    """The drawing as PNG, by pixels."""
    from PySide6.QtCore import QBuffer, QIODevice, Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication.instance() or QGuiApplication([])
    renderer = QSvgRenderer(str(DRAWING))
    found = {}
    for size in sizes:
        image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        if not image.save(buffer, "PNG"):
            raise OSError(f"the icon of {size} pixels cannot be written")
        found[size] = bytes(buffer.data().data())
    del application
    return found


def ico(images: dict[int, bytes]) -> bytes:
    """Windows' container: a directory of 16 bytes an entry, then the PNGs (256 pixels are written as 0)."""
    place = 6 + 16 * len(images)
    head, body = struct.pack("<3H", 0, 1, len(images)), b""
    for size, png in images.items():
        head += struct.pack("<4B2H2I", size % 256, size % 256, 0, 0, 1, 32, len(png), place + len(body))
        body += png
    return head + body


def icns(images: dict[int, bytes]) -> bytes:
    """Apple's container: a name and a length before each PNG, big-endian."""
    body = b"".join(kind + struct.pack(">I", len(images[size]) + 8) + images[size] for kind, size in MAC_KINDS.items())
    return b"icns" + struct.pack(">I", len(body) + 8) + body


def main(folder: Path) -> None:
    """Write both containers."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "asl-inspector.ico").write_bytes(ico(pictures(WINDOWS_SIZES)))
    (folder / "asl-inspector.icns").write_bytes(icns(pictures(sorted(set(MAC_KINDS.values())))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
