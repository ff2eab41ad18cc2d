"""The report's content as plain data, section by section. What is decided here is only what to say, not how it looks."""

from __future__ import annotations

import datetime

from asl_inspector.about import program_version
from asl_inspector.report.contents import Inspected
from asl_inspector.report.first_page import cause_json, plan, sound, symptoms, tiles
from asl_inspector.report.json_text import Json
from asl_inspector.report.run_sections import data_section, history_section
from asl_inspector.report.sections.blanks import blank_section
from asl_inspector.report.sections.checkpoint import checkpoint_section
from asl_inspector.report.sections.files import file_section
from asl_inspector.report.sections.labels import label_section
from asl_inspector.report.sections.methods import method_section
from asl_inspector.report.sections.predictions import prediction_section
from asl_inspector.report.sections.pretraining import stage1_section
from asl_inspector.report.sections.samples import sample_section
from asl_inspector.visible_text import visible


def document(inspected: Inspected) -> dict[str, Json]:
    """Everything that the template sets."""
    diagnosis = inspected.diagnosis
    name = inspected.checkpoint.path.name if inspected.checkpoint else "no checkpoint"
    sections = [
        blank_section(inspected),
        prediction_section(inspected),
        history_section(inspected),
        label_section(inspected),
        stage1_section(inspected),
        checkpoint_section(inspected),
        data_section(inspected),
        sample_section(inspected),
        method_section(),
        file_section(inspected),
    ]
    return {
        "title": f"Diagnosis of {visible(name)}: {diagnosis.headline}",
        "short_title": "Training diagnosis",
        "case_name": visible(name),
        "version": program_version(),
        "date": datetime.date.today().isoformat(),
        "headline": diagnosis.headline,
        "summary": visible(diagnosis.summary),
        "tiles": tiles(inspected),
        "problems": [[visible(one.sentence), visible(one.advice)] for one in inspected.problems],
        "symptoms": symptoms(inspected),
        "sound": sound(inspected),
        "causes": [cause_json(inspected, cause) for cause in diagnosis.causes],
        "plan": plan(inspected),
        "undetermined": [[one.question, visible(one.sentence), one.needs] for one in diagnosis.undetermined],
        "sections": [section for section in sections if section is not None],
    }
