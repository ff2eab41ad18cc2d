""" "Show me clips like this": by confusion, by gloss, by answer, or by features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from asl_inspector.gui.clip_listing import ClipListing
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.samples.records import UNLABELLED

LONGEST = 24
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class LikeThis(QObject):
    """A button with a menu, of which each action lists clips that are like the selected one."""

    listed = Signal(object)  # ClipListing
    wants_similar = Signal(int)  # row of the clip

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._samples: SampleTable | None = None
        self._predicted: IntArray = np.zeros(0, np.int64)
        self._decoder = ""
        self._clip = 0
        self.button = QPushButton("Clips like this")
        self.button.setToolTip("List the clips that are like the selected one")
        self.button.setEnabled(False)
        self.menu = QMenu(self.button)
        self.button.setMenu(self.menu)
        self._confusion = self.menu.addAction("Same confusion", self._list_confusion)
        self._gloss = self.menu.addAction("Same true gloss", self._list_gloss)
        self._answer = self.menu.addAction("Same answer", self._list_answer)
        self.menu.addSeparator()
        self._features = self.menu.addAction("Nearest features", self._ask_for_similar)

    def show_clip(self, samples: SampleTable, predicted: IntArray, decoder: str, clip: int) -> None:
        """Another clip was selected; say what is alike about it."""
        self._samples, self._predicted, self._decoder, self._clip = samples, predicted, decoder, clip
        self.button.setEnabled(True)
        ran, labelled = bool(samples.ran[clip]), self._is_labelled()
        single = samples.continuous is None
        true, said = self._true_name(), self._said_name()
        _set(self._confusion, f"Same confusion: {true} taken for {said}", shown=ran and labelled and single)
        if ran and labelled and self._true_id() == predicted[clip]:
            self._confusion.setText(_escaped(f"Same gloss, also right: {true}"))
        _set(self._gloss, f"Same true gloss: {true}" if single else "The same glosses signed", shown=labelled)
        _set(self._answer, f"Same answer: {said}", shown=ran and single)

    # -- what is alike -------------------------------------------------------------------------------------------------

    @Slot()
    def _list_confusion(self) -> None:
        if self._samples is None:
            return
        same = self._same_truth() & self._same_answer()
        right = self._true_id() == self._predicted[self._clip]
        words = f"{self._true_name()}, also right" if right else f"{self._true_name()} taken for {self._said_name()}"
        self._list(words, same, self._decoder)

    @Slot()
    def _list_gloss(self) -> None:
        self._list(f"Clips of {self._true_name()}", self._same_truth())

    @Slot()
    def _list_answer(self) -> None:
        self._list(f"Clips taken for {self._said_name()}", self._same_answer(), self._decoder)

    @Slot()
    def _ask_for_similar(self) -> None:
        self.wants_similar.emit(self._clip)

    def _list(self, words: str, same: BoolArray, decoder: str | None = None) -> None:
        self.listed.emit(ClipListing(words, np.flatnonzero(same), decoder=decoder))

    def _truth(self, samples: SampleTable) -> IntArray:
        return samples.learned_ids if samples.scored_by_name else samples.true_ids

    def _true_id(self) -> int:
        return int(self._truth(self._samples)[self._clip]) if self._samples is not None else UNLABELLED

    def _is_labelled(self) -> bool:
        return self._true_id() != UNLABELLED or bool(self._samples and self._samples.glosses[self._clip])

    def _same_truth(self) -> BoolArray:
        """(N,), by id, or by name for a gloss that the network has no output for."""
        samples = self._samples
        if samples is None:
            return np.zeros(0, bool)
        truth = self._truth(samples)
        if samples.continuous is None and self._true_id() != UNLABELLED:
            same: BoolArray = np.equal(truth, truth[self._clip])
            return same
        wanted = samples.glosses[self._clip]
        return np.fromiter((one == wanted for one in samples.glosses), bool, len(samples))

    def _same_answer(self) -> BoolArray:
        if self._samples is None:
            return np.zeros(0, bool)
        same: BoolArray = self._samples.ran & np.equal(self._predicted, self._predicted[self._clip])
        return same

    def _true_name(self) -> str:
        samples = self._samples
        gloss = samples.glosses[self._clip] if samples is not None else ""
        return _quoted(
            gloss or (samples.name_of(self._true_id()) if samples is not None else "") or str(self._true_id())
        )

    def _said_name(self) -> str:
        number = int(self._predicted[self._clip])
        name = self._samples.name_of(number) if self._samples is not None else ""
        return "nothing" if name == "(blank)" else _quoted(name or str(number))


def _quoted(name: str) -> str:
    return f"“{name if len(name) <= LONGEST else name[: LONGEST - 1] + '…'}”"


def _escaped(text: str) -> str:
    """An ampersand in a gloss is no mnemonic."""
    return text.replace("&", "&&")


def _set(action: QAction, text: str, *, shown: bool) -> None:
    action.setText(_escaped(text))
    action.setVisible(shown)
