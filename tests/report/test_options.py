"""What the user may choose about a report: paper, the summary alone, no folders; and what a long table carries along."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
from conftest import ROOT
from makers import make_run

from asl_inspector.inspection import Inspector
from asl_inspector.report.anonymising import Anonymiser
from asl_inspector.report.contents import Inspected, Problem
from asl_inspector.report.exporting import KINDS, content_of
from asl_inspector.report.options import ReportOptions
from asl_inspector.report.pdf import pdf_report
from asl_inspector.report.samples_csv import samples_csv
from asl_inspector.report.sections import samples


@pytest.fixture(scope="module")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> Inspected:
    """A run in a folder that tells whose it is, with a path among its problems and settings."""
    from dataclasses import replace

    folder = tmp_path_factory.mktemp("anna secret") / "my runs"
    folder.mkdir()
    inspector = Inspector()
    inspector.add(make_run(folder).files)
    inspector.hash_files()
    found = inspector.inspect()
    path = found.case.files[0].row.path
    problem = Problem(f"“{path}” and “{path.parent}/other file.txt” are odd.", "See /home/anna secret/x/notes.txt.")
    return replace(found, problems=(problem,))


def pages(pdf: bytes, tmp_path: Path) -> dict[str, str]:
    if shutil.which("pdfinfo") is None:
        pytest.skip("pdfinfo is not installed")
    (tmp_path / "r.pdf").write_bytes(pdf)
    ran = subprocess.run(["pdfinfo", str(tmp_path / "r.pdf")], capture_output=True, check=True, text=True)
    return {name: value.strip() for name, _, value in (line.partition(":") for line in ran.stdout.splitlines())}


def test_the_paper_is_as_chosen(inspected: Inspected, tmp_path: Path) -> None:
    assert "A4" in pages(pdf_report(inspected), tmp_path)["Page size"]
    assert "letter" in pages(pdf_report(inspected, ReportOptions(paper="letter")), tmp_path)["Page size"]


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_the_summary_is_one_page(inspected: Inspected, tmp_path: Path, paper: str) -> None:
    options = ReportOptions(paper="letter" if paper == "letter" else "a4", summary=True)
    assert pages(pdf_report(inspected, options), tmp_path)["Pages"] == "1"
    assert int(pages(pdf_report(inspected), tmp_path)["Pages"]) > 3
    for kind in ("html", "md"):
        short, whole = (content_of(inspected, kind, one).decode() for one in (options, ReportOptions()))
        assert "First actions" in short
        assert "What the figures mean" in whole
        assert "What the figures mean" not in short


def test_the_pdf_tells_what_it_is(inspected: Inspected, tmp_path: Path) -> None:
    told = pages(pdf_report(inspected), tmp_path)
    assert told["Title"].startswith("Diagnosis of checkpoint.pt: ")
    assert told["Subject"] == inspected.diagnosis.summary
    assert told["Author"] == "ASL Inspector"
    assert told["Tagged"] == "yes"


def test_the_pdf_claims_to_be_accessible_and_names_its_language(inspected: Inspected) -> None:
    pdf = pdf_report(inspected)
    assert b"pdfuaid:part" in pdf
    assert re.search(rb"/Lang ?\(en", pdf)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "pdf"])
def test_no_folder_is_seen_in_an_anonymised_report(inspected: Inspected, kind: str) -> None:
    whole, cut = (content_of(inspected, kind, ReportOptions(anonymise=on)).decode() for on in (False, True))
    if kind != "csv":  # whose clips have no paths for names here
        assert "anna secret" in whole
    assert "anna secret" not in cut
    assert "my runs" not in cut
    if kind == "json":
        jsonschema.validate(json.loads(cut), json.loads((ROOT / "docs" / "report.schema.json").read_text()))


def test_no_folder_is_seen_in_an_anonymised_pdf(inspected: Inspected, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    (tmp_path / "r.pdf").write_bytes(pdf_report(inspected, ReportOptions(anonymise=True)))
    ran = subprocess.run(["pdftotext", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True, text=True)
    assert "anna" not in ran.stdout
    assert "checkpoint.pt" in ran.stdout


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/home/anna/runs/7/x.pt", "…/x.pt"),
        ("/home/anna smith/my runs/x.pt", "…/x.pt"),
        ("/Users/anna/x.pt is bad", "…/x.pt is bad"),
        ("~/data/x.npz", "…/x.npz"),
        ("~anna/data/x.npz", "…/x.npz"),
        ("C:\\Users\\Anna Smith\\x.pt", "…/x.pt"),
        ("d:/data/x.pt", "…/x.pt"),
        ("\\\\server\\share\\x.pt", "…/x.pt"),
        ("file:///data/anna/x.pt", "…/x.pt"),
        ("in “/data/a/b.pt”, line 3", "in “…/b.pt”, line 3"),
        ("/mnt/x/ and /mnt/y/z", "…/ and …/z"),
        ("and/or", "and/or"),
        ("3 / 97 clips, 1/2", "3 / 97 clips, 1/2"),
        ("</b>", "</b>"),
        ("a/b/c", "a/b/c"),
        ("p: 0.5", "p: 0.5"),
    ],
)
def test_paths_are_cut_down_and_nothing_else(text: str, wanted: str) -> None:
    assert Anonymiser().text(text) == wanted


def test_known_paths_are_cut_down_however_they_look(tmp_path: Path) -> None:
    path = Path("/odd, (folder)/of 'anna'/x y.pt")
    cut = Anonymiser([path])
    assert cut.text(f"see {path}, and {path.parent}/z.pt, in {path.parent}") == "see x y.pt, and …/z.pt, in …"


def test_a_table_that_leaves_clips_out_carries_them_all(
    inspected: Inspected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("pdfdetach") is None:
        pytest.skip("pdfdetach is not installed")
    monkeypatch.setattr(samples, "MOST_SAMPLES", 5)
    (tmp_path / "r.pdf").write_bytes(pdf_report(inspected))
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, tmp_path / "r.pdf"], capture_output=True, check=True)
    assert (tmp_path / "samples.csv").read_text() == samples_csv(inspected)
    assert "The 5 clips with the highest loss are listed" in content_of(inspected, "md").decode()
    short = pdf_report(inspected, ReportOptions(summary=True))
    assert b"/EmbeddedFile" not in short


def test_a_short_table_carries_nothing(inspected: Inspected) -> None:
    assert b"/EmbeddedFile" not in pdf_report(inspected)
