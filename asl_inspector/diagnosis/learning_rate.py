"""Was the learning rate too high?

Formula: over the epochs' training losses, the share of steps that go up and the median relative height of those steps;
whether the loss became no number, or ended at twice its lowest value or more.

Null: a loss that falls with the noise of its batches goes up in some steps too, by a few percent.

Thresholds: more than 40 % of steps up by more than 10 %: batch noise of an epoch's mean of dozens of batches is about a
percent, and a falling curve goes up in less than half of its steps however noisy. Twice the lowest loss cannot be undone
by noise. A step size of Adam above 0.02 moves a weight in one step by a quarter of the range it starts in (an LSTM of
128 units starts within 0.088); above 0.1 a single step leaves that range altogether.

Guards: eight epochs at least; not judged where the printed learning rate itself goes up (warm restarts).

Source: diagnosis.md, C8; PyTorch's documentation for the range of the initial weights.
"""

from __future__ import annotations

import itertools
import math
from statistics import median

from asl_inspector.checkpoints.records import Checkpoint, Optimizer
from asl_inspector.diagnosis.findings import SEVERITIES, Fact, Finding
from asl_inspector.diagnosis.run_records import LossSteps
from asl_inspector.history.records import History

FEWEST_EPOCHS = 8
MANY_UPS = 0.4
HIGH_STEP = 0.1
DOUBLED = 2.0
LARGE_STEP_SIZE = 0.02
HUGE_STEP_SIZE = 0.1
FLAT = 0.01
FAR_FROM_ZERO = 1.0  # nats


def measure(history: History) -> LossSteps | None:
    """How the training loss went, or None where there are too few epochs."""
    points = [(n, loss) for n, loss in zip(history.epochs, history.train_loss, strict=False) if loss is not None]
    if len(points) < FEWEST_EPOCHS:
        return None
    broken = next((number for number, loss in points if not math.isfinite(loss)), None)
    finite = [(number, loss) for number, loss in points if math.isfinite(loss)]
    if len(finite) < 2:
        return LossSteps(0.0, 0.0, broken, flat=False)
    losses = [loss for _, loss in finite]
    rises = sorted((b - a) / abs(a) for a, b in itertools.pairwise(losses) if b > a and a)
    lowest = min(losses)
    diverged = broken
    if diverged is None and lowest > 0 and min(losses[-3:]) > DOUBLED * lowest:
        diverged = finite[losses.index(lowest) + 1][0]
    third = losses[-(len(losses) // 3) :]
    flat = min(third) > FAR_FROM_ZERO and abs(third[0] - third[-1]) < FLAT * third[0]
    return LossSteps(
        ups=len(rises) / (len(losses) - 1), size=rises[len(rises) // 2] if rises else 0.0, diverged=diverged, flat=flat
    )


def ask(history: History | None, steps: LossSteps | None, optimizer: Optimizer | None) -> list[Finding]:
    """Findings on the size of the steps."""
    findings: list[Finding] = []
    if steps is not None and history is not None and not _restarts(history):
        findings += _of_losses(history, steps)
    if optimizer is not None and (optimizer.kind or "").startswith("Adam") and (optimizer.lr or 0) > LARGE_STEP_SIZE:
        facts: dict[str, Fact] = {"lr": optimizer.lr, "optimizer": optimizer.kind}
        sentence = (
            f"The optimizer's learning rate is {optimizer.lr:g}: one step of {optimizer.kind} moves a weight by as much, "
            "a good part of the range in which weights start."
        )
        huge = (optimizer.lr or 0) > HUGE_STEP_SIZE
        id_, severity = ("huge-step-size", SEVERITIES[1]) if huge else ("large-step-size", SEVERITIES[2])
        findings.append(Finding(id_, "learning_rate", severity, sentence, facts, "keys:optimizer"))
    return findings


def ask_reach(checkpoint: Checkpoint | None) -> list[Finding]:
    """Could the steps have taken a weight anywhere? A step of Adam moves it by at most about its size (see above)."""
    optimizer = checkpoint.contents.optimizer if checkpoint is not None else None
    if checkpoint is None or optimizer is None or not (optimizer.kind or "").startswith("Adam"):
        return []
    settings = checkpoint.contents.hyperparameters
    stated = [value for key, value in settings.items() if key.rpartition(".")[2] in ("lr", "learning_rate")]
    rates = [float(one) for one in (optimizer.lr, *stated) if isinstance(one, int | float) and one > 0]
    widths = [
        tensor.shape[1] for tensor in checkpoint.weights.values() if len(tensor.shape) == 2 and tensor.shape[1] > 1
    ]
    if not rates or not widths or not optimizer.step:
        return []
    start = 1 / math.sqrt(median(widths))
    reach = max(rates) * optimizer.step
    if reach >= start:
        return []
    facts: dict[str, Fact] = {"steps": optimizer.step, "lr": max(rates), "reach": reach, "start": start}
    sentence = (
        f"The optimizer has taken {optimizer.step:,} steps of {max(rates):g}: no weight can have moved by more than about "
        f"{reach:.2g}, and weights start within {start:.2g}. That is the beginning of a training from scratch."
    )
    return [Finding("short-reach", "learning_rate", "info", sentence, facts, "keys:optimizer")]


def _of_losses(history: History, steps: LossSteps) -> list[Finding]:
    facts: dict[str, Fact] = {"ups": steps.ups, "median_rise": steps.size, "diverged_at": steps.diverged}
    if steps.diverged is not None:
        sentence = f"The training loss went out of hand from {history.axis} {steps.diverged} on and did not come back."
        return [Finding("training-diverged", "learning_rate", "warning", sentence, facts, "training")]
    if steps.ups > MANY_UPS and steps.size > HIGH_STEP:
        sentence = (
            f"The training loss goes up in {100 * steps.ups:.0f} % of the {history.axis}s, by {100 * steps.size:.0f} % in the "
            "middle case: the steps are too large to settle."
        )
        return [Finding("training-loss-jumps", "learning_rate", "warning", sentence, facts, "training")]
    if steps.flat:
        sentence = "The training loss stopped moving in the last third of the run, far above 0."
        return [Finding("loss-plateau", "learning_rate", "info", sentence, facts, "training")]
    sentence = (
        f"The training loss settles: it goes up in {100 * steps.ups:.0f} % of the {history.axis}s, by {100 * steps.size:.0f} % in "
        "the middle case, and does not end far above its lowest."
    )
    return [Finding("losses-settle", "learning_rate", "info", sentence, facts, "training")]


def _restarts(history: History) -> bool:
    """True where the learning rate goes up again after it has fallen."""
    rates = [rate for rate in history.learning_rate if rate is not None]
    fallen = False
    for before, after in itertools.pairwise(rates):
        fallen = fallen or after < before
        if fallen and after > 1.5 * before:
            return True
    return False
