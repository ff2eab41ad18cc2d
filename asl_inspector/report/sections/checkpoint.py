"""What is in the checkpoint, and what was assumed of it."""

from __future__ import annotations

from asl_inspector.checkpoints.records import parameter_count
from asl_inspector.networks.records import Architecture
from asl_inspector.report.choices import tries_words
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import facts_part, section_part, sentences_of, table_part, text_part
from asl_inspector.visible_text import visible


def checkpoint_section(inspected: Inspected) -> dict[str, Json] | None:
    """Facts of the file and of the network, or None without a checkpoint."""
    checkpoint = inspected.checkpoint
    if checkpoint is None:
        return None
    contents, architecture = checkpoint.contents, inspected.architecture
    rows = [
        ("File", f"{visible(checkpoint.path.name)}, {checkpoint.format}, {checkpoint.bytes:,} bytes"),
        ("Network", architecture.description if architecture else "not rebuilt"),
        ("Parameters", f"{parameter_count(list(checkpoint.weights.values())):,}"),
        ("Tensors in the file", f"{len(checkpoint.tensors):,}"),
        ("Epoch stated", "–" if contents.epoch is None else str(contents.epoch)),
    ]
    rows += [(f"Stored {key}", f"{value:.6g}") for key, value in contents.stored.items()]
    told = inspected.diagnosis.reproduction
    if told.val_acc is not None:
        rows.append(("Reproduces the stored val_acc", "yes" if told.val_acc else "no"))
    if told.val_loss is not None:
        rows.append(("Reproduces the stored val_loss", "yes" if told.val_loss else "no"))
    optimizer = contents.optimizer
    if optimizer is not None:
        parts = [optimizer.kind or "unknown", f"{optimizer.step:,} steps" if optimizer.step is not None else ""]
        parts += [f"lr {optimizer.lr:g}" if optimizer.lr is not None else ""]
        parts += [f"weight decay {optimizer.weight_decay:g}" if optimizer.weight_decay is not None else ""]
        rows.append(("Optimizer", ", ".join(part for part in parts if part)))
    rows += [(visible(key), visible(str(value))) for key, value in list(contents.hyperparameters.items())[:20]]
    body: list[Json] = [facts_part(rows)]
    if architecture is not None:
        body.append(text_part("Assumed: " + visible(" ".join(architecture.assumptions))))
        body += _tried_table(architecture)
    body += _layers(inspected)
    if checkpoint.would_run:
        names = ", ".join(dict.fromkeys(visible(run.call) for run in checkpoint.would_run[:8]))
        body.append(text_part(f"An ordinary load of this file would import or call {names}. Nothing of it was run."))
    return section_part("Checkpoint", body)


def _layers(inspected: Inspected) -> list[Json]:
    """What each layer carries, where each was drawn anew."""
    probes = inspected.diagnosis.probes
    if probes is None or probes.resets is None or not probes.resets.layers:
        return []
    rows = [[one.name, f"{one.parameters:,}", f"{100 * one.stay:.0f} %"] for one in probes.resets.layers]
    head = ["layer, drawn anew", "numbers", "answers that stay"]
    words = sentences_of(inspected, "idle_layers")
    return [text_part(words), table_part(head, [3, 1, 1], [False, True, True], rows)]


def _tried_table(architecture: Architecture) -> list[Json]:
    """What the options of open choices gave, where they were tried against the stored figures."""
    rows = [[one.name, one.value, tries_words(one)] for one in architecture.choices if tries_words(one)]
    if not rows:
        return []
    return [table_part(["choice", "taken", "best accuracy of each option, tried"], [1, 1, 4], [False] * 3, rows)]
