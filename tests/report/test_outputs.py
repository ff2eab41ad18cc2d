"""JSON, CSV, text and PDF of a small run, and hostile text through all of them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from conftest import ROOT
from makers import Run, make_clips, make_notebook, make_run, save_notebook, write_cache

from asl_inspector.inspection import Inspector
from asl_inspector.progress import Cancelled, CancelToken
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document
from asl_inspector.report.exporting import KINDS, content_of
from asl_inspector.report.html import html_report
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.json_text import to_json
from asl_inspector.report.pdf import pdf_report
from asl_inspector.report.sample_table import sample_table
from asl_inspector.report.samples_csv import COLUMNS, samples_csv
from asl_inspector.report.summary_text import summary_text
from asl_inspector.visible_text import visible

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())
HOSTILE = [
    '=HYPERLINK("http://x")',
    "+1+1",
    "-2",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "<b>bold</b>",
    "#set page(width: 1pt)",
    "*bold* _it_ $x^2$ `raw` @ref <label> #panic()",
    "\\input{/etc/passwd}",
    "{{7*7}}",
    "line\nbreak",
    "tab\there",
    "\x1b[31mred\x1b[0m",
    "\x07bell",
    "\u202eright to left\u202c",
    "zero\u200bwidth",
    "null\x00byte",
    "quote\"and'apostrophe",
    "comma,semicolon;",
    "عربى",
    "日本語",
    "🤟🏽",
    "",
    " ",
]


@pytest.fixture(scope="module")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> Inspected:
    run = make_run(tmp_path_factory.mktemp("run"))
    inspector = Inspector()
    inspector.add(run.files)
    inspector.hash_files()
    return inspector.inspect()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Inspected:
    folder = tmp_path_factory.mktemp("hostile")
    run = make_run(folder)
    glosses = [text for text in HOSTILE if text]
    classes = len(glosses) + 1
    from makers import make_notebook

    checkpoint = save_notebook(folder / "=evil#name$.pt", make_notebook(classes=classes), **{"=key\x1b[2J": "<i>x</i>"})
    cache = {
        f"{text}\u202e{index}": entry
        for index, (text, entry) in enumerate(
            zip(glosses, make_clips(glosses=glosses, clips_a_gloss=1).values(), strict=True)
        )
    }
    inspector = Inspector()
    inspector.add([checkpoint, write_cache(folder / "v.pkl", cache), run.log])
    return inspector.inspect()


def test_json_follows_the_published_schema(inspected: Inspected) -> None:
    held = json.loads(to_json(inspection_json(inspected)))
    jsonschema.validate(held, SCHEMA)
    assert held["schema"] == "asl-inspector/report/1"
    assert held["predictions"]["clips"] == 18
    assert held["data"]["train"]["clips"] == 30
    assert all(len(file["sha256"]) == 64 for file in held["case"]["files"])


@pytest.mark.parametrize(
    "roles", [("checkpoint",), ("validation",), ("checkpoint", "validation"), ("checkpoint", "train"), ("log",)]
)
def test_json_of_partial_cases_follows_the_schema(run: Run, roles: tuple[str, ...]) -> None:
    inspector = Inspector()
    inspector.add([getattr(run, role) for role in roles])
    held = json.loads(to_json(inspection_json(inspector.inspect())))
    jsonschema.validate(held, SCHEMA)
    if "validation" not in roles or "checkpoint" not in roles:
        assert held["predictions"] is None
        assert held["verdict"] == "undetermined"
        assert held["notes"]


def test_json_and_reports_of_a_run_cut_short_follow_the_schema(run: Run) -> None:
    """What is known before the training clips are run, which is all there is where a run is cancelled."""
    inspector, cancel = Inspector(), CancelToken()
    inspector.add(run.files)
    known: list[Inspected] = []

    def stop(found: Inspected) -> None:
        known.append(found)
        cancel.cancel()

    with pytest.raises(Cancelled):
        inspector.inspect(cancel=cancel, preliminary=stop)
    (partial,) = known
    held = json.loads(to_json(inspection_json(partial)))
    jsonschema.validate(held, SCHEMA)
    assert held["predictions"]["train"] is None
    for kind in KINDS:
        assert len(content_of(partial, kind)) > 500


def test_numbers_that_json_does_not_have_become_null() -> None:
    assert json.loads(to_json({"a": float("nan"), "b": [float("inf"), 1.5]})) == {"a": None, "b": [None, 1.5]}


def test_lone_surrogates_do_not_break_json() -> None:
    to_json({"a": "bad \ud800 text"}).encode()


def test_csv_has_a_row_a_clip_and_every_column(inspected: Inspected) -> None:
    rows = list(csv.DictReader(io.StringIO(samples_csv(inspected))))
    assert len(rows) == 18
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["clip"] == "val_apple_0"
    assert rows[0]["id"] == rows[0]["id_in_training"] == "1"


def test_csv_counts_missing_hands_and_frozen_frames(tmp_path: Path) -> None:
    """Two hands of 21 joints in two dimensions; the right one is missing in 1 of 4 frames, and 1 of 3 steps stands still."""
    cache = make_clips(features=84, clips_a_gloss=1)
    for entry in cache.values():
        entry["features"] = np.random.default_rng(0).uniform(1, 2, (4, 84)).astype("f4")
        entry["features"][0, 42:] = 0
        entry["features"][3] = entry["features"][2]
    inspector = Inspector()
    inspector.add(
        [
            save_notebook(tmp_path / "checkpoint.pt", make_notebook(inputs=84)),
            write_cache(tmp_path / "features_val.pkl", cache),
        ]
    )
    inspected = inspector.inspect()
    row = next(csv.DictReader(io.StringIO(samples_csv(inspected))))
    assert [row[f"{name}_missing"] for name in ("left_hand", "right_hand", "hand")] == ["0", "0.25", ""]
    assert row["frozen"] == "0.333333"
    table = sample_table(inspected)
    assert table is not None
    words = "Right hand missing in 25 % of the frames; 33 % of the frames repeat the one before."
    assert table.quality_words(0) == words


def test_csv_lists_clips_that_were_not_run(tmp_path: Path) -> None:
    inspector = Inspector()
    inspector.add([write_cache(tmp_path / "features_val.pkl", make_clips(features=84))])
    inspected = inspector.inspect()
    assert sample_table(inspected) is None
    rows = list(csv.DictReader(io.StringIO(samples_csv(inspected))))
    assert len(rows) == 18
    assert (rows[4]["gloss"], rows[4]["majority"], rows[4]["ran"]) == ("book", "", "0")
    assert rows[4]["right_hand_missing"] == "0"


def test_csv_leaves_what_is_not_known_of_hands_empty(inspected: Inspected) -> None:
    row = next(csv.DictReader(io.StringIO(samples_csv(inspected))))
    assert (row["left_hand_missing"], row["right_hand_missing"], row["frozen"]) == ("", "", "0")
    table = sample_table(inspected)
    assert table is not None
    assert table.quality_words(0) == ""


def test_no_cell_of_the_csv_is_a_formula(hostile: Inspected) -> None:
    rows = list(csv.reader(io.StringIO(samples_csv(hostile))))
    assert len(rows) == len([text for text in HOSTILE if text]) + 1
    for row in rows[1:]:
        for column, cell in zip(COLUMNS, row, strict=True):
            if column in ("clip", "gloss", "predicted_gloss"):
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_text_for_a_terminal_has_no_escape_sequences(hostile: Inspected) -> None:
    shown = visible(summary_text(hostile), one_line=False)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u200b]", shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_visible_text_keeps_what_is_harmless_and_shows_the_rest(text: str) -> None:
    shown = visible(text)
    assert not re.search("[\x00-\x1f\x7f\u202a-\u202e\u200b]", shown)
    if text.isprintable():
        assert shown == text


def test_the_document_holds_the_figures_of_the_inspection(inspected: Inspected) -> None:
    held = document(inspected)
    titles = [section["title"] for section in held["sections"]]  # type: ignore[index, union-attr]
    assert titles == [
        "All symptoms",
        "Causes in detail",
        "Action plan",
        "Could not be determined",
        "Blank ratio",
        "Predictions",
        "Training history",
        "Label audit",
        "Checkpoint",
        "Data",
        "Samples",
        "Tests of this diagnosis",
        "What the figures mean",
        "Files",
        "Versions",
    ]
    assert [section["title"] for section in held["front"]] == ["Symptoms", "Causes", "First actions"]  # type: ignore[index, union-attr]


def words_of(pdf: bytes, tmp_path: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    (tmp_path / "r.pdf").write_bytes(pdf)
    ran = subprocess.run(["pdftotext", "-layout", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True)
    return ran.stdout.decode()


def test_the_pdf_is_tagged_embeds_its_fonts_and_can_be_searched(inspected: Inspected, tmp_path: Path) -> None:
    pdf = pdf_report(inspected)
    assert pdf.startswith(b"%PDF-")
    words = words_of(pdf, tmp_path)
    assert inspected.diagnosis.headline in " ".join(words.split())
    assert "Page 1 of" in words
    for name in ("checkpoint.pt", "val_apple_0", "SHA-256"):
        assert name in words
    fonts = subprocess.run(["pdffonts", str(tmp_path / "r.pdf")], capture_output=True, check=True).stdout.decode()
    embedded = [line.split()[-5] for line in fonts.splitlines()[2:]]
    assert embedded
    assert set(embedded) == {"yes"}


def test_hostile_text_is_set_as_text_in_the_pdf(hostile: Inspected, tmp_path: Path) -> None:
    words_of(pdf_report(hostile), tmp_path)
    ran = subprocess.run(["pdftotext", "-raw", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True)
    together = "".join(ran.stdout.decode().split())  # cells wrap
    for text in ("#setpage(width:1pt)", "<script>alert(1)</script>", "$x^2$", "#panic()", "<b>bold</b>", "{{7*7}}"):
        assert text in together


def test_a_case_without_predictions_has_a_report(run: Run, tmp_path: Path) -> None:
    inspector = Inspector()
    inspector.add([run.checkpoint])
    assert "Could not be determined" in words_of(pdf_report(inspector.inspect()), tmp_path)


def test_the_html_page_needs_nothing_from_outside(inspected: Inspected) -> None:
    page = html_report(inspected)
    assert "http://" not in page
    assert "https://" not in page
    assert "default-src 'none'" in page
    assert inspected.diagnosis.headline in page


def test_every_table_has_a_heading_over_every_column(inspected: Inspected) -> None:
    """A screen reader tells what a cell is by it."""
    held: Any = document(inspected)
    tables = [part for one in [*held["front"], *held["sections"]] for part in one["parts"] if part["kind"] == "table"]
    assert len(tables) >= 4
    for table in tables:
        assert all(table["head"])
        assert {len(row) for row in table["rows"]} <= {len(table["head"])}


def test_links_of_the_evidence_lead_to_sections(inspected: Inspected) -> None:
    held: Any = document(inspected)
    ids = [section["id"] for section in held["sections"]]
    assert len(set(ids)) == len(ids)
    causes = [part for section in held["sections"] for part in section["parts"] if part["kind"] == "cause"]
    assert {place for cause in causes for _, _, place, _ in cause["evidence"]} <= {*ids, ""}
