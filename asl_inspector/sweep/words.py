"""What a sweep found, in sentences: for the terminal, the report and the window alike."""

from __future__ import annotations

from collections.abc import Sequence

from asl_inspector.diagnosis.epoch_findings import collapse_words
from asl_inspector.sweep.limits import POWER
from asl_inspector.sweep.records import Best, ConditionPair, Row, Run, Sweep

MOST_NAMED = 5


def headline(sweep: Sweep) -> str:
    """The file to keep, in one sentence."""
    best = sweep.answers.best
    if best is None:
        return "No checkpoint could be scored"
    row = sweep.rows[best.row]
    if best.above_guessing is False:
        return f"None of {_count(best.files, 'file')} can be told from guessing"
    ties = f"; {_count(len(best.as_good), 'other file')} cannot be told from it" if best.as_good else ""
    right = f"{row.accuracy.correct} of {row.accuracy.of}" if row.accuracy is not None else "none"
    return f"{file_words(sweep, best.row)} has most clips right, {right}{ties}"


def summary(sweep: Sweep) -> str:
    """How much was inspected, and what went wrong, in a few sentences."""
    failed = [row for row in sweep.rows if row.problem]
    words = [
        f"{_count(len(sweep.rows) - len(failed), 'checkpoint')} of {_count(len(sweep.runs), 'run')} inspected on "
        f"{len(sweep.clips):,} clips."
    ]
    if sweep.waiting:
        words.append(f"{_count(sweep.waiting, 'file')} not inspected yet: run the same command again to go on.")
    if failed:
        words.append(f"{_count(len(failed), 'file')} could not be inspected.")
    if sweep.left_out:
        words.append(f"{_count(len(sweep.left_out), 'file')} left out, as they hold no network.")
    begun = [run for run in sweep.runs if run.collapse is not None]
    if begun:
        named = ", ".join(f"“{run.name}”" for run in begun[:MOST_NAMED])
        words.append(f"{_count(len(begun), 'run')} collapse{'s' if len(begun) == 1 else ''}: {named}.")
    return " ".join(words)


def file_words(sweep: Sweep, index: int) -> str:
    """A file with its run and epoch."""
    row = sweep.rows[index]
    run = next((one.name for one in sweep.runs if index in one.rows), "")
    place = ", ".join(part for part in (run, f"epoch {row.epoch}" if row.epoch is not None else "") if part)
    return f"“{row.name}”" + (f" ({place})" if place else "")


def best_words(sweep: Sweep, best: Best) -> str:
    """Which file to keep and how sure that is."""
    row = sweep.rows[best.row]
    if best.above_guessing is False:
        return (
            f"The best of {_count(best.files, 'file')}, {file_words(sweep, best.row)} with {_right(row)}, is not clearly better than "
            "the best of as many guesses: look for the cause before another epoch."
        )
    kept = f"Keep {file_words(sweep, best.row)}: {_right(row)}"
    if best.next is None or best.p is None or best.p_corrected is None:
        return f"{kept}. It is the only file that was scored."
    pairs = best.files * (best.files - 1) // 2
    test = f"McNemar's exact test on {_count(best.clips, 'clip')}, p = {best.p:.2g}, {best.p_corrected:.2g} after Holm's correction "
    test += f"for {_count(pairs, 'pair')} of files"
    verdict = "It is better than" if best.shown else "It is not shown to be better than"
    words = f"{kept}, most of {best.files:,} files. {verdict} the next, {file_words(sweep, best.next)} ({test})."
    if best.as_good:
        words += f" {_count(len(best.as_good), 'file')} cannot be told from it."
    luck = " Its accuracy is the best of many looks at the same clips, so expect a little less on new ones."
    return words + (luck if best.files > 1 else "")


def run_words(sweep: Sweep, run: Run) -> str:
    """Where a run collapses, and which file of it to keep."""
    words = []
    if run.collapse is not None:
        words.append(collapse_words(run.collapse).rstrip(".") + ".")
    elif run.never_spoke:
        words.append("At every scored epoch most clips come out empty: the run never left the blanks.")
    if run.best is not None and run.best.above_guessing is False:
        row = sweep.rows[run.best.row]
        words.append(f"None of its files can be told from guessing; the best has {_right(row)}.")
        words += _first_cause(row)
    elif run.best is not None:
        row = sweep.rows[run.best.row]
        epoch = f" (epoch {row.epoch})" if row.epoch is not None else ""
        words.append(
            f"Keep “{row.name}”{epoch}: {_right(row)}{'' if run.best.shown else ', not shown to be better than the next'}."
        )
        words += _first_cause(row)
    else:
        words.append("None of its files could be scored.")
    return " ".join(words)


def _first_cause(row: Row) -> list[str]:
    """What the diagnosis of a file names first, and whether its clips are scored by name."""
    figures = row.figures
    found = [f"First cause there: {figures.causes[0].title}."] if figures is not None and figures.causes else []
    by_name = "It is scored by gloss name, since it knows the glosses under other ids than the clips."
    return [*found, by_name] if figures is not None and figures.by_name else found


def cause_words(sweep: Sweep, run: Run) -> str:
    """The first cause along the epochs of a run, in stretches: "epochs 1 to 3 undertrained, 4 to 9 none"."""
    stretches: list[tuple[str, list[str]]] = []
    for index in run.rows:
        row = sweep.rows[index]
        causes = row.figures.causes if row.figures is not None else ()
        title = "not inspected" if row.figures is None else causes[0].title if causes else "none"
        if not stretches or stretches[-1][0] != title:
            stretches.append((title, []))
        stretches[-1][1].append(row.name if row.epoch is None else f"epoch {row.epoch}")
    spans = []
    for title, places in stretches:
        first, last = places[0], places[-1].removeprefix("epoch ")
        words = first if len(places) == 1 else f"{first.replace('epoch ', 'epochs ', 1)} to {last}"
        spans.append(f"{words}: {title}")
    return f"First cause: {'; '.join(spans)}." if spans else ""


def pair_words(pair: ConditionPair, epoch: int | None) -> str:
    """Two conditions compared, with what so few runs can show."""
    runs = f"{pair.runs_a} and {pair.runs_b} runs"
    when = f" at epoch {epoch}, the last one that all runs have" if epoch is not None else ", each at its last epoch"
    means = (
        f"“{pair.a}” {100 * pair.mean_a:.1f} % and “{pair.b}” {100 * pair.mean_b:.1f} % on average over {runs}{when}."
    )
    if pair.p is None or pair.p_corrected is None or pair.p_clips is None:
        return f"{means} With a single run of a condition its spread over seeds is unknown, so neither can be called better."
    exact = ""
    if pair.p_exact is not None and pair.least_p_exact is not None:
        exact = f"; exact permutation test p = {pair.p_exact:.2g}, which so few runs cannot bring below {pair.least_p_exact:.2g}"
    tests = f"Welch's t test over runs p = {pair.p:.2g}, corrected {pair.p_corrected:.2g}; sign test over clips p = "
    tests += f"{pair.p_clips:.2g}{exact}"
    verdict = f"“{pair.better}” is better" if pair.better else "Neither is shown to be better"
    return f"{means} {verdict} ({tests}). {power_words(pair)}".strip()


def power_words(pair: ConditionPair) -> str:
    """What so many runs can show, as a sentence; empty where the runs do not differ at all."""
    if pair.detectable is None:
        return ""
    what = f"{100 * pair.detectable:.0f} points" if pair.detectable < 1 else "no difference that there could be"
    seeds = f"{pair.runs_a} + {pair.runs_b} runs"
    if pair.detectable >= 1:
        return f"With this spread {seeds} can show {what} at {100 * POWER:.0f} % power: first find out why the seeds differ."
    return f"{seeds} with this spread detect {what} at {100 * POWER:.0f} % power."


def clip_words(sweep: Sweep) -> list[str]:
    """Clips that all runs get wrong, and clips that only one gets right."""
    answers = sweep.answers
    found = []
    if answers.hard:
        agreed = [one for one in answers.hard if one.times == answers.judged and one.said]
        found.append(
            f"The best files of all {answers.judged} runs get {_count(len(answers.hard), 'clip')} wrong: mislabelled, or hard."
        )
        if agreed:
            shown = ", ".join(
                f"“{sweep.clips.ids[one.clip]}” ({sweep.clips.glosses[one.clip] or 'no name'}, all say {one.said})"
                for one in agreed[:MOST_NAMED]
            )
            found.append(
                f"On {_count(len(agreed), 'of them', 'of them')} all runs agree on another gloss; look there first: {shown}."
            )
    elif answers.judged > 1:
        found.append(f"No clip is wrong in the best files of all {answers.judged} runs.")
    if answers.alone:
        found.append(
            f"{_count(len(answers.alone), 'clip')} {_is(len(answers.alone))} right in the best file of one run alone."
        )
    return found


def sentences(sweep: Sweep) -> list[str]:
    """All of it, the most important first."""
    found = [best_words(sweep, sweep.answers.best)] if sweep.answers.best is not None else []
    found += [f"{run.name}: {collapse_words(run.collapse)}" for run in sweep.runs if run.collapse is not None]
    found += [pair_words(pair, sweep.answers.compared_epoch) for pair in sweep.answers.pairs]
    return found + clip_words(sweep)


RUN_HEAD = ("run", "condition", "seed", "files", "best epoch", "right", "accuracy", "95 %", "collapse", "first cause")


def run_cells(sweep: Sweep, run: Run) -> list[str]:
    """A run as the cells of a table, in the order of `RUN_HEAD`."""
    row = sweep.rows[run.best.row] if run.best is not None else None
    right = row.accuracy if row is not None else None
    causes = row.figures.causes if row is not None and row.figures is not None else ()
    failed = sum(bool(sweep.rows[index].problem) for index in run.rows)
    return [
        run.name,
        run.condition,
        "" if run.seed is None else str(run.seed),
        f"{len(run.rows)}" + (f" ({failed} failed)" if failed else ""),
        "" if row is None or row.epoch is None else str(row.epoch),
        "" if right is None else f"{right.correct}/{right.of}",
        "" if right is None else f"{100 * right.value:.1f} %",
        "" if right is None else f"{100 * right.low:.1f} to {100 * right.high:.1f}",
        f"from epoch {run.collapse.begins}" if run.collapse is not None else "never spoke" if run.never_spoke else "",
        causes[0].title if causes else "",
    ]


ROW_HEAD = ("run", "epoch", "file", "right", "accuracy", "95 %", "blank", "empty", "varied as", "first cause")


def row_cells(run: Run, row: Row) -> list[str]:
    """A file as the cells of a table, in the order of `ROW_HEAD`."""
    found, right = row.figures, row.accuracy
    causes = found.causes if found is not None else ()
    return [
        run.name,
        "" if row.epoch is None else str(row.epoch),
        row.name,
        "" if right is None else f"{right.correct}/{right.of}",
        "" if right is None else f"{100 * right.value:.1f} %",
        "" if right is None else f"{100 * right.low:.1f} to {100 * right.high:.1f}",
        _share(found.blank_share if found else None),
        _share(found.empty_share if found else None),
        "" if found is None or found.effective is None else f"{found.effective:.1f}",
        row.problem or (causes[0].title if causes else ""),
    ]


def table_lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table for a terminal."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]


def _right(row: Row) -> str:
    right = row.accuracy
    if right is None:
        return "no labels"
    return f"{right.correct} of {right.of} ({100 * right.value:.1f} %, 95 % limits {100 * right.low:.1f} to {100 * right.high:.1f})"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _count(number: int, word: str, plural: str = "") -> str:
    return f"{number:,} {word if number == 1 else plural or word + 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
