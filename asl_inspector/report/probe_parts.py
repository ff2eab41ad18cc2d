"""The questions beyond accuracy and the tests of the diagnosis: their tables in the report and their part of the JSON."""

from __future__ import annotations

from dataclasses import asdict

from asl_inspector.data.records import LearningCurve
from asl_inspector.diagnosis.probe_records import Probes, SignerMeasures
from asl_inspector.diagnosis.records import CountedTests
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import section_part, table_part, text_part
from asl_inspector.visible_text import visible

MOST_SIGNERS = 40
TITLE = "Tests of this diagnosis"


def learning_table(curve: LearningCurve) -> dict[str, Json]:
    """The accuracy of a nearest neighbour by training clips a gloss."""
    rows = [
        [str(one.clips), f"{100 * one.accuracy:.1f} %", f"{100 * one.low:.1f} to {100 * one.high:.1f} %"]
        for one in curve.points
    ]
    head = ["training clips a gloss", "nearest neighbour right", "95 %"]
    return table_part(head, [1, 1, 1], [True] * 3, rows)


def signer_table(found: SignerMeasures) -> dict[str, Json]:
    """The accuracy by signer."""
    words = {True: "yes", False: "no", None: "not known"}
    rows = [
        [visible(name), f"{correct} of {of}", f"{100 * correct / of:.0f} %", words[seen]]
        for name, correct, of, seen in found.signers[:MOST_SIGNERS]
    ]
    return table_part(["signer", "clips right", "share", "in training"], [2, 1, 1, 1], [False, True, True, False], rows)


def significance_section(inspected: Inspected) -> dict[str, Json] | None:
    """Every test that was made, corrected for all of them, or None where there was none."""
    found = inspected.diagnosis.tests
    if found is None or not found.tests:
        return None
    words = (
        f"{len(found.tests)} tests were made. What rests on one of them stands where its p, corrected for all of them by the method "
        f"of Benjamini and Hochberg, is at most {found.level:g}; the questions' own thresholds stay. Whether the accuracy is above "
        "chance is asked first, by itself."
    )
    rows = [
        [one.name, f"{one.p:.2g}", f"{one.corrected:.2g}", _result(one.finding, one.corrected, found.level)]
        for one in sorted(found.tests, key=lambda one: one.p)
    ]
    table = table_part(["what was tested", "p", "corrected", "result"], [4, 0, 0, 0], [False, True, True, False], rows)
    return section_part(TITLE, [text_part(words), table])


def _result(finding: str, corrected: float, level: float) -> str:
    if not finding:
        return "nothing shown"
    return "stands" if corrected <= level else "does not stand"


def probes_json(probes: Probes | None) -> Json:
    """The figures, each null with its reason in `reasons` where it could not be obtained."""
    if probes is None:
        return None
    ranks, curve, apart, signers = probes.ranks, probes.learning, probes.separation, probes.signers
    tempered, padded = probes.temperature, probes.padding
    return {
        "effective_rank": None
        if ranks is None
        else {
            "features": _plain(asdict(ranks.features)) if ranks.features is not None else None,
            "hidden": _plain(asdict(ranks.hidden)) if ranks.hidden is not None else None,
        },
        "layers": None
        if probes.resets is None or not probes.resets.layers
        else {
            "clips": probes.resets.clips,
            "answers_that_stay": {one.name: one.stay for one in probes.resets.layers},
        },
        "learning_curve": None if curve is None else _plain(asdict(curve)),
        "linear": None if probes.linear is None else _plain(asdict(probes.linear)),
        "separation": None if apart is None else _plain(asdict(apart)),
        "signers": None
        if signers is None
        else {
            "by_signer": [list(one) for one in signers.signers],
            "low": signers.low,
            "high": signers.high,
            "seen": _plain(asdict(signers.seen)) if signers.seen is not None else None,
            "unseen": _plain(asdict(signers.unseen)) if signers.unseen is not None else None,
            "p": signers.p,
        },
        "temperature": None if tempered is None else _plain(asdict(tempered)),
        "padding": None
        if padded is None
        else {
            "counted": _plain(asdict(padded.counted)),
            "masked": _plain(asdict(padded.masked)),
            "changed": padded.changed,
            "p": padded.p,
        },
        "reasons": dict(probes.reasons),
    }


def tests_json(tests: CountedTests | None) -> Json:
    """The tests with their corrected probabilities."""
    if tests is None:
        return None
    return {
        "method": "Benjamini-Hochberg",
        "level": tests.level,
        "tests": [
            {"name": one.name, "p": one.p, "p_corrected": one.corrected, "finding": one.finding or None}
            for one in tests.tests
        ],
    }


def _plain(held: object) -> Json:
    """Tuples as lists, all the way down."""
    if isinstance(held, dict):
        return {str(key): _plain(value) for key, value in held.items()}
    if isinstance(held, list | tuple):
        return [_plain(one) for one in held]
    return held if isinstance(held, bool | int | float | str) else None
