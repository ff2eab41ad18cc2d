"""The files with their hashes, and the programs that read them."""

from __future__ import annotations

import platform

from asl_inspector.about import NAME, library_version, program_version
from asl_inspector.programs.consent import FAMILY, ONNX
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import section_part, text_part
from asl_inspector.visible_text import visible

LIBRARIES = ("torch", "numpy", "scipy", "h5py", "pyarrow", "onnxruntime", "typst")


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
    return section_part("Files", [{"kind": "hashes", "rows": rows}, text_part(_executed(inspected))])


def _executed(inspected: Inspected) -> str:
    """What of the files was run."""
    network, checkpoint = inspected.architecture, inspected.checkpoint
    if network is None or network.family != FAMILY:
        return "Nothing in these files was executed."
    if checkpoint is not None and checkpoint.format == ONNX:
        return "Nothing in these files was executed but the network's graph, which was computed."
    return "The network's own program ran, after it was allowed; nothing else in these files was executed."


def version_section(inspected: Inspected) -> dict[str, Json]:
    """What read the files and computed the figures."""
    known = [f"{name} {library_version(name) or 'not installed'}" for name in LIBRARIES]
    words = f"{NAME} {program_version()} with Python {platform.python_version()}, {', '.join(known)}; "
    words += f"{platform.system()} on {platform.machine()}."
    if inspected.validation is not None:
        ran = inspected.validation.predictions
        words += f" The figures were computed on: {visible(ran.device)}. {visible(ran.device_why)}".rstrip()
    return section_part("Versions", [text_part(words)])
