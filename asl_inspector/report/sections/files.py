"""The files with their hashes, and the programs that read them."""

from __future__ import annotations

from asl_inspector.about import library_version, program_version
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import section_part, text_part
from asl_inspector.visible_text import visible


def file_section(inspected: Inspected) -> dict[str, Json]:
    """One row a file."""
    rows: list[Json] = [
        [
            visible(one.row.path.name),
            f"{one.row.role.value}, {one.row.bytes:,} bytes",
            f"SHA-256 {one.row.sha256}" if one.row.sha256 else "not hashed",
        ]
        for one in inspected.case.files
    ]
    parts: list[Json] = [
        {"kind": "hashes", "rows": rows},
        text_part(
            f"ASL Inspector {program_version()}, torch {library_version('torch') or 'absent'}, "
            f"numpy {library_version('numpy') or 'absent'}. Nothing in these files was executed."
        ),
    ]
    return section_part("Files", parts)
