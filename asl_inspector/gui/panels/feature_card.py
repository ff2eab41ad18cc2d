"""The card of the Data panel about features: what they are like, and how far validation is from training in each."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QFont

from asl_inspector.data.blocks import column_words
from asl_inspector.data.records import DataMeasures
from asl_inspector.gui.containers import Card
from asl_inspector.gui.panels.clip_tables import feature_columns
from asl_inspector.gui.plots.bars import BarPlot
from asl_inspector.gui.tables import MOST_ROWS, ROW_HEIGHT, ColumnModel, fill_table, new_table
from asl_inspector.gui.widgets import Text

NOTABLE = 0.5  # Cohen's "medium" effect
FALSE_SHARE = 0.05


class FeatureCard(Card):
    """Words, a bar a feature, and a table."""

    def __init__(self) -> None:
        super().__init__()
        self.body.addWidget(Text("Features", weight=QFont.Weight.DemiBold))
        self._words = Text(tone="muted", selectable=True)
        self.body.addWidget(self._words)
        self._shift = BarPlot(x_title="feature", y_title="standard deviations", height=190)
        self._shift.setAccessibleName("Difference of validation from training, feature by feature")
        self.body.addWidget(self._shift)
        self.model = ColumnModel(self)
        self.table = new_table(self.model, "Features")
        self.table.setFixedHeight((MOST_ROWS + 1) * ROW_HEIGHT + 14)
        self.body.addWidget(self.table)

    def show_features(self, data: DataMeasures, together: str) -> None:
        """Show each feature, and where both files are there how far they are apart; then what is said of them together."""
        first = data.train or data.validation
        columns = first.columns if first is not None else None
        if first is None or columns is None:
            self._words.setText("The clips differ in their number of features.")
            self._shift.hide()
            self.table.hide()
            return
        shift = data.shift
        width = len(columns.mean)
        words = [f"{width} features."]
        if first.constant:
            verb = "never changes" if len(first.constant) == 1 else "never change"
            words.append(f"{column_words(first.constant).capitalize()} {verb}.")
        if shift is not None:
            size = np.abs(np.nan_to_num(shift.effect))
            marked = (shift.q < FALSE_SHARE) & (size > NOTABLE)
            words.append(_shift_words(int((shift.q < FALSE_SHARE).sum()), int(marked.sum()), width))
            usual = np.delete(size, list(shift.extreme))
            most = max(1.0, 1.5 * float(usual.max(initial=0.0)))
            shown = np.minimum(size, most)
            if (size > most).any():
                words.append(f"Longer bars are cut at {most:.1f}.")
            self._shift.show_bars(
                [str(index) for index in range(width)],
                shown,
                labels=("sd", ""),
                marked=set(np.flatnonzero(marked).tolist()),
            )
        self._shift.setVisible(shift is not None)
        self._words.setText(" ".join([*words, together]).strip())
        fill_table(self.model, self.table, feature_columns(data), MOST_ROWS)


def _shift_words(differing: int, marked: int, width: int) -> str:
    """How many features differ beyond chance."""
    corrected = f"(p-values corrected for {width} tests)"
    if not differing:
        return f"None differs between training and validation clips beyond chance {corrected}."
    return (
        f"{differing} differ{'s' if differing == 1 else ''} between training and validation clips beyond chance {corrected}, "
        f"{marked or 'none'} of them by more than half a standard deviation."
    )
