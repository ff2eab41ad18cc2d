"""What differs between two diagnoses, as JSON, as a document for every renderer, and as text for a terminal."""

from __future__ import annotations

from dataclasses import asdict

from asl_inspector.about import program_version
from asl_inspector.report.changes.records import ChangedCause, ChangedFigure, Changes, PairedTest
from asl_inspector.report.document import framed
from asl_inspector.report.json_text import Json, to_json
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.report.parts import list_part, section_part, small_part, table_part, text_part
from asl_inspector.report.rendering import rendered
from asl_inspector.visible_text import visible

SCHEMA = "asl-inspector/changes/1"
SHOWN_OF_HASH = 12
LUCK = 0.05


def changes_json(changes: Changes) -> dict[str, Json]:
    """The document of the contract."""
    held = asdict(changes)
    verdicts, headlines = held.pop("verdicts"), held.pop("headlines")
    sides = {
        side: {"report": held.pop(side), "verdict": verdicts[index], "headline": headlines[index]}
        for index, side in enumerate(("before", "after"))
    }
    return {"schema": SCHEMA, "program": {"version": program_version()}, **sides, **held}


def changes_document(changes: Changes, options: ReportOptions = STANDARD) -> dict[str, Json]:
    """The report of a comparison, for PDF, HTML and Markdown."""
    figures: list[Json] = [
        table_part(
            ["figure", "before", "after", "change"],
            [3, 1, 1, 1],
            [False, True, True, True],
            [[one.name, *values_of(one)] for one in changes.figures],
        )
    ]
    figures += [small_part(visible(note)) for note in changes.notes]
    tests: list[Json] = [text_part(visible(tested_words(test))) for test in changes.tests]
    return framed(
        title=f"{visible(changes.before)} and {visible(changes.after)}: {headline(changes)}",
        short_title="Before and after",
        case_name=f"{visible(changes.before)}, {visible(changes.after)}",
        headline=headline(changes),
        summary=" ".join(
            f"{when}: {visible(one).rstrip('.')}."
            for when, one in zip(("Before", "After"), changes.headlines, strict=True)
            if one
        ),
        tiles=[_tile(one) for one in changes.figures[:4]],
        problems=[],
        front=[
            section_part("Causes", _cause_parts(changes)),
            section_part("Right answers, clip by clip", tests or [text_part(visible(" ".join(changes.notes)))]),
            section_part("Figures", figures),
            section_part("Files", [_file_table(changes)]),
        ],
        sections=[],
        options=options,
    )


def changes_bytes(changes: Changes, kind: str, options: ReportOptions = STANDARD) -> bytes:
    """The comparison as the content of a file.

    Args:
        changes: What differs.
        kind: "pdf", "html", "md" or "json".
        options: Only the paper counts.

    Raises:
        ExportError: If there is no such kind, or the typesetter fails.
    """
    if kind == "json":
        return to_json(changes_json(changes)).encode()
    return rendered(changes_document(changes, options), kind)


def changes_text(changes: Changes) -> str:
    """The comparison as text for a terminal."""
    lines = [headline(changes), ""]
    lines += [f"  {_mark(one)} {one.title} ({one.id}), {confidences(one)}" for one in changes.causes]
    lines += ["", *(f"  {tested_words(test)}" for test in changes.tests)]
    lines += [f"  {note}" for note in changes.notes]
    lines.append("")
    for figure in changes.figures:
        was, now, change = values_of(figure)
        lines.append(f"  {figure.name}: {was} -> {now}" + (f" ({change})" if change else ""))
    lines.append("")
    lines += [f"  {one.change}: {one.role} {one.after or one.before}" for one in changes.files]
    return "\n".join(lines).rstrip()


def headline(changes: Changes) -> str:
    """What became of it, in one sentence."""
    gone, new = len(changes.of("gone")), len(changes.of("new"))
    parts = [f"{_count(gone)} gone, {_count(new)} new"]
    test = _main_test(changes)
    if test is not None:
        was, now = 100 * test.right_before / test.clips, 100 * test.right_after / test.clips
        sure = (
            "" if test.right_before == test.right_after else ", beyond luck" if test.p < LUCK else ", which may be luck"
        )
        parts.append(
            f"right answers went from {was:.1f} % to {now:.1f} %{sure}" if sure else f"{now:.1f} % right as before"
        )
    words = f"{'; '.join(parts)}."
    return words[0].upper() + words[1:]


def _main_test(changes: Changes) -> PairedTest | None:
    return changes.tests[0] if changes.tests else None


def _count(number: int) -> str:
    return "no cause" if number == 0 else "one cause" if number == 1 else f"{number} causes"


def tested_words(test: PairedTest) -> str:
    """A paired test as a sentence."""
    by = "by the ids of the files" if test.scored == "id" else "by gloss name"
    p = f"p = {test.p:.2g}" if test.p >= 0.001 else "p < 0.001"
    return (
        f"Scored {by}, {test.right_before} of {test.clips} clips in both were right before and {test.right_after} are "
        f"right after: {test.gained} gained, {test.lost} lost (McNemar's exact test, {p})."
    )


def values_of(figure: ChangedFigure) -> tuple[str, str, str]:
    """Before, after, and the difference, as words."""
    was, now = (_value(value, share=figure.share) for value in (figure.before, figure.after))
    if figure.before is None or figure.after is None:
        return was, now, ""
    difference = figure.after - figure.before
    if figure.share:
        return was, now, "same" if difference == 0 else f"{100 * difference:+.1f} points"
    return was, now, "same" if difference == 0 else f"{difference:+,.4g}"


def _value(value: float | None, *, share: bool) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if share else f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def _tile(figure: ChangedFigure) -> dict[str, Json]:
    was, now, change = values_of(figure)
    note = f"before: {was}" + (f", {change}" if change else "")
    return {"title": figure.name, "value": now, "note": note, "alarm": False}


def _mark(cause: ChangedCause) -> str:
    return {"gone": "gone: ", "new": "new:  ", "stays": "stays:"}[cause.change]


def confidences(cause: ChangedCause) -> str:
    """How sure the diagnoses are of a cause."""
    was, now = (None if value is None else f"{100 * value:.0f} %" for value in (cause.before, cause.after))
    return f"confidence {was} -> {now}" if was and now else f"confidence {was or now or 'unknown'}"


def _cause_parts(changes: Changes) -> list[Json]:
    if not changes.causes:
        return [text_part("Neither diagnosis names a cause.")]
    rows = [
        (f"{_mark(one).strip(' :').capitalize()}:", visible(f"{one.title}, {confidences(one)}"))
        for one in changes.causes
    ]
    return [list_part(rows)]


def _file_table(changes: Changes) -> Json:
    rows = [
        [one.change, one.role, one.before or "–", _hash(one.sha256_before), one.after or "–", _hash(one.sha256_after)]
        for one in changes.files
    ]
    shown = [[visible(cell) for cell in row] for row in rows]
    return table_part(
        ["change", "role", "before", "SHA-256", "after", "SHA-256"], [0, 0, 2, 0, 2, 0], [False] * 6, shown
    )


def _hash(sha256: str | None) -> str:
    return f"{sha256[:SHOWN_OF_HASH]}…" if sha256 else "–"
