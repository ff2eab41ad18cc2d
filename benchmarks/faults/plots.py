"""Plots as small SVG files, without a plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

INK, SOFT, RIGHT, WRONG, BLUE = "#222222", "#bbbbbb", "#2a7f62", "#c8553d", "#2b6cb0"
FONT = 'font-family="sans-serif" font-size="12"'


def _text(x: float, y: float, words: str, anchor: str = "start", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {FONT}>{escape(words)}</text>'


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" height="{height:.1f}" fill="{colour}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = SOFT) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _write(path: Path, width: int, height: int, parts: Sequence[str]) -> None:
    body = "\n".join(parts)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n',
        encoding="utf-8",
    )


def bars(path: Path, title: str, rows: Sequence[tuple[str, float, int, bool]]) -> None:
    """Horizontal bars of shares.

    Args:
        path: SVG file.
        title: Above the plot.
        rows: `(name, share, cases, marked)`; marked rows are drawn in another colour.
    """
    left, wide, step, top = 270, 360, 18, 40
    parts = [_text(10, 20, title)]
    for mark in (0, 0.5, 0.9, 1):
        x = left + mark * wide
        parts += [_line(x, top - 6, x, top + step * len(rows)), _text(x, top - 8, f"{100 * mark:.0f} %", "middle")]
    for number, (name, value, cases, marked) in enumerate(rows):
        y = top + number * step
        parts += [
            _text(left - 8, y + 12, name, "end"),
            _bar(left, y + 2, value * wide, step - 5, BLUE if marked else RIGHT),
            _text(left + wide + 8, y + 12, f"{100 * value:.0f} % of {cases}"),
        ]
    _write(path, left + wide + 110, top + step * len(rows) + 12, parts)


def calibration(path: Path, title: str, rows: Sequence[tuple[float, float, int]]) -> None:
    """Share true against mean confidence, one dot a tenth, its area by the number of causes."""
    size, left, top = 300, 60, 40
    total = max(1, sum(count for _, _, count in rows))
    parts = [_text(10, 20, title), _line(left, top + size, left + size, top)]
    for mark in (0, 0.25, 0.5, 0.75, 1):
        x, y = left + mark * size, top + size - mark * size
        parts += [
            _line(left, y, left + size, y),
            _text(left - 6, y + 4, f"{100 * mark:.0f}", "end"),
            _text(x, top + size + 16, f"{100 * mark:.0f}", "middle"),
        ]
    for mean, true, count in rows:
        if count:
            x, y, r = left + mean * size, top + size - true * size, 3 + 28 * (count / total) ** 0.5
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{BLUE}" fill-opacity="0.6"/>')
            parts.append(_text(x + r + 2, y + 4, str(count)))
    parts.append(_text(left + size / 2, top + size + 34, "confidence, %", "middle"))
    parts.append(_text(left + 4, top + 12, "true, %"))
    _write(path, left + size + 60, top + size + 46, parts)
