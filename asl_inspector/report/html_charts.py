"""Charts of the report as inline SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

WIDTH, LEFT = 640.0, 46.0
COLOURS = ("var(--s1)", "var(--s2)", "var(--s3)", "var(--s4)")


def chart_svg(part: Mapping[str, Any], escape: Callable[[str], str]) -> str:
    """A chart; its places are fractions of the frame, and `escape` makes text of its words."""
    height, width = 1.5 * float(part["height"]), WIDTH - LEFT - 12

    def x(share: float) -> float:
        return LEFT + width * share

    def y(share: float) -> float:
        return 8 + height * (1 - share)

    shapes = []
    for share, words in part["y_ticks"]:
        shapes.append(f'<line class="grid" x1="{LEFT}" x2="{x(1):.1f}" y1="{y(share):.1f}" y2="{y(share):.1f}"/>')
        shapes.append(f'<text x="{LEFT - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{escape(words)}</text>')
    for start, end, top in part["bars"]:
        box = f'x="{x(start):.2f}" y="{y(top):.2f}" width="{max(0.5, x(end) - x(start)):.2f}" height="{y(0) - y(top):.2f}"'
        shapes.append(f'<rect {box} fill="{COLOURS[0]}"/>')
    for start, end, level in part["reference"]:
        shapes.append(
            f'<line class="ref" x1="{x(start):.2f}" x2="{x(end):.2f}" y1="{y(level):.2f}" y2="{y(level):.2f}"/>'
        )
    for place, words in part["marks"]:
        shapes.append(f'<line class="mark" x1="{x(place):.1f}" x2="{x(place):.1f}" y1="{y(1):.1f}" y2="{y(0):.1f}"/>')
        anchor, aside = ("end", -4) if place > 0.85 else ("start", 4)  # at the right edge it would be cut off
        where = f'x="{x(place) + aside:.1f}" y="{y(0) - 6:.1f}" text-anchor="{anchor}"'
        shapes.append(f"<text {where}>{escape(words)}</text>")
    for index, points in enumerate(part["curves"]):
        path = " ".join(f"{x(a):.2f},{y(b):.2f}" for a, b in points)
        dash = ' stroke-dasharray="5 4"' if part["dashed"][index] else ""
        shapes.append(f'<polyline points="{path}" stroke="{COLOURS[min(index, 3)]}"{dash}/>')
    shapes.append(f'<line class="axis" x1="{LEFT}" x2="{x(1):.1f}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>')
    for share, words in part["x_ticks"]:
        shapes.append(f'<text x="{x(share):.1f}" y="{y(0) + 15:.1f}" text-anchor="middle">{escape(words)}</text>')
    shapes.append(f'<text x="{x(0.5):.1f}" y="{y(0) + 31:.1f}" text-anchor="middle">{escape(part["x_title"])}</text>')
    legend = "".join(
        f'<span class="key"><i style="background:{COLOURS[min(index, 3)]}"></i>{escape(name)}</span>'
        for index, name in enumerate(part["legend"])
    )
    note = f'<p class="small">{escape(part["note"])}</p>' if part["note"] else ""
    return (
        f"<figure><figcaption>{escape(part['title'])} {legend}</figcaption>"
        f'<svg role="img" aria-label="{escape(part["alt"])}" viewBox="0 0 {WIDTH:.0f} {height + 46:.0f}">'
        f"{''.join(shapes)}</svg>{note}</figure>"
    )


def matrix_svg(part: Mapping[str, Any], escape: Callable[[str], str]) -> str:
    """A picture of cells; its paths are the program's own, and `escape` makes text of its words."""
    paths = "".join(f'<path d="{one["path"]}" fill="{COLOURS[index]}"/>' for index, one in enumerate(part["layers"]))
    legend = "".join(
        f'<span class="key"><i style="background:{COLOURS[index]}"></i>{escape(one["name"])}</span>'
        for index, one in enumerate(part["layers"])
    )
    box = f"0 0 {int(part['columns'])} {int(part['rows'])}"
    return (
        f"<figure><figcaption>{escape(part['title'])} {legend}</figcaption>"
        f'<svg role="img" aria-label="{escape(part["alt"])}" viewBox="{box}" preserveAspectRatio="none" '
        f'style="height:{1.5 * float(part["height"]):.0f}px" shape-rendering="crispEdges">{paths}</svg>'
        f'<p class="small">Across: {escape(part["across"])}. Down: {escape(part["down"])}.</p></figure>'
    )
