"""Was the pre-trained (Stage 1) encoder really loaded?

The weights answer, not a flag: a network that started from a file keeps traces of it (`checkpoints.comparing`). With
`strict=False` torch raises on a shape that differs, but only after copying every tensor that fits, so "could not load"
and "pre-trained" can both be wrong. A copied tensor may itself be too faint to be recognised later; it counts as copied
where its neighbours of the same load carry the trace and its shape fits.

Without the Stage 1 file the weights cannot tell a network that drifted from its start from one that never had it.

Null: agreement of hidden units under random renumbering; see `checkpoints.hidden_units`.
"""

from __future__ import annotations

from asl_inspector.checkpoints.comparison_records import Comparison, TensorComparison
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Undetermined
from asl_inspector.diagnosis.records import Stage1Verdict, Stage1Word
from asl_inspector.history.records import History

COPIED_TRACES = ("equal", "trace")
NEUTRAL_TRACES = ("faint", "constant", "small")


def judge(comparison: Comparison | None, history: History | None) -> Stage1Verdict:
    """The verdict from the weights, and beside it what the run claimed."""
    claimed = history.stage1[-1].loaded if history and history.stage1 else None
    if comparison is None:
        return Stage1Verdict("undetermined", 0, 0, 0, 0, (), (), claimed, ())
    rows = tuple(row for row in comparison.tensors if row.a is not None and _in_encoder(row, comparison))
    fitting = [row for row in rows if row.status in ("equal", "changed")]
    has_trace = any(row.trace in COPIED_TRACES for row in fitting)
    copied = [row for row in fitting if row.trace in COPIED_TRACES or (has_trace and row.trace in NEUTRAL_TRACES)]
    blocked = tuple(str(row.a) for row in rows if row.status == "shape-blocked")
    missing = tuple(str(row.a) for row in rows if row.status == "only-a")
    verdict: Stage1Word = "loaded"
    if not fitting:
        verdict = "not-loaded"
    elif not has_trace:
        verdict = "unrelated" if any(row.trace == "no-trace" for row in fitting) else "undetermined"
    elif len(copied) < len(rows):
        verdict = "partly"
    return Stage1Verdict(
        verdict,
        len(copied),
        len(rows),
        sum(row.count_a for row in copied),
        sum(row.count_a for row in rows),
        blocked,
        missing,
        claimed,
        rows,
    )


def _in_encoder(row: TensorComparison, comparison: Comparison) -> bool:
    """Rows of the part of the network that the Stage 1 file is about: under its prefix, else whatever both have."""
    if comparison.prefix_a:
        return row.a is not None and row.a.startswith(comparison.prefix_a)
    return row.status != "only-a" or not any(other.status != "only-a" for other in comparison.tensors if other.a)


def ask(evidence: Evidence, stage1: Stage1Verdict) -> Answers:
    """Findings on pre-training."""
    if evidence.stage1 is None:
        return _without_file(evidence)
    facts: dict[str, Fact] = {
        "verdict": stage1.verdict,
        "tensors_equal": stage1.tensors_equal,
        "tensors": stage1.tensors,
        "numbers_equal": stage1.numbers_equal,
        "numbers": stage1.numbers,
        "shape_blocked": list(stage1.shape_blocked),
    }
    name = f"“{evidence.stage1_name}”"
    findings = [_verdict_finding(stage1, name, facts)]
    contradiction = _contradiction(evidence, stage1)
    if contradiction is not None:
        findings.append(contradiction)
    return Answers(tuple(findings))


def _verdict_finding(stage1: Stage1Verdict, name: str, facts: dict[str, Fact]) -> Finding:
    share = f"{stage1.tensors_equal} of {stage1.tensors} encoder tensors"
    numbers = f"{stage1.numbers_equal:,} of {stage1.numbers:,} numbers"
    if stage1.verdict == "loaded":
        return Finding(
            "stage1-loaded", "pretraining", "info", f"The encoder started from {name}: {share}.", facts, "keys:encoder"
        )
    if stage1.verdict == "partly":
        blocked = (
            f"; {_listed(stage1.shape_blocked)} could not be copied, the shapes differ" if stage1.shape_blocked else ""
        )
        sentence = f"{share} ({numbers}) came from {name}{blocked}."
        return Finding("stage1-partly", "pretraining", "warning", sentence, facts, "keys:encoder")
    if stage1.verdict == "not-loaded":
        sentence = f"Nothing of {name} could be loaded: no tensor has the name and the shape of one in the network."
        return Finding("stage1-fits-nothing", "pretraining", "warning", sentence, facts, "keys:encoder")
    if stage1.verdict == "unrelated":
        sentence = f"The network did not start from {name}: no tensor carries a trace of it."
        return Finding("stage1-no-trace", "pretraining", "warning", sentence, facts, "keys:encoder")
    sentence = f"Whether the network started from {name} cannot be judged: no tensor can carry a trace."
    return Finding("stage1-unclear", "pretraining", "info", sentence, facts, "keys:encoder")


def _listed(keys: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{key}`" for key in keys[:3])
    return shown + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")


def _contradiction(evidence: Evidence, stage1: Stage1Verdict) -> Finding | None:
    """Where the run printed something about loading that the weights contradict, or that contradicts itself."""
    printed = evidence.history.stage1 if evidence.history else ()
    if not printed or evidence.history is None:
        return None
    says_loaded = next((line for line in printed if line.loaded), None)
    says_not = next((line for line in printed if not line.loaded), None)
    facts: dict[str, Fact] = {"claimed": stage1.claimed, "source": evidence.history.source}
    if says_loaded and says_not:
        sentence = (
            f"“{evidence.history.source}” contradicts itself: “{_short(says_loaded.text)}” ({says_loaded.where}) and "
            f"“{_short(says_not.text)}” ({says_not.where}).{_what_weights_say(stage1)}"
        )
        return Finding("run-contradicts-itself", "pretraining", "warning", sentence, facts, "training")
    was_loaded = stage1.verdict in ("loaded", "partly")
    if stage1.verdict != "undetermined" and stage1.claimed is not None and stage1.claimed != was_loaded:
        line = says_loaded or says_not
        text = f"“{_short(line.text)}” ({line.where})" if line else "its message"
        sentence = f"“{evidence.history.source}” printed {text}, and the weights say otherwise."
        return Finding("run-contradicts-weights", "pretraining", "warning", sentence, facts, "training")
    return None


def _what_weights_say(stage1: Stage1Verdict) -> str:
    """Which of two messages the weights bear out."""
    share = f"{stage1.tensors_equal} of {stage1.tensors} encoder tensors"
    return {
        "loaded": f" The weights bear out the former: {share} came from the file.",
        "partly": f" The weights bear out neither: {share} came from the file.",
        "not-loaded": " The weights bear out the latter: nothing of the file fits.",
        "unrelated": " The weights bear out the latter: they carry no trace of the file.",
    }.get(stage1.verdict, "")


def _short(text: str) -> str:
    words = text.lstrip("✓✗⚠️ ").strip()
    return words if len(words) <= 90 else words[:87] + "..."


def _without_file(evidence: Evidence) -> Answers:
    history = evidence.history
    needs = "Add the Stage 1 checkpoint."
    if history is None or not history.stage1:
        why = "Weights that have drifted look the same whether or not they were pre-trained."
        if evidence.checkpoint is None and evidence.saved is not None:
            why = "Only what the network answered was saved, and only its weights can tell."
            needs = "Add the checkpoint and the Stage 1 checkpoint."
        return Answers(undetermined=(Undetermined("Was a pre-trained encoder loaded?", why, needs),))
    line = history.stage1[-1]
    why = f"“{history.source}” printed “{_short(line.text)}” ({line.where}), but a message is no proof."
    contradiction = _contradiction(evidence, judge(None, history))
    return Answers(
        (contradiction,) if contradiction else (), (Undetermined("Was a pre-trained encoder loaded?", why, needs),)
    )
