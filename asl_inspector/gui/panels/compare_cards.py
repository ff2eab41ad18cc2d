"""The cards of the Compare panel: the verdict with its evidence, and one pair of tensors looked at closely."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from asl_inspector.checkpoints.comparison_records import Clue, Comparison, Judgement, TensorComparison
from asl_inspector.engine.messages import PairView
from asl_inspector.gui import theme
from asl_inspector.gui.compare_columns import cosine_text, p_text, says, shapes_text, share_text, status_text
from asl_inspector.gui.containers import Card, Columns, Scrolled, empty
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.bars import HistogramPlot
from asl_inspector.gui.plots.scatter import ScatterPlot
from asl_inspector.gui.widgets import Badge, Text
from asl_inspector.report.compare_text import prefix_words

WORDS = {
    "identical": ("identical", "good"),
    "descends": ("descends", "good"),
    "partly": ("partly", "warning"),
    "unrelated": ("unrelated", "warning"),
    "undetermined": ("undetermined", "info"),
}
LEANINGS = (
    ("for", "Speaks for a common origin", "Nothing does."),
    ("against", "Speaks against it", "Nothing does."),
    ("aside", "Set aside, or to bear in mind", "Nothing."),
)
NARROWEST = 250


class VerdictCard(Card):
    """One word, one sentence, and the evidence in three columns."""

    def __init__(self) -> None:
        super().__init__(spacing=10)
        self._head = QHBoxLayout()
        self._head.setSpacing(10)
        self.body.addLayout(self._head)
        self._evidence = Columns(narrowest=NARROWEST)
        self.body.addWidget(self._evidence)
        self._notes = Text(tone="muted", size=theme.SMALL, selectable=True)
        self.body.addWidget(self._notes)

    def show_judgement(self, judgement: Judgement, weights: Comparison) -> None:
        """Show a verdict."""
        empty(self._head)
        word, kind = WORDS[judgement.verdict]
        self._head.addWidget(Badge(word, kind), alignment=Qt.AlignmentFlag.AlignTop)
        sentence = Text(judgement.sentence, size=theme.LARGE, weight=QFont.Weight.DemiBold, selectable=True)
        self._head.addWidget(sentence, 1)
        clues = judgement.evidence
        self._evidence.set_members(
            [_column(title, [c for c in clues if c.leaning == lean], none) for lean, title, none in LEANINGS]
        )
        notes = [prefix_words(pair.a, pair.b, pair.tensors) for pair in weights.prefixes if pair.a or pair.b]
        self._notes.setText("\n".join([*notes, *weights.notes]))
        self._notes.setVisible(bool(notes or weights.notes))


def _column(title: str, clues: list[Clue], none: str) -> QWidget:
    held = QWidget()
    layout = QVBoxLayout(held)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(5)
    layout.addWidget(Text(title, size=theme.SMALL, weight=QFont.Weight.DemiBold, tone="muted"))
    for clue in clues:
        layout.addWidget(Text(clue.text, size=theme.SMALL, selectable=True))
    if not clues:
        layout.addWidget(Text(none, size=theme.SMALL, tone="muted"))
    layout.addStretch(1)
    return held


class PairCard(Card):
    """Two corresponding tensors: figures, how their differences are spread, and numbers against numbers."""

    def __init__(self) -> None:
        super().__init__(margins=(0, 0, 0, 0))
        page = Scrolled(margins=(16, 14, 16, 14))
        self.body.addWidget(page)
        self._title = Text(weight=QFont.Weight.DemiBold, selectable=True)
        self._facts = Text(tone="muted", selectable=True)
        self._figures = Text(selectable=True, mono=True, size=theme.SMALL)
        self._differences = HistogramPlot(x_title="A - B", y_title="numbers", height=165)
        self._differences.setAccessibleName("Histogram of the differences")
        self._points = ScatterPlot(x_title="A", y_title="B", height=215)
        self._points.setAccessibleName("Numbers of B against those of A")
        self._words = Text(size=theme.SMALL, tone="muted")
        for widget in (self._title, self._facts, self._figures, self._differences, self._points, self._words):
            page.column.addWidget(widget)
        page.column.addStretch(1)
        self.setMinimumWidth(270)
        self.row: TensorComparison | None = None
        self.show_nothing()

    def show_nothing(self) -> None:
        """No tensor is selected."""
        self.row = None
        self._title.setText("Select a tensor")
        self._facts.setText("Its numbers on both sides are shown against each other.")
        self._figures.setText("")
        self._hide_plots("")

    def _hide_plots(self, words: str) -> None:
        self._differences.hide()
        self._points.hide()
        self._words.setText(words)

    def show_row(self, row: TensorComparison) -> None:
        """What is known without reading numbers again."""
        self.row = row
        keys = [key for key in dict.fromkeys((row.a, row.b)) if key is not None]
        self._title.setText("\n".join(keys))
        kinds = " and ".join(dict.fromkeys(kind for kind in (row.dtype_a, row.dtype_b) if kind))
        self._facts.setText(", ".join(part for part in (status_text(row), says(row), kinds, shapes_text(row)) if part))
        lines = [
            ("norm A", None if row.norm_a is None else f"{row.norm_a:.6g}"),
            ("norm B", None if row.norm_b is None else f"{row.norm_b:.6g}"),
            ("|A - B| / |B|", None if row.relative_distance is None else share_text(row.relative_distance)),
            ("largest A - B", None if row.largest_difference is None else f"{row.largest_difference:.4g}"),
            ("cosine", None if row.cosine is None else cosine_text(row.cosine)),
            ("p", None if row.null_p is None else p_text(row.null_p)),
            ("units renumbered", None if row.null_units is None else f"{row.null_units:,}"),
        ]
        if row.status == "changed":
            self._figures.setText(
                "\n".join(f"{name:<17}{local(value):>13}" for name, value in lines if value is not None)
            )
        else:
            self._figures.setText("")
        self._hide_plots(_why_no_plot(row))

    def show_pair(self, view: PairView) -> None:
        """The numbers of both sides arrived."""
        if view.trouble or not len(view.counts):
            self._hide_plots(view.trouble or "There are no numbers to show.")
            return
        self._differences.show_counts(view.counts, view.edges)
        self._points.show_points(view.points_a, view.points_b)
        self._differences.show()
        self._points.show()
        sampled = f"Of {view.numbers:,} numbers, spread evenly over {view.of:,}. " if view.numbers < view.of else ""
        self._words.setText(f"{sampled}On the dashed line A and B are equal.")


def _why_no_plot(row: TensorComparison) -> str:
    if row.status == "shape-blocked":
        return "The shapes differ, so no number of one belongs to a number of the other."
    if row.status == "equal" and not row.equal_up_to:
        return "Both sides are equal, number for number."
    if row.a is None or row.b is None:
        return "There is no partner to compare it with."
    return ""
