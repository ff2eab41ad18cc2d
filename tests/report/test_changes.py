"""Two diagnoses compared: files, figures, right answers clip by clip, causes; also of hostile and damaged files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import ROOT
from hostile_strings import HOSTILE
from makers import make_notebook, make_run, save_notebook

from asl_inspector import cli
from asl_inspector.errors import DataError
from asl_inspector.inspection import Inspector
from asl_inspector.report.changes.comparing import compare_reports
from asl_inspector.report.changes.outputs import changes_document, changes_json, changes_text, headline
from asl_inspector.report.changes.reading import read_report
from asl_inspector.report.changes.records import Changes
from asl_inspector.report.exporting import export
from asl_inspector.report.json_text import to_json
from asl_inspector.report.rendering import rendered
from asl_inspector.visible_text import visible

SCHEMA = json.loads((ROOT / "docs" / "changes.schema.json").read_text())


def report(clips: list[tuple[str, int | None, int | None]], **more: Any) -> dict[str, Any]:
    """A diagnosis with `(clip, true id, answer)`."""
    samples = {
        "decoder": "majority",
        "clip": [clip for clip, _, _ in clips],
        "gloss": ["" for _ in clips],
        "id": [true_id for _, true_id, _ in clips],
        "id_in_training": [None for _ in clips],
        "answer": [answer for _, _, answer in clips],
    }
    return {"schema": "asl-inspector/report/1", "verdict": "ill", "headline": "Ill.", "samples": samples, **more}


def compared(tmp_path: Path, before: object, after: object) -> Changes:
    for name, held in (("before", before), ("after", after)):
        (tmp_path / f"{name}.json").write_text(json.dumps(held))
    changes = compare_reports(read_report(tmp_path / "before.json"), read_report(tmp_path / "after.json"))
    jsonschema.validate(json.loads(to_json(changes_json(changes))), SCHEMA)
    return changes


def test_right_answers_are_paired_by_clip_and_not_by_place(tmp_path: Path) -> None:
    """Of 10 clips in both, 6 gained and none lost: McNemar's exact p is 2 * 0.5 ** 6 = 0.03125."""
    before = [(f"c{n}", 1, 2) for n in range(6)] + [(f"c{n}", 1, 1) for n in range(6, 10)] + [("only before", 1, 1)]
    after = [(f"c{n}", 1, 1) for n in reversed(range(10))] + [("only after", 1, 2)]
    (test,) = compared(tmp_path, report(before), report(after)).tests
    assert (test.clips, test.right_before, test.right_after, test.gained, test.lost) == (10, 4, 10, 6, 0)
    assert test.p == pytest.approx(0.03125)


def test_names_that_occur_twice_are_paired_in_order(tmp_path: Path) -> None:
    before, after = [("a", 1, 1), ("a", 2, 1)], [("a", 1, 1), ("a", 2, 2), ("a", 3, 1)]
    (test,) = compared(tmp_path, report(before), report(after)).tests
    assert (test.clips, test.gained, test.lost) == (2, 1, 0)


def test_clips_without_a_label_or_an_answer_are_left_out(tmp_path: Path) -> None:
    before = [("a", None, 1), ("b", 1, None), ("c", 1, 1)]
    (test,) = compared(tmp_path, report(before), report([("a", 1, 1), ("b", 1, 1), ("c", 1, 2)])).tests
    assert (test.clips, test.gained, test.lost, test.p) == (1, 0, 1, 1.0)


def test_a_report_without_samples_is_compared_as_far_as_it_goes(tmp_path: Path) -> None:
    accuracy = {"accuracy": {"majority": {"correct": 1, "of": 4}}}
    changes = compared(tmp_path, report([], predictions=accuracy), report([("a", 1, 1)]))
    assert changes.tests == ()
    assert "before.json" in changes.notes[0]
    (figure,) = changes.figures
    assert (figure.before, figure.after) == (0.25, None)


def test_causes_come_and_go(tmp_path: Path) -> None:
    def causes(**confidences: float) -> list[dict[str, Any]]:
        return [{"id": name, "title": name.upper(), "confidence": value} for name, value in confidences.items()]

    changes = compared(
        tmp_path, report([], causes=causes(a=0.9, b=0.5)), report([("x", 1, 1)], causes=causes(b=0.7, c=0.4))
    )
    told = [(one.change, one.id, one.before, one.after) for one in changes.causes]
    assert told == [("gone", "a", 0.9, None), ("new", "c", None, 0.4), ("stays", "b", 0.5, 0.7)]
    assert headline(changes) == "One cause gone, one cause new."


def test_files_are_paired_by_content_before_their_names(tmp_path: Path) -> None:
    def files(*rows: tuple[str, str, str]) -> dict[str, Any]:
        return {
            "files": [{"role": role, "path": path, "sha256": 64 * hashed, "bytes": 1} for role, path, hashed in rows]
        }

    before = files(("val", "/x/v.pkl", "a"), ("train", "/x/t.pkl", "b"), ("checkpoint", "C:\\x\\1.pt", "c"))
    after = files(("val", "/y/renamed.pkl", "a"), ("train", "/y/t.pkl", "d"), ("stage1", "/y/s.pt", "e"))
    changes = compared(tmp_path, report([], case=before), report([], case=after))
    told = {(one.role, one.change, one.before, one.after) for one in changes.files}
    assert told == {
        ("val", "same", "v.pkl", "renamed.pkl"),
        ("train", "changed", "t.pkl", "t.pkl"),
        ("checkpoint", "gone", "1.pt", ""),
        ("stage1", "new", "", "s.pt"),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no diagnosis"),
        ("{", "no diagnosis"),
        ("[" * 1000, "no diagnosis"),
        ("[]", "but no diagnosis"),
        ('{"schema": 3}', "but no diagnosis"),
        ('{"schema": "asl-inspector/keys/1"}', "but no diagnosis"),
        ('{"schema": "asl-inspector/report/2"}', "another version"),
    ],
)
def test_what_is_no_diagnosis_is_refused_with_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=words):
        read_report(tmp_path / "x.json")
    with pytest.raises(DataError, match="cannot be read"):
        read_report(tmp_path / "absent.json")


WRONG = [None, 3, -1.5, 10**400, True, "text", [], [[]], [None, 3, {}], {}, {"a": {}}]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_values_of_the_wrong_type_count_as_absent(tmp_path: Path, wrong: object) -> None:
    full = report([("a", 1, 1)], causes=[], case={"files": []}, predictions={"clips": 1}, labels={}, stage1={})
    for key in [key for key in full if key != "schema"]:
        compared(tmp_path, full | {key: wrong}, full)
        compared(tmp_path, full, full | {key: wrong})
    for key in full["samples"]:
        compared(tmp_path, full, full | {"samples": full["samples"] | {key: wrong}})
    compared(tmp_path, full, full | {"causes": [{"id": wrong, "title": wrong, "confidence": wrong}]})
    compared(tmp_path, full, full | {"case": {"files": [{"role": wrong, "path": wrong, "sha256": wrong}]}})


def test_hostile_strings_stay_text_in_a_comparison(tmp_path: Path) -> None:
    texts = [text.replace("\ud800", "") for text in HOSTILE]
    causes = [{"id": text, "title": text, "confidence": 0.5} for text in texts]
    files = [{"role": text, "path": text, "sha256": text, "bytes": 1} for text in texts]
    held = report([(text, 1, 2) for text in texts], causes=causes, case={"files": files}, headline=" ".join(texts))
    changes = compared(tmp_path, held, held)
    document = changes_document(changes)
    page = rendered(document, "html").decode()
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "[link](http" not in rendered(document, "md").decode()
    assert rendered(document, "pdf").startswith(b"%PDF-")
    assert "\x1b" not in visible(changes_text(changes), one_line=False)


def test_two_runs_compared_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path / "run")
    for name in ("before", "after"):
        inspector = Inspector()
        inspector.add(run.files)
        inspector.hash_files()
        export(inspector.inspect(), tmp_path / f"{name}.json", "json")
        save_notebook(run.checkpoint, make_notebook(seed=7))
    outputs = [part for kind in ("md", "html", "pdf") for part in (f"--{kind}", str(tmp_path / f"c.{kind}"))]
    given = ["changes", str(tmp_path / "before.json"), str(tmp_path / "after.json")]
    assert cli.main([*given, *outputs]) == 0
    told = capsys.readouterr().out
    assert "changed: checkpoint checkpoint.pt" in told
    assert "McNemar" in told
    assert cli.main([*given, "--json", "-"]) == 0
    held = json.loads(capsys.readouterr().out)
    jsonschema.validate(held, SCHEMA)
    assert held["tests"][0]["clips"] == 18
    assert (tmp_path / "c.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "c.md").read_text().startswith("# ")


def test_a_diagnosis_compared_with_itself_has_no_change(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    inspector = Inspector()
    inspector.add(run.files)
    inspector.hash_files()
    export(inspector.inspect(), tmp_path / "a.json", "json")
    held = read_report(tmp_path / "a.json")
    changes = compare_reports(held, held)
    assert {one.change for one in changes.files} == {"same"}
    assert {one.change for one in changes.causes} <= {"stays"}
    assert all(one.before == one.after for one in changes.figures)
    assert changes.tests[0].gained == changes.tests[0].lost == 0
