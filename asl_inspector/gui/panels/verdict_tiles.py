"""The figures on top of the Diagnosis panel."""

from __future__ import annotations

from asl_inspector.case.records import Role
from asl_inspector.diagnosis.records import Accuracy, Diagnosis
from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui.containers import Columns
from asl_inspector.gui.panels.word_errors import show_word_errors
from asl_inspector.gui.widgets import Tile
from asl_inspector.outputs.scales import NAMES

DECODERS = {"majority": "majority", "first_token": "first token", "score": "exact score", "beam": "beam search"}
TITLES = ("Validation accuracy", "Training accuracy", "Ids that agree", "Blank frames", "Parameters")
NARROWEST = 170  # pixels


class VerdictTiles(Columns):
    """Accuracy twice, labels, blanks and size; what is not known says what to drop."""

    def __init__(self) -> None:
        super().__init__(narrowest=NARROWEST)
        self.tiles = [Tile(name) for name in TITLES]
        self.set_members(list(self.tiles))

    def show_inspection(self, inspection: InspectionView) -> None:
        """Follow an inspection."""
        diagnosis = inspection.diagnosis
        validation, train, labels = diagnosis.validation, diagnosis.train, diagnosis.labels
        chance = f"; chance {100 * diagnosis.chance.chance:.1f}" if diagnosis.chance else ""
        wrong = labels is not None and labels.agree < labels.of
        missing = _what_is_missing({row.role for row in inspection.files})
        first, second, agree, blank, size = self.tiles
        decoder = (
            inspection.settings.decoder if validation and inspection.settings.decoder in validation.accuracies else ""
        )
        measured = validation.accuracies[decoder or "majority"] if validation else None
        by = f" by {DECODERS[decoder]}" if decoder not in ("", "majority") else ""
        first.show_figure(*_accuracy_figure(measured, chance, missing), title=f"Validation accuracy{by}")
        show_word_errors(first, diagnosis.continuous, "Word error rate")
        by_name = diagnosis.by_name
        if wrong and by_name is not None:
            second.show_figure(*_accuracy_figure(by_name, "", ""), title="Accuracy by gloss name")
        elif inspection.saved is not None and validation is not None and validation.top5 is not None:
            second.show_figure(*_accuracy_figure(validation.top5, "", ""), title="Among the five best")
        else:
            fit = train.accuracies["majority"] if train else None
            given = any(row.role is Role.TRAIN for row in inspection.files)
            waiting = "being measured" if inspection.partial else missing if given else "drop the training clips"
            second.show_figure(*_accuracy_figure(fit, "", waiting), title="Training accuracy")
            show_word_errors(second, diagnosis.continuous_train, "Word error rate, training")
        _show_labels(agree, diagnosis)
        _show_blank(blank, inspection, missing)
        self._show_size(size, inspection)

    def _show_size(self, tile: Tile, inspection: InspectionView) -> None:
        found = next((one for one in inspection.diagnosis.findings if one.id == "size-of-network-and-data"), None)
        if found is not None:
            tile.show_figure(
                f"{found.evidence['parameters']:,}",
                f"{found.evidence['parameters_per_clip']:,.0f} a training clip",
                title=TITLES[-1],
            )
        elif inspection.architecture is not None:
            tile.show_figure(
                inspection.architecture.description.split(",")[0],
                "drop the training clips for the ratio",
                title="Network",
            )
        elif inspection.saved is not None:
            saved = inspection.saved
            what = (
                f"{NAMES[saved.scale].split(' (')[0]} of {saved.classes:,} classes"
                if saved.scale
                else "predicted glosses"
            )
            tile.show_figure(f"{saved.matched.answers:,} clips", what, title="Saved outputs")
        else:
            tile.show_figure("-", "no network was built", title=TITLES[-1])


def _show_labels(tile: Tile, diagnosis: Diagnosis) -> None:
    labels = diagnosis.labels
    if labels is None:
        tile.show_figure("-", "needs gloss names on both sides")
    else:
        tile.show_figure(
            f"{labels.agree} / {labels.of}", "by gloss name, certain", "danger" if labels.agree < labels.of else ""
        )


def _show_blank(tile: Tile, inspection: InspectionView, missing: str) -> None:
    validation = inspection.diagnosis.validation
    if validation is None:
        tile.show_figure("-", missing)
    elif validation.blanks is None:
        saved = inspection.saved
        one_answer = saved is not None and not saved.per_frame
        tile.show_figure("-", "one answer a clip was saved" if one_answer else "this network has no blank")
    else:
        tile.show_figure(f"{100 * validation.blanks.argmax_valid:.1f} %", _empty_words(validation.blanks.empty_share))


def _what_is_missing(roles: set[Role]) -> str:
    """What to drop to have something predicted."""
    if Role.VALIDATION not in roles:
        return "drop the validation clips"
    return "drop the checkpoint" if Role.CHECKPOINT not in roles else "the network could not be run"


def _accuracy_figure(found: Accuracy | None, extra: str, missing: str) -> tuple[str, str]:
    if found is None:
        return "-", missing
    note = f"{100 * found.value:.2f} %, 95 %: {100 * found.low:.1f} to {100 * found.high:.1f}{extra}"
    return f"{found.correct} / {found.of}", note


def _empty_words(share: float) -> str:
    return "no clip comes out empty" if share == 0 else f"{100 * share:.1f} % of the clips come out empty"
