"""The clip that is selected: what it should be, what the decoders say, posteriors, features and skeleton in step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from asl_inspector.gui import theme
from asl_inspector.gui.clip_drawing import ClipDrawing
from asl_inspector.gui.containers import Card
from asl_inspector.gui.panels.alignment_view import AlignmentView, one_gloss_words
from asl_inspector.gui.panels.clip_movement import ClipMovement
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.plots.feature_heat import FeatureHeat
from asl_inspector.gui.plots.posterior_heat import PosteriorHeat
from asl_inspector.gui.widgets import Text, link_button
from asl_inspector.inference.records import ClipDetail
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.samples.records import UNLABELLED

POSTERIORS_HEIGHT, FEATURES_HEIGHT, FEATURES_ALONE = 165, 185, 330
MAP_HEIGHT = 300
LINES_OR_MAP = ("Show all glosses", "Show the lines")


class ClipCard(Card):
    """One clip."""

    def __init__(self) -> None:
        super().__init__(spacing=6)
        self._title = Text(weight=QFont.Weight.DemiBold, selectable=True, exact=True)
        self._said = Text(tone="muted", selectable=True, exact=True)
        self.alignment = AlignmentView()
        self._quality = Text(size=theme.SMALL, tone="muted", selectable=True)
        self._plot = CurvePlot(x_title="frame", shares=True, height=POSTERIORS_HEIGHT)
        self._plot.setAccessibleName("Posteriors over time")
        self._map = PosteriorHeat(height=MAP_HEIGHT)
        self._map.hide()
        self._turn = link_button(LINES_OR_MAP[0])
        self._turn.clicked.connect(self._turn_over)
        self._words = Text(size=theme.SMALL, tone="muted")
        self._heat = FeatureHeat(height=FEATURES_HEIGHT)
        self._heat.setAccessibleName("Features over time, in standard deviations from their mean")
        self._why = Text(size=theme.SMALL, tone="muted")
        self.movement = ClipMovement()
        self._is_map = False
        self._spans = {"posteriors": 0, "features": 0}  # frames that each plot reaches
        plots = QVBoxLayout()
        plots.setSpacing(4)
        plots.addWidget(self._turn, alignment=Qt.AlignmentFlag.AlignRight)
        for widget in (self._plot, self._map, self._words, self._heat, self._why):
            plots.addWidget(widget)
        plots.addStretch(1)
        side_by_side = QHBoxLayout()
        side_by_side.setSpacing(theme.GAP)
        side_by_side.addLayout(plots, 3)
        side_by_side.addWidget(self.movement, 2)
        for label in (self._title, self._said, self._quality):
            self.body.addWidget(label)
        self.body.addWidget(self.alignment)
        self.body.addLayout(side_by_side)
        self.movement.frame_changed.connect(self._show_cursor)
        for plot in (self._plot, self._map, self._heat):
            plot.scrubs = True
            plot.pressed.connect(self.movement.seek)
            self.movement.listen_to_keys_of(plot)
        self.show_nothing()

    # -- words ------------------------------------------------------------------------------------------------------

    def show_nothing(self) -> None:
        """No clip is selected."""
        self.alignment.show_steps(())
        self._title.setText("Select a clip to see its posteriors")
        for label in (self._said, self._words, self._quality):
            label.setText("")
        self._quality.hide()
        self._plot.show_curves([])
        self._hide_posteriors()
        self._plot.show()
        self.show_no_features("")

    def say(self, text: str) -> None:
        """A sentence in place of the posteriors."""
        self.alignment.show_steps(())
        self._plot.show_curves([])
        self._hide_posteriors()
        self._plot.setVisible(not text)
        self._words.setText(text)

    def show_clip(self, samples: SampleTable, index: int) -> None:
        """What is known before posteriors and features arrive."""
        gloss = samples.glosses[index]
        here, learned = int(samples.true_ids[index]), int(samples.learned_ids[index])
        ids = f"{here} here, {learned} in training" if learned not in (here, UNLABELLED) else str(here)
        if here == UNLABELLED and learned == UNLABELLED:
            told = f"true: “{gloss}”" if gloss else "no label"
        else:
            told = f"true: “{gloss}” ({ids})" if gloss else f"true id {ids}"
        self._title.setText(f"{samples.clip_ids[index]}   {told}")
        quality = samples.quality_words(index)
        self._quality.setText(quality)
        self._quality.setVisible(bool(quality))
        self._forget_features()
        if samples.ran[index]:
            self._show_side()
        else:
            self._hide_posteriors()
        self._heat.setFixedHeight(FEATURES_HEIGHT if samples.ran[index] else FEATURES_ALONE)
        if not samples.ran[index]:
            left_out = "This clip was left out: it has no answer, no frames, or numbers that are not finite."
            self._said.setText(left_out if samples.ran.any() else "")
            self._said.setVisible(bool(samples.ran.any()))
            self._plot.show_curves([])
            self._words.hide()
            return
        self._words.show()
        self._said.show()
        if samples.continuous is not None:
            self._title.setText(f"{samples.clip_ids[index]}   signed: {gloss}")
            self._said.setText(f"recognised: {samples.continuous.recognised[index]}")
            return
        said = [
            f"{name}: {samples.name_of(int(column[index])) or column[index]}"
            for name, column in (
                ("majority", samples.majority),
                ("first token", samples.first_token),
                ("exact score", samples.score),
            )
        ]
        self._said.setText("   ".join(said))

    # -- posteriors -------------------------------------------------------------------------------------------------

    def show_posteriors(self, samples: SampleTable, detail: ClipDetail) -> None:
        """Draw the blank, the true gloss and the most probable others."""
        self.alignment.show_steps(detail.aligned)
        posteriors = np.exp(detail.log_posteriors.astype(np.float64))  # (T, C)
        stride = detail.frames / max(1, len(posteriors))
        frames: NDArray[np.float64] = (
            np.arange(len(posteriors), dtype=float) + 0.5
        ) * stride - 0.5  # the middle of the frames that a step saw
        true_id = int((samples.learned_ids if samples.scored_by_name else samples.true_ids)[detail.index])
        peaks = posteriors.max(axis=0)
        has_blank = samples.blank >= 0
        if has_blank:
            peaks[samples.blank] = -1
        best = int(np.argmax(peaks))
        curves = [Curve("blank", frames, posteriors[:, samples.blank], "series_3")] if has_blank else []
        curves.append(Curve(samples.name_of(best) or str(best), frames, posteriors[:, best], "series_1"))
        if 0 <= true_id < posteriors.shape[1] and true_id not in (best, samples.blank):
            curves.append(
                Curve(f"true: {samples.name_of(true_id) or true_id}", frames, posteriors[:, true_id], "series_2")
            )
        self._plot.show_curves(curves)
        self._show_map(samples, detail, posteriors)
        self._show_side()
        self._span(posteriors=detail.frames)
        if not has_blank:
            self._words.setText("This network has no blank: every answer is a gloss.")
            return
        spikes = int((posteriors.argmax(axis=1) != samples.blank).sum())
        spoken = (
            f"{spikes} of {len(posteriors)} frames speak; the rest are blank, as is usual for CTC."
            if spikes
            else "No frame speaks: the blank wins everywhere."
        )
        self._words.setText(spoken + one_gloss_words(detail.aligned))

    def _show_map(self, samples: SampleTable, detail: ClipDetail, posteriors: NDArray[np.float64]) -> None:
        """All glosses, with the path that wins and the one that says what was signed."""
        names = [
            "blank" if number == samples.blank else samples.name_of(number) or str(number)
            for number in range(posteriors.shape[1])
        ]
        places = {name: number for number, name in enumerate(names)}
        aligned = [
            (places[one.signed], one.first, one.last)
            for one in detail.aligned
            if one.signed in places and one.first >= 0
        ]
        self._map.show_posteriors(posteriors, names, samples.blank, detail.frames, aligned)

    @Slot()
    def _turn_over(self) -> None:
        self._is_map = not self._is_map
        self._show_side()

    def _show_side(self) -> None:
        """Lines of the few that matter, or a map of all glosses."""
        self._turn.setText(LINES_OR_MAP[self._is_map])
        self._plot.setVisible(not self._is_map)
        self._map.setVisible(self._is_map)
        self._turn.show()

    def _hide_posteriors(self) -> None:
        for widget in (self._plot, self._map, self._turn):
            widget.hide()

    def _span(self, **frames: int) -> None:
        """Have both plots reach the same frames, one above the other."""
        self._spans |= frames
        span = max(self._spans.values())
        if span:
            self._plot.set_x_span(-0.5, span - 0.5)
            self._map.set_span(span)
            self._heat.set_span(span)

    # -- features ---------------------------------------------------------------------------------------------------

    def show_no_features(self, why: str) -> None:
        """Take heat map and skeleton away; they come back with the features of a clip."""
        self._forget_features()
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self._heat.hide()
        self.movement.hide()

    def _forget_features(self) -> None:
        """Empty heat map and skeleton where they are: those of the next clip are on their way."""
        self._is_map = False
        self._spans = {"posteriors": 0, "features": 0}
        self._heat.show_features(None)
        self.movement.show_clip(None)
        self._plot.set_cursor_at(None)

    def show_features(self, clip: ClipDrawing) -> None:
        """Draw the numbers of a clip, and the skeleton where they are landmarks."""
        rows = clip.rows
        if rows is None:
            self.show_no_features("")
            return
        self._heat.show_features(rows)
        self._heat.show()
        metrics = QFontMetricsF(theme.font(theme.SMALL))
        names = [band.name for band in rows.bands] or [f"{rows.values.shape[1]:,}"]
        left = max(metrics.horizontalAdvance(name) for name in [*names, "100 %"]) + 12
        for plot in (self._plot, self._heat):
            plot.set_least_left(left)
        self._span(features=clip.frames)
        self._why.setText(clip.words)
        self._why.setVisible(bool(clip.words))
        self.movement.setVisible(clip.skeleton is not None)
        self.movement.show_clip(clip.skeleton, clip.every, clip.frames, clip.rate)

    @Slot(int)
    def _show_cursor(self, frame: int) -> None:
        place = float(frame) if self.movement.player.frames else None
        self._plot.set_cursor_at(place)
        self._map.set_cursor_at(place)
        self._heat.set_cursor_at(place)
