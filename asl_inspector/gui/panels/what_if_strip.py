"""The what-if strip: another decoding of the same outputs, and what the figures would be."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from asl_inspector.diagnosis.what_if_records import HIGHEST_BIAS, LOWEST_BIAS, WhatIf, WhatIfAnswer, WhatIfFigures
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Columns
from asl_inspector.gui.wheel import leave_wheel_to_page
from asl_inspector.gui.widgets import Text, Tile
from asl_inspector.report.contents import Problem

DECODERS = {
    "majority": "Majority of frames",
    "first_token": "First token",
    "score": "Exact score",
    "beam": "Beam search",
    "mean_logit": "Mean logit, no blank",
    "max_over_time": "Highest in a frame",
}
FRAME_RULES = ("majority", "first_token")
STEPS_A_UNIT = 4
NARROWEST_TILE, NARROWEST_CONTROLS = 150, 380


class WhatIfStrip(Card):
    """One card; hidden while nothing is predicted."""

    asked = Signal(object)  # WhatIf

    def __init__(self) -> None:
        super().__init__(spacing=12)
        self._before: WhatIfFigures | None = None
        self._controls = Columns(narrowest=NARROWEST_CONTROLS)
        self._build_controls()
        head = QHBoxLayout()
        head.addWidget(Text("What if", size=theme.LARGE, weight=QFont.Weight.DemiBold), 1)
        self._reset = QPushButton("As it is")
        self._reset.setToolTip("Back to how the clips were decoded")
        self._reset.clicked.connect(self._go_back)
        head.addWidget(self._reset)
        self.body.addLayout(head)
        self._words = Text("The same outputs, decoded or scored otherwise. Nothing is run again.", tone="muted")
        self.body.addWidget(self._words)
        self.body.addWidget(self._controls)
        self.tiles = {
            "accuracy": Tile("Accuracy"),
            "blank": Tile("Blank frames"),
            "effective": Tile("As varied as"),
            "empty": Tile("Empty clips"),
        }
        self._figures = Columns(narrowest=NARROWEST_TILE)
        self._figures.set_members(list(self.tiles.values()))
        self.body.addWidget(self._figures)
        self.note = Text(size=theme.SMALL, tone="muted")
        self.body.addWidget(self.note)
        self.hide()

    def _build_controls(self) -> None:
        self.bias = QSlider(Qt.Orientation.Horizontal)
        self.bias.setRange(round(LOWEST_BIAS * STEPS_A_UNIT), round(HIGHEST_BIAS * STEPS_A_UNIT))
        self.bias.setPageStep(STEPS_A_UNIT)
        self.bias.setAccessibleName("Taken off the blank's logit")
        self.bias.valueChanged.connect(self._ask)
        self._bias_words = Text(size=theme.SMALL, tone="muted")
        self.decoder = QComboBox()
        self.decoder.setAccessibleName("Decoder")
        self.decoder.currentIndexChanged.connect(self._ask)
        leave_wheel_to_page(self.bias, self.decoder)
        self.padding = QCheckBox("Mask padding")
        self.padding.setToolTip("Off: padded frames are counted too, as training loops without a mask do")
        self.remap = QCheckBox("Remap labels")
        self.remap.setToolTip("Score by the ids that the network learned")
        for box in (self.padding, self.remap):
            box.toggled.connect(self._ask)
        blank = QVBoxLayout()
        blank.setSpacing(4)
        blank.addWidget(self._bias_words)
        blank.addWidget(self.bias)
        rule = QVBoxLayout()
        rule.setSpacing(4)
        rule.addWidget(Text("Decoder", size=theme.SMALL, tone="muted"))
        rule.addWidget(self.decoder)
        decoding, scoring = QWidget(), QWidget()
        row = QHBoxLayout(decoding)
        row.addLayout(blank, 3)
        row.addLayout(rule, 2)
        ticks = QHBoxLayout(scoring)
        for box in (self.padding, self.remap):
            ticks.addWidget(box, alignment=Qt.AlignmentFlag.AlignBottom)
        ticks.addStretch(1)
        for line in (row, ticks):
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(22)
        self._controls.set_members([decoding, scoring])

    @property
    def question(self) -> WhatIf:
        """What the controls ask."""
        return WhatIf(
            bias=self.bias.value() / STEPS_A_UNIT if self.bias.isEnabled() else 0.0,
            decoder=str(self.decoder.currentData()),
            mask_padding=self.padding.isChecked() or not self.padding.isEnabled(),
            remap=self.remap.isChecked() and self.remap.isEnabled(),
        )

    @Slot()
    def _ask(self) -> None:
        self._follow_decoder()
        self.asked.emit(self.question)

    def _follow_decoder(self) -> None:
        """Only rules that count frames know a bias and padding."""
        counts_frames = self.decoder.currentData() in FRAME_RULES
        self.bias.setEnabled(counts_frames and self._has_blank)
        self.padding.setEnabled(counts_frames and self._has_padding)
        value = self.bias.value() / STEPS_A_UNIT
        words = f"{value:+.2f}".rstrip("0").rstrip(".") if value else "nothing"
        why = "" if self._has_blank else " (this network has no blank)"
        self._bias_words.setText(f"Taken off the blank's logit: {words}{why}")

    _has_blank = _has_padding = False

    @Slot()
    def _go_back(self) -> None:
        if self._before is not None:
            self._set(self._before.asked)
            self.asked.emit(self.question)

    def _set(self, asked: WhatIf) -> None:
        blockers = [QSignalBlocker(one) for one in (self.bias, self.decoder, self.padding, self.remap)]
        self.bias.setValue(round(asked.bias * STEPS_A_UNIT))
        self.decoder.setCurrentIndex(max(0, self.decoder.findData(asked.decoder)))
        self.padding.setChecked(asked.mask_padding)
        self.remap.setChecked(asked.remap)
        del blockers
        self._follow_decoder()

    def show_answer(self, answer: WhatIfAnswer) -> None:
        """Show the figures; the first ones of an inspection say how it is, and what may be asked."""
        choices, figures = answer.choices, answer.figures
        if self.isHidden():
            self._begin(answer)
        self._controls.setVisible(not choices.refusal)
        self._figures.setVisible(not choices.refusal)
        self._reset.setVisible(not choices.refusal)
        if choices.refusal:
            self._words.setText(choices.refusal)
            self.note.hide()
        if figures is not None:
            self._show_figures(figures)
        self.show()

    def _begin(self, answer: WhatIfAnswer) -> None:
        choices, self._before = answer.choices, answer.figures
        self._has_blank, self._has_padding = choices.blank, choices.padding
        self._words.setText("The same outputs, decoded or scored otherwise. Nothing is run again.")
        blocker = QSignalBlocker(self.decoder)
        self.decoder.clear()
        for name in choices.decoders:
            self.decoder.addItem(DECODERS.get(name, name), name)
        del blocker
        self.decoder.setEnabled(len(choices.decoders) > 1)
        self.remap.setEnabled(choices.remap)
        self.remap.setToolTip(
            "Score by the ids that the network learned"
            if choices.remap
            else "No other ids are known: those of the file agree, or nothing tells what they mean"
        )
        if self._before is not None:
            self._set(self._before.asked)

    def _show_figures(self, found: WhatIfFigures) -> None:
        before = self._before
        accuracy = found.accuracy
        if accuracy is None:
            self.tiles["accuracy"].show_figure("-", "no clip has a label")
        else:
            interval = (
                f"{accuracy.correct} / {accuracy.of}, 95 %: {100 * accuracy.low:.0f} to {100 * accuracy.high:.0f}"
            )
            was = before.accuracy if before is not None else None
            moved = was is not None and was.correct != accuracy.correct
            tone = "" if was is None or not moved else "good" if accuracy.correct > was.correct else "danger"
            note = f"{interval}; now {100 * was.value:.1f} %" if was is not None and moved else interval
            self.tiles["accuracy"].show_figure(f"{100 * accuracy.value:.1f} %", note, tone)
        self._show_share(
            "blank", found.blank_share, before.blank_share if before else None, "this network has no blank"
        )
        self._show_share("empty", found.empty_share, before.empty_share if before else None, "")
        if found.effective is None:
            self.tiles["effective"].show_figure("-", "every answer is empty")
        else:
            was_effective = before.effective if before is not None else None
            same = was_effective is None or abs(was_effective - found.effective) < 0.05
            words = "as varied as so many glosses" if same else f"now {was_effective:.1f}"
            self.tiles["effective"].show_figure(f"{found.effective:.1f}", words)
        self.note.setText(found.note)
        self.note.setVisible(bool(found.note))

    def _show_share(self, name: str, share: float | None, was: float | None, missing: str) -> None:
        if share is None:
            self.tiles[name].show_figure("-", missing)
            return
        of = "of the frames that count" if name == "blank" else "of the clips"
        same = was is None or abs(was - share) < 0.0005
        self.tiles[name].show_figure(f"{100 * share:.1f} %", of if same else f"now {100 * (was or 0.0):.1f} %")

    def show_problem(self, problem: Problem) -> None:
        """Say why there are no figures."""
        self.note.setText(f"{problem.sentence} {problem.advice}".strip())
        self.note.show()
