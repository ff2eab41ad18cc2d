"""The published schema covers all that is written, for whole results and for partial ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest
from conftest import ROOT
from makers import FEATURES, Run, make_clips, write_cache

from asl_inspector import cli
from asl_inspector.bundled_files import demo_files
from asl_inspector.inspection import Inspector
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.report.contents import Inspected
from asl_inspector.report.exporting import content_of

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())
OPEN = ("evidence",)  # what a finding goes by differs from finding to finding


def undocumented(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The fields of `value` that no part of the schema describes."""
    alternatives = schema.get("anyOf", [schema])
    if isinstance(value, dict):
        held = next((one for one in alternatives if "properties" in one or "additionalProperties" in one), {})
        others = held.get("additionalProperties")
        for name, inner in value.items():
            known = held.get("properties", {}).get(name, others if isinstance(others, dict) else None)
            if known is None:
                yield f"{path}.{name}"
            elif name not in OPEN:
                yield from undocumented(inner, known, f"{path}.{name}")
    elif isinstance(value, list):
        items = next((one["items"] for one in alternatives if isinstance(one.get("items"), dict)), None)
        for inner in value if items is not None else ():
            yield from undocumented(inner, items, f"{path}[]")


def checked(inspected: Inspected) -> dict[str, Any]:
    """The JSON of an inspection, valid and documented to the last field."""
    document: dict[str, Any] = json.loads(content_of(inspected, "json"))
    jsonschema.validate(document, SCHEMA)
    assert set(undocumented(document, SCHEMA)) == set()
    return document


def inspected(*paths: Any) -> Inspected:
    inspector = Inspector()
    inspector.add(paths)
    return inspector.inspect()


def test_a_field_that_is_not_described_is_noticed() -> None:
    schema = {"properties": {"a": {"items": {"properties": {"b": {"type": "integer"}}}}}}
    assert list(undocumented({"a": [{"b": 1, "c": 2}], "d": 3}, schema)) == [".a[].c", ".d"]


def test_the_demo_is_described_to_the_last_field() -> None:
    assert checked(inspected(*demo_files()))["predictions"]["clips"] == 97


def test_without_a_network_predictions_are_null_with_a_reason(run: Run) -> None:
    document = checked(inspected(run.validation, run.train))
    assert document["checkpoint"] is None
    assert document["predictions"] is None
    assert any("Nothing was predicted" in note for note in document["notes"])


def test_without_validation_clips_predictions_are_null_with_a_reason(run: Run) -> None:
    document = checked(inspected(run.checkpoint))
    assert document["predictions"] is None
    assert document["data"]["validation"] is None
    assert any("Add the validation clips" in note for note in document["notes"])


def test_a_network_that_cannot_be_run_gives_its_reason(run: Run) -> None:
    write_cache(run.validation, make_clips(features=FEATURES + 3))
    document = checked(inspected(run.checkpoint, run.validation))
    assert document["predictions"] is None
    assert any(f"has {FEATURES + 3} features a frame" in note for note in document["notes"])
    assert not any("Add the validation clips" in note for note in document["notes"])  # they are there


def test_a_run_that_was_cancelled_has_a_valid_first_result(run: Run) -> None:
    """What the window shows before the training clips were run is what can be had of a cancelled run."""
    inspector, cancel, first = Inspector(), CancelToken(), []
    inspector.add([run.checkpoint, run.validation, run.train])

    def keep(found: Inspected) -> None:
        first.append(found)
        cancel.cancel()

    with pytest.raises(Cancelled):
        inspector.inspect(cancel=cancel, preliminary=keep)
    document = checked(first[0])
    assert document["predictions"]["train"] is None
    assert document["predictions"]["clips"] > 0


def test_an_interrupted_command_writes_no_json(run: Run, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: object, step: Step) -> None:
        raise Cancelled

    monkeypatch.setattr("asl_inspector.commands.terminal.Terminal.show", interrupt)
    target = tmp_path / "a.json"
    assert cli.main(["diagnose", str(run.checkpoint), str(run.validation), "--json", str(target)]) == 130
    assert not target.exists()


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [("--blank", "500", "The blank cannot be 500"), ("--assume", "foo=bar", "Nothing called “foo” is open")],
)
def test_a_choice_that_cannot_be_had_is_told_in_the_json(
    run: Run, capsys: pytest.CaptureFixture[str], option: str, value: str, reason: str
) -> None:
    status = cli.main(["diagnose", str(run.checkpoint), str(run.validation), option, value, "--json", "-", "--quiet"])
    told = capsys.readouterr()
    document = json.loads(told.out)
    jsonschema.validate(document, SCHEMA)
    assert status == 2
    assert reason in told.err
    assert any(reason in note for note in document["notes"])
