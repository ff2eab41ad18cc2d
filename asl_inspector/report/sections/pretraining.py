"""What became of Stage 1, tensor by tensor."""

from __future__ import annotations

from asl_inspector.checkpoints.comparison_records import TensorComparison
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import section_part, sentences_of, table_part, text_part
from asl_inspector.visible_text import visible


def stage1_section(inspected: Inspected) -> dict[str, Json] | None:
    """The tensors of the encoder, or None where no Stage 1 file was compared."""
    stage1 = inspected.diagnosis.stage1
    if not stage1.rows:
        return None
    rows = [
        [visible(row.a or ""), _shape(row.shape_a), _shape(row.shape_b), _trace_words(row), _number(row.cosine)]
        for row in stage1.rows
    ]
    parts: list[Json] = [
        text_part(sentences_of(inspected, "pretraining")),
        table_part(
            ["encoder tensor", "shape", "in Stage 1", "what became of it", "cosine"],
            [3, 1, 1, 2, 0],
            [False] * 4 + [True],
            rows,
        ),
    ]
    return section_part("Stage 1, tensor by tensor", parts)


def _trace_words(row: TensorComparison) -> str:
    if row.status == "shape-blocked":
        return "not copied: the shapes differ"
    if row.status == "only-a":
        return "not in the Stage 1 file"
    words = {
        "equal": "copied and unchanged",
        "trace": "copied, then trained",
        "faint": "too faint to tell",
        "constant": "constant: tells nothing",
        "small": "too small to tell",
        "no-trace": "no trace of Stage 1",
    }
    return words.get(row.trace or "", "unknown")


def _shape(shape: tuple[int, ...] | None) -> str:
    return "–" if shape is None else " × ".join(str(size) for size in shape) or "one number"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
