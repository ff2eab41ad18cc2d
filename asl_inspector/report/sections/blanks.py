"""How many frames say nothing."""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis.records import BlankMeasures
from asl_inspector.report.charts import Axis, Chart, Series, histogram_chart
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import facts_part, section_part, sentences_of, text_part


def _outcomes(found: BlankMeasures) -> list[tuple[str, str]]:
    if found.outcomes is None:
        return []
    words = ", ".join(
        f"{name} {100 * one:.1f} %" for name, one in zip(("none", "one", "several"), found.outcomes, strict=True)
    )
    return [("Glosses of a clip, exact", words)]


def blank_section(inspected: Inspected) -> dict[str, Json] | None:
    """The blank in figures and charts, or None for a network without one."""
    measures = inspected.diagnosis.validation
    found = measures.blanks if measures is not None else None
    if measures is None or found is None:
        return None
    shares = found.per_clip[np.isfinite(found.per_clip)]
    low = min(0.5, float(shares.min()))
    middle = (np.arange(len(found.profile)) + 0.5) / len(found.profile)
    whole = Axis(0.0, 1.0, percent=True)
    parts: list[Json] = [
        text_part(sentences_of(inspected, "blanks", "padding")),
        facts_part(
            [
                ("Blank frames, best class", f"{100 * found.argmax_valid:.4f} % of valid frames"),
                ("Blank probability, mean", f"{100 * found.posterior_valid:.4f} % over valid frames"),
                ("Empty clips", f"{100 * found.empty_share:.2f} % of clips"),
                ("Counted with padding", f"{100 * found.argmax_padded:.4f} %, in batches of 16 in file order"),
                *_outcomes(found),
                ("Padded frames read as", "–" if found.padding_reads_as is None else f"class {found.padding_reads_as}"),
            ]
        ),
        histogram_chart(
            "Clips by their share of blank frames", "Histogram", "blank frames of a clip", shares, low, 1.0
        ).as_json(),
        Chart(
            title="Share of blank frames from the first to the last frame",
            alt="Share of blank frames along the clip",
            x_title="place in the clip",
            x=whole,
            y=whole,
            height=80,
            series=[Series("blank", middle, found.profile)],
        ).as_json(),
    ]
    sweep = inspected.diagnosis.sweep
    if sweep is not None:
        bias = np.array([point.bias for point in sweep.points])
        marks = [(0.0, "as trained")] + ([(sweep.best_bias, "best")] if sweep.best_bias else [])
        chart = Chart(
            title="What if the blank were less likely?",
            alt="Accuracy and share of empty clips against a bias on the blank",
            x_title="taken off the blank's logit",
            x=Axis(float(bias[0]), float(bias[-1])),
            y=whole,
            series=[
                Series("accuracy", bias, np.array([point.correct / point.of for point in sweep.points])),
                Series("empty clips", bias, np.array([point.empty_share for point in sweep.points]), dashed=True),
            ],
            marks=marks,
        )
        parts.append(chart.as_json())
    return section_part("Blank ratio", parts)
