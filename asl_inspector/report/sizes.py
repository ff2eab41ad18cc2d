"""Bytes as short text."""

from __future__ import annotations


def size_text(nbytes: int) -> str:
    """Bytes in a decimal unit that keeps them short: `7.1 MB`."""
    size = float(nbytes)
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
