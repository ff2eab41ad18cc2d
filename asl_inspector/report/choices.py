"""What the tensors of a network leave open, what was taken and why, and what the user chose, for every output."""

from __future__ import annotations

from asl_inspector.networks.records import Architecture, Choice, Tried
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json

NO_BLANK = -1


def choices_json(architecture: Architecture | None) -> list[Json]:
    """Every choice with what else could be taken, what settled it, and what the others gave where they were tried."""
    if architecture is None:
        return []
    return [
        {
            "name": one.name,
            "value": one.value,
            "settled_by": one.settled_by,
            "sentence": one.sentence,
            "options": [*one.options, *(form.format("N") for form in one.forms)],
            "tried": [
                {"value": tried.value, "accuracy": tried.accuracy, "loss": tried.loss, "reproduces_stored": tried.fits}
                for tried in one.tries
            ],
        }
        for one in architecture.choices
    ]


def settings_json(inspected: Inspected) -> dict[str, Json]:
    """What the user chose; null where the choice was left to the program."""
    settings = inspected.settings
    return {
        "device": None if settings.device == "auto" else settings.device,
        "batch_frames": settings.batch_frames,
        "threads": settings.threads or None,
        "decoder": settings.decoder,
        "blank": None if settings.blank is None else "none" if settings.blank == NO_BLANK else str(settings.blank),
        "half_precision": settings.mixed,
        "choices": dict(settings.choices),
    }


def tries_words(choice: Choice) -> str:
    """The figures of the tries in one line, the best first; an empty string where there was nothing to choose from."""
    if len(choice.tries) < 2:
        return ""
    ordered = sorted(choice.tries, key=lambda one: (not one.fits, -(one.accuracy if one.accuracy is not None else -1)))
    return "; ".join(f"{one.value} {_figure(one)}" for one in ordered)


def _figure(tried: Tried) -> str:
    if tried.accuracy is None:
        return "could not be run"
    loss = f" (loss {tried.loss:.4f})" if tried.loss is not None else ""
    return f"{100 * tried.accuracy:.2f} %{loss}{', as stored' if tried.fits else ''}"
