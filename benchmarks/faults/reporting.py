"""From answers to results: a JSON file, a table of cases, the tables of docs/benchmark.md, and plots."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.faults import plots
from benchmarks.faults.baselines import authors_rules, judged_by, most_frequent, parameters_a_clip
from benchmarks.faults.generators import GENERATORS
from benchmarks.faults.inspecting import INPUTS
from benchmarks.faults.judging import Answer, of_fitting
from benchmarks.faults.kinds import BY_NAME, FITTED_ON, KINDS, is_for_fitting
from benchmarks.faults.scoring import Scores, confusions, reliability, score

Part = tuple[str, Callable[[Answer], bool]]
START, END = "<!-- results: written by benchmarks.faults.run -->", "<!-- end of results -->"


HEADINGS = (
    *("kind", "held_out", "network", "data", "seed", "severity", "inputs"),
    *("train", "clean", "verdict", "first_right", "alarm", "causes"),
)


def is_held_out(answer: Answer) -> bool:
    """True for kinds that fitting never sees."""
    return BY_NAME[answer.case.kind].held_out


def is_new_data(answer: Answer) -> bool:
    """True for clips of a source that fitting never sees."""
    return answer.case.generator not in FITTED_ON


def is_unseen(answer: Answer) -> bool:
    """True for cases that fitting never sees."""
    return not is_for_fitting(answer.case)


def was_fitted_on_at_first(answer: Answer) -> bool:
    """True for cases that the first fitting saw."""
    return answer.case.generator == "landmarks" and not BY_NAME[answer.case.kind].once_held_out


PARTS: tuple[Part, ...] = (
    ("new kinds, new data", lambda one: is_held_out(one) and is_new_data(one)),
    ("new kinds, known data", lambda one: is_held_out(one) and not is_new_data(one)),
    ("known kinds, new data", lambda one: not is_held_out(one) and is_new_data(one)),
    ("known kinds, known data (fitted on)", lambda one: not is_held_out(one) and not is_new_data(one)),
    (
        "... of these, held out in the first round",
        lambda one: not is_held_out(one) and not is_new_data(one) and not was_fitted_on_at_first(one),
    ),
    ("anything held out", is_unseen),
    ("everything", lambda _: True),
)


def results(answers: Sequence[Answer]) -> dict[str, object]:
    """All scores, by sets of files, parts, rivals, networks, severities and kinds."""
    full = [one for one in answers if one.inputs == "all"]
    fitting = of_fitting(full)
    rivals: dict[str, Callable[[Answer], list[tuple[str, float, str]]]] = {
        "author's rules": authors_rules,
        "most frequent cause": most_frequent(fitting),
        "parameters a clip": parameters_a_clip,
    }
    unseen = [one for one in full if is_unseen(one)]
    return {
        "cases": len(full),
        "parts": {name: score([one for one in full if of(one)]).as_dict() for name, of in PARTS},
        "inputs": {
            name: score([one for one in answers if one.inputs == name and is_unseen(one)]).as_dict() for name in INPUTS
        },
        "rivals": {name: score(judged_by(rule, unseen)).as_dict() for name, rule in rivals.items()},
        "networks": {
            arch: score([one for one in unseen if one.case.arch == arch]).as_dict() for arch in ("ctc", "pooled")
        },
        "severities": {
            str(level): score([one for one in unseen if one.case.severity == level]).as_dict() for level in range(3)
        },
        "kinds": _kinds(full),
        "kinds with checkpoint and validation alone": _kinds(
            [one for one in answers if one.inputs == "checkpoint and validation"]
        ),
        "reliability": reliability(unseen),
    }


def _kinds(answers: Sequence[Answer]) -> dict[str, object]:
    said = confusions(answers)
    table: dict[str, object] = {}
    for kind in KINDS:
        own = [one for one in answers if one.case.kind == kind.name]
        if own:
            by_data = defaultdict(list)
            for one in own:
                by_data[one.case.generator].append(one)
            table[kind.name] = {
                "held_out": kind.held_out,
                "cases": len(own),
                "first": score(own).first,
                "three": score(own).three,
                "alarms": score(own).alarms,
                "by_data": {name: score(some).first for name, some in by_data.items()},
                "said_first": dict(said[kind.name].most_common(4)),
            }
    return table


def write_cases(path: Path, answers: Sequence[Answer]) -> None:
    """One row a case and set of files."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADINGS)
        for one in answers:
            case = one.case
            said = " ".join(f"{cause}:{confidence:.2f}:{severity[0]}" for cause, confidence, severity in one.causes)
            rows.writerow(
                [
                    *(
                        case.kind,
                        int(is_held_out(one)),
                        case.arch,
                        case.generator,
                        case.seed,
                        case.severity,
                        one.inputs,
                    ),
                    *(f"{one.facts['train']:.3f}", f"{one.facts['clean']:.3f}", one.verdict),
                    *(int(one.first_right) if one.truth else "", int(one.alarm), said),
                ]
            )


def _percent(value: object) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, float) else "-"


def _row(name: str, scores: dict[str, object] | Scores) -> str:
    one = scores.as_dict() if isinstance(scores, Scores) else scores
    low, high = _percent(one["first_low"])[:-2], _percent(one["first_high"])[:-2]
    mean = one["reciprocal_rank"]
    cells = [
        name,
        f"{one['faults']} + {one['healthy']}",
        f"{_percent(one['first'])} ({low} to {high})",
        _percent(one["three"]),
        f"{mean:.2f}" if isinstance(mean, float) else "-",
        _percent(one["alarms"]),
        _percent(one["precision"]),
        f"{one['calibration']:.3f}" if isinstance(one["calibration"], float) else "-",
        _percent(one["silent"]),
    ]
    return "| " + " | ".join(cells) + " |"


HEAD = (
    "| | faults + healthy | first cause right (95 %) | all causes in three | mean reciprocal rank | alarms on healthy | "
    "precision of alarms | ECE | silent |\n|---|---|---|---|---|---|---|---|---|"
)


def tables(found: dict[str, object]) -> str:
    """The tables of the page, in Markdown."""
    lines = ["### By what fitting has seen, all files at hand", "", HEAD]
    lines += [_row(name, one) for name, one in found["parts"].items()]  # type: ignore[attr-defined]
    lines += ["", "### By the files at hand, over everything held out", "", HEAD]
    lines += [_row(name, one) for name, one in found["inputs"].items()]  # type: ignore[attr-defined]
    lines += ["", "### Beside simpler rules, over everything held out", "", HEAD]
    lines.append(_row("ASL Inspector", found["parts"]["anything held out"]))  # type: ignore[index]
    lines += [_row(name, one) for name, one in found["rivals"].items()]  # type: ignore[attr-defined]
    lines += ["", "### By network and severity, over everything held out", "", HEAD]
    lines += [_row(name, one) for name, one in found["networks"].items()]  # type: ignore[attr-defined]
    lines += [_row(f"severity {name}", one) for name, one in found["severities"].items()]  # type: ignore[attr-defined]
    lines += ["", "### By kind", ""]
    data = list(GENERATORS)
    lines.append(
        f"| kind | fitted on | cases | first right: {' | '.join(data)} | checkpoint and validation alone | said first |"
    )
    lines.append("|" + "---|" * (5 + len(data)))
    alone = found["kinds with checkpoint and validation alone"]
    for name, one in found["kinds"].items():  # type: ignore[attr-defined]
        said = ", ".join(f"{cause} {count}" for cause, count in one["said_first"].items())
        if BY_NAME[name].healthy:
            right = [f"{_percent(one['alarms'])} alarms", *[""] * (len(data) - 1)]
            right.append(f"{_percent(alone[name]['alarms'])} alarms")  # type: ignore[index]
        else:
            right = [_percent(one["by_data"].get(source)) for source in data]
            right.append(_percent(alone[name]["first"]))  # type: ignore[index]
        seen = "no" if one["held_out"] else "since the first round" if BY_NAME[name].once_held_out else "yes"
        lines.append("| " + " | ".join([name, seen, str(one["cases"]), *right, said]) + " |")
    return "\n".join(lines)


def write(answers: Sequence[Answer], folder: Path, page: Path | None) -> dict[str, object]:
    """Write results, cases and plots into `folder`, and the tables into the page."""
    folder.mkdir(parents=True, exist_ok=True)
    found = results(answers)
    (folder / "results.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_cases(folder / "cases.csv", answers)
    full = [one for one in answers if one.inputs == "all"]
    rows = []
    for kind in KINDS:
        own = [one for one in full if one.case.kind == kind.name]
        if own and not kind.healthy:
            rows.append((kind.name, score(own).first or 0.0, len(own), kind.held_out))
    plots.bars(folder / "kinds.svg", "First cause right (blue: never fitted on)", sorted(rows, key=lambda row: -row[1]))
    unseen = [one for one in full if is_unseen(one)]
    plots.calibration(folder / "calibration.svg", "Confidence of named causes, held out", reliability(unseen))
    if page is not None and page.exists():
        text = page.read_text(encoding="utf-8")
        before, _, rest = text.partition(START)
        _, _, after = rest.partition(END)
        page.write_text(f"{before}{START}\n\n{tables(found)}\n\n{END}{after}", encoding="utf-8")
    return found
