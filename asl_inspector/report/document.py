"""The report's content as plain data, section by section. What is decided here is only what to say, not how it looks."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from asl_inspector.about import program_version
from asl_inspector.report.anonymising import anonymiser_of
from asl_inspector.report.code_spans import mark_document
from asl_inspector.report.contents import Inspected
from asl_inspector.report.continuous_parts import continuous_section
from asl_inspector.report.first_page import front, tiles
from asl_inspector.report.json_text import Json
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.report.probe_parts import significance_section
from asl_inspector.report.run_sections import data_section, history_section
from asl_inspector.report.sections.blanks import blank_section
from asl_inspector.report.sections.causes import cause_section, plan_section, symptom_section, undetermined_section
from asl_inspector.report.sections.checkpoint import checkpoint_section
from asl_inspector.report.sections.files import file_section, version_section
from asl_inspector.report.sections.labels import label_section
from asl_inspector.report.sections.methods import method_section
from asl_inspector.report.sections.predictions import prediction_section
from asl_inspector.report.sections.pretraining import stage1_section
from asl_inspector.report.sections.samples import sample_section
from asl_inspector.visible_text import visible


def document(inspected: Inspected, options: ReportOptions = STANDARD) -> dict[str, Json]:
    """Everything that a renderer sets.

    Returns:
        What stands at the top; `front`, the sections of the first page; `sections`, all others, none in a summary.
        Every text of a file is already made visible; a renderer has only to keep it text.
    """
    diagnosis = inspected.diagnosis
    name = inspected.checkpoint.path.name if inspected.checkpoint else "no checkpoint"
    made = framed(
        title=f"Diagnosis of {visible(name)}: {diagnosis.headline}",
        short_title="Training diagnosis",
        case_name=visible(name),
        headline=diagnosis.headline,
        summary=visible(diagnosis.summary),
        tiles=tiles(inspected),
        problems=[[visible(one.sentence), visible(one.advice)] for one in inspected.problems],
        front=front(inspected),
        sections=[] if options.summary else _sections(inspected),
        options=options,
    )
    mark_document(made)
    return anonymiser_of(inspected).document(made) if options.anonymise else made


def framed(
    *,
    title: str,
    short_title: str,
    case_name: str,
    headline: str,
    summary: str,
    tiles: list[Json],
    problems: list[Json],
    front: list[Json],
    sections: Sequence[dict[str, Json]],
    options: ReportOptions,
) -> dict[str, Json]:
    """A document of the shape that every renderer knows, with version and date."""
    return {
        "title": title,
        "short_title": short_title,
        "case_name": case_name,
        "version": program_version(),
        "date": datetime.date.today().isoformat(),
        "paper": "us-letter" if options.paper == "letter" else "a4",
        "headline": headline,
        "summary": summary,
        "tiles": tiles,
        "problems": problems,
        "front": front,
        "sections": list(_without_dead_links(sections)),
    }


def _sections(inspected: Inspected) -> list[dict[str, Json]]:
    found = [
        symptom_section(inspected),
        cause_section(inspected),
        plan_section(inspected),
        undetermined_section(inspected),
        blank_section(inspected),
        prediction_section(inspected),
        continuous_section(inspected),
        history_section(inspected),
        label_section(inspected),
        stage1_section(inspected),
        checkpoint_section(inspected),
        data_section(inspected),
        sample_section(inspected),
        significance_section(inspected),
        method_section(inspected),
        file_section(inspected),
        version_section(inspected),
    ]
    return [section for section in found if section is not None]


def _without_dead_links(sections: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """The sections, where evidence points to no section that is not there."""
    ids = {section["id"] for section in sections}
    for section in sections:
        for part in section["parts"]:
            for evidence in part.get("evidence", ()):
                if evidence[2] not in ids:
                    evidence[2:] = ["", ""]
    return sections
